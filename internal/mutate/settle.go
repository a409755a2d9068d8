package mutate

import "github.com/vtdarchive/vtd/format"

// maxSettled bounds how deep totals are computed.
const maxSettled = 20_000

// settle makes totals of directories, counts of inner nodes and content ids
// right again after a lie, so that the lie is all that is wrong. Sums that do
// not fit wrap around.
func (m *model) settle() {
	m.number()
	m.hashes()
	t := settler{m: m, dirs: map[uint64]*total{}}
	for _, x := range nodes[*format.Snapshot](m) {
		s := x.node.(*format.Snapshot)
		sum := t.dir(s.Root.Ref.Num, 0)
		if sum == nil {
			continue
		}
		s.Root.Size, s.Root.Count, s.Content = sum.size, sum.count, sum.contentID(m.id, &s.Root)
		x.changed()
	}
}

// total is what lies below a directory.
type total struct {
	size, count uint64
	content     format.Hash
	only        *format.Entry // the entry, where there is just one, a directory
	below       *total        // and what is in it
	open        bool          // being computed
}

func (s *total) contentID(id format.HashID, root *format.Entry) format.Hash {
	type dir struct {
		e   *format.Entry
		sum *total
	}
	start := format.ContentStart(dir{root, s}, func(d dir) format.Kind { return d.e.Kind }, func(d dir) (dir, bool) {
		return dir{d.sum.only, d.sum.below}, d.sum.only != nil
	})
	return format.ContentID(id, start.e, start.sum.content)
}

type settler struct {
	m    *model
	dirs map[uint64]*total
}

// dir computes what lies below a directory, and puts it into the entries of
// directories below. It gives nil for one that holds itself.
func (t *settler) dir(num uint64, depth int) *total {
	if sum := t.dirs[num]; sum != nil {
		if sum.open {
			return nil
		}
		return sum
	}
	if depth > maxSettled {
		return nil
	}
	sum := &total{open: true}
	t.dirs[num] = sum
	content := format.NewContentDir(t.m.id)
	entries := 0
	ok := t.leaves(num, 0, func(x *block, e *format.Entry) bool {
		h := format.Hash{}
		entries++
		sum.only, sum.below = nil, nil
		switch {
		case e.Kind.IsDir():
			below := t.dir(e.Ref.Num, depth+1)
			if below == nil {
				return false
			}
			if e.Size != below.size || e.Count != below.count {
				e.Size, e.Count = below.size, below.count
				x.changed()
			}
			sum.count += below.count
			h = below.content
			if entries == 1 {
				sum.only, sum.below = e, below
			}
		case e.Kind == format.KindFile:
			if y := t.m.blocks[e.Ref.Num]; y != nil && e.Ref.Kind == format.RefBlock {
				e.Ref.Hash = y.hash
			}
			h = e.ContentHash(t.m.id)
		}
		sum.size += e.Size
		sum.count++
		content.Add(e, h)
		return true
	})
	sum.open = false
	if !ok {
		delete(t.dirs, num)
		return nil
	}
	sum.content = content.Sum()
	return sum
}

// leaves goes through the entries of a directory.
func (t *settler) leaves(num uint64, level int, do func(*block, *format.Entry) bool) bool {
	x := t.m.blocks[num]
	if x == nil || level > format.MaxNodeLevel {
		return false
	}
	switch d := x.node.(type) {
	case *format.DirLeaf:
		for i := range d.Entries {
			if !do(x, &d.Entries[i]) {
				return false
			}
		}
		return true
	case *format.DirInner:
		for i := range d.Children {
			n := uint64(0)
			if !t.leaves(d.Children[i].Ref.Num, level+1, func(x *block, e *format.Entry) bool { n++; return do(x, e) }) {
				return false
			}
			if d.Children[i].Count != n {
				d.Children[i].Count = n
				x.changed()
			}
		}
		return true
	}
	return false
}
