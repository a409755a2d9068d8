package deflate

import (
	"encoding/binary"
	"sync"
)

// A kpLazy finds the matches of levels 7 to 9. Its encoder works window by window, but a
// block has as many symbols as kpSymbols, and ends in the midst of one.
type kpLazy struct {
	content           []byte
	chain, nice, lazy int
	level             int
	version           uint8
	*kpChains

	index int // the next position to look at
	base  int // of the window
	end   int // of it, or of the segment
	last  bool
	// The match at index - 1, which is not yet in a block: kpNone if there is none, but
	// avail says that the octet is not in one.
	length, offset int
	avail          bool
	without        uint16 // positions without a match, until it overflows

	from    int // symbols up to there do not count
	symbols int // since the last cut
	matches []goMatch
	cuts    []kpCut
	trees   mergeBuilder
	// Searching counts when what it was for has been passed: marks are the ends of
	// windows, and the steps up to there.
	count int64
	marks []kpMark
}

type kpMark struct {
	pos   int
	steps int64
}

// A kpCut is where symbols are enough for a block.
type kpCut struct {
	pos  int
	base int  // of the window then
	last bool // in the last window before a flush
}

const (
	kpNone    = 3 // the length that stands for no match
	kpSymbols = 1 << 15
	kpAhead   = 4 + maxMatch
	kpMax     = 15 // bits of a code
	kpCost    = 3  // bits that a match is thought to take beyond its extra bits
	kpGain    = 4  // bits that it must save more than
	kpSkip    = 2  // octets that need not be alike at the start of a match found by its end
)

// kpChains are head and prev as in goTables, and for each position of a window from
// costFrom on what bits all literals before it would take.
type kpChains struct {
	goTables
	cost     [2*kpWindow + 1]int32
	costFrom int
}

var kpChainsPool = sync.Pool{New: func() any { return new(kpChains) }}

var kpLevels = [3]struct{ lazy, nice, chain int }{{12, 16, 24}, {30, 40, 64}, {258, 258, 1024}}

func newKPLazy(m Model, content []byte) *kpLazy {
	l := kpLevels[m.Level-7]
	z := &kpLazy{
		content: content, lazy: l.lazy, nice: l.nice, chain: l.chain, level: int(m.Level), version: m.Version,
		kpChains: kpChainsPool.Get().(*kpChains), length: kpNone,
	}
	clear(z.head[:])
	return z
}

// insert puts position p into the table, and gives the one before it with its hash, or
// a negative one.
func (z *kpLazy) insert(p int) int {
	h := z.hash(p)
	before := int(z.head[h]) - 1
	d := p - before
	if before < 0 || d > kpWindow {
		d = 0
	}
	z.prev[p%kpWindow] = uint16(d)
	z.head[h] = uint32(p) + 1
	return before
}

func (z *kpLazy) hash(p int) uint32 {
	return binary.LittleEndian.Uint32(z.content[p:]) * 2654435761 >> 15
}

// window goes on to where the next window ends, or the segment; more says that content
// goes on behind that, which is not seen.
func (z *kpLazy) window(end int, more bool) {
	if z.index >= z.base+2*kpWindow-kpAhead {
		z.base += kpWindow
	}
	z.end = min(z.base+2*kpWindow, end)
	z.last = z.end == end && !more
	if z.level == 9 && z.index < z.end {
		z.reckon()
	}
	for z.end-z.index >= kpAhead || z.last && z.index < z.end {
		if z.index <= z.from {
			z.count = 0 // what leads to the part does not count
		}
		z.step()
	}
	if z.last && z.avail {
		z.literal()
		z.avail = false
	}
	z.marks = append(z.marks, kpMark{z.index, z.count})
}

// steps gives those for what is before pos.
func (z *kpLazy) steps(pos int) int64 {
	for len(z.marks) > 1 && z.marks[1].pos <= pos {
		z.marks = z.marks[1:]
	}
	if len(z.marks) > 0 && z.marks[0].pos <= pos {
		return z.marks[0].steps
	}
	return 0
}

// chunk goes on to the next cut, which is at the end of the segment at the latest, and
// gives the matches up to there, and perhaps more.
func (z *kpLazy) chunk(pos, end int, more bool) ([]goMatch, kpCut) {
	used := 0
	for used < len(z.matches) && z.matches[used].pos < pos {
		used++
	}
	z.matches = append(z.matches[:0], z.matches[used:]...)
	for len(z.cuts) > 0 && z.cuts[0].pos <= pos {
		z.cuts = z.cuts[1:]
	}
	for len(z.cuts) == 0 {
		z.window(end, more)
		if z.end == end && (len(z.cuts) == 0 || z.cuts[len(z.cuts)-1].pos != end) {
			z.cuts = append(z.cuts, kpCut{end, z.base, z.last})
			z.symbols = 0
		}
	}
	c := z.cuts[0]
	z.cuts = z.cuts[1:]
	return z.matches, c
}

