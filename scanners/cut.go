package scanners

// gear2 is gear shifted left by one bit, for the first octet of each step in the
// loops that take two octets a step.
var gear2 = func() (t [256]uint64) {
	for i, g := range gear {
		t[i] = g << 1
	}
	return
}()

// cutter is Params made ready for cutting.
type cutter struct {
	min, target, max int
	runMin           int
	strict, lenient  uint64
}

func newCutter(p Params) cutter {
	if err := p.Validate(); err != nil {
		panic(err)
	}
	strict, lenient := p.masks()
	return cutter{p.Min, p.Target, p.Max, p.RunMin, strict, lenient}
}

// cut returns the length of the first chunk of gap, content without runs. It
// looks at no more than max octets; fewer must be all there are. hint is the
// least length from min on at which a hint counts, or more than there is. This is
// the one place where the length of a chunk is decided.
func (c *cutter) cut(gap []byte, hint int) (n int, why Cut) {
	n, why = len(gap), CutEnd
	if c.max < n {
		n, why = c.max, CutMax
	}
	if hint < n {
		n, why = hint, CutHint
	}
	if n <= c.min {
		return n, why
	}
	// The hash before a length l is complete once octet l-1 is in it, so the
	// lengths from min to n-1 are tested at octets min-1 to n-2.
	var h uint64
	for _, b := range gap[c.min-window : c.min-1] {
		h = h<<1 + gear[b]
	}
	turn := min(c.target, n)
	l, h := find(gap[c.min-1:turn-1], h, c.strict)
	if l > 0 {
		return c.min - 1 + l, CutHash
	}
	l, _ = find(gap[turn-1:n-1], h, c.lenient)
	if l > 0 {
		return turn - 1 + l, CutHash
	}
	return n, why
}

// find rolls h over p until the bits of mask are all zero, and returns the
// number of octets that took, or 0 if it did not happen; and the hash.
//
// It takes two octets a step. The hash after the first one is only ever seen
// shifted left by one bit, and is tested with the mask shifted likewise; this
// leaves one shift and two additions for two octets. Where in a block of sixteen
// the match lies is left to the plain loop at the end.
func find(p []byte, h, mask uint64) (int, uint64) {
	g, g2 := &gear, &gear2
	mask2 := mask << 1
	i := 0
	for ; i <= len(p)-16; i += 16 {
		q := (*[16]byte)(p[i:])
		k := h
		k = k<<2 + g2[q[0]]
		if k&mask2 == 0 {
			break
		}
		k += g[q[1]]
		if k&mask == 0 {
			break
		}
		k = k<<2 + g2[q[2]]
		if k&mask2 == 0 {
			break
		}
		k += g[q[3]]
		if k&mask == 0 {
			break
		}
		k = k<<2 + g2[q[4]]
		if k&mask2 == 0 {
			break
		}
		k += g[q[5]]
		if k&mask == 0 {
			break
		}
		k = k<<2 + g2[q[6]]
		if k&mask2 == 0 {
			break
		}
		k += g[q[7]]
		if k&mask == 0 {
			break
		}
		k = k<<2 + g2[q[8]]
		if k&mask2 == 0 {
			break
		}
		k += g[q[9]]
		if k&mask == 0 {
			break
		}
		k = k<<2 + g2[q[10]]
		if k&mask2 == 0 {
			break
		}
		k += g[q[11]]
		if k&mask == 0 {
			break
		}
		k = k<<2 + g2[q[12]]
		if k&mask2 == 0 {
			break
		}
		k += g[q[13]]
		if k&mask == 0 {
			break
		}
		k = k<<2 + g2[q[14]]
		if k&mask2 == 0 {
			break
		}
		k += g[q[15]]
		if k&mask == 0 {
			break
		}
		h = k
	}
	for ; i < len(p); i++ {
		h = h<<1 + g[p[i]]
		if h&mask == 0 {
			return i + 1, h
		}
	}
	return 0, h
}
