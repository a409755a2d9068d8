package reader

import (
	"math/rand/v2"
	"testing"
)

// TestCacheLoop goes round through a little more than there is room for: some
// of it is found again, and what was used last always.
func TestCacheLoop(t *testing.T) {
	c := newCache[int, int](10, nil)
	c.chance = rand.New(rand.NewPCG(0, 0))
	hits := 0
	get := func(key int) bool {
		hit := true
		it, err := c.get(key, func() (int, int64, error) { hit = false; return key, 1, nil })
		if err != nil || it.val != key {
			t.Fatalf("%d for %d, %v", it.val, key, err)
		}
		c.release(it)
		return hit
	}
	for range 100 {
		for key := range 12 {
			if get(key) {
				hits++
			}
			for back := min(keepRecent-1, key); back >= 0; back-- {
				if !get(key - back) {
					t.Fatalf("%d is gone when %d comes", key-back, key)
				}
			}
		}
	}
	if !c.isShort() {
		t.Error("it is not short of room")
	}
	for key := range shortFor {
		get(1000 + key)
	}
	if c.isShort() {
		t.Error("it is short of room, with nothing loaded again")
	}
	if hits < 400 || c.used > 10 || c.order.Len() != 10 {
		t.Errorf("%d of 1200 are found again; %d are held", hits, c.used)
	}
}
