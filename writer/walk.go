package writer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// walker goes over the inputs, depth first in the order of names, makes the
// nodes of the tree and sends regular files to the readers.
type walker struct {
	*scan
	ctx      context.Context
	listOnly bool
	stack    []level
	ahead    *ahead
}

// level is a directory on the way down to where the walker is.
type level struct {
	id   uint32
	next uint32 // child to look at next
	path string
	root int   // the input it belongs to; -1: none, it is implied
	plan *plan // of inputs at or below it; nil when there are none
}

// oldDir gives what the base has in the place of a directory; nil if that is
// none.
func (s *scan) oldDir(n *node) *oldDir {
	if n.aux == 0 {
		return nil
	}
	return &s.t.oldDirs[n.aux-1]
}

// setOldDir notes what the base has in the place of a directory.
func (s *scan) setOldDir(n *node, e *format.Entry) {
	if e == nil || !e.Kind.IsDir() {
		return
	}
	x := *e
	x.Name = ""
	s.t.oldDirs = append(s.t.oldDirs, oldDir{entry: x})
	n.aux = uint32(len(s.t.oldDirs))
}

func (w *walker) run() error {
	w.ahead = w.base.readAhead()
	defer w.ahead.end()
	id, n := w.t.nodes.add(node{kind: format.KindImplied})
	root := w.plan()
	if root.input >= 0 {
		n.kind = format.KindDir
		w.setMeta(0, n, &w.inputs[root.input].info)
		w.t.rootOf[0] = root.input
	}
	if w.base != nil {
		w.takeOldRoot(n, root)
	}
	if err := w.enter(uint32(id), "", -1, root); err != nil {
		return err
	}
	for len(w.stack) > 0 {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		l := &w.stack[len(w.stack)-1]
		d := w.t.node(l.id)
		if l.next == d.count {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		id := d.first + l.next
		l.next++
		// A node without a kind could not be taken. Those of files belong to
		// the readers by now, but for their kind and name.
		n := w.t.node(id)
		path := join(l.path, n.name)
		if w.o.OnEntry != nil && n.kind != 0 && n.kind != format.KindImplied {
			w.o.OnEntry(path, n.kind.IsDir())
		}
		if n.kind.IsDir() {
			if err := w.enter(id, path, l.root, l.plan.child(n.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// enter lists a directory, takes up what is in it and puts it on the stack.
// What cannot be listed is an issue.
func (w *walker) enter(id uint32, path string, root int, p *plan) error {
	if p != nil && p.input >= 0 {
		root = p.input
	}
	if len(w.stack) >= format.MaxDepth {
		w.issue(path, fmt.Errorf("more than %d directories below one another: its contents are not stored", format.MaxDepth), true)
		return nil
	}
	w.stack = append(w.stack, level{id: id, path: path, root: root, plan: p})
	l := &w.stack[len(w.stack)-1]
	fd := -1
	var names []string
	old := w.oldDir(w.t.node(id))
	if w.t.node(id).kind == format.KindDir && (old == nil || !old.kept) {
		var err error
		if fd, names, err = w.list(l); err != nil {
			w.issue(path, fmt.Errorf("its contents are not stored: %w", bare(err)), true)
		}
	}
	if fd >= 0 {
		defer unix.Close(fd)
	}
	if p != nil {
		for _, c := range p.children {
			names = append(names, c.name)
		}
	}
	slices.Sort(names)
	return w.takeAll(l, fd, slices.Compact(names))
}

// list opens a directory and gives its descriptor and the names in it. The
// metadata are taken anew from the descriptor: they are of what is listed.
func (w *walker) list(l *level) (fd int, names []string, err error) {
	n := w.t.node(l.id)
	parent, name, hold, err := w.dirs.locate(l.id)
	if err != nil {
		return -1, nil, err
	}
	defer hold.Release()
	if name == "." {
		fd, err = unix.Openat(parent, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	} else {
		fd, err = fsmeta.OpenDir(parent, name)
	}
	if err != nil {
		if name != "." {
			w.xattrs(n, l.path, func() ([]fsmeta.Xattr, error) { return fsmeta.Xattrs(parent, name) })
		}
		return -1, nil, err
	}
	info, err := fsmeta.FStat(fd)
	if err != nil {
		return fd, nil, err
	}
	w.setMeta(l.id, n, &info)
	w.xattrs(n, l.path, func() ([]fsmeta.Xattr, error) { return fsmeta.FXattrs(fd) })
	if w.o.OneFileSystem && info.Dev != w.inputs[l.root].info.Dev {
		return fd, nil, nil
	}
	names, err = fsmeta.ReadDirNames(fd)
	if err == nil && w.o.ExcludeCaches && slices.Contains(names, cacheTag) && isCache(fd) {
		names = []string{cacheTag}
	}
	return fd, names, err
}

// takeAll makes nodes of the names in a directory, whose descriptor is -1 when
// nothing can be found there.
func (w *walker) takeAll(l *level, fd int, names []string) error {
	first := uint32(w.t.nodes.len())
	d := w.t.node(l.id)
	olds := w.oldEntries(d)
	pass := func(e *format.Entry) error { return w.keep(l, e) }
	for _, name := range names {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		e, err := olds.seek(name, pass)
		if err != nil {
			return err
		}
		taken, err := w.takeName(l, fd, name, e)
		if err == nil && !taken && e != nil {
			err = w.keep(l, e)
		}
		if err != nil {
			return err
		}
	}
	if err := olds.rest(pass); err != nil {
		return err
	}
	d.first, d.count = first, uint32(w.t.nodes.len())-first
	return w.endOld(l, d, olds)
}

// takeName makes the node of one name, unless it is not wanted. An input found
// there, from wherever it comes, goes before what the directory has. e is what
// the base has of that name, or nil.
func (w *walker) takeName(l *level, fd int, name string, e *format.Entry) (taken bool, err error) {
	path, p := join(l.path, name), l.plan.child(name)
	isInput := p != nil && p.input >= 0
	var info fsmeta.Info
	if isInput {
		fd, info = w.inputs[p.input].fd, w.inputs[p.input].info
	} else {
		err = unix.ENOENT
		if fd >= 0 {
			info, err = statAt(fd, name, w.o.Btime)
		}
		if p != nil && errors.Is(err, unix.ENOENT) {
			k, n := w.t.nodes.add(node{name: name, parent: l.id, kind: format.KindImplied})
			w.imply(uint32(k), n, e)
			return true, nil
		}
		if err != nil {
			w.issue(path, bare(err), false)
			return true, nil
		}
	}
	if w.o.Filter != nil && !w.o.Filter.Match(path, info.Kind() == unix.S_IFDIR) {
		return false, nil
	}
	if w.o.Skip != nil && w.o.Skip(info.Dev, info.Ino) {
		w.o.notice("%s is the archive; not stored", path)
		return false, nil
	}
	if e != nil && e.Kind.IsDir() && info.Kind() != unix.S_IFDIR {
		w.isGone(l, e)
	}
	k, n := w.t.nodes.add(node{name: name, parent: l.id})
	id := uint32(k)
	if isInput {
		w.t.rootOf[id] = p.input
	}
	if !w.take(id, n, fd, path, info, e) || w.listOnly {
		return true, nil
	}
	j := fileJob{id: id, n: n, path: path, fd: fd, name: name, info: info, known: settled(&info) == 0, dev: info.Dev, ino: info.Ino}
	if !isInput {
		if j.hold, err = w.dirs.get(l.root, l.id); err != nil {
			w.issue(path, fmt.Errorf("not stored: %w", bare(err)), false)
			n.state = stateGone
			return true, nil
		}
		j.fd = j.hold.FD()
	}
	if e != nil && e.Kind == format.KindFile {
		j.was = e
	}
	select {
	case w.jobs <- j:
		return true, nil
	case <-w.ctx.Done():
		j.hold.Release()
		return true, w.ctx.Err()
	}
}
