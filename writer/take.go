package writer

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// take fills in a node from what stat said, and reports whether it is a
// regular file that is still to be read. A node that cannot be stored is left
// without a kind.
func (s *scan) take(id uint32, n *node, dirfd int, path string, info fsmeta.Info) (read bool) {
	kind := format.Kind(0)
	switch info.Kind() {
	case unix.S_IFDIR:
		kind = format.KindDir // attributes when it is opened
	case unix.S_IFREG:
		kind = format.KindFile
		n.size = uint64(info.Size)
	case unix.S_IFLNK:
		kind = format.KindSymlink
		target, err := fsmeta.ReadLink(dirfd, n.name)
		if err == nil && (target == "" || len(target) > format.MaxTarget) {
			err = fmt.Errorf("a target of %d bytes cannot be stored", len(target))
		}
		if err != nil {
			return s.refuse(n, path, bare(err))
		}
		n.aux = uint32(len(s.t.targets))
		s.t.targets = append(s.t.targets, target)
	case unix.S_IFIFO:
		kind = format.KindFifo
	case unix.S_IFSOCK:
		kind = format.KindSocket
	case unix.S_IFCHR, unix.S_IFBLK:
		kind = format.KindChar
		if info.Kind() == unix.S_IFBLK {
			kind = format.KindBlockDev
		}
		n.aux = uint32(len(s.t.devices))
		s.t.devices = append(s.t.devices, [2]uint32{fsmeta.Major(info.Rdev), fsmeta.Minor(info.Rdev)})
	default:
		return s.refuse(n, path, fmt.Errorf("unknown kind of file %#o", info.Kind()))
	}
	n.kind = kind
	s.setMeta(id, n, &info)
	if kind == format.KindDir || info.Nlink > 1 && !s.t.linkTo(id, n, &info) {
		return false // or another name of it is taken care of
	}
	if kind == format.KindFile {
		return true
	}
	s.xattrs(n, path, func() ([]fsmeta.Xattr, error) { return fsmeta.Xattrs(dirfd, n.name) })
	return false
}

func (s *scan) refuse(n *node, path string, err error) bool {
	s.issue(path, fmt.Errorf("not stored: %w", err), false)
	n.state = stateGone
	return false
}

// setMeta takes over what both the walker's and the readers' stat tell.
func (s *scan) setMeta(id uint32, n *node, info *fsmeta.Info) {
	n.perm = uint16(info.Perm())
	n.sec, n.nsec = info.Mtime.Sec, uint32(info.Mtime.Nsec)
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	n.owner = s.ownerIndex(info.Uid, info.Gid)
	if info.HasBtime && s.o.Btime {
		s.t.btimes[id] = format.Time{Sec: info.Btime.Sec, Nsec: uint32(info.Btime.Nsec)}
	}
}

func (s *scan) ownerIndex(uid, gid uint32) uint32 {
	key := [2]uint32{uid, gid}
	if i, ok := s.t.ownerIdx[key]; ok {
		return i
	}
	o := format.Owner{UID: uid, GID: gid}
	if !s.o.NumericOwner {
		o.User, o.Group = s.owners.UserName(uid), s.owners.GroupName(gid)
		if len(o.User) > format.MaxOwnerName || len(o.Group) > format.MaxOwnerName {
			o.User, o.Group = "", ""
		}
	}
	i := uint32(len(s.t.owners))
	s.t.owners = append(s.t.owners, o)
	s.t.ownerIdx[key] = i
	return i
}

// xattrs takes over extended attributes; what cannot be read is an issue, and
// the entry is stored without.
func (s *scan) xattrs(n *node, path string, read func() ([]fsmeta.Xattr, error)) {
	xs, err := read()
	if err != nil {
		s.issue(path, fmt.Errorf("extended attributes: %w", err), true)
	}
	var out []format.Xattr
	total := 0
	for _, x := range xs {
		size := len(x.Name) + len(x.Value)
		if len(x.Name) > format.MaxXattrName || len(x.Value) > format.MaxXattrValue || total+size > format.MaxXattrTotal {
			s.issue(path, fmt.Errorf("extended attribute %q is too large and not stored", x.Name), true)
			continue
		}
		total += size
		out = append(out, format.Xattr{Name: x.Name, Value: string(x.Value)})
	}
	n.xattrs = s.t.addXattrs(out)
}

const (
	cacheTag       = "CACHEDIR.TAG"
	cacheSignature = "Signature: 8a477f597d28d172789f06886806bc55"
)

// isCache checks the signature that marks a cache directory
// (https://bford.info/cachedir/).
func isCache(dirfd int) bool {
	fd, err := fsmeta.OpenFile(dirfd, cacheTag)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	b := make([]byte, len(cacheSignature))
	n, err := unix.Pread(fd, b, 0)
	return err == nil && string(b[:max(n, 0)]) == cacheSignature
}
