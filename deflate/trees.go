package deflate

// counts are how often each symbol occurs in a block. The end of the block is
// counted by whoever reads them.
type counts struct {
	lit  [numLit]uint32
	dist [numDist]uint32
}

func (c *counts) add(t token) {
	if t < 256 {
		c.lit[t]++
		return
	}
	sym, _, _ := t.lengthSymbol()
	c.lit[sym]++
	c.dist[distCode(t.Distance())]++
}

// A treeBuilder builds Huffman codes as zlib does. Which of several optimal
// codes comes out depends on the order in which a heap gives symbols that are
// equally frequent, so the heap is part of the rule: see the package comment.
type treeBuilder struct {
	freq  [2*numLit + 1]uint32
	depth [2*numLit + 1]uint8
	dad   [2*numLit + 1]uint16
	bits  [2*numLit + 1]uint8
	heap  [2*numLit + 1]uint16 // heap[1:] is the heap; what was taken stands at its end
	n     int
}

// less orders nodes: the less frequent first, among these the less deep, and
// of two alike the first that is named.
func (t *treeBuilder) less(a, b uint16) bool {
	return t.freq[a] < t.freq[b] || t.freq[a] == t.freq[b] && t.depth[a] <= t.depth[b]
}

// sink moves the node at place k down to where it belongs.
func (t *treeBuilder) sink(k int) {
	v := t.heap[k]
	for j := 2 * k; j <= t.n; j *= 2 {
		if j < t.n && t.less(t.heap[j+1], t.heap[j]) {
			j++
		}
		if t.less(v, t.heap[j]) {
			break
		}
		t.heap[k], k = t.heap[j], j
	}
	t.heap[k] = v
}

// build gives the lengths of codes for symbols that occur freq times, none
// above limit, and the highest symbol that has one. At least two symbols get a
// code.
func (t *treeBuilder) build(freq []uint32, limit uint8, lengths []uint8) (top int) {
	t.n, top = 0, -1
	for i, f := range freq {
		t.freq[i], t.depth[i], lengths[i] = f, 0, 0
		if f != 0 {
			t.n++
			t.heap[t.n] = uint16(i)
			top = i
		}
	}
	for t.n < 2 {
		node := 0
		if top < 2 {
			top++
			node = top
		}
		t.freq[node] = 1
		t.n++
		t.heap[t.n] = uint16(node)
	}
	for k := t.n / 2; k >= 1; k-- {
		t.sink(k)
	}
	node := uint16(len(freq))
	taken := len(t.heap) // heap[taken:] are the nodes taken, the last one first
	for {
		a := t.heap[1]
		t.heap[1] = t.heap[t.n]
		t.n--
		t.sink(1)
		b := t.heap[1]
		t.heap[taken-1], t.heap[taken-2] = a, b
		taken -= 2
		t.freq[node] = t.freq[a] + t.freq[b]
		t.depth[node] = max(t.depth[a], t.depth[b]) + 1
		t.dad[a], t.dad[b] = node, node
		t.heap[1] = node
		node++
		t.sink(1)
		if t.n < 2 {
			break
		}
	}
	taken--
	t.heap[taken] = t.heap[1]
	t.measure(taken, len(freq), limit, lengths)
	return top
}

// measure gives each leaf the length of its code: its depth, or where that is
// above limit, what makes the code complete again.
func (t *treeBuilder) measure(taken, leaves int, limit uint8, lengths []uint8) {
	var count [16]int
	over := 0
	t.bits[t.heap[taken]] = 0
	for _, node := range t.heap[taken+1:] {
		n := t.bits[t.dad[node]] + 1
		if n > limit {
			n = limit
			over++
		}
		t.bits[node] = n
		if int(node) < leaves {
			count[n]++
			lengths[node] = n
		}
	}
	if over == 0 {
		return
	}
	for ; over > 0; over -= 2 {
		n := limit - 1
		for count[n] == 0 {
			n--
		}
		count[n]--
		count[n+1] += 2
		count[limit]--
	}
	at := len(t.heap)
	for n := limit; n > 0; n-- {
		for k := count[n]; k > 0; {
			at--
			if node := t.heap[at]; int(node) < leaves {
				lengths[node] = n
				k--
			}
		}
	}
}

