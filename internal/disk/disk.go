package disk

import (
	"errors"
	"io"
	"io/fs"
)

// FS is what is done to names.
type FS interface {
	// Resolve gives the path of what a path leads to through symbolic links,
	// which need not be there. named is false if that has no name, as an open
	// file that was deleted, which /dev/stdout may lead to: then the path given
	// still leads to it.
	Resolve(path string) (target string, named bool)
	Stat(path string) (fs.FileInfo, error)
	// OpenFile is os.OpenFile.
	OpenFile(path string, flag int, perm fs.FileMode) (File, error)
	// CreateUnnamed makes a file in a directory that has no name yet. It fails
	// where there are no such files, and where Link could not give it one.
	CreateUnnamed(dir string, perm fs.FileMode) (File, error)
	// Link gives a file of CreateUnnamed a name that must be free.
	Link(f File, path string) error
	// Rename gives a file another name in the same directory, in the place of
	// what has it.
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes the names in a directory safe.
	SyncDir(dir string) error
}

// File is an open file. ReadAt and WriteAt may be called at once from several
// goroutines.
type File interface {
	io.ReaderAt
	io.Writer
	io.WriterAt
	io.Closer
	Name() string
	Stat() (fs.FileInfo, error)
	Chmod(mode fs.FileMode) error
	Truncate(size int64) error
	Sync() error
	// Lock takes the file for this one writer until it is closed, or the
	// process ends. ErrInUse says that another one has it.
	Lock() error
}

// ErrInUse is the answer of Lock while another one holds the lock.
var ErrInUse = errors.New("in use by another writer")
