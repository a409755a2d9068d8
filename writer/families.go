package writer

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/scanners"
)

// Units are what is put in order together. Files that are larger are more than
// one, or versions of them would lie too far apart to be compressed together.
// Where a unit ends is decided by content, so that those of versions are alike: in
// front of a block of which the first number of the sketch, which such blocks are
// likely to have in common, is a multiple of unitEnd.
const (
	unitSize  = 1 << 20 // at most, but for a single block
	unitLeast = unitSize / 4
	unitEnd   = 4
)

// unit is a file, or a part of a large one, by the new blocks it brings.
type unit struct {
	file     uint32
	from, to uint32 // of the list of all new blocks
	sketch   scanners.Sketch
	hasSk    bool
}

// orderBlocks gives the ids of the data blocks that files refer to and that
// have no number yet, in the order in which they will be stored.
// Only the tree decides: units are taken in walk order, and under
// format.OrderFamilies a unit stands behind the earlier one that it resembles
// most; a family is stored where its first member stands. The caller
// sets the final numbers.
func orderBlocks(t *tree, table *blockTable, order uint8) []uint32 {
	var units []unit
	seen := make([]bool, table.blocks.len())
	ids := make([]uint32, 0, table.blocks.len()) // in walk order
	t.walk(func(i uint32, n *node) {
		u := unit{file: i, from: uint32(len(ids))}
		size := 0
		end := func() {
			if u.to = uint32(len(ids)); u.from < u.to {
				units = append(units, u)
			}
			u = unit{file: i, from: u.to}
		}
		t.eachBlock(n, func(id uint32) {
			b := table.at(id)
			if size += int(b.length); size > unitSize || size > unitLeast && b.hasSk && b.sketch[0]%unitEnd == 0 {
				end()
				size = int(b.length)
			}
			if !seen[id] && b.num == 0 {
				seen[id] = true
				ids = append(ids, id)
			}
			// Blocks that earlier units have tell best what it resembles.
			if b.hasSk {
				u.sketch, u.hasSk = mergeSketches(u.sketch, u.hasSk, b.sketch), true
			}
		})
		end()
	})
	if order != format.OrderFamilies {
		return ids
	}
	fams := newFamilySet(len(units), func(k int32) string { return t.node(units[k].file).name })
	for k := range units {
		fams.add(units[k].sketch, units[k].hasSk)
	}
	ordered := make([]uint32, 0, len(ids))
	for k := range units {
		for m := int32(k); fams.first[k] && m >= 0; m = fams.next[m] {
			ordered = append(ordered, ids[units[m].from:units[m].to]...)
		}
	}
	return ordered
}

// eachBlock visits the blocks of a file in order, those of the inputs of its
// recipes in their place.
func (t *tree) eachBlock(n *node, visit func(id uint32)) {
	if n.kind != format.KindFile {
		return
	}
	switch n.how {
	case contentBlock:
		visit(n.content)
	case contentList:
		t.eachBlockOf(t.lists.at(int(n.content)).pieces, visit)
	}
}

func (t *tree) eachBlockOf(pieces []piece, visit func(id uint32)) {
	for _, p := range pieces {
		switch p.kind {
		case pieceBlock:
			visit(p.id)
		case pieceRecipe:
			t.eachBlockOf(t.lists.at(int(t.recipes.at(int(p.id)).input)).pieces, visit)
		}
	}
}

// mergeSketches gives the sketch of two parts together: minima of minima.
func mergeSketches(a scanners.Sketch, has bool, b scanners.Sketch) scanners.Sketch {
	if !has {
		return b
	}
	for i := range a {
		a[i] = min(a[i], b[i])
	}
	return a
}

// A unit joins another if they share this many of the six features, or one
// and their name.
const joinShared = 2

// familySet finds for each unit the earlier one that it resembles most, and
// chains units into families. A unit stands right behind the one it resembles:
// at the end of its family it could be far from it, since families of units
// that have only their beginnings in common grow large.
type familySet struct {
	name     func(k int32) string // of the file of the k-th unit added
	sketches []scanners.Sketch
	first    []bool                          // whether a unit begins a family
	next     []int32                         // in the family, -1 at the end
	latest   [len(scanners.Sketch{})][]int32 // unit+1 by the value of a feature
}

func newFamilySet(units int, name func(k int32) string) familySet {
	f := familySet{
		name: name, sketches: make([]scanners.Sketch, 0, units), first: make([]bool, 0, units), next: make([]int32, 0, units),
	}
	n := 1 << 8
	for n < 2*units {
		n *= 2
	}
	for i := range f.latest {
		f.latest[i] = make([]int32, n)
	}
	return f
}

func (f *familySet) add(sk scanners.Sketch, has bool) {
	k := int32(len(f.sketches))
	f.sketches, f.first, f.next = append(f.sketches, sk), append(f.first, true), append(f.next, -1)
	if !has {
		return
	}
	best, shared := int32(-1), 0
	for i, v := range sk {
		slot := &f.latest[i][mix(v)&uint32(len(f.latest[i])-1)]
		if j := *slot - 1; j >= 0 && j != best {
			if n := sk.Shared(&f.sketches[j]); n > shared || n == shared && j > best && best >= 0 {
				best, shared = j, n
			}
		}
		*slot = k + 1
	}
	if shared >= joinShared || shared > 0 && f.name(best) == f.name(k) {
		f.first[k] = false
		f.next[k], f.next[best] = f.next[best], k
	}
}

// mix spreads minima, which are small numbers, over the table.
func mix(v uint32) uint32 {
	v *= 0x9E3779B1
	return v ^ v>>15
}
