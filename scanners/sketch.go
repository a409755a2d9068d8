package scanners

import "math/bits"

// Sketch is a few numbers by which files that share content can be found
// without comparing them: each is the least value that one of six hash functions
// takes over a sample of a file's windows of 32 octets. Which windows are in
// the sample is up to their octets alone, so what two files share is sampled
// alike in both, and a number is equal in both with about the probability that
// a window of either file is found in both.
//
// Sketches only ever decide the order in which data is stored. They are no part
// of the format, and may change from one release to the next.
type Sketch [6]uint32

// Shared returns how many of the six numbers are equal in both.
func (a *Sketch) Shared(b *Sketch) int {
	n := 0
	for i, v := range a {
		if v == b[i] {
			n++
		}
	}
	return n
}

// Sketcher computes the Sketch of content written to it in pieces of any size.
// The zero value is ready for use.
type Sketcher struct {
	inverse Sketch      // the complements of the minima, as maxima: zero is none yet
	hash    uint64      // rolling; its lower half knows the last 32 octets only
	last    uint32      // the window sampled last
	warm    int         // octets written, as far as they are too few for a window
	sample  [256]uint32 // windows found and not yet accounted for, within Write
}

const (
	// sketchWindow is how many octets the lower half of the rolling hash covers.
	sketchWindow = 32
	// sampled is the limit below which this half must lie for a window to be in
	// the sample: one in 32 has five zeros in front.
	sampled = 1 << (32 - 5)
)

// Reset begins new content.
func (s *Sketcher) Reset() {
	s.inverse, s.hash, s.last, s.warm = Sketch{}, 0, 0, 0
}

// Write adds p to the content. It does not fail.
func (s *Sketcher) Write(p []byte) (int, error) {
	n := len(p)
	h := s.hash
	for s.warm < sketchWindow-1 && len(p) > 0 {
		h = h<<1 + gear[p[0]]
		p = p[1:]
		s.warm++
	}
	s.hash = s.roll(p, h)
	return n, nil
}

// roll takes two octets a step, as find does. Unlike there a match is frequent,
// and to foretell it impossible, so there is no branch: every window is put into
// the sample, and the next one over it unless the borrow of a subtraction says
// that it belongs there.
func (s *Sketcher) roll(p []byte, h uint64) uint64 {
	g, g2 := &gear, &gear2
	sample := &s.sample
	var k, w, in uint64
	i := 0
	for ; i <= len(p)-16; i += 16 {
		q := (*[16]byte)(p[i:])

		h = h<<2 + g2[q[0]]
		w = uint64(uint32(h >> 1))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)
		h += g[q[1]]
		w = uint64(uint32(h))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)

		h = h<<2 + g2[q[2]]
		w = uint64(uint32(h >> 1))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)
		h += g[q[3]]
		w = uint64(uint32(h))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)

		h = h<<2 + g2[q[4]]
		w = uint64(uint32(h >> 1))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)
		h += g[q[5]]
		w = uint64(uint32(h))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)

		h = h<<2 + g2[q[6]]
		w = uint64(uint32(h >> 1))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)
		h += g[q[7]]
		w = uint64(uint32(h))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)

		h = h<<2 + g2[q[8]]
		w = uint64(uint32(h >> 1))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)
		h += g[q[9]]
		w = uint64(uint32(h))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)

		h = h<<2 + g2[q[10]]
		w = uint64(uint32(h >> 1))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)
		h += g[q[11]]
		w = uint64(uint32(h))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)

		h = h<<2 + g2[q[12]]
		w = uint64(uint32(h >> 1))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)
		h += g[q[13]]
		w = uint64(uint32(h))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)

		h = h<<2 + g2[q[14]]
		w = uint64(uint32(h >> 1))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)
		h += g[q[15]]
		w = uint64(uint32(h))
		sample[k%256] = uint32(w)
		_, in = bits.Sub64(w, sampled, 0)
		k, _ = bits.Add64(k, 0, in)

		if k > 256-16 {
			s.account(sample[:k])
			k = 0
		}
	}
	for _, b := range p[i:] {
		h = h<<1 + g[b]
		if uint32(h) < sampled {
			sample[k%256] = uint32(h)
			k++
		}
	}
	s.account(sample[:k])
	return h
}

// account lowers the minima to the values of the six functions for the windows
// given. A function is half of a product with an odd number, after the window
// has been spread over 64 bits. Long repetitions give one window again and
// again.
func (s *Sketcher) account(windows []uint32) {
	m0, m1, m2 := s.inverse[0], s.inverse[1], s.inverse[2]
	m3, m4, m5 := s.inverse[3], s.inverse[4], s.inverse[5]
	last := s.last
	for _, w := range windows {
		if w == last {
			continue
		}
		last = w
		x := uint64(w) * 0x9e3779b97f4a7c15
		x ^= x >> 32
		a, b, c := x*0xbf58476d1ce4e5b9, x*0x94d049bb133111eb, x*0xd6e8feb86659fd93
		m0 = max(m0, uint32(a>>32))
		m1 = max(m1, uint32(b>>32))
		m2 = max(m2, uint32(c>>32))
		m3 = max(m3, uint32(a))
		m4 = max(m4, uint32(b))
		m5 = max(m5, uint32(c))
	}
	s.inverse, s.last = Sketch{m0, m1, m2, m3, m4, m5}, last
}

// Sum returns the sketch of what was written since Reset. It is false when no
// window was in the sample, as in content of less than 32 octets; then there is
// nothing to compare.
func (s *Sketcher) Sum() (Sketch, bool) {
	if s.inverse == (Sketch{}) {
		return Sketch{}, false
	}
	sum := s.inverse
	for i := range sum {
		sum[i] = ^sum[i]
	}
	return sum, true
}
