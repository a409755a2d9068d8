package deflate

import (
	"cmp"
	"slices"
)

// A mergeBuilder builds Huffman codes as Go's compress/flate does: of limited
// length from the start, by merging packages, a pair going before a leaf of
// the same weight.
type mergeBuilder struct {
	leaves []leaf
	rows   [16][]bool // of each row, whether an item is a leaf
	last   []uint64   // the weights of the row before
	row    []uint64
}

type leaf struct {
	sym  uint16
	freq uint32
}

// build gives the lengths of codes for symbols that occur freq times.
func (t *mergeBuilder) build(freq []uint32, limit int, lengths []uint8) {
	t.leaves = t.leaves[:0]
	for i, f := range freq {
		lengths[i] = 0
		if f != 0 {
			t.leaves = append(t.leaves, leaf{uint16(i), f})
		}
	}
	n := len(t.leaves)
	if n <= 2 {
		for _, l := range t.leaves {
			lengths[l.sym] = 1
		}
		return
	}
	slices.SortFunc(t.leaves, func(a, b leaf) int {
		return cmp.Or(cmp.Compare(a.freq, b.freq), cmp.Compare(a.sym, b.sym))
	})
	limit = min(limit, n-1)
	t.last = t.last[:0]
	for r := 1; r <= limit; r++ {
		t.merge(r)
	}
	// The first 2n-2 items of the highest row are taken, and of each row below
	// what its pairs consist of. A leaf's code is as long as often as it is taken.
	need := 2*n - 2
	for r := limit; r >= 1; r-- {
		taken := 0
		for _, isLeaf := range t.rows[r][:need] {
			if isLeaf {
				lengths[t.leaves[taken].sym]++
				taken++
			}
		}
		need = 2 * (need - taken)
	}
}

// merge makes row r of the leaves and of pairs from the row before.
func (t *mergeBuilder) merge(r int) {
	kinds := t.rows[r][:0]
	t.row = t.row[:0]
	i, j := 0, 0
	for most := 2*len(t.leaves) - 2; len(kinds) < most; {
		pair := uint64(1) << 63
		if j+1 < len(t.last) {
			pair = t.last[j] + t.last[j+1]
		}
		if i < len(t.leaves) && uint64(t.leaves[i].freq) < pair {
			t.row = append(t.row, uint64(t.leaves[i].freq))
			kinds = append(kinds, true)
			i++
			continue
		}
		if pair == 1<<63 {
			break
		}
		t.row = append(t.row, pair)
		kinds = append(kinds, false)
		j += 2
	}
	t.rows[r] = kinds
	t.row, t.last = t.last, t.row
}

// goRuns splits code lengths into runs, across the end of the first code.
func goRuns(lengths []uint8, runs []run) []run {
	for i := 0; i < len(lengths); {
		v, n := lengths[i], 1
		for i+n < len(lengths) && lengths[i+n] == v {
			n++
		}
		i += n
		if v != 0 {
			runs = append(runs, run{sym: v})
			for n--; n >= 3; {
				k := min(n, 6)
				runs = append(runs, run{16, uint8(k - 3)})
				n -= k
			}
		} else {
			for n >= 11 {
				k := min(n, 138)
				runs = append(runs, run{18, uint8(k - 11)})
				n -= k
			}
			if n >= 3 {
				runs = append(runs, run{17, uint8(n - 3)})
				n = 0
			}
		}
		for ; n > 0; n-- {
			runs = append(runs, run{sym: v})
		}
	}
	return runs
}

// plan is for Go what it is in a treeBuilder.
func (t *mergeBuilder) plan(c *counts, h *header) (dynamic, static int) {
	return t.planAs(c, h, false)
}

// planAs is plan; wide says that the lengths of all codes are sent.
func (t *mergeBuilder) planAs(c *counts, h *header, wide bool) (dynamic, static int) {
	c.lit[endBlock] = 1
	h.nlit, h.ndist = numLit, numDist
	for !wide && c.lit[h.nlit-1] == 0 {
		h.nlit--
	}
	for !wide && h.ndist > 0 && c.dist[h.ndist-1] == 0 {
		h.ndist--
	}
	none := h.ndist == 0
	if none { // one distance is counted where there is none
		h.ndist, c.dist[0] = 1, 1
	}
	t.build(c.lit[:], 15, h.lit[:])
	t.build(c.dist[:], 15, h.dist[:])
	var both [numLit + numDist]uint8
	copy(both[copy(both[:], h.lit[:h.nlit]):], h.dist[:h.ndist])
	h.runs = goRuns(both[:h.nlit+h.ndist], h.runs[:0])
	pre := h.preCounts()
	t.build(pre[:], 7, h.pre[:])
	h.measure()
	dynamic, static = c.sizes(h)
	if none {
		c.dist[0] = 0
	}
	return dynamic, static
}
