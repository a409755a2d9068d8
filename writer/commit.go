package writer

import "github.com/vtdarchive/vtd/internal/disk"

// File is a file that appears under its name only when it is complete. Until
// Commit it has no name, so that not even a power failure leaves anything
// behind; where the file system has no such files, it is a hidden one beside
// its place. A name that leads to something other than a regular file, a device
// or a pipe, is written to directly.
type File struct{ out *disk.Output }

// CreateFile begins a file. Its permissions are those of the file it replaces,
// or what the umask leaves of 0666. A symbolic link is followed, not replaced.
func CreateFile(path string) (*File, error) {
	out, err := disk.Create(disk.OS, path)
	if err != nil {
		return nil, err
	}
	return &File{out}, nil
}

// Write writes to the file. Errors name it by its place, and a file system
// that is full.
func (f *File) Write(p []byte) (int, error) { return f.out.Write(p) }

// Direct reports whether it is written to something that already has its name,
// which perhaps cannot be read, nor be written to at any offset.
func (f *File) Direct() bool { return f.out.Direct() }

// ReadAt reads what was written.
func (f *File) ReadAt(p []byte, off int64) (int, error) { return f.out.ReadAt(p, off) }

// WriteAt writes at an offset. What Write goes on from stays where it is.
func (f *File) WriteAt(p []byte, off int64) (int, error) { return f.out.WriteAt(p, off) }

// Is reports whether a file is the one being written, or the one it replaces.
func (f *File) Is(dev, ino uint64) bool { return f.out.Is(dev, ino) }

// Commit makes the file safe on disk and gives it its name. When it fails, the
// file is gone and what it was to replace is as it was, unless the error is
// about the directory: then only a power failure may still undo the rename.
func (f *File) Commit() error { return f.out.Commit() }

// Discard removes the file, unless it was committed. What was written directly
// to a device or a pipe stays written.
func (f *File) Discard() error { return f.out.Discard() }
