package history

import (
	"cmp"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// State is one state of the tree.
type State struct {
	*reader.Tree
	ID format.Hash // of its snapshot record
}

// Log gives the states of an archive, the newest first: in the descending
// order in which they were added. A record that cannot be read, and those that
// only it leads to, are missing; the error says why.
func Log(a *reader.Archive) ([]State, error) {
	var states []State
	var first error
	for t, err := range a.Snapshots() {
		var s State
		if err == nil {
			s.Tree = t
			s.ID, err = a.Hash(t.SnapshotBlock())
		}
		if err != nil {
			first = cmp.Or(first, err)
			continue
		}
		states = append(states, s)
	}
	// The newest tree is what the archive shows, whatever else it holds.
	if len(states) > 0 {
		slices.SortStableFunc(states[1:], func(x, y State) int { return cmp.Compare(y.SnapshotBlock(), x.SnapshotBlock()) })
	}
	return states, first
}
