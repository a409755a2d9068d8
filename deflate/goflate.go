package deflate

import (
	"encoding/binary"
	"sync"
)

// A goFlate predicts compress/flate of Go at levels 2 to 9.
type goFlate struct {
	content []byte
	pos     int
	end     int
	ins     int
	// head is, for each hash, one more than the last position inserted; prev as
	// in a matcher.
	*goTables

	lazy, nice, chain int
	slow              bool

	avail           bool
	length, start   int
	length1, start1 int
	predicted       token

	base    int
	symbols int
	trees   mergeBuilder
	count   int64
}

const (
	goWindow   = 32 << 10
	goMinMatch = 4
	goHashBits = 17
	goSymbols  = 16 << 10
	goAhead    = goMinMatch + maxMatch
)

// goTables are the tables of a goFlate.
type goTables struct {
	head [1 << goHashBits]uint32
	prev [goWindow]uint16
}

var goFlateTables = sync.Pool{New: func() any { return new(goTables) }}

func newGoFlate(m Model, v view) *goFlate {
	l := levels[m.Level]
	g := &goFlate{
		content:  v.content,
		goTables: goFlateTables.Get().(*goTables),
		lazy:     l.lazy, nice: l.nice, chain: l.chain, slow: m.Level >= 4,
	}
	clear(g.head[:])
	g.resume(v)
	return g
}

func (g *goFlate) free() { goFlateTables.Put(g.goTables) }

func (g *goFlate) steps() int64 { return g.count }

func (g *goFlate) segment(end int) {
	if end == g.end {
		return
	}
	if g.pos > 0 && g.pos == g.end {
		// What was too near to the flush to be inserted never is.
		g.ins = max(g.ins, g.pos)
		if g.pos >= g.base+2*goWindow-goAhead {
			g.base += goWindow
		}
	}
	g.end = end
}

func (g *goFlate) newBlock() { g.symbols = 0 }

// slide moves the base of the window when it is full and position s is near
// its end.
func (g *goFlate) slide(s int) {
	if full := g.base + 2*goWindow; g.end > full && full-s < goAhead {
		g.base += goWindow
	}
}

func (g *goFlate) insertTo(i int) {
	i = min(i, g.end-goMinMatch)
	for ; g.ins <= i; g.ins++ {
		h := binary.BigEndian.Uint32(g.content[g.ins:]) * 0x1e35a7bd >> (32 - goHashBits)
		d := uint32(g.ins) + 1 - g.head[h]
		if g.head[h] == 0 || d > goWindow {
			d = 0
		}
		g.prev[g.ins%goWindow] = uint16(d)
		g.head[h] = uint32(g.ins) + 1
	}
}

// find looks for the longest match at position p, inserting it; length 3 means
// that there is none. before is the length of the match at p - 1.
func (g *goFlate) find(p, before int) (length, start int) {
	length = goMinMatch - 1
	g.insertTo(p)
	ahead := g.end - p
	if ahead <= length || g.slow && (ahead <= before || before >= g.lazy) {
		return length, 0
	}
	least := max(p-goWindow, g.base)
	nice := min(g.nice, ahead, maxMatch)
	scan := g.content[p : p+min(maxMatch, ahead)]
	cur := p
	tries := 0
	for tries < g.chain {
		d := int(g.prev[cur%goWindow])
		if cur -= d; d == 0 || cur < least {
			break
		}
		tries++
		if g.content[cur+length] == scan[length] {
			n := common(g.content[cur:], scan)
			g.count += int64(n / 16)
			if n > length && (n > goMinMatch || p-cur <= tooFar) {
				length, start = n, cur
				if n >= nice {
					break
				}
			}
		}
		if cur == p-goWindow {
			break // its place in prev is taken by p
		}
	}
	g.count += int64(tries) + 1
	return length, start
}

// next predicts the token at pos.
func (g *goFlate) next() token {
	g.predicted = g.predict()
	return g.predicted
}

func (g *goFlate) predict() token {
	p := g.pos
	lit := literal(g.content[p])
	if !g.avail {
		g.slide(p)
		g.length, g.start = g.find(p, goMinMatch-1)
	}
	if !g.slow {
		if g.length >= goMinMatch {
			return match(g.length, p-g.start)
		}
		return lit
	}
	g.length1 = goMinMatch - 1
	if p+1 >= g.end {
		return lit
	}
	g.slide(p + 1)
	g.length1, g.start1 = g.find(p+1, g.length)
	if g.length >= goMinMatch && g.length1 <= g.length {
		return match(g.length, p-g.start)
	}
	return lit
}

// accept goes on behind t.
func (g *goFlate) accept(t token) cut {
	n := t.Length()
	g.pos += n
	g.avail = g.slow && t == g.predicted && !t.IsMatch() && g.pos < g.end
	switch {
	case g.avail:
		g.length, g.start = g.length1, g.start1
	case t.IsMatch() && (g.slow || n <= g.lazy):
		g.insertTo(g.pos - 1)
	}
	if !g.slow {
		g.ins = max(g.ins, g.pos)
	}
	g.symbols++
	late := g.slow && !t.IsMatch() && g.pos == g.end
	if g.symbols == goSymbols && !late {
		return ends
	}
	return goOn
}

// plan chooses the shortest type; among equals static, then dynamic codes.
func (g *goFlate) plan(c *counts, h *header, start int) uint8 {
	dynamic, static := g.trees.plan(c, h)
	best, t := static, uint8(typeStatic)
	if dynamic < best {
		best, t = dynamic, typeDynamic
	}
	if n := g.pos - start; start >= g.base && n <= 0xffff && (n+5)*8 < best+3 {
		return typeStored
	}
	return t
}
