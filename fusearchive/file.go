package fusearchive

import (
	"errors"
	"io"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Open is asked once, as OpenDir is. That nothing is opened for writing the
// kernel knows from the mount's being read-only.
func (f *FS) Open(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.ENOSYS }

// Flush has nothing to do: ENOSYS ends the asking.
func (f *FS) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }

// keptSize is the size from which on a file is worth keeping between reads. A
// smaller one is read at once.
const keptSize = 128 << 10

// content opens the file of a node, or finds it open. With a name it has its path
// in errors; to make one takes as long as to read a small file.
func (f *FS) content(id uint64, named bool) (*reader.File, fuse.Status) {
	n := f.nodes.get(id)
	if n == nil {
		return nil, fuse.Status(estale)
	}
	if file := n.file.Load(); file != nil {
		return file, fuse.OK
	}
	e, err := f.entry(n)
	if err != nil {
		return nil, f.fail(n, err)
	}
	if e.Kind != format.KindFile {
		return nil, fuse.EINVAL
	}
	keep := e.Size > keptSize
	if keep { // without the leaf that the entry stands in
		e = &format.Entry{Kind: e.Kind, Size: e.Size, Ref: e.Ref, Content: e.Content}
	}
	path := ""
	if keep || named {
		path = f.path(n)
	}
	file, err := f.a.ContentOf(e, path)
	if err != nil {
		return nil, f.fail(n, err)
	}
	if keep && !n.file.CompareAndSwap(nil, file) {
		file = n.file.Load()
	}
	return file, fuse.OK
}

// longPart is the length from which on parts are not copied, in bytes: the kernel takes
// each page of each part by itself. It takes 1024 parts at once, more than there are of
// this length.
const longPart = 16 << 10

// Read reads a part of a file, without copying what has been decoded, unless it is
// in small parts. Where a part of that is damaged all of it fails, and the kernel
// asks again page by page.
func (f *FS) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	file, status := f.content(in.NodeId, false)
	if !status.Ok() {
		return nil, status
	}
	parts, err := file.Parts(buf, int64(in.Offset), longPart)
	if err != nil {
		return f.readNamed(in, buf)
	}
	if len(parts) == 1 {
		return fuse.ReadResultData(parts[0]), fuse.OK
	}
	return fuse.ReadResultVector(parts), fuse.OK
}

// readNamed reads what could not be read once more, and tells why.
func (f *FS) readNamed(in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	file, status := f.content(in.NodeId, true)
	if !status.Ok() {
		return nil, status
	}
	n, err := file.ReadAt(buf, int64(in.Offset))
	if err != nil && err != io.EOF {
		f.tell(err) // it names path and range
		return nil, fuse.EIO
	}
	return fuse.ReadResultData(buf[:n]), fuse.OK
}

// Lseek finds holes and data.
func (f *FS) Lseek(_ <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	file, status := f.content(in.NodeId, true)
	if !status.Ok() {
		return status
	}
	seek := file.SeekData
	switch in.Whence {
	case unix.SEEK_DATA:
	case unix.SEEK_HOLE:
		seek = file.SeekHole
	default:
		return fuse.EINVAL
	}
	at, err := seek(int64(in.Offset))
	if errors.Is(err, io.EOF) {
		return fuse.Status(unix.ENXIO)
	}
	if err != nil {
		f.tell(err)
		return fuse.EIO
	}
	out.Offset = uint64(at)
	return fuse.OK
}
