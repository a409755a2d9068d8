package fusearchive

import (
	"errors"
	"io/fs"
	"math"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
)

// forever is how long the kernel may remember: content never changes.
const forever = math.MaxInt32 * time.Second

const estale = unix.ESTALE

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

var kindModes = map[format.Kind]uint32{
	format.KindFile: unix.S_IFREG, format.KindDir: unix.S_IFDIR, format.KindImplied: unix.S_IFDIR,
	format.KindSymlink: unix.S_IFLNK, format.KindFifo: unix.S_IFIFO, format.KindSocket: unix.S_IFSOCK,
	format.KindChar: unix.S_IFCHR, format.KindBlockDev: unix.S_IFBLK,
	// As overlayfs has them: a character device with the number 0.
	format.KindWhiteout: unix.S_IFCHR,
}

// impliedPerm is what a directory without permissions of its own can be entered
// with.
const impliedPerm = 0o755

// sector is the unit of st_blocks.
const sector = 512

// attr describes a node. The time of the last change of an inode, which cannot
// be set and so is not archived, is shown as that of its content.
func (f *FS) attr(n *node, e *format.Entry, out *fuse.Attr) {
	mtime := e.Mtime
	*out = fuse.Attr{
		Ino: n.ino, Mode: kindModes[e.Kind] | uint32(e.Perm), Nlink: 1,
		Owner: fuse.Owner{Uid: e.Owner.UID, Gid: e.Owner.GID}, Blksize: 4096,
	}
	switch e.Kind {
	case format.KindFile:
		out.Size, out.Blocks = e.Size, f.sectors(e)
	case format.KindSymlink:
		out.Size = uint64(len(e.Target))
	case format.KindChar, format.KindBlockDev:
		out.Rdev = rdev(e.Major, e.Minor)
	case format.KindImplied:
		out.Mode |= impliedPerm
		out.Owner = fuse.Owner{Uid: f.o.ImpliedUID, Gid: f.o.ImpliedGID}
		mtime = f.tree.Snapshot().Time
	}
	if linkOf(e).id != 0 {
		out.Nlink = uint32(min(e.LinkCount, math.MaxUint32))
	}
	if f.o.UID != nil {
		out.Owner.Uid = *f.o.UID
	}
	if f.o.GID != nil {
		out.Owner.Gid = *f.o.GID
	}
	out.Mtime, out.Mtimensec = uint64(mtime.Sec), mtime.Nsec
	out.Atime, out.Atimensec = out.Mtime, out.Mtimensec
	out.Ctime, out.Ctimensec = out.Mtime, out.Mtimensec
}

// rdev encodes a device number as the protocol wants it: 12 bits of major and
// 20 of minor, in the kernel's order.
func rdev(major, minor uint32) uint32 {
	return minor&0xff | (major&0xfff)<<8 | (minor&^0xff)<<12
}

// countedPieces bounds how many pieces of a file are looked at for st_blocks.
const countedPieces = 16 << 10

// sectors gives st_blocks: what is not in holes. Of a file with very many
// pieces it goes by the first.
func (f *FS) sectors(e *format.Entry) uint64 {
	data := e.Size
	switch {
	case e.Ref.Kind == format.RefRun && e.Ref.Octet == 0:
		data = 0
	case e.Ref.Kind == format.RefIndirect:
		file, err := f.a.Content(e)
		if err != nil {
			break // reading will tell
		}
		holes, seen, left := uint64(0), uint64(0), countedPieces
		for p, err := range file.Pieces(0) {
			if err != nil || left == 0 {
				break
			}
			left--
			seen += p.Ref.Span
			if p.Ref.Kind == format.RefRun && p.Ref.Octet == 0 {
				holes += p.Ref.Span
			}
		}
		if seen < e.Size && seen > 0 {
			holes = uint64(float64(holes) / float64(seen) * float64(e.Size))
		}
		data -= min(holes, data)
	}
	return (data + sector - 1) / sector
}

// GetAttr describes a node.
func (f *FS) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	n, e, status := f.find(in.NodeId)
	if !status.Ok() {
		return status
	}
	out.SetTimeout(forever)
	f.attr(n, e, &out.Attr)
	return fuse.OK
}

// Statx is asked for times of birth, which GetAttr has no room for.
func (f *FS) Statx(_ <-chan struct{}, in *fuse.StatxIn, out *fuse.StatxOut) fuse.Status {
	n, e, status := f.find(in.NodeId)
	if !status.Ok() {
		return status
	}
	var a fuse.Attr
	f.attr(n, e, &a)
	out.SetTimeout(forever)
	statx(&a, e.Btime, &out.Statx)
	return fuse.OK
}

// statx says what attr says, and when a file was born, if that is known.
func statx(a *fuse.Attr, btime format.Time, x *fuse.Statx) {
	x.Mask = unix.STATX_BASIC_STATS
	x.Blksize, x.Nlink, x.Uid, x.Gid, x.Mode = a.Blksize, a.Nlink, a.Uid, a.Gid, uint16(a.Mode)
	x.Ino, x.Size, x.Blocks = a.Ino, a.Size, a.Blocks
	x.RdevMajor, x.RdevMinor = a.Rdev>>8&0xfff, a.Rdev&0xff|a.Rdev>>12&^0xff
	x.Mtime = fuse.SxTime{Sec: a.Mtime, Nsec: a.Mtimensec}
	x.Atime, x.Ctime = x.Mtime, x.Mtime
	if btime != (format.Time{}) {
		x.Mask |= unix.STATX_BTIME
		x.Btime = fuse.SxTime{Sec: uint64(btime.Sec), Nsec: btime.Nsec}
	}
}

// Readlink gives the target of a symbolic link.
func (f *FS) Readlink(_ <-chan struct{}, header *fuse.InHeader) ([]byte, fuse.Status) {
	_, e, status := f.find(header.NodeId)
	if !status.Ok() {
		return nil, status
	}
	if e.Kind != format.KindSymlink {
		return nil, fuse.EINVAL
	}
	return []byte(e.Target), fuse.OK
}

// statBlock is the unit of what statfs counts.
const statBlock = 4096

// StatFs tells how much there is: the bytes of all files and the entries. There
// is no room for more.
func (f *FS) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	*out = fuse.StatfsOut{
		Blocks: (f.root.Size + statBlock - 1) / statBlock, Bsize: statBlock, Frsize: statBlock,
		Files: f.root.Count + 1, NameLen: format.MaxName,
	}
	return fuse.OK
}
