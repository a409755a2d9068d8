package deflate

import (
	"encoding/binary"
	"sync"
)

// A klauspost predicts github.com/klauspost/compress/flate. Its encoder works chunk by
// chunk, of kpChunk octets unless it is told to flush, at levels 7 to 9 of kpSymbols
// symbols; what it finds in one is predicted together. A chunk may go on in the block of
// the one before, with the codes of that: see kpBlocks.
type klauspost struct {
	content []byte
	pos     int
	end     int // of the segment
	level   int
	version uint8
	size    int // octets of a chunk
	huffman bool
	cutOff  bool // content goes on behind what is seen

	start, stop int // the chunk
	last        bool
	storable    bool
	floor       int     // nothing before this is known
	base        int     // where the buffer of the encoder begins
	deep        *kpLazy // in levels 7 to 9
	*kpTables
	// cur is added to positions in the tables, so that what they have from before a
	// reset is too far away.
	cur     int
	matches []goMatch
	at      int // those before this have been passed
	like    uint8
	ahead   counts // of the symbols of the chunk
	count   int64

	blockStart int
	blocks     kpBlocks
}

const (
	kpChunk   = 65535
	kpHuffman = 32 << 10 // octets of a chunk in Huffman-only mode
	kpWindow  = 32 << 10
	kpFar     = kpWindow - 1 // the largest distance, mostly
	kpMargin  = 11           // octets at the end of a chunk where nothing is looked for
	kpSmall   = 128          // a chunk flushed with less has no matches
	kpRaw     = 32           // one flushed with as little is stored
	kpBuffer  = 5 * kpChunk
	kpCur     = 1 << 16
	kpCurMost = 1 << 30
	kpLong    = maxMatch - 4 // what is compared of a match that is only looked at
)

// kpTables have the positions for hashes of a few octets, and of more.
type kpTables struct {
	short [1 << 17]int32
	long  [1 << 16]kpPair
}

// A kpPair is the last position with a hash, and the one before it.
type kpPair struct{ last, before int32 }

func (p *kpPair) add(entry int) { p.last, p.before = int32(entry), p.last }

var kpPool = sync.Pool{New: func() any { return new(kpTables) }}

func newKlauspost(m Model, v view) *klauspost {
	k := &klauspost{
		content: v.content, level: int(m.Level), version: m.Version, size: kpChunk,
		huffman: m.Strategy == HuffmanOnly, cur: kpCur,
		cutOff: !v.last || v.end > len(v.content),
		blocks: kpBlocks{penalty: 7, wide: m.Version == 1, forced: notForced},
	}
	switch {
	case k.huffman:
		k.size, k.blocks.penalty = kpHuffman, 10
	case m.Level >= 7:
		k.deep, k.blocks.penalty = newKPLazy(m, v.content), 8
	default:
		k.kpTables = kpPool.Get().(*kpTables)
		k.forget()
	}
	k.resume(v)
	return k
}

func (k *klauspost) free() {
	if k.kpTables != nil {
		kpPool.Put(k.kpTables)
	}
	if k.deep != nil {
		kpChainsPool.Put(k.deep.kpChains)
	}
}

// forget clears the tables that the level uses.
func (k *klauspost) forget() {
	k.cur = kpCur
	switch k.level {
	case 1:
		clear(k.short[:1<<15])
	case 2:
		clear(k.short[:])
	case 3:
		clear(k.long[:])
	default:
		clear(k.short[:1<<15])
		clear(k.long[:1<<15])
	}
}

func (k *klauspost) steps() int64 {
	if k.deep != nil {
		return k.deep.steps(k.pos)
	}
	return k.count
}

func (k *klauspost) segment(end int) { k.end = end }

func (k *klauspost) newBlock() {
	k.blockStart = k.pos
	k.blocks.begin()
}

// next predicts the token at pos.
func (k *klauspost) next() token {
	if k.pos >= k.stop {
		k.nextChunk()
	}
	for k.at < len(k.matches) && k.matches[k.at].pos < k.pos {
		k.at++
	}
	if k.at < len(k.matches) && k.matches[k.at].pos == k.pos {
		return k.matches[k.at].t
	}
	return literal(k.content[k.pos])
}

// accept goes on behind t. At the end of a chunk the next one decides whether the
// block ends.
func (k *klauspost) accept(t token) cut {
	k.pos += t.Length()
	k.blocks.add(t)
	switch {
	case k.pos < k.stop:
		return goOn
	case k.pos >= k.end:
		return ends
	}
	if k.blocks.first {
		k.blocks.decide(k.piece(k.blockStart, k.pos))
	}
	if k.last {
		k.blocks.open = 0
	}
	k.nextChunk()
	if k.joins() {
		return goOn
	}
	return ends
}

// piece gives content that is all of the chunk, or what a block has of it.
func (k *klauspost) piece(from, to int) kpPiece {
	return kpPiece{k.like, k.content[from:to], k.last && to >= k.stop, k.storable}
}

