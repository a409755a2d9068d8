package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// OS is the file system of the machine.
var OS FS = system{}

type system struct{}

// file is an open file of the machine.
type file struct{ *os.File }

// maxLinks is how many symbolic links may follow one another, as in the kernel.
const maxLinks = 40

func (system) Resolve(path string) (_ string, named bool) {
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

func (system) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

func (system) OpenFile(path string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(path, flag, perm)
	if err != nil {
		return nil, err
	}
	return file{f}, nil
}

func (system) CreateUnnamed(dir string, perm fs.FileMode) (File, error) {
	fd, err := unix.Open(dir, unix.O_RDWR|unix.O_TMPFILE|unix.O_CLOEXEC, uint32(perm.Perm()))
	if err != nil {
		return nil, &fs.PathError{Op: "create", Path: dir, Err: err}
	}
	if _, err := os.Stat(procPath(fd)); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return file{os.NewFile(uintptr(fd), dir)}, nil
}

// procPath is where an open file can be found by path.
func procPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

func (system) Link(f File, path string) error {
	fd := f.(file).Fd()
	err := unix.Linkat(unix.AT_FDCWD, procPath(int(fd)), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &fs.PathError{Op: "link", Path: path, Err: err}
	}
	return nil
}

func (system) Rename(from, to string) error { return os.Rename(from, to) }
func (system) Remove(path string) error     { return os.Remove(path) }

func (system) SyncDir(dir string) error {
	d, err := os.Open(dir)
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
	return errors.Join(err, d.Close())
}

func (f file) Lock() error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return &fs.PathError{Op: "lock", Path: f.Name(), Err: ErrInUse}
		case !errors.Is(err, unix.EINTR):
			return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
}
