package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Temporary makes a file without a name in a directory, that of the system for
// temporary files if dir is empty. It is gone once it is closed, however the
// process ends.
func Temporary(dir string) (*os.File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_EXCL|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), filepath.Join(dir, "unnamed")), nil
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EACCES) {
		return nil, &fs.PathError{Op: "create", Path: filepath.Join(dir, "unnamed"), Err: err}
	}
	f, err := os.CreateTemp(dir, "vt-*") // on a file system that has no files without names
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// TemporaryIn is Temporary in an open directory.
func TemporaryIn(dir *os.File) (*os.File, error) { return Temporary(procPath(int(dir.Fd()))) }
