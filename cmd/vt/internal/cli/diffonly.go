package cli

import (
	"io/fs"
	"path/filepath"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/glob"
	"github.com/vtdarchive/vtd/internal/human"
)

// findOnly names the paths of --only that are in neither tree. Changes tell of
// some that are; others may be there without one, and are looked for.
func (r *diffReport) findOnly(m *glob.Matcher, old openedState, new *openedState) error {
	left := m.Unmatched()
	if len(left) == 0 {
		return nil
	}
	m = glob.New(left)
	err := r.findIn(old, m)
	switch {
	case err != nil || len(m.Unmatched()) == 0:
	case new != nil:
		err = r.findIn(*new, m)
	default:
		err = r.findBelow(r.c.New, m)
	}
	if err != nil {
		return err
	}
	for _, arg := range m.Unmatched() {
		r.e.message("%s: not found, neither in the old tree nor in the new one", human.Quote(arg))
		err = reported(errMissing)
	}
	return err
}

// findIn looks for what is to be matched in a state.
func (r *diffReport) findIn(s openedState, m *glob.Matcher) error {
	return s.Walk(func(path string, x *format.Entry, err error) error {
		switch {
		case archiveFault(err) != nil:
			r.fault(err)
			return nil
		case err != nil:
			return err
		}
		return r.meet(m, path, x.Kind.IsDir())
	})
}

// findBelow looks for it in a directory. What cannot be read there, the
// comparison has named.
func (r *diffReport) findBelow(dir string, m *glob.Matcher) error {
	return filepath.WalkDir(dir, func(full string, x fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		path, err := filepath.Rel(dir, full)
		if err != nil {
			return err
		}
		if path == "." {
			path = ""
		}
		return r.meet(m, path, x.IsDir())
	})
}

// meet notes a path, and tells a walk where to go on.
func (r *diffReport) meet(m *glob.Matcher, path string, isDir bool) error {
	switch err := r.e.ctx.Err(); {
	case err != nil:
		return err
	case m.Match(path) && len(m.Unmatched()) == 0:
		return fs.SkipAll
	case isDir && !m.CouldMatchBelow(path):
		return fs.SkipDir
	}
	return nil
}