// joins says whether the chunk goes on in the block.
func (k *klauspost) joins() bool {
	n := 0
	if k.blocks.open != 0 && k.like == kpMatches {
		n = k.countAhead()
	}
	return k.blocks.joins(k.piece(k.start, k.stop), &k.ahead, n)
}

// countAhead counts the symbols of the chunk.
func (k *klauspost) countAhead() (n int) {
	clear(k.ahead.lit[:])
	clear(k.ahead.dist[:])
	p := k.start
	literals := func(to int) {
		for _, v := range k.content[p:to] {
			k.ahead.lit[v]++
		}
		n += to - p
	}
	for _, m := range k.matches {
		if m.pos >= k.stop {
			break
		}
		literals(m.pos)
		k.ahead.add(m.t)
		n++
		p = m.pos + m.t.Length()
	}
	literals(k.stop)
	return n
}

// plan gives the type and the header of the block, which its first chunk decides.
func (k *klauspost) plan(_ *counts, h *header, _ int) uint8 {
	if !k.blocks.decided {
		k.blocks.decide(k.piece(k.blockStart, k.pos))
	}
	runs := append(h.runs[:0], k.blocks.head.runs...)
	*h = k.blocks.head
	h.runs = runs
	return k.blocks.kind
}

// nextChunk predicts the chunk at pos.
func (k *klauspost) nextChunk() {
	k.start, k.at = k.pos, 0
	more := k.cutOff && k.end == len(k.content)
	if k.deep != nil {
		var c kpCut
		k.matches, c = k.deep.chunk(k.pos, k.end, more)
		k.stop, k.last, k.storable, k.like = c.pos, c.last, k.start >= c.base, kpMatches
		return
	}
	k.stop = min(k.pos+k.size, k.end)
	k.last, k.storable = k.stop == k.end && !more, true
	k.matches = k.matches[:0]
	n := k.stop - k.start
	switch {
	case k.huffman:
		k.like = kpLiterals
		return
	case n < kpSmall:
		if k.like = kpLiterals; n <= kpRaw {
			k.like = kpNoMatches
		}
		// Nothing before is known afterwards.
		k.floor, k.base = k.stop, k.stop
		if k.cur += kpCur; k.cur > kpCurMost {
			k.forget()
		}
		return
	}
	if k.start-k.base+n > kpBuffer {
		k.base = k.start - kpWindow
	}
	k.search()
	tokens := n
	for _, m := range k.matches {
		tokens -= m.t.Length() - 1
	}
	switch {
	case len(k.matches) == 0:
		k.like = kpNoMatches
	case tokens > n-n/16:
		k.like, k.matches = kpLiterals, k.matches[:0]
	default:
		k.like = kpMatches
	}
}

func (k *klauspost) search() {
	switch k.level {
	case 1:
		k.search1()
	case 2:
		k.search2()
	case 3:
		k.search3()
	case 4:
		k.search4()
	case 5:
		k.search5()
	default:
		k.search6()
	}
}

// take notes the match of p with from, as far as it goes in both directions, but not to
// before done, and n octets at least. It gives where it ends, and its length.
func (k *klauspost) take(p, from, done, n int) (end, length int) {
	n += common(k.content[from+n:], k.content[p+n:k.stop])
	for from > k.floor && p > done && k.content[from-1] == k.content[p-1] {
		p--
		from--
		n++
	}
	k.count += int64(n / 16)
	distance := p - from
	// What is too long for one match becomes several.
	for rest := n; rest > 0; {
		part := rest
		if part > maxMatch {
			if part = maxMatch; rest <= maxMatch+minMatch {
				part = maxMatch - minMatch
			}
		}
		k.matches = append(k.matches, goMatch{p, match(part, distance)})
		p += part
		rest -= part
	}
	return p, n
}

// same says whether the four octets at from, which was in a table, are those of v, and
// its distance from p is not above most.
func (k *klauspost) same(p, from int, v uint64, most int) bool {
	return p-from <= most && binary.LittleEndian.Uint32(k.content[from:]) == uint32(v)
}

// length gives the length of the match of p with from, of which 4 octets are known, as far
// as it is looked at.
func (k *klauspost) length(p, from int) int {
	n := common(k.content[from+4:], k.content[p+4:min(p+4+kpLong, k.stop)])
	k.count += int64(n/16) + 1
	return n + 4
}

// octets gives the eight at p, the first one lowest.
func (k *klauspost) octets(p int) uint64 { return binary.LittleEndian.Uint64(k.content[p:]) }

// The hashes are of the first four, five or seven octets of v.

func kpHash4(v uint64) uint32 { return uint32(v) * 2654435761 >> 17 }

func kpHash5(v uint64, bits int) uint32 { return uint32(v << 24 * 889523592379 >> (64 - bits)) }

func kpHash7(v uint64) uint32 { return uint32(v << 8 * 58295818150454627 >> 49) }
