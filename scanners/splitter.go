package scanners

import (
	"errors"
	"io"
)

var (
	errClosed   = errors.New("scanners: the content was closed; Reset begins the next")
	errNegative = errors.New("scanners: hole of negative length")
	errTooLong  = errors.New("scanners: content of more than 1<<62 octets")
)

// Splitter cuts content that arrives in pieces: octets through Write or
// ReadFrom, holes of sparse files through Hole. The spans depend only on the
// content as a whole. They are the ones Split yields for it, however it was cut
// into pieces and whether its zeros came as octets or as holes.
//
// It keeps a window of the content, of a fixed size: Params.Max + Params.RunMin,
// and as much again or 512 KiB, whichever is more. It is meant to be used again,
// with Reset, for one content after another.
type Splitter struct {
	p    Params
	c    cutter
	emit func(s Span, data []byte) error
	err  error // sticky: what emit returned, or a misuse

	buf    []byte // content from offset base on, as far as it has arrived; its capacity is fixed
	base   int64  // offset of buf[0] in the content
	w      walk   // over buf
	run    Span   // the run that ends at w.pos and may go on; Length 0: none
	feed   *feed  // of a scanner; nil while none was used
	closed bool
}

// readRoom is the least room for new content in the window besides what may
// have to be kept; it sets how often what is kept has to be moved.
const readRoom = 512 << 10

// maxContent bounds the holes of content, far below where an offset overflows.
const maxContent = 1 << 62

// NewSplitter returns a Splitter at the start of its first content. It hands
// the spans to emit in order, whenever the window is full and at the end, with
// the octets of a chunk (nil for a run), which are valid until emit returns. An
// error from emit ends the content: it is returned by the method being called and
// by all later ones until Reset.
//
// The parameters must be valid; NewSplitter panics if they are not.
func NewSplitter(p Params, emit func(s Span, data []byte) error) *Splitter {
	c := newCutter(p)
	keep := p.lookahead()
	return &Splitter{p: p, c: c, emit: emit, w: walk{hint: noHint}, buf: make([]byte, 0, keep+max(keep, readRoom))}
}

// Reset begins new content, whatever became of the one before, with a scanner
// or with nil. A Splitter that is not used any more after an error of somebody
// else wants a last Reset(nil), for a scanner under way holds a goroutine.
func (s *Splitter) Reset(sc *Scanner) {
	if s.feed == nil && sc != nil {
		s.feed = newFeed(s.p)
	}
	if s.feed != nil {
		s.feed.begin(sc)
	}
	*s = Splitter{p: s.p, c: s.c, emit: s.emit, buf: s.buf[:0], w: walk{hint: noHint}, feed: s.feed}
}

// Write adds p to the content. It does not keep p.
func (s *Splitter) Write(p []byte) (n int, err error) {
	for n < len(p) {
		room, err := s.room()
		if err != nil {
			return n, err
		}
		k := copy(room, p[n:])
		s.buf = s.buf[:len(s.buf)+k]
		n += k
	}
	return n, s.err
}

// ReadFrom adds all that r has to the content, reading straight into the
// window. The end of r is not the end of the content: that is Close. Nor does an
// error from r end it; what was read before the error is part of the content.
func (s *Splitter) ReadFrom(r io.Reader) (n int64, err error) {
	for idle := 0; idle < 100; {
		room, err := s.room()
		if err != nil {
			return n, err
		}
		k, err := r.Read(room)
		if k < 0 || k > len(room) {
			return n, errors.New("scanners: reader returned an impossible count")
		}
		s.buf = s.buf[:len(s.buf)+k]
		n += int64(k)
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		case k == 0:
			idle++
		default:
			idle = 0
		}
	}
	return n, io.ErrNoProgress
}

// Hole adds n zeros to the content, at a cost that does not depend on n.
func (s *Splitter) Hole(n int64) error {
	if n < 0 {
		return s.fail(errNegative)
	}
	if s.feed != nil && s.err == nil {
		s.advance(false) // the scanner may skip the hole
	}
	for n > 0 && s.err == nil {
		k, seen := s.unseen(n)
		switch {
		case seen:
			s.zeros(k)
			s.advance(false)
		default:
			s.skipHole(k)
		}
		n -= k
	}
	return s.err
}