// reckon sets what literals cost, with codes made for those of the window.
func (z *kpLazy) reckon() {
	var freq [256]uint32
	seen := z.content[z.index:z.end]
	if z.version > 1 {
		seen = seen[:min(len(seen), kpWindow)]
	}
	for _, v := range seen {
		freq[v] = (freq[v] + 1) & 0xffff
	}
	var lengths [256]uint8
	z.trees.build(freq[:], kpMax, lengths[:])
	z.costFrom = z.index
	sum := int32(0)
	z.cost[0] = 0
	for i, v := range z.content[z.index:z.end] {
		sum += int32(lengths[v])
		z.cost[i+1] = sum
	}
}

// symbol counts one, behind which is pos.
func (z *kpLazy) symbol(pos int) {
	if pos <= z.from {
		return
	}
	if z.symbols++; z.symbols == kpSymbols {
		z.symbols = 0
		z.cuts = append(z.cuts, kpCut{pos, z.base, z.last})
	}
}

// literal takes the octet before index.
func (z *kpLazy) literal() { z.symbol(z.index) }

// canInsert says whether a position has enough octets behind it for a hash.
func (z *kpLazy) canInsert(p int) bool { return p < z.end-kpNone }

// step looks at one position, or at more where there is nothing for long.
func (z *kpLazy) step() {
	before := -1
	if z.canInsert(z.index) {
		before = z.insert(z.index)
	}
	length, offset := z.length, z.offset
	z.length, z.offset = kpNone, 0
	ahead := z.end - z.index
	if before >= max(z.index-kpWindow, z.base) && ahead > length && length < z.lazy {
		z.length, z.offset = z.find(z.index, before)
	}
	if length > kpNone && z.length <= length {
		z.take(length, offset)
		return
	}
	if z.length > kpNone {
		z.without = 0
	}
	if !z.avail {
		z.index++
		z.avail = true
		return
	}
	z.without++
	z.literal()
	z.index++
	if n := int(z.without) - z.chain; n > 0 {
		for n = 1 + n>>6; n > 0 && z.index < z.end-1; n-- {
			z.literal()
			if z.canInsert(z.index) {
				z.insert(z.index)
			}
			z.index++
		}
		z.literal()
		z.avail = false
	}
}

// find looks for the longest match of p, or at level 9 for the one that saves more than
// those before it, among those that prev leads to from cur.
func (z *kpLazy) find(p, cur int) (length, offset int) {
	scan := z.content[p:min(p+maxMatch, z.end)]
	least := max(p-kpWindow, z.base)
	nice := min(z.nice, len(scan))
	length = kpNone
	gain := int32(kpGain)
	for tries := z.chain; tries > 0; tries-- {
		z.count++
		if z.content[cur+length] == scan[length] {
			n := common(z.content[cur:], scan)
			z.count += int64(n / 16)
			better := n > length
			if better && z.level == 9 {
				g := z.gain(p, n, p-cur)
				if better = g > gain; better {
					gain = g
				}
			}
			if better {
				length, offset = n, p-cur
				if n >= nice {
					break
				}
			}
		}
		if cur <= least {
			break
		}
		d := int(z.prev[cur%kpWindow])
		if cur -= d; d == 0 || cur < least {
			break
		}
	}
	return length, offset
}

// gain gives the bits that a match saves, as its encoder has them: for the distance
// after its own, and hardly any for the largest.
func (z *kpLazy) gain(p, n, distance int) int32 {
	extra := int32(6)
	if distance < kpWindow {
		extra = int32(distExtra[distCode(distance+1)])
	}
	at := p - z.costFrom
	return z.cost[at+n] - z.cost[at] - extra - kpCost - int32(lenExtra[lenCode[n]])
}

// take takes the match that was found at the position before index, or one that the
// octets at its end lead to, if that is longer.
func (z *kpLazy) take(length, offset int) {
	p := z.index - 1
	if length < maxMatch-kpSkip && z.canInsert(p+length) {
		from := int(z.head[z.hash(p+length)]) - 1 - length
		if p-from != offset && from > max(z.index-kpWindow, z.base)+kpSkip {
			end := p + min(z.end-z.index, maxMatch+kpSkip)
			n := common(z.content[from+kpSkip:], z.content[p+kpSkip:end])
			z.count += int64(n/16) + 1
			if n > length {
				length, offset = n, p-from
				owed := kpSkip
				for ; owed > 0 && length < maxMatch && z.content[p+owed-1] == z.content[from+owed-1]; owed-- {
					length++
				}
				for ; owed > 0; owed-- {
					z.literal()
					if z.index++; z.canInsert(z.index) {
						z.insert(z.index)
					}
				}
			}
		}
	}
	z.matches = append(z.matches, goMatch{z.index - 1, match(length, offset)})
	next := z.index - 1 + length
	for i := z.index + 1; i < next && z.canInsert(i); i++ {
		z.insert(i)
	}
	z.index = next
	z.avail = false
	z.length = kpNone
	z.without = 0
	z.symbol(next)
}
