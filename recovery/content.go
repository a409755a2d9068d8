package recovery

import (
	"errors"
	"fmt"

	"github.com/vtdarchive/vtd/format"
)

// piece is a part of a content: a reference that is whole, bytes, or a gap.
type piece struct {
	ref   *format.Ref
	made  []byte // bytes that need a block of their own; valid during the call
	gap   uint64
	block *format.Ref // the data block that a gap stands for, if it is one
}

// pieces goes through a content, of which some is missing, in order.
func (r *recovery) pieces(x *format.Ref, level, depth int, visit func(piece) error) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if x.Span == 0 {
		return nil
	}
	if x.Kind == format.RefIndirect {
		n, err := r.node(x.Num)
		if err == nil && n.indirect != nil && (level == anyLevel || n.indirect.Level == level) && spanOf(n.indirect) == x.Span {
			for i := range n.indirect.Refs {
				if err := r.pieces(&n.indirect.Refs[i], n.indirect.Level-1, depth, visit); err != nil {
					return err
				}
			}
			return nil
		}
		return visit(piece{gap: x.Span})
	}
	switch {
	case r.whole(x, level, depth):
		return visit(piece{ref: x})
	case x.Kind == format.RefRecipe:
		return r.recipeParts(x, depth, visit)
	}
	return visit(piece{gap: x.Span, block: x})
}

func spanOf(d *format.Indirect) (sum uint64) {
	for i := range d.Refs {
		sum += d.Refs[i].Span
	}
	return sum
}

// recipeParts makes what can be made of a recipe.
func (r *recovery) recipeParts(x *format.Ref, depth int, visit func(piece) error) error {
	n, err := r.node(x.Num)
	if err != nil || n.recipe == nil || n.made == nil || n.recipe.Length != x.Span || depth >= format.MaxRecipeDepth {
		return visit(piece{gap: x.Span})
	}
	for i := range n.made.Parts() {
		p := n.made.Part(i)
		if p.Length == 0 {
			continue
		}
		input := make([]byte, p.To-p.From)
		var made []byte
		ok := r.readContent(&n.recipe.Input, anyLevel, depth+1, uint64(p.From), input)
		if ok {
			made, err = n.made.Make(nil, i, input)
			ok = err == nil
		}
		if !ok {
			if !r.isBroken[x.Num] {
				r.isBroken[x.Num] = true
				r.broken = append(r.broken, x.Num)
			}
			if err := visit(piece{gap: uint64(p.Length)}); err != nil {
				return err
			}
			continue
		}
		for len(made) > 0 {
			k := min(len(made), format.MaxDataBlock)
			if err := visit(piece{made: made[:k]}); err != nil {
				return err
			}
			made = made[k:]
		}
	}
	return nil
}

// readContent fills b with a content's bytes from an offset on, and tells
// whether all of them are there.
func (r *recovery) readContent(x *format.Ref, level, depth int, off uint64, b []byte) bool {
	if off > x.Span || uint64(len(b)) > x.Span-off || r.ctx.Err() != nil {
		return false
	}
	if len(b) == 0 {
		return true
	}
	switch x.Kind {
	case format.RefLiteral:
		copy(b, x.Literal[off:])
	case format.RefRun:
		for i := range b {
			b[i] = x.Octet
		}
	case format.RefBlock:
		if !r.whole(x, level, depth) {
			return false
		}
		data, err := r.dataBytes(x.Num)
		if err != nil || uint64(len(data)) != x.Span {
			return false
		}
		copy(b, data[off:])
	case format.RefIndirect:
		n, err := r.node(x.Num)
		if err != nil || n.indirect == nil || level != anyLevel && n.indirect.Level != level || spanOf(n.indirect) != x.Span {
			return false
		}
		for i := range n.indirect.Refs {
			y := &n.indirect.Refs[i]
			if off >= y.Span {
				off -= y.Span
				continue
			}
			k := min(uint64(len(b)), y.Span-off)
			if k > 0 && !r.readContent(y, n.indirect.Level-1, depth, off, b[:k]) {
				return false
			}
			b, off = b[k:], 0
		}
	case format.RefRecipe:
		n, err := r.node(x.Num)
		if err != nil || n.recipe == nil || n.made == nil || n.recipe.Length != x.Span || depth >= format.MaxRecipeDepth {
			return false
		}
		for i := n.made.At(int64(off)); len(b) > 0; i++ {
			made, err := r.madePart(x.Num, n, i, depth)
			if err != nil {
				return false
			}
			k := copy(b, made[int64(off)-n.made.Part(i).Offset:])
			b, off = b[k:], off+uint64(k)
		}
	}
	return true
}

// partKey names a part of what a recipe makes.
type partKey struct {
	num  uint64
	part int
}

// madePart makes a part of a recipe.
func (r *recovery) madePart(num uint64, n *node, i, depth int) ([]byte, error) {
	return r.parts.get(partKey{num, i}, func() ([]byte, int64, error) {
		p := n.made.Part(i)
		input := make([]byte, p.To-p.From)
		if !r.readContent(&n.recipe.Input, anyLevel, depth+1, uint64(p.From), input) {
			return nil, 0, lacking(num, "its input is lost")
		}
		made, err := n.made.Make(nil, i, input)
		return made, int64(cap(made)), err
	})
}

