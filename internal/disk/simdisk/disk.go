package simdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/disk"
)

// ErrStopped is the answer to everything after the world has stopped.
var ErrStopped = errors.New("the world has stopped")

// ErrStop, as the answer of a Fault, has the operation done and the world stop
// after it.
var ErrStop = errors.New("stop after this")

// Op is an operation that is about to be done.
type Op struct {
	N    int    // counted from 0
	Kind string // create, write, truncate, chmod, sync, link, rename, remove, syncdir
	Path string
}

// TakesRoom reports whether the operation may fail for lack of room.
func (o Op) TakesRoom() bool {
	switch o.Kind {
	case "create", "write", "sync", "link", "rename":
		return true
	}
	return false
}

// Disk is a file system. All of its directories are there.
type Disk struct {
	// Fault hears of each operation before it is done. What it returns is the
	// operation's error; a write then writes about half. ErrStop is special.
	Fault func(Op) error
	// NoUnnamed is a file system without files that have no name.
	NoUnnamed bool

	mu      sync.Mutex
	ops     int
	stopped bool
	inodes  uint64
	names   map[string]*inode // as the program sees them
	synced  map[string]*inode
	changes []change // of names, not synced, in order
}

// change is what an operation does to names, and when that is a rename, then
// before is the part that may be found alone.
type change struct {
	dir           string
	before, after map[string]*inode // nil for a name that goes
}

// New makes an empty disk.
func New() *Disk { return &Disk{names: map[string]*inode{}, synced: map[string]*inode{}} }

// Put places a file, synced.
func (d *Disk) Put(path string, data []byte) {
	d.inodes++
	n := &inode{disk: d, num: d.inodes, mode: 0o644, data: slices.Clone(data), safe: slices.Clone(data)}
	d.names[path], d.synced[path] = n, n
}

// Get gives what the program sees in a file; nil if there is none.
func (d *Disk) Get(path string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.names[path]
	if n == nil {
		return nil
	}
	return append([]byte{}, n.data...)
}

// Names gives the paths of all files.
func (d *Disk) Names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.names))
}

// Ops tells how many operations there were.
func (d *Disk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// begin counts an operation and asks whether it is done. It is, unless the
// error is not nil; end is to be called after it. The lock is held between.
func (d *Disk) begin(kind, path string) (end func(), err error) {
	d.mu.Lock()
	if d.stopped {
		d.mu.Unlock()
		return nil, ErrStopped
	}
	op := Op{d.ops, kind, path}
	d.ops++
	if d.Fault != nil {
		err = d.Fault(op)
	}
	if err == ErrStop {
		return func() { d.stopped = true; d.mu.Unlock() }, nil
	}
	if err != nil {
		err = &fs.PathError{Op: kind, Path: path, Err: err}
	}
	return d.mu.Unlock, err
}

// set changes names, and remembers it until the directory is synced.
func (d *Disk) set(c change) {
	apply(d.names, c.before)
	apply(d.names, c.after)
	d.changes = append(d.changes, c)
}

func apply(names, changes map[string]*inode) {
	for path, n := range changes {
		if n == nil {
			delete(names, path)
		} else {
			names[path] = n
		}
	}
}

// Resolve finds no symbolic links.
func (d *Disk) Resolve(path string) (string, bool) { return path, true }

// Stat tells size, permissions and identity.
func (d *Disk) Stat(path string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return nil, ErrStopped
	}
	n := d.names[path]
	if n == nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: unix.ENOENT}
	}
	return n.info(path), nil
}

// OpenFile opens what is there, or makes it if told to.
func (d *Disk) OpenFile(path string, flag int, _ fs.FileMode) (disk.File, error) {
	if flag&os.O_TRUNC != 0 {
		return nil, fmt.Errorf("%s: archives are not truncated on opening", path)
	}
	d.mu.Lock()
	n, stopped := d.names[path], d.stopped
	d.mu.Unlock()
	switch {
	case stopped:
		return nil, ErrStopped
	case n != nil && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: path, Err: unix.EEXIST}
	case n != nil:
		return &file{inode: n, path: path}, nil
	case flag&os.O_CREATE == 0:
		return nil, &fs.PathError{Op: "open", Path: path, Err: unix.ENOENT}
	}
	end, err := d.begin("create", path)
	if end != nil {
		defer end()
	}
	if err != nil {
		return nil, err
	}
	n = d.newInode()
	d.set(change{dir: filepath.Dir(path), after: map[string]*inode{path: n}})
	return &file{inode: n, path: path}, nil
}

func (d *Disk) newInode() *inode {
	d.inodes++
	return &inode{disk: d, num: d.inodes, mode: 0o644}
}

// CreateUnnamed makes a file that no power failure leaves behind.
func (d *Disk) CreateUnnamed(dir string, _ fs.FileMode) (disk.File, error) {
	if d.NoUnnamed {
		return nil, &fs.PathError{Op: "create", Path: dir, Err: unix.EOPNOTSUPP}
	}
	end, err := d.begin("create", dir)
	if end != nil {
		defer end()
	}
	if err != nil {
		return nil, err
	}
	return &file{inode: d.newInode(), path: dir}, nil
}

// Link gives a file a name.
func (d *Disk) Link(f disk.File, path string) error {
	end, err := d.begin("link", path)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	if d.names[path] != nil {
		return &fs.PathError{Op: "link", Path: path, Err: unix.EEXIST}
	}
	d.set(change{dir: filepath.Dir(path), after: map[string]*inode{path: f.(*file).inode}})
	return nil
}

// Rename replaces.
func (d *Disk) Rename(from, to string) error {
	end, err := d.begin("rename", to)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	n := d.names[from]
	switch {
	case n == nil:
		return &fs.PathError{Op: "rename", Path: from, Err: unix.ENOENT}
	case filepath.Dir(from) != filepath.Dir(to):
		return fmt.Errorf("rename %s: to another directory", from)
	}
	d.set(change{dir: filepath.Dir(to), before: map[string]*inode{to: n}, after: map[string]*inode{from: nil}})
	return nil
}

// Remove takes a name away.
func (d *Disk) Remove(path string) error {
	end, err := d.begin("remove", path)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	if d.names[path] == nil {
		return &fs.PathError{Op: "remove", Path: path, Err: unix.ENOENT}
	}
	d.set(change{dir: filepath.Dir(path), after: map[string]*inode{path: nil}})
	return nil
}

// SyncDir makes the names in a directory safe.
func (d *Disk) SyncDir(dir string) error {
	end, err := d.begin("syncdir", dir)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	d.changes = slices.DeleteFunc(d.changes, func(c change) bool {
		if c.dir == dir {
			apply(d.synced, c.before)
			apply(d.synced, c.after)
		}
		return c.dir == dir
	})
	return nil
}

// info is what Stat tells.
type info struct {
	name string
	size int64
	mode fs.FileMode
	stat syscall.Stat_t
}

func (i *info) Name() string       { return i.name }
func (i *info) Size() int64        { return i.size }
func (i *info) Mode() fs.FileMode  { return i.mode }
func (i *info) ModTime() time.Time { return time.Time{} }
func (i *info) IsDir() bool        { return false }
func (i *info) Sys() any           { return &i.stat }
