package writer

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

// File is a file that appears under its name only when it is complete. Until
// Commit it has no name, so that not even a power failure leaves anything
// behind; where the file system has no such files, it is a hidden one beside
// its place. A name that leads to something other than a regular file, a device
// or a pipe, is written to directly.
type File struct {
	f      *os.File
	path   string      // its place; empty when written to directly
	temp   string      // its name until then, if it has one
	ids    [][2]uint64 // device and inode of the file, and of the one it replaces
	closed bool
}

// CreateFile begins a file. Its permissions are those of the file it replaces,
// or what the umask leaves of 0666. A symbolic link is followed, not replaced.
func CreateFile(path string) (*File, error) {
	path, named := followLinks(path)
	old, err := os.Stat(path)
	if err == nil && old.IsDir() {
		return nil, &fs.PathError{Op: "create", Path: path, Err: unix.EISDIR}
	}
	if err == nil && (!named || !old.Mode().IsRegular()) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			return nil, err
		}
		return &File{f: f}, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if strings.HasSuffix(path, "/") {
		return nil, &fs.PathError{Op: "create", Path: path, Err: unix.EISDIR}
	}
	x := &File{path: path}
	if x.f, err = createUnnamed(filepath.Dir(path)); err != nil {
		if x.f, err = createBeside(path); err != nil {
			return nil, err
		}
		x.temp = x.f.Name()
	}
	if old != nil {
		if err := x.f.Chmod(old.Mode().Perm()); err != nil {
			return nil, errors.Join(err, x.Discard())
		}
		x.addID(old)
	}
	now, err := x.f.Stat()
	if err != nil {
		return nil, errors.Join(err, x.Discard())
	}
	x.addID(now)
	return x, nil
}

// maxLinks is how many symbolic links may follow one another, as in the kernel.
const maxLinks = 40

// followLinks gives the path of what a path leads to, which need not be there.
// named is false if that has none, as an open file that was deleted, which
// /dev/stdout may lead to: then path still leads to it.
func followLinks(path string) (_ string, named bool) {
	for range maxLinks {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			return target, true
		}
		target, err := os.Readlink(path)
		if err != nil {
			return path, true
		}
		if _, err := os.Stat(path); err == nil {
			return path, false
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return path, true
}

// createUnnamed opens a new file without a name in a directory. It fails where
// there are no such files, and where one could not be given a name later.
var createUnnamed = func(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_WRONLY|unix.O_TMPFILE|unix.O_CLOEXEC, 0o666)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(procPath(fd)); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), dir), nil
}

// procPath is where an open file can be found by path.
func procPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// createBeside opens a new hidden file in the directory of path. os.CreateTemp
// would give it permissions that nobody asked for.
func createBeside(path string) (f *os.File, err error) {
	err = tryNames(path, func(name string) error {
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		return err
	})
	var p *fs.PathError
	if errors.As(err, &p) {
		p.Path = path // the hidden name tells nobody anything
	}
	return f, err
}

// tryNames tries hidden names beside path until one is free.
func tryNames(path string, try func(name string) error) error {
	dir, base := filepath.Split(path)
	base = base[:min(len(base), 200)] // with what is added, no longer than a name may be
	for range 100 {
		if err := try(dir + "." + base + "." + rand.Text()[:8]); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return &fs.PathError{Op: "create", Path: path, Err: errors.New("no free name for a temporary file beside it")}
}

// name gives a file that has no name a hidden one: only a rename can replace
// what stands in its place.
func (f *File) name() error {
	if f.temp != "" {
		return nil
	}
	return tryNames(f.path, func(name string) error {
		err := unix.Linkat(unix.AT_FDCWD, procPath(int(f.f.Fd())), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
		if err != nil {
			return &fs.PathError{Op: "link", Path: f.path, Err: err}
		}
		f.temp = name
		return nil
	})
}

func (f *File) addID(info fs.FileInfo) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		f.ids = append(f.ids, [2]uint64{uint64(st.Dev), st.Ino})
	}
}

// Is reports whether a file is the one being written, or the one it replaces.
func (f *File) Is(dev, ino uint64) bool {
	for _, id := range f.ids {
		if id == [2]uint64{dev, ino} {
			return true
		}
	}
	return false
}

// Write writes to the file. Errors name it by its place, and a file system
// that is full.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.f.Write(p)
	return n, f.named(err)
}

// named words an error about the file: what it is called until it is complete
// tells nobody anything.
func (f *File) named(err error) error {
	if err == nil {
		return nil
	}
	path := f.path
	if path == "" {
		path = f.f.Name()
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		err = fmt.Errorf("%w: its file system has no room for the archive; make room, or write it elsewhere", err)
	}
	return &fs.PathError{Op: "write", Path: path, Err: err}
}

// Commit makes the file safe on disk and gives it its name. When it fails, the
// file is gone and what it was to replace is as it was, unless the error is
// about the directory: then only a power failure may still undo the rename.
func (f *File) Commit() error {
	if f.closed {
		return fs.ErrClosed
	}
	if f.path == "" {
		f.closed = true
		return f.f.Close()
	}
	if err := f.f.Sync(); err != nil {
		return errors.Join(f.named(err), f.Discard())
	}
	if err := f.name(); err != nil {
		return errors.Join(err, f.Discard())
	}
	f.closed = true
	if err := f.f.Close(); err != nil {
		return errors.Join(err, os.Remove(f.temp))
	}
	if err := os.Rename(f.temp, f.path); err != nil {
		return errors.Join(err, os.Remove(f.temp))
	}
	return syncDir(filepath.Dir(f.path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil // a directory that may be written but not read cannot be synced
		}
		return err
	}
	err = d.Sync()
	if errors.Is(err, unix.EINVAL) {
		err = nil // a file system that has no need for it
	}
	if err = errors.Join(err, d.Close()); err != nil {
		return fmt.Errorf("the archive is complete, but its directory could not be synced: %w", err)
	}
	return nil
}

// Discard removes the file, unless it was committed. What was written directly
// to a device or a pipe stays written.
func (f *File) Discard() error {
	if f.closed {
		return nil
	}
	f.closed = true
	err := f.f.Close()
	if f.temp != "" {
		err = errors.Join(err, os.Remove(f.temp))
	}
	return err
}
