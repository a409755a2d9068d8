package writer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk/simdisk"
	"github.com/vtdarchive/vtd/internal/model"
	"github.com/vtdarchive/vtd/reader"
)

// Whatever is appended, each snapshot goes on showing what was there, and is
// what create would have made of it.
func TestAppendModel(t *testing.T) {
	slowUnderRace(t)
	const path = "/a.vtd"
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		dir := files(t, map[string]string{"a": noise(seed, 4000), "d/b": noise(seed+1, 900), "d/e/c": "c", "d/link/": ""})
		first, _ := createWhole(t, small(dir))
		d := simdisk.New()
		d.Put(path, first)
		copyOf := func() model.Tree {
			tree, err := model.Of(dir)
			must(t, err)
			return tree
		}
		states := []model.Tree{copyOf()}
		merged, crashed := false, false
		for step := range 14 {
			for range r.IntN(4) {
				must(t, model.Edit(r, dir))
			}
			o := of(dir)
			o.Merge, o.Checksum = r.IntN(3) == 0, r.IntN(4) == 0
			deltas := seed%2 == 1
			if deltas {
				o.Recipes = RecipesAlways // wherever they are smaller
			}
			now := copyOf()
			if o.Merge {
				now = now.Over(states[len(states)-1])
			}
			o.DiscardTail = crashed
			crash := r.IntN(3) == 0
			if crash {
				at := d.Ops() + r.IntN(12)
				d.Fault = func(op simdisk.Op) error {
					if op.N == at {
						return simdisk.ErrStop
					}
					return nil
				}
			}
			rep, err := appendOn(context.Background(), d, path, o)
			crashed = crash
			if d.Fault = nil; crash {
				d = d.After(simdisk.Some, r.Uint64())
			} else {
				must(t, err)
			}
			a, e := reader.Open(reader.Bytes(d.Get(path)), reader.Options{})
			must(t, e)
			if n := a.Trailer().Snapshots; n == uint64(len(states))+1 {
				states = append(states, now)
				merged = o.Merge
			} else if err == nil || n != uint64(len(states)) {
				t.Fatalf("seed %d, step %d: %d snapshots, of %d, %v", seed, step, n, len(states), err)
			}
			at := len(states)
			for tree, err := range a.Snapshots() {
				must(t, err)
				at--
				what := fmt.Sprintf("seed %d, step %d, snapshot %d", seed, step, at)
				have, err := model.In(a, tree)
				must(t, err)
				if differs := have.Differs(states[at], at == len(states)-1 && !merged); differs != "" {
					t.Errorf("%s: %s", what, differs)
				}
			}
			if at != 0 {
				t.Errorf("seed %d, step %d: %d snapshots are not found", seed, step, at)
			}
			if err == nil && !o.Merge {
				b, _ := createWhole(t, small(dir))
				like := check(t, b, nil)
				if !deltas && like.Root != rep.RootHash.String() || like.Content != rep.ContentID.String() {
					t.Errorf("seed %d, step %d: root and content id are not those that create gives", seed, step)
				}
			}
			check(t, d.Get(path)[:a.Trailer().Offset+format.TrailerSize], nil)
			must(t, a.Close())
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}
