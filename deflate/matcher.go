package deflate

import (
	"encoding/binary"
	"math"
	"sync"
)

// A matcher predicts zlib and its relatives. Positions are counted from the
// start of what the part sees of the content; what zlib does with a window that
// slides comes out the same, except where the window's base is named.
type matcher struct {
	content []byte
	pos     int // of the next token
	end     int // of the segment, or of pigz's chunk
	given   int // the end that was passed to segment
	ins     int // positions before this have been inserted, or are never

	// head is, for each hash, the last position inserted, 0 if none: position 0
	// is never matched. prev leads from a position to the one before it with the
	// same hash, as a distance, noneBefore if there is none: that is too far.
	*hashTables
	window  int
	maxDist int
	shift   uint // of the hash, for each octet
	hmask   uint32

	// chains, if not nil, tell how long chains are. Positions before forgotten are too
	// far back; odd says that some were inserted with octets behind the end.
	chains    *chainTables
	forgotten int
	odd       bool

	good, lazy, nice, chain int

	family   Family
	strategy Strategy
	slow     bool // lazy matching
	table    bool // a hash table is used at all

	// The lazy state: whether the match at pos was looked for when the token
	// before it was predicted, and what was found. length is 2 if nothing.
	avail         bool
	length, start int
	// What next found at pos + 1, and what it predicted.
	length1, start1 int
	predicted       token

	base    int    // where the window of the encoder begins
	whole   bool   // nothing of the content is before what is seen
	slideAt int    // positions before this need no look at the base
	wants   int    // the encoder fills its window when less than this is ahead
	tail    []byte // the last of the content and what lies behind it, see beyond
	tailAt  int    // where tail begins

	symbols, matches int // in the block
	limit            int // symbols that end a block
	blockStart       int
	distBits         int // of gzip: what the distances of the block take, about
	sum              int // of the last 4096 octets, for --rsyncable
	rolled           int
	hit              bool

	chunkEnd int // of pigz
	trees    treeBuilder
	count    int64
}

// minLookahead is how much zlib wants to see ahead: a match and the start of
// another.
const (
	minLookahead = maxMatch + minMatch + 1
	noneBefore   = 0xffff
	tooFar       = 4096 // a match of 3 is not worth a distance above this
	pigzChunk    = 128 << 10
	rsyncWindow  = 4096
)

// levels are the parameters of the levels of zlib and gzip.
var levels = [10]struct{ good, lazy, nice, chain int }{
	1: {4, 4, 8, 4},
	2: {4, 5, 16, 8},
	3: {4, 6, 32, 32},
	4: {4, 4, 16, 16},
	5: {8, 16, 32, 32},
	6: {8, 16, 128, 128},
	7: {8, 32, 128, 256},
	8: {32, 128, 258, 1024},
	9: {32, 258, 258, 4096},
}

// hashTables are the tables of a matcher.
type hashTables struct {
	head [1 << 16]uint32
	prev [1 << 15]uint16
}

var (
	matcherTables = sync.Pool{New: func() any { return new(hashTables) }}
	matcherChains = sync.Pool{New: func() any { return new(chainTables) }}
)

// manyCandidates is how many a level looks at for which it pays to know how many there are.
const manyCandidates = 128

func newMatcher(m Model, v view) *matcher {
	l := levels[m.Level]
	window := 1 << m.Window
	hashBits := uint(m.Memory) + 7
	z := &matcher{
		content: v.content, window: window, maxDist: window - minLookahead,
		good: l.good, lazy: l.lazy, nice: l.nice, chain: l.chain,
		family: m.Family, strategy: m.Strategy, slow: m.Level >= 4,
		limit:    1<<(m.Memory+6) - 1,
		length:   2,
		tailAt:   -1,
		chunkEnd: math.MaxInt,
		wants:    minLookahead,
	}
	switch m.Strategy {
	case RLE:
		z.wants = maxMatch + 1
	case HuffmanOnly:
		z.wants = 1
	}
	if m.Family == Gzip {
		hashBits = 15
	}
	z.shift = (hashBits + 2) / 3
	z.hmask = 1<<hashBits - 1
	z.table = m.Strategy != RLE && m.Strategy != HuffmanOnly
	if z.table {
		// prev needs no clearing: it is read only for positions that were inserted.
		z.hashTables = matcherTables.Get().(*hashTables)
		if z.chain >= manyCandidates && z.family != Chromium {
			z.chains = matcherChains.Get().(*chainTables)
		}
		z.clearHead()
	}
	z.resume(v)
	z.forgotten = z.ins
	return z
}

