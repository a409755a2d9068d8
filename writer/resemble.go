package writer

import (
	"cmp"
	"slices"

	"github.com/vtdarchive/vtd/internal/families"
	"github.com/vtdarchive/vtd/scanners"
)

// Blocks that resemble one another come to lie in one frame (families.go), where
// all but the first take little. What that makes of the contents of streams is
// estimated from the features of sketches: how many streams have blocks that have
// two in common with a block, and whether plain files do.

// likeCost is what a block takes of what it would take alone, if one that it
// resembles lies before it.
const likeCost = 0.3

// feature is one number of a sketch, with its place, and the stream whose content
// it is of.
type feature struct {
	number uint64
	stream uint32
}

func byNumber(a, b feature) int { return cmp.Compare(a.number, b.number) }

func numberOf(i int, v uint32) uint64 { return uint64(i)<<32 | uint64(v) }

// resemble sets for each block of contents what it takes of what it would take
// alone.
func (x *chooser) resemble() {
	x.like = make([]float32, len(x.uses))
	for i := range x.like {
		x.like[i] = 1
	}
	var plain, packed []feature
	var ids []uint32
	seen := make([]bool, len(x.uses))
	add := func(id uint32, stream int, list *[]feature) bool {
		b := x.c.table.at(id)
		if seen[id] || !b.hasSk {
			return false
		}
		seen[id] = true
		for i, v := range b.sketch {
			*list = append(*list, feature{numberOf(i, v), uint32(stream)})
		}
		return true
	}
	x.eachFile(func(i uint32, n *node) {
		if len(x.c.tree.packed[i]) == 0 {
			x.c.tree.eachBlock(n, func(id uint32) { add(id, 0, &plain) })
		}
	})
	for k, s := range x.streams {
		eachData(s.pieces, func(id uint32) {
			if add(id, k, &packed) {
				ids = append(ids, id)
			}
		})
	}
	plain, packed = distinct(plain), distinct(packed)
	for _, id := range ids {
		x.like[id] = likeness(&x.c.table.at(id).sketch, plain, packed)
	}
}

// distinct sorts features and drops those that come again.
func distinct(list []feature) []feature {
	slices.SortFunc(list, func(a, b feature) int {
		return cmp.Or(byNumber(a, b), cmp.Compare(a.stream, b.stream))
	})
	return slices.Compact(list)
}

// likeness is what a block takes of what it would take alone, by its sketch. What
// it has in common with its own stream shows in the ratio of that.
func likeness(sk *scanners.Sketch, plain, packed []feature) float32 {
	var streams [len(scanners.Sketch{})]int // that have the feature
	inPlain := 0
	for i, v := range sk {
		f := feature{number: numberOf(i, v)}
		if _, ok := slices.BinarySearchFunc(plain, f, byNumber); ok {
			inPlain++
		}
		from, _ := slices.BinarySearchFunc(packed, f, byNumber)
		for from+streams[i] < len(packed) && packed[from+streams[i]].number == f.number && streams[i] < mostAlike {
			streams[i]++
		}
	}
	if inPlain >= families.JoinShared {
		return likeCost
	}
	slices.Sort(streams[:])
	n := float32(max(streams[len(streams)-families.JoinShared], 1)) // alike, with its own
	return (1 + likeCost*(n-1)) / n
}

// mostAlike is where more streams make no difference.
const mostAlike = 64
