package compact

import (
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/families"
)

// order puts the frames that are copied, and the blocks that are not in them,
// in the order in which the trees name them.
func (j *job) order() (copied, packed []uint32, err error) {
	var names []string
	o := families.New(j.layout.Order == format.OrderFamilies, func(file uint32) string { return names[file] })
	w := walker{j: j, seen: make([]bool, j.a.Blocks()), again: maxAgain}
	w.file = func(e *format.Entry) {
		o.File(uint32(len(names)))
		names = append(names, e.Name)
	}
	w.block = func(num uint64) {
		k := uint32(j.nums[num] - 1)
		b := &j.live[k]
		f := &j.frames[b.frame]
		if f.copied && !f.taken {
			f.taken = true
			copied = append(copied, b.frame)
		}
		o.Block(k, b.length, &b.sketch, b.hasSk, !b.seen && !f.copied)
		b.seen = true
	}
	for _, v := range j.kept {
		if err := w.tree(v.Root()); err != nil {
			return nil, nil, err
		}
		if v.original != nil {
			if err := w.tree(v.original); err != nil {
				return nil, nil, err
			}
		}
	}
	return copied, o.Order(), nil
}

// maxAgain bounds how many metadata blocks of contents are gone through that
// were gone through before, which is of use only for finding out what a file
// resembles.
const maxAgain = 16 << 20

// walker goes through trees in order: what an entry says before what is below
// it, and siblings by name. A directory that comes again is left out.
type walker struct {
	j     *job
	seen  []bool // metadata blocks
	file  func(e *format.Entry)
	block func(num uint64) // of the file
	again int
}

// step is an entry or a node of a directory.
type step struct {
	entry *format.Entry
	node  uint64
}

func (w *walker) tree(root *format.Entry) error {
	for stack := []step{{entry: root}}; len(stack) > 0; {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch e := s.entry; {
		case e != nil && e.Kind.IsDir():
			stack = append(stack, step{node: e.Ref.Num})
			continue
		case e != nil:
			if e.Kind == format.KindFile {
				if err := w.content(e); err != nil {
					return err
				}
			}
			continue
		case w.seen[w.j.first(s.node)]:
			continue
		}
		w.seen[w.j.first(s.node)] = true
		n, err := w.j.a.Node(s.node)
		if err != nil {
			return err
		}
		switch {
		case n.Leaf != nil:
			for i := range slices.Backward(n.Leaf.Entries) {
				stack = append(stack, step{entry: &n.Leaf.Entries[i]})
			}
		case n.Inner != nil:
			for i := range slices.Backward(n.Inner.Children) {
				stack = append(stack, step{node: n.Inner.Children[i].Ref.Num})
			}
		default:
			return damagedBlock(s.node, "a directory refers to it, but it is none")
		}
		if err := w.j.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// content goes through the blocks of a file, those of the inputs of its recipes
// in their place.
func (w *walker) content(e *format.Entry) error {
	switch e.Ref.Kind {
	case format.RefBlock, format.RefIndirect, format.RefRecipe:
	default:
		return nil
	}
	w.file(e)
	for stack := []*format.Ref{&e.Ref}; len(stack) > 0; {
		x := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if x.Kind == format.RefBlock {
			w.block(x.Num)
			continue
		}
		num := w.j.first(x.Num)
		if w.seen[num] {
			if w.again--; w.again < 0 {
				continue
			}
		}
		w.seen[num] = true
		n, err := w.j.a.Node(num)
		if err != nil {
			return err
		}
		if n.Indirect == nil && n.Recipe == nil {
			return damagedBlock(num, "a file refers to it, but it is no content")
		}
		for _, below := range slices.Backward(n.Refs()) {
			stack = append(stack, below)
		}
	}
	return w.j.ctx.Err()
}
