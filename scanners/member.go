package scanners

// maxDepth is how deep members lie within members that scanners still look into.
const maxDepth = 3

// chooseScanner is Choose, and scannerOfName what it says of a name alone.
// Scanners cannot name them, as they name the scanners.
var (
	chooseScanner func(head []byte, name string, mediaType func() string) *Scanner
	scannerOfName func(name string) *Scanner
)

func init() { chooseScanner, scannerOfName = Choose, byName }

// Member says that the n octets at the position are the content of a file of
// that name, and moves behind them. What the scanner for such a file says of it
// is said here, too, so that the member of an archive has the blocks of the file
// if there is a joint at its start.
func (s *Source) Member(n int64, name string) { s.member(n, name, nil) }

// member is Member with the scanner for what neither content nor name tell.
func (s *Source) member(n int64, name string, otherwise *Scanner) {
	end := s.pos + min(n, maxContent-s.pos)
	if s.depth < maxDepth && n >= jointGap {
		head := s.Peek(int(min(n, SniffLen)))
		sc := chooseScanner(head, name, nil)
		if sc == nil {
			sc = otherwise
		}
		switch {
		case s.find != nil && looseObject(head, name):
			s.Packed(PackedZlib, n, "")
		case sc != nil && (s.find == nil || sc.packs):
			s.within(end, sc, name)
		}
	}
	s.SkipTo(end)
}

// within runs a scanner on the content between the position and an offset, a file
// of some name.
func (s *Source) within(end int64, sc *Scanner, name string) {
	start := s.pos
	in := Source{marks: s.marks, origin: s.origin + start, size: end - start, depth: s.depth + 1, find: s.find, name: name}
	if s.find != nil { // a member may claim more than what it is in has
		in.size = min(in.size, s.size-start)
	}
	see := func() {
		from := min(max(s.base, start), s.end())
		to := max(from, min(s.end(), end))
		in.data, in.base = s.data[from-s.base:to-s.base], from-start
		in.last = s.last || s.end() >= end
	}
	in.more = func() {
		s.SkipTo(max(s.pos, start+min(in.pos, in.size)))
		s.more()
		see()
	}
	see()
	// As in a feed, only the marks are lost. Where the feed has given up, the
	// scanner outside panics, too, when it asks for more.
	defer s.find.recover()
	sc.scan(&in)
}

// parts sets the joints between the members of an archive whose headers are
// shorter than joints may be apart. Only one of two neighbours can be cut exactly
// where its data ends or begins: the weightier, or the first if what comes after
// it is out of sight. The header then is in a block with jointGap octets of the
// other.
type parts struct {
	before   part
	foreseen bool  // what comes after the part before has been seen before its end
	last     int64 // the last joint, or the start of the content
}

// part is a member of such an archive.
type part struct {
	size   int64
	weight int64 // how much is gained where it has the blocks of a file; at most its size
}

const (
	// jointGap is how far joints are apart that all count, with the default
	// parameters.
	jointGap = 512
	// smallPart is the size below which a part is not worth joints.
	smallPart = 4 * jointGap
)

// next comes to a part whose data begins at an offset. That of the part before
// ends at another, not before the position.
func (p *parts) next(s *Source, end, begin int64, after part) {
	if p.before.size >= smallPart && !p.lighter(after) {
		p.joint(s, end)
	}
	if after.size >= smallPart {
		if begin-p.last < jointGap {
			begin += jointGap
		}
		p.joint(s, begin)
	}
	p.before, p.foreseen = after, false
}

// lighter reports whether the end of the part before is cut together with the
// header behind it.
func (p *parts) lighter(after part) bool {
	return p.foreseen && after.size >= smallPart && after.weight > p.before.weight
}

// lookAhead sets a joint near the end of the part that begins at the position if
// its end is in sight, and another can be read there that is cut exactly. Then
// only the last octets of this one go with the header of that.
func (p *parts) lookAhead(s *Source, read func(b []byte) (part, bool)) {
	n := p.before.size
	if n < smallPart || n >= MaxPeek {
		return
	}
	b := s.Peek(MaxPeek)
	after, ok := read(b[min(int(n), len(b)):])
	if p.foreseen = ok; ok && p.lighter(after) {
		p.joint(s, s.Offset()+n-jointGap)
	}
}

func (p *parts) joint(s *Source, off int64) {
	if off-p.last >= jointGap {
		s.JointAt(off)
		p.last = off
	}
}
