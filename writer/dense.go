package writer

import (
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// Blocks of streams that stay as they are do not shrink, and what stands beside
// them in a frame shrinks less. They are put apart, but not far: what would be a
// frame is divided.

// minDense is how much of a frame must be dense for it to be divided: a frame
// more takes some hundred octets.
const minDense = 8 << 10

// minDenseRatio is what at least a stream shrinks to of which blocks are dense.
const minDenseRatio = 0.97

// denseLast puts the dense blocks of each frame behind the others. Those that
// resemble one of the others stay with it: apart, neither would take less room
// for the other.
func denseLast(ids []uint32, table *blockTable, frame int) {
	for len(ids) > 0 {
		n := frameLen(ids, table, frame)
		keepAlike(ids[:n], table)
		slices.SortStableFunc(ids[:n], func(a, b uint32) int {
			switch x, y := table.at(a).dense, table.at(b).dense; {
			case x == y:
				return 0
			case x:
				return 1
			}
			return -1
		})
		ids = ids[n:]
	}
}

// keepAlike takes the mark from dense blocks that share a feature with a block
// without it.
func keepAlike(ids []uint32, table *blockTable) {
	if !slices.ContainsFunc(ids, func(id uint32) bool { return table.at(id).dense }) {
		return
	}
	others := map[uint64]bool{}
	for _, id := range ids {
		if b := table.at(id); !b.dense && b.hasSk {
			for k, v := range b.sketch {
				others[numberOf(k, v)] = true
			}
		}
	}
	for _, id := range ids {
		b := table.at(id)
		if !b.dense || !b.hasSk {
			continue
		}
		for k, v := range b.sketch {
			if others[numberOf(k, v)] {
				b.dense = false
			}
		}
	}
}

// frameLen tells how many of the blocks fill a frame.
func frameLen(ids []uint32, table *blockTable, frame int) (n int) {
	size := 0
	for n < len(ids) && n < format.MaxFrameBlocks {
		l := int(table.at(ids[n]).length)
		if n > 0 && size+l > frame {
			break
		}
		size += l
		n++
	}
	return n
}

// splitDense divides the blocks of a frame in front of its dense ones.
func splitDense(ids []uint32, table *blockTable) [][]uint32 {
	k := slices.IndexFunc(ids, func(id uint32) bool { return table.at(id).dense })
	if k <= 0 {
		return [][]uint32{ids}
	}
	size := 0
	for _, id := range ids[k:] {
		size += int(table.at(id).length)
	}
	if size < minDense {
		return [][]uint32{ids}
	}
	return [][]uint32{ids[:k], ids[k:]}
}
