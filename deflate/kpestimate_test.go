package deflate

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestEstimate compares numbers of integers with those of the machine.
func TestEstimate(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		var c counts
		n := 0
		most := 1 + r.IntN(1<<r.IntN(12))
		for i := range c.lit {
			if i != endBlock && r.IntN(4) > 0 {
				c.lit[i] = uint32(r.IntN(most))
				n += int(c.lit[i])
			}
		}
		for i := range c.dist {
			c.dist[i] = uint32(r.IntN(most))
		}
		n += r.IntN(2)
		if got, want := c.estimate(n), machineEstimate(&c, n); got != want {
			t.Fatalf("%d, not %d, for %v", got, want, c)
		}
	}
}

func machineEstimate(c *counts, n int) int {
	bits := func(f uint32, inverse float32) float32 {
		v := math.Float32bits(float32(f) * inverse)
		whole := float32(int(v>>23&255) - 128)
		u := math.Float32frombits(v&(1<<23-1) | 127<<23)
		p := float32(-0.34484843*u) + 2.02466578
		q := float32(p*u) - 0.67487759
		return float32(min(max(-float32(whole+q), 1), 15) * float32(f))
	}
	sum, extra, matches := float32(0), 0, uint32(0)
	inverse := 1 / float32(max(n, 1))
	for i, f := range c.lit {
		if i == endBlock {
			sum += 15
		} else if f > 0 {
			sum += bits(f, inverse)
			if i > endBlock {
				matches += f
				extra += int(f) * int(lenExtra[i-endBlock-1])
			}
		}
	}
	inverse = 1 / float32(max(matches, 1))
	for i, f := range c.dist {
		if f > 0 {
			sum += bits(f, inverse)
			extra += int(f) * int(distExtra[i])
		}
	}
	return int(sum) + extra
}
