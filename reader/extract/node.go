package extract

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// node is an entry that can be made in one go: its content, if it has any,
// stands in the tree.
type node struct {
	entry  format.Entry
	dir    int32
	attrs  *attrs
	ours   bool
	parts  []extra   // of a file
	leader *linkFile // it has hard links
}

// makeNode restores a node.
func (w *worker) makeNode(n *node) {
	dirfd, err := w.dirFD(n.dir)
	if err == nil {
		err = w.place(dirfd, n.entry.Name, n.ours, func(name string) error { return w.make(dirfd, name, n) })
	}
	switch {
	case err == errKept:
		w.kept(n.dir, n.entry.Name)
	case err != nil && w.ctx.Err() == nil:
		w.problem(n.dir, n.entry.Name, "", err)
	case err == nil:
		if n.leader != nil {
			n.leader.made = true
		}
		w.restored(n.dir, n.entry.Name, n.entry.Kind, n.entry.Size)
	}
}

// errKept says that something existed and stays.
var errKept = errors.New("kept")

// place makes something under a name; where that is taken, under a temporary
// one that it renames. create leaves nothing behind when it fails.
func (e *engine) place(dirfd int, name string, ours bool, create func(name string) error) error {
	err := create(name)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if !ours && e.opts.Existing != Replace {
		return errKept
	}
	if err := clearWay(dirfd, name); err != nil {
		return err
	}
	temp := fsmeta.TempName(name)
	if err := create(temp); err != nil {
		return underName(err, temp, name)
	}
	if err := fsmeta.Rename(dirfd, temp, dirfd, name); err != nil {
		return errors.Join(underName(err, temp, name), fsmeta.Remove(dirfd, temp))
	}
	return nil
}

// underName words an error about a temporary name with that of the entry.
func underName(err error, temp, name string) error {
	var p *fs.PathError
	if errors.As(err, &p) && p.Path == temp {
		p.Path = name
	}
	var l *os.LinkError
	if errors.As(err, &l) && l.Old == temp {
		err = &fs.PathError{Op: l.Op, Path: name, Err: l.Err}
	}
	return err
}

// clearWay removes an empty directory from a name that something else is to
// be renamed to. Anything but a directory is left for the renaming.
func clearWay(dirfd int, name string) error {
	st, err := fsmeta.Stat(dirfd, name)
	if err != nil || st.Kind() != unix.S_IFDIR {
		return nil
	}
	err = fsmeta.Remove(dirfd, name)
	if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
		return ErrNotEmpty
	}
	return err
}

// make makes a node that does not exist, with its metadata.
func (w *worker) make(dirfd int, name string, n *node) error {
	e := &n.entry
	perm := n.attrs.meta.Mode&unix.S_IFMT | n.attrs.perm
	var err error
	switch e.Kind {
	case format.KindFile:
		return w.makeFile(dirfd, name, n)
	case format.KindSymlink:
		err = fsmeta.Symlink(e.Target, dirfd, name)
	case format.KindWhiteout:
		err = fsmeta.Mknod(dirfd, name, perm, 0, 0)
	default:
		err = fsmeta.Mknod(dirfd, name, perm, e.Major, e.Minor)
	}
	if err != nil {
		return err
	}
	m := n.attrs.meta
	m.Mtime = timeOf(e.Mtime)
	w.attrIssues(n.dir, e.Name, fsmeta.Apply(dirfd, name, &m, w.what(w.dirs.at(n.dir).inherits)))
	return nil
}

// makeFile makes a file that needs no blocks.
func (w *worker) makeFile(dirfd int, name string, n *node) error {
	fd, err := fsmeta.CreateFile(dirfd, name, n.attrs.perm)
	if err != nil {
		return err
	}
	f := file{fd: fd, size: n.entry.Size}
	if len(n.parts) > 0 {
		f.rare = &rareFile{extras: n.parts}
		err = w.extras(&f, 0)
	}
	if err == nil && !endsIn(n.parts, f.size) {
		err = truncate(fd, f.size)
	}
	if err == nil {
		m := n.attrs.meta
		m.Mtime = timeOf(n.entry.Mtime)
		w.attrIssues(n.dir, n.entry.Name, fsmeta.FApply(fd, &m, w.what(w.dirs.at(n.dir).inherits)))
	}
	if err = errors.Join(err, unix.Close(fd)); err != nil {
		return errors.Join(&fs.PathError{Op: "write", Path: name, Err: err}, fsmeta.Remove(dirfd, name))
	}
	return nil
}

// endsIn reports whether writing the parts gives a file its size.
func endsIn(parts []extra, size uint64) bool {
	if len(parts) == 0 {
		return size == 0
	}
	last := parts[len(parts)-1]
	return last.off+last.span == size
}
