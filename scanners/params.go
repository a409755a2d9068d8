package scanners

import (
	"fmt"
	"math/bits"
)

// window is the number of octets the rolling hash looks back upon: each step
// shifts a 64-bit number left by one bit, so an octet is gone after 64 steps.
const window = 64

// MaxChunk is the largest value any field of Params may have. A reader has to
// hold a whole chunk in memory to check its hash; this bounds what a file can
// ask of it.
const MaxChunk = 16 << 20

// Params are the sizes, in octets, that decide where content is cut. They are
// recorded in an archive; two archives agree on their chunks only if they agree
// on all four.
type Params struct {
	Min    int // no chunk is cut shorter than this, except at the end of content or before a run
	Target int // a power of two; where the rule for cutting turns from strict to lenient
	Max    int // no chunk is longer than this
	RunMin int // a repetition of one octet at least this long is a run and not part of a chunk
}

// DefaultParams give chunks of about 72 KiB on average.
var DefaultParams = Params{Min: 16 << 10, Target: 64 << 10, Max: 256 << 10, RunMin: 8 << 10}

// Validate reports the first rule that p breaks:
//
//	64 ≤ Min ≤ Target ≤ Max ≤ 16 MiB
//	Target is a power of two
//	512 ≤ RunMin ≤ 16 MiB
//
// The hash needs 64 octets before the first place it may cut at. A run is
// stored as a reference of its own, which does not pay below a few hundred
// octets. Min = Target = Max is allowed and cuts at a fixed size.
func (p Params) Validate() error {
	switch {
	case p.Min < window:
		return fmt.Errorf("scanners: chunk minimum %d is less than %d", p.Min, window)
	case p.Target < p.Min:
		return fmt.Errorf("scanners: chunk target %d is less than the minimum %d", p.Target, p.Min)
	case p.Max < p.Target:
		return fmt.Errorf("scanners: chunk maximum %d is less than the target %d", p.Max, p.Target)
	case p.Max > MaxChunk:
		return fmt.Errorf("scanners: chunk maximum %d is more than %d", p.Max, MaxChunk)
	case p.Target&(p.Target-1) != 0:
		return fmt.Errorf("scanners: chunk target %d is not a power of two", p.Target)
	case p.RunMin < minRunMin:
		return fmt.Errorf("scanners: run minimum %d is less than %d", p.RunMin, minRunMin)
	case p.RunMin > MaxChunk:
		return fmt.Errorf("scanners: run minimum %d is more than %d", p.RunMin, MaxChunk)
	}
	return nil
}

const minRunMin = 512

// lookahead is how much content from the start of a chunk decides where it
// ends: its own octets, and enough beyond them to know whether the repetition
// it may end in is long enough to be a run.
func (p Params) lookahead() int { return p.Max + p.RunMin }

// jointMin is how far a joint has to be from the one before it.
func (p Params) jointMin() int { return max(window, p.Min/32) }

// hintMask are the bits of the hash that must be zero at a hint: one in four
// counts.
var hintMask = mask(2)

// normalisation is how many bits the strict mask has more, and the lenient
// mask fewer, than the logarithm of the target. Two draws the lengths together
// around the target without making the cut before it so rare that chunks of
// less than the target hardly occur.
const normalisation = 2

// masks returns the bits of the hash that must be zero at a cut before the
// target, and from the target on. The lenient mask is part of the strict one:
// whatever may be a cut early in a chunk may be one late in a chunk, too, so
// two copies of the same content that started differently still meet.
func (p Params) masks() (strict, lenient uint64) {
	log := bits.Len(uint(p.Target)) - 1
	return mask(log + normalisation), mask(log - normalisation)
}

// mask has n bits: bit 62, 60, 58 and so on. High bits depend on the most
// octets (bit k on the last k+1). Bit 63 stays free for the loop in find, which
// tests one hash of every two after it has been shifted by a bit too many.
func mask(n int) uint64 {
	var m uint64
	for i := range n {
		m |= 1 << (62 - 2*i)
	}
	return m
}
