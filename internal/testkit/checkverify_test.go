package testkit

import (
	"testing"

	"github.com/vtdarchive/vtd/format"
)

// TestCheckOutsideTrees changes what the newest tree does not need: hashes of
// metadata that only a superseded tree has, the top and the index of an earlier trailer.
func TestCheckOutsideTrees(t *testing.T) {
	corrected := Archive{Segments: []Segment{{Versions: []Version{
		{Root: Dir("", File("f", "was")), Snapshot: format.Snapshot{Label: "was"}},
		{Root: Dir("", File("f", "is"))},
	}}}}
	merged := Archive{Segments: []Segment{
		{Versions: []Version{{Root: Dir("", File("f", "was"))}}},
		{Versions: []Version{{Root: Dir("", File("f", "is")), After: []int{0}}}, Merge: true},
	}}
	for name, a := range map[string]*Archive{"corrected": &corrected, "merged": &merged} {
		if _, err := Check(MustBuild(t, a)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	corrected.Hooks.Block = func(b *Block) {
		if b.Num == 2 {
			b.Hash[0] ^= 1
		}
	}
	first := func(change func(x *format.Trailer)) Hooks {
		return Hooks{Trailer: func(segment int, x *format.Trailer) {
			if segment == 0 {
				change(x)
			}
		}}
	}
	index := merged
	index.Hooks = first(func(x *format.Trailer) { x.IndexHash[0] ^= 1 })
	merged.Hooks = first(func(x *format.Trailer) { x.TopHash[0] ^= 1 })
	for name, a := range map[string]*Archive{"corrected": &corrected, "merged": &merged, "index": &index} {
		if _, err := Check(MustBuild(t, a)); err == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}
