package recovery_test

import (
	"bytes"
	"testing"

	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/recovery"
)

// TestNoStateLostSilently hits the last byte of each snapshot record in turn: the top block
// before it is whole. No state is lost silently: one is made of the tree, or it is
// counted.
func TestNoStateLostSilently(t *testing.T) {
	vectors, err := testkit.Vectors()
	must(t, err)
	several := 0
	for _, v := range vectors {
		if v.Expect != "ok" {
			continue
		}
		a, err := reader.Open(reader.Bytes(v.Bytes), reader.Options{})
		must(t, err)
		if a.TornTail() > 0 {
			continue
		}
		var ends []int64 // of the frames with the records
		states := 0
		for tree, err := range a.Snapshots() {
			must(t, err)
			states++
			row, err := a.FrameOf(tree.SnapshotBlock())
			must(t, err)
			if row.Count == 2 && row.Stored == row.RawLen {
				ends = append(ends, int64(row.Offset)+int64(row.HeadSize)+int64(row.Stored))
			}
		}
		if states > 1 {
			several++
		}
		for _, end := range ends {
			b := bytes.Clone(v.Bytes)
			b[end-1] ^= 1
			got, rep, _ := recovered(t, b, recovery.Options{})
			if got == nil {
				continue // an error says so
			}
			made := 0
			for _, s := range rep.Snapshots {
				if s.Made {
					made++
				}
			}
			if n := len(rep.Snapshots) + int(rep.LostSnapshots); n < states || made == 0 && rep.Whole() {
				t.Errorf("%s, at %d: %d states became %d, %d of them made, and %d lost; whole: %v", v.Name, end, states, len(rep.Snapshots), made, rep.LostSnapshots, rep.Whole())
			}
		}
		a.Close()
	}
	if several < 3 {
		t.Fatalf("%d archives with several states say nothing", several)
	}
}
