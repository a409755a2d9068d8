package reader

import (
	"iter"

	"github.com/vtdarchive/vtd/format"
)

// Pair is the entries of one name in two directories; one of them is nil where
// only the other directory has the name.
type Pair struct{ Old, New *format.Entry }

// Pairs goes through two directories, of one archive or of two, in order of
// name. It leaves out what it can tell to be equal from hashes alone: of large
// directories, which have several nodes, only those are read that the other
// directory does not have. So what it gives may still be equal, and what it does
// not give is. It ends with the first error.
func Pairs(oldArchive *Archive, old *format.Entry, newArchive *Archive, new *format.Entry) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		if !old.Kind.IsDir() || !new.Kind.IsDir() {
			yield(Pair{}, newArchive.named(errNotDir))
			return
		}
		o, n := newPartIter(oldArchive, old), newPartIter(newArchive, new)
		if oldArchive.HashID() == newArchive.HashID() {
			if err := dropEqual(o, n); err != nil {
				yield(Pair{}, err)
				return
			}
		}
		x, err := o.next()
		if err != nil {
			yield(Pair{}, err)
			return
		}
		y, err := n.next()
		for err == nil && (x != nil || y != nil) {
			var p Pair
			if x != nil && (y == nil || x.Name <= y.Name) {
				p.Old = x
			}
			if y != nil && (x == nil || y.Name <= x.Name) {
				p.New = y
			}
			if !yield(p, nil) {
				return
			}
			if p.Old != nil {
				x, err = o.next()
			}
			if p.New != nil && err == nil {
				y, err = n.next()
			}
		}
		if err != nil {
			yield(Pair{}, err)
		}
	}
}

// dirPart is a node of a directory, or a part of its tree.
type dirPart struct {
	dirPlace
	hash format.Hash
}

// partIter goes through the entries of parts of a directory. It keeps places,
// not nodes, as dirIter does.
type partIter struct {
	a     *Archive
	parts []dirPart
	at    int // in the leaf that is parts[0]
}

func newPartIter(a *Archive, dir *format.Entry) *partIter {
	return &partIter{a: a, parts: []dirPart{{dirPlace{num: dir.Ref.Num, level: anyLevel}, dir.Ref.Hash}}}
}

func (it *partIter) next() (*format.Entry, error) {
	for len(it.parts) > 0 {
		n, err := it.a.dirNode(it.parts[0].dirPlace)
		switch {
		case err != nil:
			return nil, it.a.named(err)
		case n.inner != nil:
			it.parts = append(children(n, it.parts[0]), it.parts[1:]...)
		case it.at < len(n.leaf.Entries):
			it.at++
			return &n.leaf.Entries[it.at-1], nil
		default:
			it.parts, it.at = it.parts[1:], 0
		}
	}
	return nil, nil
}

func children(n *node, p dirPart) []dirPart {
	parts := make([]dirPart, len(n.inner.Children))
	for i := range parts {
		parts[i] = dirPart{placeBelow(n, i, p.below), n.inner.Children[i].Ref.Hash}
	}
	return parts
}

// dropEqual takes what both directories have out of them. Names are in one
// place of a directory only, so a part that both have is all there is of its
// names in either.
func dropEqual(o, n *partIter) error {
	for {
		have := make(map[format.Hash]int, len(o.parts))
		for _, p := range o.parts {
			have[p.hash] |= 1
		}
		for _, p := range n.parts {
			have[p.hash] |= 2
		}
		o.drop(have)
		n.drop(have)
		ho, err := o.height()
		if err != nil {
			return err
		}
		hn, err := n.height()
		if err != nil {
			return err
		}
		h := max(ho, hn)
		if h == 0 {
			return nil
		}
		for _, it := range []*partIter{o, n} {
			if err := it.open(h); err != nil {
				return err
			}
		}
	}
}

func (it *partIter) drop(have map[format.Hash]int) {
	kept := it.parts[:0]
	for _, p := range it.parts {
		if have[p.hash] != 3 {
			kept = append(kept, p)
		}
	}
	it.parts = kept
}

// height is the highest level of what is left.
func (it *partIter) height() (int, error) {
	h := 0
	for i := range it.parts {
		p := &it.parts[i]
		if p.level == anyLevel {
			n, err := it.a.dirNode(p.dirPlace)
			if err != nil {
				return 0, it.a.named(err)
			}
			if p.level = 0; n.inner != nil {
				p.level = n.inner.Level
			}
			p.first, p.count = n.bounds()
		}
		h = max(h, p.level)
	}
	return h, nil
}

// bounds gives the first name of a directory's node, and how many entries are
// below it.
func (n *node) bounds() (first string, count uint64) {
	if n.inner == nil {
		if len(n.leaf.Entries) > 0 {
			first = n.leaf.Entries[0].Name
		}
		return first, uint64(len(n.leaf.Entries))
	}
	for i := range n.inner.Children {
		count += n.inner.Children[i].Count
	}
	return n.inner.Children[0].First, count
}

// open puts the children of the nodes of a level in their place.
func (it *partIter) open(level int) error {
	var parts []dirPart
	for _, p := range it.parts {
		if p.level != level {
			parts = append(parts, p)
			continue
		}
		n, err := it.a.dirNode(p.dirPlace)
		if err != nil {
			return it.a.named(err)
		}
		parts = append(parts, children(n, p)...)
	}
	it.parts = parts
	return nil
}
