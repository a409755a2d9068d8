package reader

import (
	"fmt"
	"io"
	"iter"

	"github.com/vtdarchive/vtd/format"
)

// Piece is a part of a file's content: literal bytes, one data block, a run of
// one octet, or what a recipe makes. It never is a list.
type Piece struct {
	Offset int64 // in the file
	Ref    format.Ref
}

// cursor finds pieces of a file. It keeps the list of references that it has come
// to, in which the next piece mostly is, too.
type cursor struct {
	f     *File
	list  *node  // or nil
	start uint64 // where the list begins in the file
	i     int    // the reference last found
}

// piece finds the piece that covers an offset below the file's size.
func (c *cursor) piece(off uint64) (Piece, error) {
	if c.list == nil || off < c.start || off-c.start >= c.list.ends[len(c.list.ends)-1] {
		return c.search(off)
	}
	at := off - c.start
	if next := c.i + 1; next < len(c.list.ends) && at == c.list.ends[c.i] && at < c.list.ends[next] {
		c.i = next
	} else {
		c.i, _ = c.list.refAt(at)
	}
	ref, begin := &c.list.indirect.Refs[c.i], c.start
	if ref.Kind == format.RefIndirect {
		return c.search(off)
	}
	if c.i > 0 {
		begin += c.list.ends[c.i-1]
	}
	return Piece{int64(begin), *ref}, nil
}

// search goes down through lists of references from the file's own.
func (c *cursor) search(off uint64) (Piece, error) {
	f := c.f
	ref, start := &f.e.Ref, uint64(0)
	if ref.Span != f.e.Size {
		return Piece{}, f.wrap(format.Damaged("directory", format.NoOffset, "the file has %d bytes, its content %d", f.e.Size, ref.Span))
	}
	level := anyLevel
	for ref.Kind == format.RefIndirect {
		n, err := f.a.indirect(ref, level)
		if err != nil {
			return Piece{}, f.wrap(fmt.Errorf("bytes %d-%d: %w", start, start+ref.Span-1, err))
		}
		i, at := n.refAt(off - start)
		c.list, c.start, c.i = n, start, i
		level, start, ref = n.indirect.Level-1, start+at, &n.indirect.Refs[i]
	}
	return Piece{int64(start), *ref}, nil
}

// indirect reads a list of references and checks that it fits where it
// stands. Levels fall by one at each step, which bounds the way down.
func (a *Archive) indirect(ref *format.Ref, level int) (*node, error) {
	n, err := a.metaNode(ref.Num, "indirect block")
	if err != nil {
		return nil, err
	}
	bad := func(msg string, args ...any) error {
		return blockDamage("indirect block", format.NoOffset, ref.Num, msg, args...)
	}
	switch {
	case n.indirect == nil:
		return nil, bad("the block is %s, not a list of references", n.typeName())
	case level != anyLevel && n.indirect.Level != level:
		return nil, bad("the block is %s where level %d belongs", n.typeName(), level)
	case n.ends[len(n.ends)-1] != ref.Span:
		return nil, bad("its references span %d bytes, the one to it says %d", n.ends[len(n.ends)-1], ref.Span)
	}
	return n, nil
}

// Pieces gives the pieces of the content in order, from the one that covers an
// offset on.
func (f *File) Pieces(off int64) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		c := cursor{f: f}
		for off := max(off, 0); off < f.Size(); {
			p, err := c.piece(uint64(off))
			if !yield(p, err) || err != nil {
				return
			}
			off = p.Offset + int64(p.Ref.Span)
		}
	}
}

// Extent is a stretch of a file: a hole, which reads as zeros, or data.
type Extent struct {
	Offset, Length int64
	Hole           bool
}

// Extents gives holes and data by turns, from the extent that covers an offset
// on; the first begins there. It reads no content.
func (f *File) Extents(off int64) iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		var x Extent
		for p, err := range f.Pieces(off) {
			if err != nil {
				yield(Extent{}, err)
				return
			}
			from := max(p.Offset, off)
			end := p.Offset + int64(p.Ref.Span)
			hole := p.Ref.Kind == format.RefRun && p.Ref.Octet == 0
			if x.Length > 0 && x.Hole == hole {
				x.Length = end - x.Offset
				continue
			}
			if x.Length > 0 && !yield(x, nil) {
				return
			}
			x = Extent{from, end - from, hole}
		}
		if x.Length > 0 {
			yield(x, nil)
		}
	}
}

// SeekData gives the first offset at or after off that is not in a hole, as
// lseek's SEEK_DATA does: io.EOF means that only a hole follows, or nothing.
func (f *File) SeekData(off int64) (int64, error) { return f.seekExtent(off, false) }

// SeekHole gives the first offset at or after off that is in a hole, as
// lseek's SEEK_HOLE does: the end of the file counts as one. io.EOF means that
// off is not before the end.
func (f *File) SeekHole(off int64) (int64, error) { return f.seekExtent(off, true) }

func (f *File) seekExtent(off int64, hole bool) (int64, error) {
	if off < 0 || off >= f.Size() {
		return 0, io.EOF
	}
	for x, err := range f.Extents(off) {
		if err != nil {
			return 0, err
		}
		if x.Hole == hole {
			return x.Offset, nil
		}
	}
	if hole {
		return f.Size(), nil
	}
	return 0, io.EOF
}
