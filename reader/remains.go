package reader

import (
	"fmt"
	"iter"

	"github.com/vtdarchive/vtd/format"
)

// Stretch is a stretch of a file's content: bytes, a run of one octet, or
// something that cannot be read.
type Stretch struct {
	Offset, Length int64
	Bytes          []byte // shared; nil for a run
	Octet          byte   // of a run
	Err            error  // why it cannot be read
}

// Remains gives all of a file's content that can be read, and says of the rest
// why it cannot be. Of what a recipe makes, a part is lost where some of its
// input is.
func (f *File) Remains() iter.Seq[Stretch] {
	return func(yield func(Stretch) bool) {
		if f.e.Ref.Span != f.e.Size {
			yield(Stretch{Length: f.Size(), Err: f.wrap(format.Damaged("directory", format.NoOffset, "the file has %d bytes, its content %d", f.e.Size, f.e.Ref.Span))})
			return
		}
		f.remains(&f.e.Ref, 0, anyLevel, yield)
	}
}

func (f *File) remains(ref *format.Ref, start int64, level int, yield func(Stretch) bool) bool {
	if ref.Span == 0 {
		return true
	}
	lost := func(off, length int64, err error) bool {
		return yield(Stretch{Offset: off, Length: length, Err: err})
	}
	switch ref.Kind {
	case format.RefRun:
		return yield(Stretch{Offset: start, Length: int64(ref.Span), Octet: ref.Octet})
	case format.RefIndirect:
		n, err := f.a.indirect(ref, level)
		if err != nil {
			return lost(start, int64(ref.Span), f.wrap(fmt.Errorf("bytes %d-%d: %w", start, start+int64(ref.Span)-1, err)))
		}
		for i := range n.indirect.Refs {
			x := &n.indirect.Refs[i]
			if !f.remains(x, start, n.indirect.Level-1, yield) {
				return false
			}
			start += int64(x.Span)
		}
		return true
	}
	piece := Piece{start, *ref}
	for done := int64(0); done < int64(ref.Span); {
		h := hold{a: f.a}
		b, err := f.bytes(&h, &piece, uint64(done))
		h.release()
		if err == nil {
			if !yield(Stretch{Offset: start + done, Length: int64(len(b)), Bytes: b}) {
				return false
			}
			done += int64(len(b))
			continue
		}
		end := f.partEnd(ref, done)
		if !lost(start+done, end-done, err) {
			return false
		}
		done = end
	}
	return true
}

// partEnd gives where in a piece that ends of which an offset cannot be read:
// the end of the part of a recipe, or of the piece.
func (f *File) partEnd(ref *format.Ref, off int64) int64 {
	if ref.Kind == format.RefRecipe {
		if n, err := f.a.recipe(ref); err == nil {
			p := n.made.Part(n.made.At(off))
			return p.Offset + p.Length
		}
	}
	return int64(ref.Span)
}