func (z *matcher) clearHead() {
	clear(z.head[:z.hmask+1])
	if z.chains != nil {
		clear(z.chains.count[:z.hmask+1])
		clear(z.chains.gone[:z.hmask+1])
	}
}

func (z *matcher) free() {
	if z.hashTables != nil {
		matcherTables.Put(z.hashTables)
	}
	if z.chains != nil {
		matcherChains.Put(z.chains)
	}
}

func (z *matcher) steps() int64 { return z.count }

// segment sets the end of what the encoder sees.
func (z *matcher) segment(end int) {
	z.given = end
	if end = min(end, z.chunkEnd); end == z.end {
		return
	}
	// The last two positions before a flush are inserted once there is more,
	// whatever was skipped.
	if z.table && !z.slow && z.pos > 0 && z.pos == z.end {
		z.ins = max(z.pos-2, 0)
	}
	z.end = end
	z.tailAt = -1
	z.watch()
	if z.table && z.pos > 0 {
		z.insertTo(z.pos - 1)
	}
}

// newChunk does what pigz does at the start of a chunk: a new hash table, into
// which the last 32 KiB go.
func (z *matcher) newChunk() {
	z.clearHead()
	z.base = max(z.pos-z.window, 0)
	z.chunkEnd += pigzChunk
	z.ins = z.base
	z.forgotten = z.base
	z.end = 0
	z.avail = false
	z.segment(z.given)
}

// slide moves the base of the window as the encoder does at position s when it
// fills its window: zlib whenever it is short of lookahead, gzip the same until
// it has seen the end of the file.
func (z *matcher) slide(s int) {
	full := z.base + 2*z.window
	if min(z.end, full)-s < z.wants && s >= full-minLookahead {
		z.base += z.window
	}
	if z.family == Gzip && z.end-s < z.wants {
		z.slideAt = math.MaxInt
		return
	}
	z.watch()
}

// watch sets where the window has to be looked at next.
func (z *matcher) watch() {
	z.slideAt = z.base + 2*z.window - minLookahead
	if z.family == Gzip {
		z.slideAt = min(z.slideAt, z.end-minLookahead+1)
	}
}

// octet gives what the encoder sees at position i, which may be behind the
// end of the segment: zeros, or what the window held before it slid.
func (z *matcher) octet(i int) byte {
	if i < z.end {
		return z.content[i]
	}
	return z.beyond(i)
}

func (z *matcher) beyond(i int) byte {
	if z.base == 0 && z.whole || z.family == Gzip && i < z.end+2 {
		return 0
	}
	return z.content[i-z.window]
}

// hash gives the hash of the string at position i.
func (z *matcher) hash(i int) uint32 {
	if z.family == Chromium {
		var v uint32
		if i+4 <= z.end {
			v = binary.LittleEndian.Uint32(z.content[i:])
		} else {
			v = uint32(z.octet(i)) | uint32(z.octet(i+1))<<8 | uint32(z.octet(i+2))<<16 | uint32(z.octet(i+3))<<24
		}
		return (v*66521 + 66521) >> 16 & z.hmask
	}
	var a, b, c byte
	if i+3 <= z.end {
		s := z.content[i : i+3 : i+3]
		a, b, c = s[0], s[1], s[2]
	} else {
		a, b, c = z.octet(i), z.octet(i+1), z.octet(i+2)
	}
	return (uint32(a)<<(2*z.shift) ^ uint32(b)<<z.shift ^ uint32(c)) & z.hmask
}

// insert puts position i, of which h is the hash, into the table.
func (z *matcher) insert(i int, h uint32) {
	before := z.head[uint16(h)]
	z.head[uint16(h)] = uint32(i)
	d := uint32(i) - before
	if before == 0 || d > noneBefore {
		d = noneBefore
	}
	z.prev[uint(i)%uint(len(z.prev))] = uint16(d)
	if z.chains != nil {
		z.chains.inserted(i, h)
	}
}

