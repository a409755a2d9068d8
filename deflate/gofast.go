package deflate

import (
	"encoding/binary"
	"sync"
)

// A goFast predicts compress/flate of Go at level 1, and its Huffman-only mode. Its
// encoder works block by block, each of goBlock octets unless it is told to flush, so
// that the tokens of a block are predicted together.
type goFast struct {
	content []byte
	pos     int
	end     int // of the segment
	*goFastTable
	huffman bool // no matches

	start, stop int // the block
	before      int // where the block before it begins, start if it is not known
	floor       int // positions before this have been forgotten
	matches     []goMatch
	at          int // those before this have been passed

	trees mergeBuilder
	count int64
}

// A goMatch is a match that is predicted at a position; all else are literals.
type goMatch struct {
	pos int
	t   token
}

// goFastTable is, for each hash, one more than the last position.
type goFastTable [1 << goFastBits]uint32

const (
	goFastBits = 14
	goBlock    = 65535
	goMargin   = 15  // octets at the end of a block that are not searched
	goSmall    = 128 // a block flushed with less has no matches
	goRaw      = 16  // one with as little is stored
)

var goFastTables = sync.Pool{New: func() any { return new(goFastTable) }}

func newGoFast(m Model, v view) *goFast {
	g := &goFast{content: v.content, goFastTable: goFastTables.Get().(*goFastTable), huffman: m.Strategy == HuffmanOnly}
	clear(g.goFastTable[:])
	g.resume(v)
	return g
}

func (g *goFast) free() { goFastTables.Put(g.goFastTable) }

func (g *goFast) steps() int64 { return g.count }

func (g *goFast) segment(end int) { g.end = end }

func (g *goFast) newBlock() {}

// next predicts the token at pos.
func (g *goFast) next() token {
	if g.pos >= g.stop {
		g.nextBlock()
	}
	for g.at < len(g.matches) && g.matches[g.at].pos < g.pos {
		g.at++
	}
	if g.at < len(g.matches) && g.matches[g.at].pos == g.pos {
		return g.matches[g.at].t
	}
	return literal(g.content[g.pos])
}

func (g *goFast) accept(t token) cut {
	if g.pos += t.Length(); g.pos >= g.stop {
		return ends
	}
	return goOn
}

// nextBlock predicts the block at pos.
func (g *goFast) nextBlock() {
	if g.before = g.start; g.stop != g.pos {
		g.before = g.pos
	}
	g.start, g.stop = g.pos, min(g.pos+goBlock, g.end)
	g.matches, g.at = g.matches[:0], 0
	n := g.stop - g.start
	switch {
	case g.huffman:
		return
	case n < goSmall:
		g.start, g.floor = g.stop, g.stop // nothing before is known afterwards
		return
	}
	tokens := n
	g.search()
	for _, m := range g.matches {
		tokens -= m.t.Length() - 1
	}
	if tokens > n-n/16 {
		g.matches = g.matches[:0]
	}
}

// search finds the matches of the block.
func (g *goFast) search() {
	limit := g.stop - goMargin
	p, from := g.scan(g.start, limit)
	for from >= 0 {
		n := g.extend(p, from)
		g.matches = append(g.matches, goMatch{p, match(n, p-from)})
		if p += n; p >= limit {
			return
		}
		g.replace(p - 1)
		if from = g.replace(p); from < 0 {
			p, from = g.scan(p+1, limit)
		}
	}
}

// scan looks for a match from p on, in steps that grow; from is negative if there is
// none.
func (g *goFast) scan(p, limit int) (at, from int) {
	for skip := 32; ; {
		step := skip >> 5
		skip += step
		if p+step > limit {
			return p, -1
		}
		if from := g.replace(p); from >= 0 {
			return p, from
		}
		p += step
	}
}

// replace puts p into the table, and gives the position that was there if its four
// octets are those at p, or else a negative number.
func (g *goFast) replace(p int) int {
	g.count++
	v := binary.LittleEndian.Uint32(g.content[p:])
	e := &g.goFastTable[v*0x1e35a7bd>>(32-goFastBits)]
	from := int(*e) - 1
	*e = uint32(p) + 1
	if from < g.floor || p-from > goWindow || binary.LittleEndian.Uint32(g.content[from:]) != v {
		return -1
	}
	return from
}

// extend gives the length of the match of p with from. Of the block before, its encoder
// knows everything, but nothing before that.
func (g *goFast) extend(p, from int) int {
	if from+4 < g.before {
		return 4
	}
	n := 4 + common(g.content[from+4:], g.content[p+4:min(p+maxMatch, g.stop)])
	g.count += int64(n / 16)
	return n
}

// plan chooses stored unless dynamic codes make the block smaller by a 16th.
func (g *goFast) plan(c *counts, h *header, start int) uint8 {
	dynamic, _ := g.trees.plan(c, h)
	for i, f := range c.lit[endBlock+1:] {
		dynamic -= int(f) * int(lenExtra[i])
	}
	for i, f := range c.dist {
		dynamic -= int(f) * int(distExtra[i])
	}
	n, size := g.pos-start, dynamic+3
	if n <= goBlock && (n+5)*8 < size+size/16 || n <= goRaw && !g.huffman {
		return typeStored
	}
	return typeDynamic
}
