package reader

import (
	"io/fs"
	"time"

	"github.com/vtdarchive/vtd/format"
)

// fileInfo describes an entry under the name by which it was asked for.
type fileInfo struct {
	e    *format.Entry
	name string
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Mode() fs.FileMode  { return FileMode(i.e) }
func (i fileInfo) ModTime() time.Time { return time.Unix(i.e.Mtime.Sec, int64(i.e.Mtime.Nsec)) }
func (i fileInfo) IsDir() bool        { return i.e.Kind.IsDir() }
func (i fileInfo) Sys() any           { return i.e }

// Size is that of a file's content or a link's target. A directory has none:
// the bytes below it are in the *format.Entry.
func (i fileInfo) Size() int64 {
	switch i.e.Kind {
	case format.KindFile:
		return int64(i.e.Size)
	case format.KindSymlink:
		return int64(len(i.e.Target))
	}
	return 0
}

type dirEntry struct{ fileInfo }

func (d dirEntry) Type() fs.FileMode          { return d.Mode().Type() }
func (d dirEntry) Info() (fs.FileInfo, error) { return d.fileInfo, nil }
func (d dirEntry) String() string             { return fs.FormatDirEntry(d) }

var kindModes = map[format.Kind]fs.FileMode{
	format.KindDir: fs.ModeDir, format.KindSymlink: fs.ModeSymlink, format.KindFifo: fs.ModeNamedPipe,
	format.KindSocket: fs.ModeSocket, format.KindChar: fs.ModeDevice | fs.ModeCharDevice,
	format.KindBlockDev: fs.ModeDevice, format.KindWhiteout: fs.ModeIrregular,
	// An implied directory has no permissions of its own; without any it
	// could not be entered.
	format.KindImplied: fs.ModeDir | 0o755,
}

// FileMode gives kind and permissions as package fs has them. A whiteout is
// irregular.
func FileMode(e *format.Entry) fs.FileMode {
	mode := kindModes[e.Kind] | fs.FileMode(e.Perm&0o777)
	for bit, flag := range map[uint16]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if e.Perm&bit != 0 {
			mode |= flag
		}
	}
	return mode
}
