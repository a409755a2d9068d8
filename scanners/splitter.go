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
	c    cutter
	emit func(s Span, data []byte) error
	err  error // sticky: what emit returned, or a misuse

	buf    []byte // content from offset base on, as far as it has arrived; its capacity is fixed
	base   int64  // offset of buf[0] in the content
	w      walk   // over buf
	run    Span   // the run that ends at w.pos and may go on; Length 0: none
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
	return &Splitter{c: c, emit: emit, buf: make([]byte, 0, keep+max(keep, readRoom))}
}

// Reset begins new content, whatever became of the one before.
func (s *Splitter) Reset() {
	*s = Splitter{c: s.c, emit: s.emit, buf: s.buf[:0]}
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
	// As many zeros as make a run by themselves are written out; they end the
	// chunk before them and leave nothing in the window. The rest need only be
	// counted.
	for solid := min(n, int64(s.c.runMin)); solid > 0; {
		room, err := s.room()
		if err != nil {
			return err
		}
		room = room[:min(int64(len(room)), solid)]
		clear(room)
		s.buf = s.buf[:len(s.buf)+len(room)]
		solid -= int64(len(room))
		n -= int64(len(room))
	}
	if n == 0 || s.err != nil {
		return s.err
	}
	s.advance(false)
	if s.err != nil {
		return s.err
	}
	if n > maxContent-s.base {
		return s.fail(errTooLong)
	}
	s.run.Length += n
	s.base += n
	return nil
}

// Close ends the content and hands out the last spans.
func (s *Splitter) Close() error {
	if s.err == nil && !s.closed {
		s.advance(true)
		s.closed = true
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
	s.w = walk{probe: max(0, s.w.probe-done)}
}

// advance hands out all spans that are certain; with final, all there are.
func (s *Splitter) advance(final bool) {
	for s.err == nil {
		if s.run.Length > 0 {
			n := leading(s.buf[s.w.pos:], s.run.Octet)
			s.w.pos += n
			s.run.Length += int64(n)
			if s.w.pos == len(s.buf) && !final {
				return
			}
			s.hand(s.run, nil)
			s.run = Span{}
			continue
		}
		start := s.w.pos
		n, run := s.w.next(&s.c, s.buf, final)
		if n == 0 {
			return
		}
		span := Span{Offset: s.base + int64(start), Length: int64(n)}
		if run {
			span.Run, span.Octet = true, s.buf[start]
			s.run = span
			continue
		}
		s.hand(span, s.buf[start:start+n:start+n])
	}
}

func (s *Splitter) hand(span Span, data []byte) {
	if err := s.emit(span, data); err != nil {
		s.fail(err)
	}
}

func (s *Splitter) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}