// A header is the head of a dynamic block: its codes, and how their lengths
// are sent.
type header struct {
	lit   [numLit]uint8
	dist  [numDist]uint8
	nlit  int
	ndist int
	pre   [numPre]uint8
	npre  int
	runs  []run
	bits  int // what the header takes, after the three bits of the type
}

// A run is a symbol of the code for code lengths with its extra bits.
type run struct {
	sym, extra uint8
}

// runsOf splits code lengths into runs, as zlib does: never across the end of
// one of the two codes, and none of 3…6 begun by the length itself unless it
// differs from the one before.
func runsOf(lengths []uint8, runs []run) []run {
	prev := -1
	for i := 0; i < len(lengths); {
		v := lengths[i]
		most, least := 7, 4
		switch {
		case v == 0:
			most, least = 138, 3
		case int(v) == prev:
			most, least = 6, 3
		}
		n := 1
		for n < most && i+n < len(lengths) && lengths[i+n] == v {
			n++
		}
		i += n
		switch {
		case n < least:
			for range n {
				runs = append(runs, run{sym: v})
			}
		case v != 0:
			if int(v) != prev {
				runs = append(runs, run{sym: v})
				n--
			}
			runs = append(runs, run{16, uint8(n - 3)})
		case n <= 10:
			runs = append(runs, run{17, uint8(n - 3)})
		default:
			runs = append(runs, run{18, uint8(n - 11)})
		}
		prev = int(v)
	}
	return runs
}

// plan fills h for c, and gives the sizes in bits, without the three bits of
// the type, of the block when it is dynamic and when it is static.
func (t *treeBuilder) plan(c *counts, h *header) (dynamic, static int) {
	c.lit[endBlock] = 1
	h.nlit = t.build(c.lit[:], 15, h.lit[:]) + 1
	h.ndist = t.build(c.dist[:], 15, h.dist[:]) + 1
	h.runs = runsOf(h.lit[:h.nlit], h.runs[:0])
	h.runs = runsOf(h.dist[:h.ndist], h.runs)
	pre := h.preCounts()
	t.build(pre[:], 7, h.pre[:])
	h.measure()
	dynamic, static = c.sizes(h)
	return dynamic, static
}

// preCounts counts how often each symbol occurs in the runs.
func (h *header) preCounts() (pre [numPre]uint32) {
	for _, r := range h.runs {
		pre[r.sym]++
	}
	return pre
}

// measure sets how many lengths of the code for code lengths are sent, and the
// number of bits that h takes.
func (h *header) measure() {
	h.npre = numPre
	for h.npre > 4 && h.pre[preOrder[h.npre-1]] == 0 {
		h.npre--
	}
	h.bits = 5 + 5 + 4 + 3*h.npre
	for _, r := range h.runs {
		h.bits += int(h.pre[r.sym]) + int(preExtra[r.sym])
	}
}

// sizes gives the size in bits, after the type, of a block with the codes of h
// and with the static codes.
func (c *counts) sizes(h *header) (dynamic, static int) {
	dynamic = h.bits
	for i, f := range c.lit {
		x := 0
		if i > endBlock {
			x = int(lenExtra[i-257])
		}
		dynamic += int(f) * (int(h.lit[i]) + x)
		static += int(f) * (int(staticLit[i]) + x)
	}
	for i, f := range c.dist {
		dynamic += int(f) * int(h.dist[i]+distExtra[i])
		static += int(f) * int(5+distExtra[i])
	}
	return dynamic, static
}

// write writes h as it stands in a stream.
func (h *header) write(w *bitWriter) {
	w.put(uint32(h.nlit-257), 5)
	w.put(uint32(h.ndist-1), 5)
	w.put(uint32(h.npre-4), 4)
	for _, s := range preOrder[:h.npre] {
		w.put(uint32(h.pre[s]), 3)
	}
	var code [numPre]uint16
	codes(h.pre[:], code[:])
	for _, r := range h.runs {
		w.put(uint32(code[r.sym]), uint(h.pre[r.sym]))
		w.put(uint32(r.extra), uint(preExtra[r.sym]))
	}
}
