package reader

import (
	"iter"

	"github.com/vtdarchive/vtd/format"
)

// anyLevel stands for the height of a directory's tree before it is known.
const anyLevel = -1

// dirPlace is where a node of a directory stands and what is known of it from
// the node above.
type dirPlace struct {
	num   uint64
	level int    // 0 for a leaf, or anyLevel for the top node
	first string // its first name; "" for the top node
	below string // all its names come before this; "" for no bound
	count uint64 // entries below it; 0 for the top node
}

// placeBelow gives the place of child i of an inner node that itself has only
// names before below.
func placeBelow(n *node, i int, below string) dirPlace {
	c := &n.inner.Children[i]
	if i+1 < len(n.inner.Children) {
		below = n.inner.Children[i+1].First
	}
	return dirPlace{num: c.Ref.Num, level: n.inner.Level - 1, first: c.First, below: below, count: c.Count}
}

// dirNode reads a node of a directory and checks that it fits where it stands.
func (a *Archive) dirNode(p dirPlace) (*node, error) {
	n, err := a.metaNode(p.num, "directory")
	if err != nil {
		return nil, err
	}
	return n, n.checkPlace(p)
}

func (n *node) checkPlace(p dirPlace) error {
	where := "directory"
	if n.inner != nil {
		where = "directory inner node"
	}
	bad := func(msg string, args ...any) error {
		return blockDamage(where, format.NoOffset, p.num, msg, args...)
	}
	level, count := 0, uint64(0)
	var first, last string
	switch {
	case n.leaf != nil:
		es := n.leaf.Entries
		count = uint64(len(es))
		if len(es) > 0 {
			first, last = es[0].Name, es[len(es)-1].Name
		}
	case n.inner != nil:
		cs := n.inner.Children
		level = n.inner.Level
		first, last = cs[0].First, cs[len(cs)-1].First
		for i := range cs {
			if count += cs[i].Count; count > format.MaxSpan {
				return bad("its children have more entries than there can be")
			}
		}
	default:
		return bad("the block is %s, not a directory", n.typeName())
	}
	switch {
	case p.level == anyLevel:
	case level != p.level:
		return bad("the block is %s where level %d belongs", n.typeName(), p.level)
	case first != p.first:
		return bad("it begins with %q, the node above says %q", first, p.first)
	case count != p.count:
		return bad("it has %d entries, the node above says %d", count, p.count)
	case p.below != "" && last >= p.below:
		return bad("its name %q does not come before its neighbour's %q", last, p.below)
	}
	return nil
}

// dirIter goes through the entries of a directory in order. It keeps places
// rather than nodes, so that an iterator that rests, as those of the
// directories above the current one do in a walk, holds next to no memory.
type dirIter struct {
	a    *Archive
	path []dirStep // from the top node down to a leaf; empty at the end
	cur  *node     // the last of path, or nil when it has to be read
	skip uint64    // entries to leave out first
}

type dirStep struct {
	dirPlace
	next int // child or entry to come
}

func (a *Archive) dirIter(dir *format.Entry) *dirIter {
	return &dirIter{a: a, path: []dirStep{{dirPlace: dirPlace{num: dir.Ref.Num, level: anyLevel}}}}
}

// rest lets go of memory until the next call of next.
func (it *dirIter) rest() { it.cur = nil }

// next gives the next entry, or nil at the end. After an error about a node that
// is damaged it goes on behind that node.
func (it *dirIter) next() (*format.Entry, error) {
	for len(it.path) > 0 {
		s := &it.path[len(it.path)-1]
		if it.cur == nil {
			n, err := it.a.dirNode(s.dirPlace)
			if err != nil {
				if classOf(err) != nil {
					it.path = it.path[:len(it.path)-1]
				}
				return nil, err
			}
			it.cur = n
		}
		n := it.cur
		i := s.next
		s.next++
		switch {
		case n.leaf != nil && it.skip > 0 && i < len(n.leaf.Entries):
			left := min(it.skip, uint64(len(n.leaf.Entries)-i))
			it.skip -= left
			s.next = i + int(left)
		case n.leaf != nil && i < len(n.leaf.Entries):
			return &n.leaf.Entries[i], nil
		case n.inner != nil && i < len(n.inner.Children) && n.inner.Children[i].Count <= it.skip:
			it.skip -= n.inner.Children[i].Count
		case n.inner != nil && i < len(n.inner.Children):
			// Levels fall by one at each step: the path has at most MaxNodeLevel.
			it.path = append(it.path, dirStep{dirPlace: placeBelow(n, i, s.below)})
			it.cur = nil
		default:
			it.cur = nil
			it.path = it.path[:len(it.path)-1]
		}
	}
	return nil, nil
}

// DirReader gives the entries of a directory one after another, for those who
// go through two directories at once.
type DirReader struct{ it *dirIter }

// OpenDir begins with the first entry of a directory.
func (a *Archive) OpenDir(dir *format.Entry) *DirReader { return &DirReader{a.dirIter(dir)} }

// Next gives the next entry in ascending order of the bytes of names, or nil at
// the end.
func (d *DirReader) Next() (*format.Entry, error) {
	e, err := d.it.next()
	return e, d.it.a.named(err)
}

// ReadDir goes through the entries of a directory in ascending order of the
// bytes of their names, reading its parts as it comes to them. It ends with
// the first error.
func (a *Archive) ReadDir(dir *format.Entry) iter.Seq2[*format.Entry, error] {
	return a.ReadDirFrom(dir, 0)
}

// ReadDirFrom is ReadDir without the first entries of the directory, as many as
// skip says. Of a large directory only the parts behind them are read.
func (a *Archive) ReadDirFrom(dir *format.Entry, skip uint64) iter.Seq2[*format.Entry, error] {
	return func(yield func(*format.Entry, error) bool) {
		if !dir.Kind.IsDir() {
			yield(nil, a.named(errNotDir))
			return
		}
		it := a.dirIter(dir)
		it.skip = skip
		for {
			e, err := it.next()
			if err != nil {
				yield(nil, a.named(err))
				return
			}
			if e == nil || !yield(e, nil) {
				return
			}
		}
	}
}
