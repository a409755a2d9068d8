package fusearchive

import (
	"slices"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// TestStateNames: a writer may give any label; none hides a state, or the link
// to the newest, and of one that several have the newest counts.
func TestStateNames(t *testing.T) {
	const day = 1_700_000_000 // 2023-11-14T22:13:20Z
	var segments []testkit.Segment
	for i, s := range []struct {
		label string
		after int64
	}{
		{"latest", 0}, {"2023-11-14T22:13:20Z", 1}, {"twice", 2}, {"twice", 2}, {"a/b", 3}, {"..", 4}, {"2023-11-14T22:13:26Z", 5}, {"", 6},
	} {
		v := testkit.Version{Root: testkit.Dir("", testkit.File("number", string(rune('0'+i)))), Snapshot: format.Snapshot{Label: s.label, Time: format.Time{Sec: day + s.after}}}
		if i > 0 {
			v.After = []int{i - 1}
		}
		segments = append(segments, testkit.Segment{Versions: []testkit.Version{v}})
	}
	a, err := reader.Open(reader.Bytes(testkit.MustBuild(t, &testkit.Archive{Segments: segments})), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var states []State
	for tree, err := range a.Snapshots() {
		if err != nil {
			t.Fatal(err)
		}
		id, err := a.Hash(tree.SnapshotBlock())
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, State{ID: id, Archive: a, Tree: tree})
	}
	s, err := NewStates(func() ([]State, error) { return states, nil }, Options{})
	if err != nil {
		t.Fatal(err)
	}
	numbered := func(i int) string { return states[len(states)-1-i].ID.String()[:12] }
	want := map[string]string{ // directories, and where links lead
		"2023-11-14T22:13:20Z": "", "2023-11-14T22:13:21Z": "", "2023-11-14T22:13:22Z": "", "2023-11-14T22:13:22Z-" + numbered(3): "",
		"2023-11-14T22:13:23Z": "", "2023-11-14T22:13:24Z": "", "2023-11-14T22:13:25Z": "", "2023-11-14T22:13:26Z": "",
		"latest": "2023-11-14T22:13:26Z", "twice": "2023-11-14T22:13:22Z-" + numbered(3),
	}
	var names []string
	root := fuse.InHeader{NodeId: fuse.FUSE_ROOT_ID}
	if st := s.readRoot(&fuse.ReadIn{InHeader: root}, func(d fuse.DirEntry) bool { names = append(names, d.Name); return true }); !st.Ok() {
		t.Fatal(st)
	}
	if names = names[dots:]; len(names) != len(want) {
		t.Errorf("%q", names)
	}
	for name, to := range want {
		var out fuse.EntryOut
		if st := s.Lookup(nil, &root, name, &out); !st.Ok() || !slices.Contains(names, name) {
			t.Errorf("%s: %v", name, st)
			continue
		}
		if to == "" {
			if out.Mode&unix.S_IFMT != unix.S_IFDIR {
				t.Errorf("%s is no state", name)
			}
			continue
		}
		if got, st := s.Readlink(nil, &fuse.InHeader{NodeId: out.NodeId}); !st.Ok() || string(got) != to {
			t.Errorf("%s leads to %q, %v; want %q", name, got, st, to)
		}
	}
}
