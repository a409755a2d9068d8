package deflate

import "sort"

// Sizes of parts, in octets.
const (
	// PartContent is the content that Survey gives a part at most, unless it is a
	// single block: what lies across two parts takes a MiB to rebuild.
	PartContent = 512 << 10
	// PairContent is the content that two parts, one behind the other, have more
	// than: smaller ones could be one.
	PairContent = 256 << 10
	// MaxPart is the content that a part has at most in any case.
	MaxPart = 16 << 20
	// MaxPartStream is what a part takes of the stream at most.
	MaxPartStream = 3 * MaxPart
	// History is the content before a part, and Ahead that behind it, that its
	// tokens depend on, as far as there is any. FarHistory takes the place of History in
	// version 2 of models whose state depends on tokens before the part.
	History    = 128 << 10
	FarHistory = 512 << 10
	Ahead      = 512
)

// A Layout says how a stream is divided into parts that are predicted and
// rebuilt without one another.
type Layout struct {
	Size        int64 // octets of the stream
	ContentSize int64 // octets of its content
	// Parts are the parts in order, at least one. The first begins at 0, each other
	// one at the beginning of a block that has content.
	Parts []Part
}

// A Part is a number of whole blocks. It ends where the next one begins, or with
// the stream.
type Part struct {
	From int64 // octets of the content before it
	Bit  int64 // bits of the stream before it
	// Carry holds the lowest Bit mod 8 bits of the octet in which the part begins;
	// they belong to the part before. The others are zero.
	Carry byte
}

// Content gives the range of the content that part i has.
func (l *Layout) Content(i int) (from, to int64) {
	if i+1 < len(l.Parts) {
		return l.Parts[i].From, l.Parts[i+1].From
	}
	return l.Parts[i].From, l.ContentSize
}

// Window gives the range of the content that rebuilding part i with a model needs: its
// own, what its matches lead to, and what its encoder looked ahead at.
func (l *Layout) Window(i int, m Model) (from, to int64) {
	from, to = l.Content(i)
	return max(from-m.history(), 0), min(to+Ahead, l.ContentSize)
}

// Octets gives the range of the octets of the stream that rebuilding part i
// gives: those in which a bit belongs to it, except the last one if the next part
// begins within that.
func (l *Layout) Octets(i int) (from, to int64) {
	if i+1 < len(l.Parts) {
		return l.Parts[i].Bit / 8, l.Parts[i+1].Bit / 8
	}
	return l.Parts[i].Bit / 8, l.Size
}

// At gives the part whose Octets have the one at an offset of the stream, which
// is below Size.
func (l *Layout) At(offset int64) int {
	return max(sort.Search(len(l.Parts), func(i int) bool { return l.Parts[i].Bit/8 > offset })-1, 0)
}
