package extract

import (
	"errors"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// ensureDir makes a directory of the table, and those above it, if need be. It
// reports whether things can be made in it.
func (e *engine) ensureDir(id int32) bool {
	// Those above it that are not there yet; the one nearest to the root last.
	var todo []int32
	for at := id; ; {
		d := e.dirs.at(at)
		if d.state == dirFailed {
			return false
		}
		if d.state != dirPlanned {
			break
		}
		todo = append(todo, at)
		at = d.parent
	}
	for i := len(todo) - 1; i >= 0; i-- {
		if !e.makeDir(todo[i]) {
			return false
		}
	}
	return true
}

func (e *engine) makeDir(id int32) bool {
	d := e.dirs.at(id)
	state, inherits, err := e.tryDir(&d)
	if err != nil {
		state = dirFailed
		e.problem(d.parent, d.name, "", err)
	}
	e.dirs.set(id, func(d *dir) { d.state, d.inherits = state, inherits })
	return err == nil
}

func (e *engine) tryDir(d *dir) (state dirState, inherits bool, err error) {
	h, err := e.cache.Get(int(d.parent))
	if err != nil {
		return 0, false, err
	}
	defer h.Release()
	perm := uint32(0o777)
	if d.attrs != nil {
		perm = 0o700
	}
	err = fsmeta.Mkdir(h.FD(), d.name, perm)
	if err == nil {
		return dirMade, e.dirs.at(d.parent).inherits, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return 0, false, err
	}
	st, err := fsmeta.Stat(h.FD(), d.name)
	if err != nil {
		return 0, false, err
	}
	if st.Kind() == unix.S_IFDIR {
		_, err := fsmeta.GetXattr(h.FD(), d.name, fsmeta.XattrACLDefault)
		return dirExisted, err == nil, nil
	}
	if e.opts.Existing != Replace {
		return 0, false, ErrInTheWay
	}
	// A symbolic link among others: it must not be followed, nor stay.
	if err := fsmeta.Remove(h.FD(), d.name); err != nil {
		return 0, false, err
	}
	return dirMade, e.dirs.at(d.parent).inherits, fsmeta.Mkdir(h.FD(), d.name, perm)
}

// finishDirs sets the metadata of directories, the deepest first: those above
// may close the way to them.
func (e *engine) finishDirs() {
	var levels [][]int32
	depth := make([]int32, len(e.dirs.rows))
	for id := range e.dirs.rows {
		if id != rootDir { // a directory stands in the table before those below it
			depth[id] = depth[e.dirs.rows[id].parent] + 1
		}
		if int(depth[id]) == len(levels) {
			levels = append(levels, nil)
		}
		levels[depth[id]] = append(levels[depth[id]], int32(id))
	}
	for _, ids := range slices.Backward(levels) {
		if len(ids) < worthSharing {
			for _, id := range ids {
				e.finishDir(id)
			}
			continue
		}
		e.post(job{each: func(w *worker) {
			for _, id := range ids {
				if w.mine(w.dirs.rows[id].parent) && w.ctx.Err() == nil {
					w.finishDir(id)
				}
			}
		}})
		e.drain()
	}
}

// worthSharing is from how many directories on workers share them.
const worthSharing = 64

func (e *engine) finishDir(id int32) {
	d := &e.dirs.rows[id]
	switch {
	case e.ctx.Err() != nil:
	case d.state != dirMade && d.state != dirExisted:
	case d.attrs == nil:
		if id != rootDir {
			e.restored(d.parent, d.name, format.KindImplied, 0)
		}
	case d.state == dirExisted && e.opts.Existing != Replace:
	default:
		m := d.attrs.meta
		m.Mtime = d.mtime
		what := e.what(d.inherits && d.state == dirMade)
		e.attrIssues(max(d.parent, rootDir), d.name, e.applyDir(id, d, &m, what))
		e.restored(max(d.parent, rootDir), d.name, format.KindDir, 0)
	}
}

func (e *engine) applyDir(id int32, d *dir, m *fsmeta.Meta, what fsmeta.What) []*fsmeta.AttrError {
	if id == rootDir {
		return fsmeta.FApply(int(e.rootf.Fd()), m, what)
	}
	h, err := e.cache.Get(int(d.parent))
	if err != nil {
		return []*fsmeta.AttrError{{Attr: fsmeta.AttrStat, Err: err}}
	}
	defer h.Release()
	return fsmeta.Apply(h.FD(), d.name, m, what)
}
