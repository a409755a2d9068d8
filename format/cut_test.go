package format

import (
	"math/rand/v2"
	"testing"
)

// TestGroups holds the rule of cutting against what it promises.
func TestGroups(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		n, minimum, maximum, odds := rnd.IntN(300), 2+rnd.IntN(10), 12+rnd.IntN(30), 1+rnd.IntN(20)
		ends := make([]bool, n)
		for i := range ends {
			ends[i] = rnd.IntN(odds) == 0
		}
		got := cutGroups(n, func(i, k int) bool { return k >= minimum && ends[i] || k >= maximum })
		at := uint32(0)
		for i, g := range got {
			size := int(g[1] - g[0])
			if g[0] != at || size > maximum+1 || size < minimum && i < len(got)-1 || size < 2 && n > 1 {
				t.Fatalf("%d items: %v", n, got)
			}
			at = g[1]
		}
		if int(at) != n {
			t.Fatalf("%d items: %v", n, got)
		}
	}
}
