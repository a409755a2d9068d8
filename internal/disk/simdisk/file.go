package simdisk

import (
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/vtdarchive/vtd/internal/disk"
)

// inode is a file with or without a name.
type inode struct {
	disk   *Disk
	num    uint64
	mode   fs.FileMode
	data   []byte  // as the program sees it
	safe   []byte  // what is synced
	writes []write // what is not, in order
	lock   *file   // who holds the lock
}

// write is what a write or a truncation does.
type write struct {
	off      int64
	data     []byte
	truncate bool // to off
}

func (w write) apply(data []byte) []byte {
	if w.truncate {
		return resized(data, w.off)
	}
	if end := w.off + int64(len(w.data)); end > int64(len(data)) {
		data = resized(data, end)
	}
	copy(data[w.off:], w.data)
	return data
}

// resized cuts data, or adds zeros.
func resized(data []byte, size int64) []byte {
	if size <= int64(len(data)) {
		return data[:size:size] // what is added later begins as zeros
	}
	return append(data, make([]byte, size-int64(len(data)))...)
}

func (n *inode) do(w write) {
	n.data = w.apply(n.data)
	n.writes = append(n.writes, w)
}

func (n *inode) info(path string) fs.FileInfo {
	return &info{filepath.Base(path), int64(len(n.data)), n.mode, syscall.Stat_t{Dev: 1, Ino: n.num}}
}

// file is an open file.
type file struct {
	*inode
	path   string
	off    int64
	closed bool
}

func (f *file) Name() string { return f.path }

// usable takes the lock of the disk, unless the file cannot be used.
func (f *file) usable() error {
	f.disk.mu.Lock()
	switch {
	case f.disk.stopped:
		f.disk.mu.Unlock()
		return ErrStopped
	case f.closed:
		f.disk.mu.Unlock()
		return fs.ErrClosed
	}
	return nil
}

func (f *file) Stat() (fs.FileInfo, error) {
	if err := f.usable(); err != nil {
		return nil, err
	}
	defer f.disk.mu.Unlock()
	return f.info(f.path), nil
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.usable(); err != nil {
		return 0, err
	}
	defer f.disk.mu.Unlock()
	n := 0
	if off < int64(len(f.data)) {
		n = copy(p, f.data[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.off)
	f.off += int64(n)
	return n, err
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if f.closed {
		return 0, fs.ErrClosed
	}
	end, err := f.disk.begin("write", f.path)
	if end == nil {
		return 0, err
	}
	defer end()
	if err != nil { // of a sector all or nothing
		half := (off+int64(len(p)/2))/sector*sector - off
		p = p[:max(half, 0)]
	}
	f.do(write{off: off, data: slices.Clone(p)})
	return len(p), err
}

func (f *file) Truncate(size int64) error {
	end, err := f.disk.begin("truncate", f.path)
	if end != nil {
		defer end()
	}
	if err == nil {
		f.do(write{off: size, truncate: true})
	}
	return err
}

func (f *file) Chmod(mode fs.FileMode) error {
	end, err := f.disk.begin("chmod", f.path)
	if end != nil {
		defer end()
	}
	if err == nil {
		f.mode = mode
	}
	return err
}

// Sync makes the data safe. One that fails forgets it: no later one can help.
func (f *file) Sync() error {
	end, err := f.disk.begin("sync", f.path)
	if end == nil {
		return err
	}
	defer end()
	if err == nil {
		f.safe = slices.Clone(f.data)
	}
	f.writes = nil
	return err
}

func (f *file) Lock() error {
	if err := f.usable(); err != nil {
		return err
	}
	defer f.disk.mu.Unlock()
	if f.lock != nil && f.lock != f {
		return &fs.PathError{Op: "lock", Path: f.path, Err: disk.ErrInUse}
	}
	f.lock = f
	return nil
}

func (f *file) Close() error {
	if err := f.usable(); err != nil {
		return err
	}
	defer f.disk.mu.Unlock()
	f.closed = true
	if f.lock == f {
		f.lock = nil
	}
	return nil
}
