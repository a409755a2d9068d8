package codec

import (
	"encoding/binary"
	"math/bits"
)

const (
	// sampleBits is the logarithm of how many positions there are to one anchor
	// on average.
	sampleBits = 6
	// gearSpan is how many bytes a hash of 64 bits remembers.
	gearSpan = 64
	// minSpacing keeps anchors apart where the content repeats with a short
	// period, so that there is never more than one to minSpacing bytes.
	minSpacing = 16
	// minTableBits is the logarithm of the least number of slots.
	minTableBits = 8
	// maxOlder is how many candidates older than the newest are tried.
	maxOlder = 3
	// goodLength is the length from which older candidates are not tried.
	goodLength = 1 << 10
	// minBetter is how much longer an older candidate has to be to win: a
	// larger distance takes more room in the list.
	minBetter = 16
)

// gear is the table of the rolling hash (Xia et al., "Ddelta", 2014). It is the
// encoder's business alone and can change without changing the format.
var gear = func() (t [256]uint64) {
	// SplitMix64 (Steele, Lea, Flood 2014).
	x := uint64(0x5654_4431)
	for i := range t {
		x += 0x9E3779B97F4A7C15
		z := x
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		t[i] = z ^ z>>31
	}
	return t
}()

// gearTwice is gear shifted by one, for the first of two octets.
var gearTwice = func() (t [256]uint64) {
	for i, g := range gear {
		t[i] = g << 1
	}
	return t
}()

// longCopy says: literals bytes from the literals, then length bytes from
// distance bytes back in the output.
type longCopy struct {
	literals, length, distance uint32
}

// anchor is a position which the content of the frame has chosen: the hash of
// the gearSpan bytes before it begins with sampleBits zeros.
type anchor struct {
	pos  uint32
	tag  uint32 // 32 of the other bits of the hash
	prev uint32 // the anchor that was in the table before this one
}

// finder looks for long repeats inside one frame. It keeps its storage for the
// next frame.
//
// The table holds, for a hash of the tag, the tag and the index of the newest
// anchor; older ones hang on it. Index 0 is no anchor.
type finder struct {
	table   []uint64
	bits    int
	anchors []anchor
	copies  []longCopy
	lits    []byte
}

// reset makes ready for a frame of n bytes.
func (f *finder) reset(n int) {
	f.bits = max(minTableBits, bits.Len(uint(max(n, 1)-1)>>sampleBits))
	if len(f.table) < 1<<f.bits {
		f.table = make([]uint64, 1<<f.bits)
	}
	clear(f.table[:1<<f.bits])
	f.anchors = append(f.anchors[:0], anchor{})
	f.copies, f.lits = f.copies[:0], f.lits[:0]
}

// add makes an anchor and returns the newest one before it with the same tag,
// or 0.
func (f *finder) add(pos, tag uint32) int {
	slot := &f.table[tag*2654435761>>(32-f.bits)]
	prev := uint32(*slot)
	if uint32(*slot>>32) != tag {
		prev = 0
	}
	*slot = uint64(tag)<<32 | uint64(len(f.anchors))
	f.anchors = append(f.anchors, anchor{pos, tag, prev})
	return int(prev)
}

// find cuts src into copies and literals.
//
// It hashes what no copy covers. What a copy covers need not be hashed: its
// anchors are those of the source of the copy, moved. Most of a frame full of
// similar files is thus compared and not hashed.
func (f *finder) find(src []byte) {
	f.reset(len(src))
	var h uint64
	done := 0 // up to here copies and literals are settled
	next := 0 // no anchor before this position
	for i := 0; ; {
		i, h = scan(src, i, h)
		if h >= sampled {
			break
		}
		if i < next {
			continue
		}
		next = i + minSpacing
		k := f.add(uint32(i), uint32(h>>(32-sampleBits)))
		if k == 0 {
			continue
		}
		k, back, ahead := f.longest(src, done, i, k)
		if back+ahead < minCopy {
			continue
		}
		start, from := i-back, int(f.anchors[k].pos)
		f.copies = append(f.copies, longCopy{uint32(start - done), uint32(back + ahead), uint32(i - from)})
		f.lits = append(f.lits, src[done:start]...)
		done = i + ahead
		if ahead == 0 {
			continue
		}
		for _, a := range f.anchors[k+1:] {
			if int(a.pos) > from+ahead {
				break
			}
			a.pos += uint32(i - from)
			f.add(a.pos, a.tag)
			next = int(a.pos) + minSpacing
		}
		i, h = done, gearAt(src[max(0, done-gearSpan):done])
	}
	f.lits = append(f.lits, src[done:]...)
}

// longest tries anchor k and some older ones as the source of a copy that
// covers position i of src and nothing before done. It returns the anchor
// with the longest match and how far it goes back and ahead from i.
func (f *finder) longest(src []byte, done, i, k int) (best, back, ahead int) {
	for range 1 + maxOlder {
		a := f.anchors[k]
		b := matchBack(src[done:i], src[:a.pos])
		n := matchAhead(src[i:], src[a.pos:])
		if best == 0 || b+n >= back+ahead+minBetter {
			best, back, ahead = k, b, n
		}
		k = int(a.prev)
		if k == 0 || back+ahead >= goodLength {
			break
		}
	}
	return best, back, ahead
}

// gearAt returns the hash of the gearSpan bytes of s.
func gearAt(s []byte) (h uint64) {
	for _, c := range s {
		h = h<<1 + gear[c]
	}
	return h
}

// sampled is the bound below which a hash makes its position an anchor.
const sampled = 1 << (64 - sampleBits)

// scan rolls the hash h at i on to the next anchor, or to the end of src, where
// it returns a hash that makes none. Two octets are taken into the hash at once
// to halve the chain of operations that wait for each other.
func scan(src []byte, i int, h uint64) (int, uint64) {
	for ; i+4 <= len(src); i += 4 {
		s := src[i : i+4 : i+4]
		h1 := h<<1 + gear[s[0]]
		h2 := h<<2 + gearTwice[s[0]] + gear[s[1]]
		h3 := h2<<1 + gear[s[2]]
		h = h2<<2 + gearTwice[s[2]] + gear[s[3]]
		switch {
		case h1 < sampled:
			return i + 1, h1
		case h2 < sampled:
			return i + 2, h2
		case h3 < sampled:
			return i + 3, h3
		case h < sampled:
			return i + 4, h
		}
	}
	for ; i < len(src); i++ {
		if h = h<<1 + gear[src[i]]; h < sampled {
			return i + 1, h
		}
	}
	return i, sampled
}

// matchAhead returns how many bytes a and b have in common at their start.
func matchAhead(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for ; n-i >= 8; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)>>3
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// matchBack returns how many bytes a and b have in common at their end.
func matchBack(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[len(a)-n:], b[len(b)-n:]
	i := n
	for ; i >= 8; i -= 8 {
		if x := binary.LittleEndian.Uint64(a[i-8:]) ^ binary.LittleEndian.Uint64(b[i-8:]); x != 0 {
			return n - i + bits.LeadingZeros64(x)>>3
		}
	}
	for i > 0 && a[i-1] == b[i-1] {
		i--
	}
	return n - i
}
