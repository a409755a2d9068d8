package deflate

import "math/bits"

// A single is a number as IEEE 754 has it in single precision, not negative: m·2^e, m
// being of 24 bits, or 0. What klauspost/compress reckons with such numbers decides where
// blocks end, so each step is rounded as there, to the nearest and among two to the even
// one; but with integers.
type single struct {
	m uint64
	e int
}

// rounded gives the single nearest to m·2^e, m being below 2^63.
func rounded(m uint64, e int) single {
	n := bits.Len64(m) - 24
	switch {
	case m == 0:
		return single{}
	case n <= 0:
		return single{m << -n, e + n}
	}
	rest, half := m&(1<<n-1), uint64(1)<<(n-1)
	m >>= n
	if rest > half || rest == half && m&1 != 0 {
		if m++; m == 1<<24 {
			return single{1 << 23, e + n + 1}
		}
	}
	return single{m, e + n}
}

func (a single) times(b single) single { return rounded(a.m*b.m, a.e+b.e) }

// aligned gives both with the lower exponent of the two.
func aligned(a, b single) (x, y uint64, e int) {
	e = min(a.e, b.e)
	return a.m << (a.e - e), b.m << (b.e - e), e
}

func (a single) plus(b single) single {
	x, y, e := aligned(a, b)
	return rounded(x+y, e)
}

// minus gives 0 instead of what is below.
func (a single) minus(b single) single {
	x, y, e := aligned(a, b)
	return rounded(x-min(x, y), e)
}

// reciprocal gives 1/n.
func reciprocal(n uint64) single {
	m := uint64(1<<60) / n << 1
	if 1<<60%n != 0 {
		m |= 1
	}
	return rounded(m, -61)
}

// Of an approximation of the binary logarithm, q(u) = (logA - logB·u)·u - logC.
var (
	logA = single{0x819420, -22} // 2.02466578
	logB = single{0xb08ff9, -25} // 0.34484843
	logC = single{0xacc4c7, -24} // 0.67487759
)

// codeBits gives about how many bits a code has of a symbol that has this share.
func codeBits(share single) single {
	u := single{share.m, -23}
	q := logA.minus(logB.times(u)).times(u).minus(logC)
	n := rounded(uint64(max(-22-share.e, 0)), 0).minus(q)
	one, most := rounded(1, 0), rounded(15, 0)
	switch {
	case n.below(one):
		return one
	case most.below(n):
		return most
	}
	return n
}

func (a single) below(b single) bool {
	x, y, _ := aligned(a, b)
	return x < y
}

// estimate gives about how many bits n symbols take, their end among them or not, with
// codes made for them.
func (c *counts) estimate(n int) int {
	sum, extra, matches := single{}, 0, uint64(0)
	add := func(f uint32, inverse single) {
		v := rounded(uint64(f), 0)
		sum = sum.plus(codeBits(v.times(inverse)).times(v))
	}
	all := reciprocal(uint64(max(n, 1)))
	for i, f := range c.lit {
		switch {
		case i == endBlock:
			sum = sum.plus(rounded(15, 0))
		case f != 0:
			add(f, all)
			if i > endBlock {
				extra += int(f) * int(lenExtra[i-endBlock-1])
				matches += uint64(f)
			}
		}
	}
	all = reciprocal(max(matches, 1))
	for i, f := range c.dist {
		if f != 0 {
			add(f, all)
			extra += int(f) * int(distExtra[i])
		}
	}
	return int(sum.m>>max(-sum.e, 0)<<max(sum.e, 0)) + extra
}
