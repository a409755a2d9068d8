package scanners

import "bytes"

// Source is what a scanner sees of content: a position in it that only moves
// forward, and some octets from there on. Through it the scanner says where
// joints and hints are.
//
// A scanner is a plain function that reads from a Source until it has nothing
// more to say. It needs no errors: at the end of the content Peek gives less than
// was asked for, and a scanner that meets what it does not understand returns.
type Source struct {
	data []byte // content from offset base on, as far as the scanner may see it
	base int64
	pos  int64
	last bool // nothing comes after data

	more  func()    // brings more of data, or sets last; never returns after the scanner was given up
	marks *markHeap // what the scanner has said
	calls int       // since pos last moved
	line  []byte    // of Line
	find  *finder   // wants what is packed, and no marks; nil for cutting
	name  string    // of the file, if the finder is to know

	// Of a member of an archive; zero for content as a whole.
	origin int64 // where it begins in the whole
	size   int64 // how long it is; for a finder, also that of the whole
	depth  int   // how many archives it lies in
}

const (
	// blockSize is the unit in which content comes to a scanner. A block begins
	// at a multiple of it, so what a scanner sees does not depend on the pieces in
	// which content arrives.
	blockSize = 64 << 10
	// MaxPeek is how much content a scanner may look at from where it stands.
	MaxPeek = blockSize
	// MaxLine is how much of a line Line gives.
	MaxLine = 4 << 10
	// maxCalls is how often a scanner may ask or say something without moving
	// before it is taken to hang.
	maxCalls = 1 << 21
)

// gaveUp is what a Source panics with in a scanner that is to end at once.
type gaveUp struct{}

// Offset is the position in the content.
func (s *Source) Offset() int64 { return s.pos }

// Peek gives n octets at the position, at most MaxPeek, without moving; fewer
// only where the content ends. They are valid until the next call of a method
// but Offset, Joint and Hint.
func (s *Source) Peek(n int) []byte {
	n = min(n, MaxPeek)
	s.called()
	for !s.last && s.pos+int64(n) > s.base+int64(len(s.data)) {
		s.more()
	}
	at := min(s.pos-s.base, int64(len(s.data)))
	rest := s.data[at:]
	return rest[:min(n, len(rest))]
}

// Skip moves forward by n octets, also beyond the end of the content. What is
// skipped is not looked at and costs nothing. A scanner that skips backwards is
// ended.
func (s *Source) Skip(n int64) {
	if n < 0 || n > maxContent-s.pos {
		panic(gaveUp{})
	}
	if n > 0 {
		s.calls = 0
	}
	s.pos += n
}

// SkipTo moves forward to an offset; see Skip.
func (s *Source) SkipTo(off int64) { s.Skip(off - s.pos) }

// AtEnd reports whether no content is left.
func (s *Source) AtEnd() bool { return len(s.Peek(1)) == 0 }

// Find moves to the next place where sep stands, at the position or after it,
// and reports whether there is one. If not, the position is the end of the
// content. sep must not be empty, nor longer than MaxPeek.
func (s *Source) Find(sep []byte) bool {
	for {
		if s.Peek(len(sep)); s.end()-s.pos < int64(len(sep)) {
			s.SkipTo(max(s.pos, s.end()))
			return false
		}
		window := s.data[s.pos-s.base:]
		if i := bytes.Index(window, sep); i >= 0 {
			s.Skip(int64(i))
			return true
		}
		s.Skip(int64(len(window) - len(sep) + 1))
	}
}

// FindByte is Find for a single octet.
func (s *Source) FindByte(c byte) bool {
	for {
		if len(s.Peek(1)) == 0 {
			return false
		}
		window := s.data[s.pos-s.base:]
		if i := bytes.IndexByte(window, c); i >= 0 {
			s.Skip(int64(i))
			return true
		}
		s.Skip(int64(len(window)))
	}
}

// Line moves behind the next line feed, or to the end of the content, and gives
// the line with it, or the first MaxLine octets of a longer one. It is empty only
// at the end.
func (s *Source) Line() []byte {
	p := s.Peek(MaxLine)
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		s.Skip(int64(i + 1))
		return p[:i+1]
	}
	if len(p) < MaxLine {
		s.Skip(int64(len(p)))
		return p
	}
	start := append(s.line[:0], p...) // p does not outlast the search
	s.line = start
	s.Skip(MaxLine)
	if s.FindByte('\n') {
		s.Skip(1)
	}
	return start
}

// Joint says that content that stands by itself begins, or ends, at the
// position.
func (s *Source) Joint() { s.JointAt(s.pos) }

// JointAt is Joint for an offset from the position on. What lies behind the
// position is dropped, and what comes when maxPending marks are still to come.
func (s *Source) JointAt(off int64) { s.mark(off, false) }

// Hint says that a chunk may well end at the position.
func (s *Source) Hint() { s.HintAt(s.pos) }

// HintAt is Hint for an offset from the position on.
func (s *Source) HintAt(off int64) { s.mark(off, true) }

func (s *Source) mark(off int64, hint bool) {
	s.called()
	if s.find == nil && off >= s.pos && off < maxContent-s.origin && (s.depth == 0 || off <= s.size) {
		s.marks.push(s.origin+off, hint)
	}
}

// end is the offset behind what can be seen.
func (s *Source) end() int64 { return s.base + int64(len(s.data)) }

func (s *Source) called() {
	if s.calls++; s.calls > maxCalls {
		panic(gaveUp{})
	}
}
