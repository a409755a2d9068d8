package writer

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/scanners"
)

// orderBlocks gives the ids of the data blocks that files refer to and that
// have no number yet, in the order in which they will be stored.
// Only the tree decides: files are taken in walk order, and under
// format.OrderFamilies a file stands behind the earlier one that it resembles
// most; a family is stored where its first member stands. The caller
// sets the final numbers.
func orderBlocks(t *tree, table *blockTable, order uint8) []uint32 {
	var files []uint32 // that bring new blocks, in walk order
	var fams familySet
	if order == format.OrderFamilies {
		fams = newFamilySet(t.countFiles(table.blocks.len()), func(k int32) string { return t.node(files[k]).name })
	}
	seen := make([]bool, table.blocks.len())
	t.walk(func(i uint32, n *node) {
		fresh := false
		var sk scanners.Sketch
		has := false
		t.eachBlock(n, func(id uint32) {
			b := table.at(id)
			if !seen[id] && b.num == 0 {
				seen[id], fresh = true, true
			}
			// Blocks that earlier files have tell best what it resembles.
			if b.hasSk {
				sk, has = mergeSketches(sk, has, b.sketch), true
			}
		})
		if fresh {
			files = append(files, i)
			if order == format.OrderFamilies {
				fams.add(sk, has)
			}
		}
	})
	ids := make([]uint32, 0, table.blocks.len())
	place := func(file uint32) {
		t.eachBlock(t.node(file), func(id uint32) {
			if b := table.at(id); b.num == 0 {
				ids = append(ids, id)
				b.num = uint64(len(ids)) // for now: not zero
			}
		})
	}
	if order != format.OrderFamilies {
		for _, f := range files {
			place(f)
		}
		return ids
	}
	for k := range files {
		for m := int32(k); fams.first[k] && m >= 0; m = fams.next[m] {
			place(files[m])
		}
	}
	return ids
}

// countFiles gives the number of files that are not literals, or limit if there
// are more.
func (t *tree) countFiles(limit int) (n int) {
	for i := 0; i < t.nodes.len() && n < limit; i++ {
		if h := t.node(uint32(i)).how; h == contentBlock || h == contentList {
			n++
		}
	}
	return n
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

// A file joins another if they share this many of the six features, or one
// and their name.
const joinShared = 2

// familySet finds for each file the earlier one that it resembles most, and
// chains files into families. A file stands right behind the one it resembles:
// at the end of its family it could be far from it, since families of files
// that have only their beginnings in common grow large.
type familySet struct {
	name     func(k int32) string // of the k-th file added
	sketches []scanners.Sketch
	first    []bool                          // whether a file begins a family
	next     []int32                         // in the family, -1 at the end
	latest   [len(scanners.Sketch{})][]int32 // file+1 by the value of a feature
}

func newFamilySet(files int, name func(k int32) string) familySet {
	f := familySet{
		name: name, sketches: make([]scanners.Sketch, 0, files), first: make([]bool, 0, files), next: make([]int32, 0, files),
	}
	n := 1 << 8
	for n < 2*files {
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
