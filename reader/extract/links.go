package extract

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// linkFile is the first name of a file that has several. Only the worker of
// its directory changes made.
type linkFile struct {
	name  string
	dir   int32
	round int // the tree version that named it
	made  bool
}

// link is another name.
type link struct {
	name string
	dir  int32
	ours bool
	to   *linkFile
}

// makeLinks makes the hard links, once all files are there.
func (e *engine) makeLinks() {
	for _, l := range e.links {
		if e.ctx.Err() != nil {
			return
		}
		if e.dirs.at(l.dir).state == dirFailed {
			continue // the directory has been reported
		}
		if !l.to.made {
			e.lostLink(l)
			continue
		}
		switch err := e.makeLink(l); {
		case err == errKept:
			e.kept(l.dir, l.name)
		case err != nil:
			e.problem(l.dir, l.name, "", err)
		default:
			e.mu.Lock()
			e.res.Links++
			if e.opts.Restored != nil {
				e.opts.Restored(e.dirs.path(l.dir, l.name), format.KindFile)
			}
			e.mu.Unlock()
			e.entries.Add(1)
		}
	}
}

// lostLink reports a name whose file is not there, as what the file was
// reported as.
func (e *engine) lostLink(l *link) {
	path := e.dirs.path(l.to.dir, l.to.name)
	err := &linkError{path: path, err: ErrPartial}
	for _, d := range e.res.Damage {
		if d.Path == path {
			err.err = d.Err
		}
	}
	e.issue(Issue{e.dirs.path(l.dir, l.name), "", err})
}

// linkError is about a hard link to something that was not restored.
type linkError struct {
	path string
	err  error
}

func (e *linkError) Error() string {
	return "it is a hard link to " + e.path + ", which was not restored"
}

func (e *linkError) Unwrap() error { return e.err }

func (e *engine) makeLink(l *link) error {
	from, err := e.cache.Get(int(l.to.dir))
	if err != nil {
		return err
	}
	defer from.Release()
	to, err := e.cache.Get(int(l.dir))
	if err != nil {
		return err
	}
	defer to.Release()
	if e.sameFile(from.FD(), l.to.name, to.FD(), l.name) {
		// Renaming one name of a file over another does nothing and leaves
		// both; there is nothing to do.
		return nil
	}
	return e.place(to.FD(), l.name, l.ours, func(name string) error {
		return fsmeta.Link(from.FD(), l.to.name, to.FD(), name)
	})
}

func (e *engine) sameFile(dir1 int, name1 string, dir2 int, name2 string) bool {
	b, err := fsmeta.Stat(dir2, name2)
	if err != nil {
		return false
	}
	a, err := fsmeta.Stat(dir1, name1)
	return err == nil && a.Dev == b.Dev && a.Ino == b.Ino
}
