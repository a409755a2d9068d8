package fusearchive

import (
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// The kernel refuses by itself whatever would change something in a mount that
// is read-only. Somebody may remount it.

const erofs = fuse.Status(unix.EROFS)

type cancel = <-chan struct{}

// readOnly answers what would change something; the rest is ENOSYS.
type readOnly struct{ fuse.RawFileSystem }

func newReadOnly() readOnly { return readOnly{fuse.NewDefaultRawFileSystem()} }

func (readOnly) SetAttr(cancel, *fuse.SetAttrIn, *fuse.AttrOut) fuse.Status         { return erofs }
func (readOnly) Mknod(cancel, *fuse.MknodIn, string, *fuse.EntryOut) fuse.Status    { return erofs }
func (readOnly) Mkdir(cancel, *fuse.MkdirIn, string, *fuse.EntryOut) fuse.Status    { return erofs }
func (readOnly) Unlink(cancel, *fuse.InHeader, string) fuse.Status                  { return erofs }
func (readOnly) Rmdir(cancel, *fuse.InHeader, string) fuse.Status                   { return erofs }
func (readOnly) Rename(cancel, *fuse.RenameIn, string, string) fuse.Status          { return erofs }
func (readOnly) Link(cancel, *fuse.LinkIn, string, *fuse.EntryOut) fuse.Status      { return erofs }
func (readOnly) SetXAttr(cancel, *fuse.SetXAttrIn, string, []byte) fuse.Status      { return erofs }
func (readOnly) RemoveXAttr(cancel, *fuse.InHeader, string) fuse.Status             { return erofs }
func (readOnly) Create(cancel, *fuse.CreateIn, string, *fuse.CreateOut) fuse.Status { return erofs }
func (readOnly) Tmpfile(cancel, *fuse.CreateIn, *fuse.CreateOut) fuse.Status        { return erofs }
func (readOnly) Write(cancel, *fuse.WriteIn, []byte) (uint32, fuse.Status)          { return 0, erofs }
func (readOnly) Writev(cancel, *fuse.WriteIn, [][]byte) (uint32, fuse.Status)       { return 0, erofs }
func (readOnly) Fallocate(cancel, *fuse.FallocateIn) fuse.Status                    { return erofs }
func (readOnly) CopyFileRange(cancel, *fuse.CopyFileRangeIn) (uint32, fuse.Status)  { return 0, erofs }
func (readOnly) Symlink(cancel, *fuse.InHeader, string, string, *fuse.EntryOut) fuse.Status {
	return erofs
}
