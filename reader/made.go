package reader

import (
	"fmt"
	"sync"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/recipe"
)

// madeShare is the part of Options.CacheBytes, as 1 in so many, that what
// recipes make may take.
const madeShare = 4

// partKey names a part of what a recipe makes.
type partKey struct {
	num  uint64 // block of the recipe
	part int
}

// recipe gives what a reference of kind recipe stands for.
func (a *Archive) recipe(ref *format.Ref) (*node, error) {
	n, err := a.metaNode(ref.Num, "recipe")
	switch {
	case err != nil:
		return nil, err
	case n.recipe == nil:
		return nil, blockDamage("recipe", format.NoOffset, ref.Num, "the block is %s, not a recipe", n.typeName())
	case n.recipe.Length != ref.Span:
		return nil, blockDamage("recipe", format.NoOffset, ref.Num, "it makes %d bytes, the reference to it says %d", n.recipe.Length, ref.Span)
	case n.lack != nil:
		return nil, inBlock(n.lack, ref.Num)
	}
	return n, nil
}

// Recipe gives the recipe that a reference of kind recipe names.
func (a *Archive) Recipe(ref *format.Ref) (*format.Recipe, error) {
	n, err := a.recipe(ref)
	if err != nil {
		return nil, a.named(err)
	}
	return n.recipe, nil
}

// inBlock gives an error about a structure the number of the block it is in.
func inBlock(err error, num uint64) error {
	if e, ok := err.(*format.Error); ok && e.Block < 0 {
		c := *e
		c.Block = int64(num)
		return &c
	}
	return err
}

// input is the input of a recipe as a file.
func (f *File) input(x *format.Recipe) (*File, error) {
	if f.depth == format.MaxRecipeDepth {
		return nil, recipe.ErrDepth
	}
	e := &format.Entry{Kind: format.KindFile, Size: x.Input.Span, Ref: x.Input}
	return &File{a: f.a, e: e, name: "its content", depth: f.depth + 1}, nil
}

// madeBytes gives what a recipe makes from an offset on, up to the end of the
// part that holds it.
func (f *File) madeBytes(piece *Piece, skip uint64) ([]byte, error) {
	n, err := f.a.recipe(&piece.Ref)
	if err != nil {
		return nil, f.wrap(fmt.Errorf("bytes %d-%d: %w", piece.Offset, uint64(piece.Offset)+piece.Ref.Span-1, err))
	}
	i := n.made.At(int64(skip))
	p := n.made.Part(i)
	use, err := f.madePart(n, piece.Ref.Num, i)
	if err != nil {
		from := piece.Offset + p.Offset
		return nil, f.wrap(fmt.Errorf("bytes %d-%d: %w", from, from+p.Length-1, err))
	}
	b := use.val // needs no closing: it may outlive its place in the cache
	f.a.made.release(use)
	return b[int64(skip)-p.Offset:], nil
}

// inputs are buffers for the inputs of parts.
var inputs = sync.Pool{New: func() any { return new([]byte) }}

// madePart makes a part, or finds it in the cache.
func (f *File) madePart(n *node, num uint64, i int) (*cached[partKey, []byte], error) {
	return f.a.made.get(partKey{num, i}, func() ([]byte, int64, error) {
		in, err := f.input(n.recipe)
		if err != nil {
			return nil, 0, inBlock(err, num)
		}
		p := n.made.Part(i)
		buf := inputs.Get().(*[]byte)
		defer inputs.Put(buf)
		if int64(cap(*buf)) < p.To-p.From {
			*buf = make([]byte, p.To-p.From)
		}
		b := (*buf)[:p.To-p.From]
		if _, err := in.ReadAt(b, p.From); err != nil {
			return nil, 0, err
		}
		made, err := n.made.Make(nil, i, b)
		return made, int64(cap(made)), inBlock(err, num)
	})
}

// aheadMade bounds how many pieces are looked at for parts to be made ahead.
const aheadMade = 16

// makeAhead has the parts behind that of an offset made, as many as there are
// slots.
func (f *File) makeAhead(piece *Piece, off uint64) {
	n, err := f.a.recipe(&piece.Ref)
	if err != nil {
		return // reading will tell
	}
	at := n.made.At(int64(off) - piece.Offset)
	if mark := 1<<63 | piece.Ref.Num<<20 | uint64(at)&(1<<20-1); f.made.Swap(mark) == mark {
		return
	}
	left, pieces := f.a.ahead.slots, aheadMade
	for p, err := range f.Pieces(piece.Offset) {
		if pieces--; err != nil || pieces == 0 {
			return
		}
		if p.Ref.Kind != format.RefRecipe {
			continue
		}
		n, err := f.a.recipe(&p.Ref) // its own: what is made ahead is made later
		if err != nil {
			return
		}
		from := 0
		if p.Offset == piece.Offset {
			from = at + 1
		}
		for i := from; i < n.made.Parts(); i++ {
			if left == 0 {
				return
			}
			left--
			if !f.a.made.has(partKey{p.Ref.Num, i}) && !f.a.ahead.run(func() { f.aheadPart(n, p.Ref.Num, i) }) {
				return
			}
		}
	}
}

// aheadPart puts a part into the cache. A failure is met again by whoever needs
// the part.
func (f *File) aheadPart(n *node, num uint64, i int) {
	if use, err := f.madePart(n, num, i); err == nil {
		f.a.made.release(use)
	}
}
