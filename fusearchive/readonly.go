package fusearchive

import (
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// The kernel refuses by itself whatever would change something in a mount that
// is read-only. Somebody may remount it.

const erofs = fuse.Status(unix.EROFS)

type cancel = <-chan struct{}

func (f *FS) SetAttr(cancel, *fuse.SetAttrIn, *fuse.AttrOut) fuse.Status         { return erofs }
func (f *FS) Mknod(cancel, *fuse.MknodIn, string, *fuse.EntryOut) fuse.Status    { return erofs }
func (f *FS) Mkdir(cancel, *fuse.MkdirIn, string, *fuse.EntryOut) fuse.Status    { return erofs }
func (f *FS) Unlink(cancel, *fuse.InHeader, string) fuse.Status                  { return erofs }
func (f *FS) Rmdir(cancel, *fuse.InHeader, string) fuse.Status                   { return erofs }
func (f *FS) Rename(cancel, *fuse.RenameIn, string, string) fuse.Status          { return erofs }
func (f *FS) Link(cancel, *fuse.LinkIn, string, *fuse.EntryOut) fuse.Status      { return erofs }
func (f *FS) SetXAttr(cancel, *fuse.SetXAttrIn, string, []byte) fuse.Status      { return erofs }
func (f *FS) RemoveXAttr(cancel, *fuse.InHeader, string) fuse.Status             { return erofs }
func (f *FS) Create(cancel, *fuse.CreateIn, string, *fuse.CreateOut) fuse.Status { return erofs }
func (f *FS) Tmpfile(cancel, *fuse.CreateIn, *fuse.CreateOut) fuse.Status        { return erofs }
func (f *FS) Write(cancel, *fuse.WriteIn, []byte) (uint32, fuse.Status)          { return 0, erofs }
func (f *FS) Writev(cancel, *fuse.WriteIn, [][]byte) (uint32, fuse.Status)       { return 0, erofs }
func (f *FS) Fallocate(cancel, *fuse.FallocateIn) fuse.Status                    { return erofs }
func (f *FS) CopyFileRange(cancel, *fuse.CopyFileRangeIn) (uint32, fuse.Status)  { return 0, erofs }
func (f *FS) Symlink(cancel, *fuse.InHeader, string, string, *fuse.EntryOut) fuse.Status {
	return erofs
}