// remains is what is left of a content.
type remains struct {
	ref     format.Ref
	content format.Hash
	missing []Range
	good    uint64 // bytes that are there, and stand in no run
	lost    uint64
}

// rest makes a new content of what is left of one, with zeros in place of what
// is missing. fill, if not nil, gives what is missing, from an offset on: some of
// the gap, of at most so many bytes.
func (r *recovery) rest(x *format.Ref, fill func(off uint64, gap piece) ([]byte, error)) (*remains, error) {
	out := &remains{}
	h := r.id.NewContent()
	var refs []format.Ref
	at := uint64(0)
	add := func(y format.Ref) {
		if k := len(refs) - 1; k >= 0 && y.Kind == format.RefRun && refs[k].Kind == format.RefRun && refs[k].Octet == y.Octet {
			refs[k].Span += y.Span
			return
		}
		refs = append(refs, y)
	}
	block := func(b []byte) error {
		sum := r.id.Sum(b)
		num, err := r.add(sum, b)
		if err != nil {
			return err
		}
		add(format.Ref{Kind: format.RefBlock, Span: uint64(len(b)), Num: num, Hash: sum})
		h.Write(b)
		out.good += uint64(len(b))
		return nil
	}
	err := r.pieces(x, anyLevel, 0, func(p piece) error {
		switch {
		case len(refs) >= maxPieces:
			return errPieces
		case p.made != nil:
			at += uint64(len(p.made))
			return block(p.made)
		case p.ref == nil && fill != nil:
			for p.gap > 0 {
				b, err := fill(at, p)
				if err != nil {
					return err
				}
				at, p.gap = at+uint64(len(b)), p.gap-uint64(len(b))
				if err := block(b); err != nil {
					return err
				}
			}
			return nil
		case p.ref == nil:
			if k := len(out.missing) - 1; k >= 0 && out.missing[k].To == int64(at) {
				out.missing[k].To += int64(p.gap)
			} else {
				out.missing = append(out.missing, Range{int64(at), int64(at + p.gap)})
			}
			add(format.Ref{Kind: format.RefRun, Span: p.gap})
			h.WriteRun(0, p.gap)
			out.lost += p.gap
			at += p.gap
			return nil
		}
		add(*p.ref)
		at += p.ref.Span
		return r.hashWhole(p.ref, h, out)
	})
	if err != nil {
		return nil, err
	}
	out.content = h.Sum()
	out.ref, err = r.listOf(refs)
	return out, err
}

// maxPieces bounds what a file is made of that is made anew, in memory: 256 GiB
// as files mostly are cut.
const maxPieces = 1 << 22

var errPieces = fmt.Errorf("a file of more than %d pieces is not made anew", maxPieces)

// fillBlock is how long the blocks are that are made of what a file has where
// an archive lacks it.
const fillBlock = 256 << 10

// hashWhole adds a reference that is whole to a hash.
func (r *recovery) hashWhole(x *format.Ref, h *format.ContentHasher, out *remains) error {
	switch x.Kind {
	case format.RefRun:
		h.WriteRun(x.Octet, x.Span)
		return nil
	case format.RefLiteral:
		h.Write(x.Literal)
		out.good += x.Span
		return nil
	}
	for off := uint64(0); off < x.Span; {
		b := make([]byte, min(x.Span-off, window))
		if x.Kind == format.RefBlock {
			b = make([]byte, x.Span)
		}
		if !r.readContent(x, anyLevel, 0, off, b) {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			return fmt.Errorf("what block %d stands for was there and is not any more", x.Num)
		}
		h.Write(b)
		out.good += uint64(len(b))
		off += uint64(len(b))
	}
	return nil
}

// listOf makes one reference of several.
func (r *recovery) listOf(refs []format.Ref) (format.Ref, error) {
	for level := 1; len(refs) != 1; level++ {
		if len(refs) == 0 {
			return format.Ref{}, nil
		}
		var up []format.Ref
		for i := range refs {
			if x := &refs[i]; x.Kind == format.RefBlock {
				x.Hash, _, _ = r.data(x.Num)
			} else if x.Kind == format.RefIndirect || x.Kind == format.RefRecipe {
				x.Hash, _ = r.metaHash(x.Num)
			}
		}
		for _, c := range format.CutRefs(refs) {
			d := &format.Indirect{Level: level, Refs: refs[c[0]:c[1]]}
			up = append(up, format.Ref{Kind: format.RefIndirect, Span: spanOf(d), Num: r.make(&node{indirect: d})})
		}
		refs = up
	}
	return refs[0], nil
}

// madeNode is a metadata block that the damaged archive does not have.
type madeNode struct {
	*node
	hash format.Hash
}

// make keeps a node that was made, each once, and gives its number.
func (r *recovery) make(n *node) uint64 {
	if !r.resolve(n) {
		r.failed = errors.Join(r.failed, errors.New("a node that was made names what is not there"))
	}
	h := r.id.Sum(n.append(nil, format.Canonical, 0))
	if k, ok := r.madeOf[h]; ok {
		return madeMeta + uint64(k)
	}
	k := len(r.made)
	r.made = append(r.made, madeNode{n, h})
	r.madeOf[h] = k
	return madeMeta + uint64(k)
}
