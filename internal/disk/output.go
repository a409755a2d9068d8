package disk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Output is a file that appears under its name only when it is complete. Until
// Commit it has no name, so that not even a power failure leaves anything
// behind; where the file system has no such files, it is a hidden one beside
// its place. A name that leads to something other than a regular file, a device
// or a pipe, is written to directly.
type Output struct {
	fsys   FS
	f      File
	path   string      // its place; empty when written to directly
	temp   string      // its name until then, if it has one
	ids    [][2]uint64 // device and inode of the file, and of the one it replaces
	closed bool
}

// Create begins a file. Its permissions are those of the file it replaces, or
// what the umask leaves of 0666. A symbolic link is followed, not replaced.
func Create(fsys FS, path string) (*Output, error) {
	path, named := fsys.Resolve(path)
	old, err := fsys.Stat(path)
	if err == nil && old.IsDir() {
		return nil, &fs.PathError{Op: "create", Path: path, Err: unix.EISDIR}
	}
	if err == nil && (!named || !old.Mode().IsRegular()) {
		f, err := fsys.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			return nil, err
		}
		return &Output{fsys: fsys, f: f}, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if strings.HasSuffix(path, "/") {
		return nil, &fs.PathError{Op: "create", Path: path, Err: unix.EISDIR}
	}
	x := &Output{fsys: fsys, path: path}
	if x.f, err = fsys.CreateUnnamed(filepath.Dir(path), 0o666); err != nil {
		if err = x.createBeside(); err != nil {
			return nil, err
		}
	}
	if old != nil {
		if err := x.f.Chmod(old.Mode().Perm()); err != nil {
			return nil, errors.Join(x.named("create", err), x.Discard())
		}
		x.addID(old)
	}
	now, err := x.f.Stat()
	if err != nil {
		return nil, errors.Join(x.named("create", err), x.Discard())
	}
	x.addID(now)
	return x, nil
}

// createBeside opens a new hidden file in the directory of its place.
// os.CreateTemp would give it permissions that nobody asked for.
func (x *Output) createBeside() error {
	err := x.tryNames(func(name string) (err error) {
		x.f, err = x.fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		return err
	})
	if err != nil {
		return x.named("create", err)
	}
	x.temp = x.f.Name()
	return nil
}

// tryNames tries hidden names beside its place until one is free.
func (x *Output) tryNames(try func(name string) error) error {
	dir, base := filepath.Split(x.path)
	base = base[:min(len(base), 200)] // with what is added, no longer than a name may be
	for range 100 {
		if err := try(dir + "." + base + "." + rand.Text()[:8]); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return errors.New("no free name for a temporary file beside it")
}

// name gives a file that has no name a hidden one: only a rename can replace
// what stands in its place.
func (x *Output) name() error {
	if x.temp != "" {
		return nil
	}
	err := x.tryNames(func(name string) error {
		err := x.fsys.Link(x.f, name)
		if err == nil {
			x.temp = name
		}
		return err
	})
	return x.named("link", err)
}

func (x *Output) addID(info fs.FileInfo) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		x.ids = append(x.ids, [2]uint64{uint64(st.Dev), st.Ino})
	}
}

// Is reports whether a file is the one being written, or the one it replaces.
func (x *Output) Is(dev, ino uint64) bool {
	for _, id := range x.ids {
		if id == [2]uint64{dev, ino} {
			return true
		}
	}
	return false
}

// Write writes to the file. Errors name it by its place, and a file system
// that is full.
func (x *Output) Write(p []byte) (int, error) {
	n, err := x.f.Write(p)
	return n, x.named("write", err)
}

// Direct reports whether it is written to something that already has its name,
// which perhaps cannot be read, nor be written to at any offset.
func (x *Output) Direct() bool { return x.path == "" }

// ReadAt reads what was written.
func (x *Output) ReadAt(p []byte, off int64) (int, error) { return x.f.ReadAt(p, off) }

// WriteAt writes at an offset. What Write goes on from stays where it is.
func (x *Output) WriteAt(p []byte, off int64) (int, error) {
	n, err := x.f.WriteAt(p, off)
	return n, x.named("write", err)
}

// named words an error about the file: what it is called until it is complete
// tells nobody anything.
func (x *Output) named(op string, err error) error {
	path := x.path
	if path == "" && err != nil {
		path = x.f.Name()
	}
	return WriteError(op, path, err)
}

// WriteError words an error of writing to an archive: with its path, whatever
// the error says, and what to do about a file system that is full.
func WriteError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		err = fmt.Errorf("%w: its file system has no room for the archive; make room, or write it elsewhere", err)
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// Commit makes the file safe on disk and gives it its name. When it fails, the
// file is gone and what it was to replace is as it was, unless the error is
// about the directory: then only a power failure may still undo the rename.
func (x *Output) Commit() error {
	if x.closed {
		return fs.ErrClosed
	}
	if x.path == "" {
		x.closed = true
		return x.f.Close()
	}
	if err := x.f.Sync(); err != nil {
		return errors.Join(x.named("sync", err), x.Discard())
	}
	if err := x.name(); err != nil {
		return errors.Join(err, x.Discard())
	}
	x.closed = true
	if err := x.f.Close(); err != nil {
		return errors.Join(x.named("close", err), x.fsys.Remove(x.temp))
	}
	if err := x.fsys.Rename(x.temp, x.path); err != nil {
		return errors.Join(err, x.fsys.Remove(x.temp))
	}
	if err := x.fsys.SyncDir(filepath.Dir(x.path)); err != nil {
		return fmt.Errorf("%s is complete, but its directory could not be synced, and a power failure might undo this: %w", x.path, err)
	}
	return nil
}

// Discard removes the file, unless it was committed. What was written directly
// to a device or a pipe stays written.
func (x *Output) Discard() error {
	if x.closed {
		return nil
	}
	x.closed = true
	err := x.f.Close()
	if x.temp != "" {
		err = errors.Join(err, x.fsys.Remove(x.temp))
	}
	return err
}
