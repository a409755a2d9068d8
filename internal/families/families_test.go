package families

import (
	"slices"
	"testing"

	"github.com/vtdarchive/vtd/scanners"
)

// TestFar puts three units in order: a, something between, and one that shares a
// number of features with a.
func TestFar(t *testing.T) {
	for _, c := range []struct {
		between uint32
		shared  int
		named   bool
		joins   bool
	}{
		{1 << 20, 0, true, false},
		{1 << 20, 1, false, false},
		{1 << 20, 1, true, true},
		{1 << 20, 2, false, true},
		{near + 1, 1, true, false},
		{near + 1, 2, false, false},
		{near + 1, 2, true, true},
		{near + 1, 3, false, true},
	} {
		o := New(true, func(file uint32) string {
			if file == 2 && !c.named {
				return "other"
			}
			return "name"
		})
		a := scanners.Sketch{1, 2, 3, 4, 5, 6}
		late := scanners.Sketch{11, 12, 13, 14, 15, 16}
		copy(late[:c.shared], a[:])
		o.File(0)
		o.Block(0, 1000, &a, true, true)
		o.File(1)
		o.Block(1, c.between-1000, nil, false, true)
		o.File(2)
		o.Block(2, 1000, &late, true, true)
		want := []uint32{0, 1, 2}
		if c.joins {
			want = []uint32{0, 2, 1}
		}
		if got := o.Order(); !slices.Equal(got, want) {
			t.Errorf("%+v: order %v", c, got)
		}
	}
}

// Blocks that are not fresh make nothing far: who packs anew does not see all of them.
func TestFarOfFresh(t *testing.T) {
	for _, again := range []bool{false, true} {
		o := New(true, func(uint32) string { return "name" })
		a := scanners.Sketch{1, 2, 3, 4, 5, 6}
		late := scanners.Sketch{1, 12, 13, 14, 15, 16}
		o.File(0)
		o.Block(0, 1000, &a, true, true)
		o.File(1)
		o.Block(1, near-5000, nil, false, true)
		if again {
			o.File(2)
			o.Block(1, near-5000, nil, false, false)
		}
		o.File(3)
		o.Block(2, 1000, &late, true, true)
		if got, want := o.Order(), []uint32{0, 2, 1}; !slices.Equal(got, want) {
			t.Errorf("again %v: order %v", again, got)
		}
	}
}
