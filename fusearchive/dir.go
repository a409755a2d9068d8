package fusearchive

import (
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
)

// Directories are read without being opened: the kernel keeps what it has read,
// and asks for more by the offset of an entry, which is its number in the
// directory behind these two.
const dots = 2

// ReadDir lists a directory.
func (f *FS) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return f.readDir(in, func(n *node, e *format.Entry, d fuse.DirEntry) bool { return out.AddDirEntry(d) })
}

// ReadDirPlus lists a directory and makes its entries known.
func (f *FS) ReadDirPlus(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return f.readDir(in, func(n *node, e *format.Entry, d fuse.DirEntry) bool {
		room := out.AddDirLookupEntry(d)
		if room != nil && e != nil {
			f.tellEntry(n, e, room)
		}
		return room != nil
	})
}

// readDir adds entries until they do not fit. The first two have no entry.
func (f *FS) readDir(in *fuse.ReadIn, add func(n *node, e *format.Entry, d fuse.DirEntry) bool) fuse.Status {
	n := f.nodes.get(in.NodeId)
	if n == nil {
		return fuse.Status(estale)
	}
	if n.dir == 0 {
		return fuse.ENOTDIR
	}
	above := n
	if n.parent != nil {
		above = n.parent
	}
	at := in.Offset
	for i, d := range []fuse.DirEntry{{Name: ".", Ino: n.ino}, {Name: "..", Ino: above.ino}} {
		if at > uint64(i) {
			continue
		}
		at++
		d.Mode, d.Off = unix.S_IFDIR, at
		if !add(n, nil, d) {
			return fuse.OK
		}
	}
	some := false
	for e, err := range f.a.ReadDirFrom(n.asDir(), at-dots) {
		if err != nil && some {
			return fuse.OK // the next request fails
		}
		if err != nil {
			return f.fail(n, err)
		}
		at++
		if !add(n, e, fuse.DirEntry{Name: e.Name, Ino: f.nodes.inode(n, e), Mode: kindModes[e.Kind], Off: at}) {
			return fuse.OK
		}
		some = true
	}
	return fuse.OK
}

// OpenDir is asked once: there is nothing to be opened, and ENOSYS lets the
// kernel open and release directories, and keep their entries, by itself.
func (f *FS) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.ENOSYS }