// insertTo inserts all positions up to i that can be.
func (z *matcher) insertTo(i int) {
	i = min(i, z.end-minMatch)
	at := z.ins
	if at > i {
		return
	}
	z.ins = i + 1
	if z.family == Chromium {
		for ; at <= i; at++ {
			z.insert(at, z.hash(at))
		}
		return
	}
	s := z.content[at : i+minMatch]
	h, shift, mask := uint32(s[0])<<(z.shift&31)^uint32(s[1]), z.shift&31, z.hmask
	for _, c := range s[2:] {
		h = (h<<shift ^ uint32(c)) & mask
		z.insert(at, h)
		at++
	}
}

// find looks for the longest match at position p, inserting it. It must be
// longer than best. length 2 means that there is none.
func (z *matcher) find(p, best int) (length, start int) {
	if p+minMatch > z.end {
		if z.family != Gzip {
			return 2, 0
		}
		for ; z.ins <= p; z.ins++ {
			z.insert(z.ins, z.hash(z.ins))
			z.odd = true
		}
	} else {
		z.insertTo(p)
	}
	if best >= z.lazy && z.slow {
		return 2, 0
	}
	if z.family == Gzip && p > z.base+2*z.window-minLookahead {
		return 2, 0 // so near the end of its window gzip looks for nothing
	}
	d := int(z.prev[uint(p)%uint(len(z.prev))])
	if d > z.maxDist {
		return 2, 0
	}
	length, start = z.longest(p, p-d, best)
	length = min(length, z.end-p)
	if z.slow && length <= 5 && (z.strategy == Filtered || length == minMatch && p-start > tooFar) {
		length = 2
	}
	if length <= best {
		length = 2
	}
	return length, start
}

// mustHave gives what a match longer than best has, seen through the mask, in the
// four octets from at on.
func mustHave(scan []byte, best int) (at int, mask, want uint32) {
	if best < minMatch {
		return 0, 1<<24 - 1, uint32(scan[0]) | uint32(scan[1])<<8 | uint32(scan[2])<<16
	}
	at = best - 3
	return at, 1<<32 - 1, binary.LittleEndian.Uint32(scan[at:])
}

// longest walks along the chain from cur.
func (z *matcher) longest(p, cur, best int) (length, start int) {
	buf := z.content
	limit := max(p-z.maxDist, 0)
	many := z.chains != nil && p+maxMatch <= z.end && !z.odd
	most, nice := min(maxMatch, z.end-p), z.nice
	if z.family != Gzip {
		nice = min(nice, z.end-p)
	} else if p+maxMatch > z.end {
		buf, most = z.withTail(), maxMatch
		p -= z.tailAt
		cur -= z.tailAt
		limit -= z.tailAt
	}
	if best >= most {
		return 2, 0
	}
	chain := z.chain
	if z.slow && best >= z.good {
		chain >>= 2
	}
	if many {
		z.forget(limit)
		if cur > limit {
			return z.longestOfMany(p, cur, best, chain)
		}
	}
	length = 2
	scan := buf[p : p+most]
	at, mask, want := mustHave(scan, best)
	prev := &z.prev
	first, compared := chain, 0
	for {
		if binary.LittleEndian.Uint32(buf[cur+at:])&mask == want {
			n := common(buf[cur:], scan)
			compared += n
			if n > best {
				start, length, best = cur, n, n
				if n >= nice || n >= most {
					break
				}
				at, mask = n-3, 1<<32-1
				want = binary.LittleEndian.Uint32(scan[at:])
			}
		}
		if cur -= int(prev[uint(cur)%uint(len(prev))]); cur <= limit {
			break
		}
		if chain--; chain == 0 {
			break
		}
	}
	z.count += int64(first-chain+1) + int64(compared/16)
	if z.family == Gzip && z.tailAt >= 0 && &buf[0] == &z.tail[0] {
		start += z.tailAt
	}
	return length, start
}

// common gives the length of the common start of a and b, of which b is not
// the longer one.
func common(a, b []byte) int {
	a = a[:len(b)]
	n := 0
	for len(b)-n >= 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + trailingOctets(x)
		}
		n += 8
	}
	for n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// withTail gives the end of the content with what the encoder sees behind it.
func (z *matcher) withTail() []byte {
	if z.tailAt >= 0 {
		return z.tail
	}
	z.tailAt = max(z.end-2*len(z.prev), 0) &^ (len(z.prev) - 1)
	z.tail = append(z.tail[:0], z.content[z.tailAt:z.end]...)
	for i := z.end; i < z.end+maxMatch+8; i++ {
		z.tail = append(z.tail, z.beyond(i))
	}
	return z.tail
}
