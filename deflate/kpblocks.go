package deflate

import "math"

// kpBlocks decide the blocks of a klauspost: chunk by chunk, whether it goes on with the
// codes that there are, and if not, with which type of block.
type kpBlocks struct {
	penalty uint // what new codes are thought to cost: a share of 1/2^penalty
	wide    bool // headers have all symbols unless the block is flushed

	first   bool   // the block is in its first chunk, whose symbols are counted
	counts  counts // of it
	symbols int
	decided bool // kind and head are
	kind    uint8
	head    header
	// open is the size of the head, if what follows may go on with its codes, or 0.
	open     int
	literals bool // the codes are for literals only
	forced   uint8
	trees    mergeBuilder
}

// What a chunk is like.
const (
	kpNoMatches = iota // it is stored
	kpLiterals         // too few matches: literals only
	kpMatches
)

const (
	kpFew        = 250    // symbols, below which static codes are considered
	kpGuess      = 70 * 8 // bits of a header, when there is none to go by
	kpSample     = 1024   // octets, above which content is looked at for being random
	notForced    = 0xff   // no type is settled
	storedHeader = 5 * 8  // bits of a stored block, beyond its content
)

// begin begins a block.
func (b *kpBlocks) begin() {
	b.first, b.decided, b.symbols, b.open = true, false, 0, 0
	clear(b.counts.lit[:])
	clear(b.counts.dist[:])
}

// add counts a token of the first chunk.
func (b *kpBlocks) add(t token) {
	if b.first {
		b.counts.add(t)
		b.symbols++
	}
}

// A kpPiece is what is to be decided about: a chunk.
type kpPiece struct {
	like     uint8
	content  []byte
	last     bool // the encoder is told to flush behind it
	storable bool // it may be stored
}

// stored gives the size of the piece as a stored block, in bits.
func (p *kpPiece) stored() int {
	if !p.storable || len(p.content) > 0xffff {
		return math.MaxInt
	}
	return storedHeader + 8*len(p.content)
}

// decide settles type and header of the block, of whose first chunk all is known.
func (b *kpBlocks) decide(p kpPiece) {
	b.first, b.decided = false, true
	like, last, content := p.like, p.last, p.content
	stored := p.stored()
	dynamic, static := b.measure(like, content, last)
	b.kind, b.literals = typeDynamic, like == kpLiterals
	few := b.symbols+ended(last) < kpFew && static <= dynamic
	switch guess := dynamic + kpGuess - b.head.bits - 3; {
	case b.forced != notForced:
		b.kind = b.forced
	case like == kpNoMatches:
		b.kind = typeStored
	case b.literals:
		if random(content) || stored <= guess+guess>>b.penalty {
			b.kind = typeStored
		}
	case few && stored <= static, !few && stored <= dynamic:
		b.kind = typeStored
	case few:
		b.kind = typeStatic
	}
	b.forced, b.open = notForced, 0
	if b.kind == typeDynamic && !last {
		b.open = b.head.bits + 3
	}
}

func ended(last bool) int {
	if last {
		return 1
	}
	return 0
}

// measure makes the header, and gives the sizes in bits of a block with it and of a static
// one.
func (b *kpBlocks) measure(like uint8, content []byte, last bool) (dynamic, static int) {
	c := &b.counts
	if like == kpLiterals {
		clear(c.lit[:])
		clear(c.dist[:])
		for _, v := range content {
			c.lit[v]++
		}
	}
	dynamic, static = b.trees.planAs(c, &b.head, b.wide && !last && like != kpLiterals)
	if like == kpLiterals {
		dynamic-- // the code for a distance is there, but not counted
	}
	return dynamic + 3, static + 3
}

// random says whether content is so even that no codes could make it smaller.
func random(content []byte) bool {
	n := len(content)
	if n <= kpSample {
		return false
	}
	var freq [256]int
	for _, v := range content {
		freq[v]++
	}
	sum := 0
	for _, f := range freq {
		d := 256*f - n
		sum += d * d
	}
	return sum < 2*n<<16
}

// joins says whether the next chunk goes on in the block. c are its symbols, n how many.
func (b *kpBlocks) joins(p kpPiece, c *counts, n int) bool {
	b.forced = notForced
	if b.open == 0 || p.like == kpNoMatches {
		return false
	}
	if p.like == kpLiterals {
		return b.joinsLiterals(p.content)
	}
	stored := p.stored()
	c.lit[endBlock] = 1
	none := c.dist == [numDist]uint32{}
	if b.wide && !p.last {
		c.lit[endBlock] = 0
	} else if none {
		c.dist[0] = 1
	}
	again, static := c.sizes(&b.head)
	lacking := b.literals || c.lack(&b.head, none)
	if none {
		c.dist[0] = 0
	}
	if lacking {
		return false
	}
	again -= b.head.bits
	n += ended(p.last)
	anew := b.open + c.estimate(n)
	anew += int(b.head.lit[endBlock]) + anew>>b.penalty
	size := min(anew, again)
	switch {
	case n < kpFew && static+3+7 < size:
		if b.forced = typeStatic; stored <= size {
			b.forced = typeStored
		}
		return false
	case stored <= size:
		b.forced = typeStored
		return false
	}
	return anew >= again
}

// lack says whether there is no code for one of the symbols.
func (c *counts) lack(h *header, noDistances bool) bool {
	for i, f := range c.lit {
		if f != 0 && h.lit[i] == 0 {
			return true
		}
	}
	for i, f := range c.dist {
		if f != 0 && h.dist[i] == 0 && !noDistances {
			return true
		}
	}
	return false
}

// joinsLiterals is joins for a chunk without matches.
func (b *kpBlocks) joinsLiterals(content []byte) bool {
	if random(content) {
		b.forced = typeStored
		return false
	}
	var freq [endBlock + 1]uint32
	for _, v := range content {
		freq[v]++
	}
	again := 0
	for i, f := range freq {
		if again += int(f) * int(b.head.lit[i]); f != 0 && b.head.lit[i] == 0 {
			again = math.MaxInt32
			break
		}
	}
	freq[endBlock] = 1
	var lengths [endBlock + 1]uint8
	b.trees.build(freq[:], 15, lengths[:])
	anew := b.open
	for i, f := range freq {
		anew += int(f) * int(lengths[i])
	}
	anew += anew >> b.penalty
	if storedHeader+8*len(content) <= anew {
		b.forced = typeStored
		return false
	}
	if anew < again {
		b.forced = typeDynamic
		return false
	}
	return true
}