// unseen says how much of a hole comes next, all of which the scanner wants to
// see, or none of which it does, and which is in one section.
func (s *Splitter) unseen(n int64) (k int64, seen bool) {
	if s.feed == nil {
		return n, false
	}
	at := s.base + int64(len(s.buf))
	to := s.feed.settled() &^ (blockSize - 1) // the block from which on it wants to see
	if to <= at {
		return min(n, blockSize-at%blockSize), true
	}
	n = min(n, to-at)
	if j, ok := s.feed.joints.next(at + 1); ok {
		n = min(n, j-at)
	}
	return n, false
}

// zeros writes zeros into the window.
func (s *Splitter) zeros(n int64) {
	for n > 0 {
		room, err := s.room()
		if err != nil {
			return
		}
		room = room[:min(int64(len(room)), n)]
		clear(room)
		s.buf = s.buf[:len(s.buf)+len(room)]
		n -= int64(len(room))
	}
}

// skipHole adds zeros that lie in one section. As many as make a run by
// themselves are written out; they end the chunk before them and leave nothing
// in the window. The rest need only be counted.
func (s *Splitter) skipHole(n int64) {
	solid := min(n, int64(s.c.runMin))
	s.zeros(solid)
	if n -= solid; n == 0 || s.err != nil {
		return
	}
	if s.advance(false); s.err != nil {
		return
	}
	if n > maxContent-s.base {
		s.fail(errTooLong)
		return
	}
	s.run.Length += n
	s.base += n
}

// Close ends the content and hands out the last spans.
func (s *Splitter) Close() error {
	if s.err == nil && !s.closed {
		s.advance(true)
		s.closed = true
		s.scanned()
	}
	return s.err
}

// room returns the free end of the window, which is never empty unless there
// is an error.
func (s *Splitter) room() ([]byte, error) {
	if s.closed {
		s.fail(errClosed)
	}
	if s.err == nil && len(s.buf) == cap(s.buf) {
		s.advance(false)
		s.drop()
	}
	return s.buf[len(s.buf):cap(s.buf)], s.err
}

// drop moves what has not been handed out to the front of the window.
func (s *Splitter) drop() {
	done := s.w.pos
	s.base += int64(done)
	s.buf = s.buf[:copy(s.buf, s.buf[done:])]
	s.w = walk{probe: max(0, s.w.probe-done), hint: noHint}
}

// advance hands out all spans that are certain; with final, all there are.
func (s *Splitter) advance(final bool) {
	for s.err == nil {
		end, last := s.section(final)
		data := s.buf[:end]
		if s.run.Length > 0 {
			n := leading(data[s.w.pos:], s.run.Octet)
			s.w.pos += n
			s.run.Length += int64(n)
			if s.w.pos == end && !last {
				return
			}
			if s.w.pos == end {
				s.run.Cut = endOf(!final || end < len(s.buf))
			}
			s.hand(s.run, nil)
			s.run = Span{}
			continue
		}
		start := s.w.pos
		if s.feed != nil {
			s.w.hint = s.feed.hintFrom(s.base, start+s.c.min)
		}
		n, run, why := s.w.next(&s.c, data, last)
		if n == 0 {
			return
		}
		span := Span{Offset: s.base + int64(start), Length: int64(n), Cut: why}
		if run {
			span.Run, span.Octet = true, s.buf[start]
			s.run = span
			continue
		}
		if s.w.pos == end && last {
			span.Cut = endOf(!final || end < len(s.buf))
		}
		s.hand(span, s.buf[start:start+n:start+n])
	}
}

// section says how far the content in the window is known to belong to the
// section that is being cut, and whether that is all of it.
func (s *Splitter) section(final bool) (end int, last bool) {
	f := s.feed
	if f == nil {
		return len(s.buf), final
	}
	f.run(s.buf, s.base, final)
	at := s.base + int64(s.w.pos)
	if s.run.Length == 0 {
		at++ // the section begins here at the latest
	}
	known := int(min(int64(len(s.buf)), f.settled()-s.base))
	if j, ok := f.joints.front(at); ok && j <= s.base+int64(known) {
		return int(j - s.base), true
	}
	return known, final
}

func (s *Splitter) hand(span Span, data []byte) {
	if err := s.emit(span, data); err != nil {
		s.fail(err)
	}
}

func (s *Splitter) fail(err error) error {
	if s.err == nil {
		s.err = err
		s.scanned()
	}
	return s.err
}

// scanned ends the scanner.
func (s *Splitter) scanned() {
	if s.feed != nil {
		s.feed.end()
	}
}
