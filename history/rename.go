package history

import (
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/format"
)

// maxKept bounds how many changes are kept to find renames among them: some
// 100 MB.
const maxKept = 200_000

// renames gives the changes that plain gives with renames in place of what was
// deleted here and added there.
func (d *differ) renames(plain iter.Seq2[Change, error]) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		type failure struct {
			before int // changes that come first
			path   string
			err    error
		}
		var kept []Change
		var failed []failure
		flush := func(changes []Change) bool {
			for i, c := range changes {
				for len(failed) > 0 && failed[0].before <= i {
					if !yield(Change{Path: failed[0].path}, failed[0].err) {
						return false
					}
					failed = failed[1:]
				}
				if !yield(c, nil) {
					return false
				}
			}
			for _, f := range failed {
				if !yield(Change{Path: f.path}, f.err) {
					return false
				}
			}
			kept, failed = nil, nil
			return true
		}
		full := false
		for c, err := range plain {
			switch {
			case full:
				if !yield(c, err) {
					return
				}
			case err != nil:
				failed = append(failed, failure{len(kept), c.Path, err})
			default:
				if kept = append(kept, c); len(kept) == maxKept {
					if full = true; !flush(kept) {
						return
					}
				}
			}
		}
		if !full {
			if len(failed) == 0 { // else what is missing may be what could not be read
				kept = d.pair(kept)
			}
			flush(kept)
		}
	}
}

// identity is what an entry that was renamed keeps.
type identity struct {
	dir  bool
	hash format.Hash
	size uint64
}

// identityOf gives the identity of an entry. Empty files and directories, and
// what has no content, have none: too many are alike.
func (d *differ) identityOf(s side, e *format.Entry) (identity, bool) {
	switch {
	case !d.oneHash:
	case e.Kind == format.KindFile && e.Size > 0:
		return identity{false, e.ContentHash(s.a.HashID()), e.Size}, true
	case e.Kind == format.KindDir && e.Count > 0:
		return identity{true, e.Ref.Hash, e.Size}, true
	}
	return identity{}, false
}

// pair finds renames: of directories with all that is in them, then of files.
// Of several that it may have been, one with the same last name comes first,
// then the first.
func (d *differ) pair(changes []Change) []Change {
	gone := make([]bool, len(changes))
	for _, dirs := range []bool{true, false} {
		from := map[identity][]int{}
		for i, c := range changes {
			if c.Kind == Deleted && !gone[i] {
				if id, ok := d.identityOf(d.old, c.Old); ok && id.dir == dirs {
					from[id] = append(from[id], i)
				}
			}
		}
		for i := range changes {
			c := &changes[i]
			if c.Kind != Added || gone[i] {
				continue
			}
			id, ok := d.identityOf(d.new, c.New)
			if !ok || id.dir != dirs {
				continue
			}
			of := slices.DeleteFunc(from[id], func(k int) bool { return gone[k] })
			if from[id] = of; len(of) == 0 {
				continue
			}
			k := of[max(slices.IndexFunc(of, func(k int) bool { return path.Base(changes[k].Path) == path.Base(c.Path) }), 0)]
			old := changes[k]
			w, err := compare(d.old, d.new, old.Old, c.New)
			if err != nil {
				continue
			}
			for _, n := range []int{i, k} { // a directory goes with what is below it
				for m, below := n+1, changes[n].Path+"/"; dirs && m < len(changes) && strings.HasPrefix(changes[m].Path, below); m++ {
					gone[m] = true
				}
			}
			gone[k] = true
			*c = Change{Kind: Renamed, Path: c.Path, From: old.Path, What: w &^ d.o.Ignore, Old: old.Old, New: c.New}
		}
	}
	out := changes[:0]
	for i, c := range changes {
		if !gone[i] {
			out = append(out, c)
		}
	}
	return out
}
