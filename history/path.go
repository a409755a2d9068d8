package history

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// PathState is a state in which a path became what it then was.
type PathState struct {
	State
	Kind  Kind // Added, Deleted, Modified, Retyped or Metadata
	What  What // of Modified and Metadata
	Entry *format.Entry
}

// Path gives the states in which a path was added, changed or deleted, the
// newest first. Of a directory, Modified means that something below it changed.
// The error names states that could not be looked into; those that could are
// given all the same. It is fs.ErrNotExist where no state has the path.
func Path(ctx context.Context, a *reader.Archive, path string) ([]PathState, error) {
	states, failed := Log(a)
	var out []PathState
	var last *format.Entry
	for _, s := range slices.Backward(states) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, err := s.Lookup(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
			continue
		}
		p := PathState{State: s, Entry: e}
		switch {
		case e == nil && last == nil:
			continue
		case e == nil:
			p.Kind = Deleted
		case last == nil:
			p.Kind = Added
		case !sameKind(last, e):
			p.Kind = Retyped
		default:
			if p.What, err = compare(side{a: a}, side{a: a}, last, e); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			if e.Kind.IsDir() && last.Ref.Hash != e.Ref.Hash {
				p.What |= Content
			}
			if p.What == 0 {
				continue
			}
			p.Kind = p.What.Kind()
		}
		last = e
		out = append(out, p)
	}
	if len(out) == 0 && failed == nil {
		return nil, &fs.PathError{Op: "history", Path: path, Err: fs.ErrNotExist}
	}
	slices.Reverse(out)
	return out, failed
}
