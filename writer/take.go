package writer

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// take fills in a node from what stat said and what the base has in its place,
// and reports whether it is a regular file that is still to be read. A node that
// cannot be stored is left without a kind.
func (s *scan) take(id uint32, n *node, dirfd int, path string, info fsmeta.Info, e *format.Entry) (read bool) {
	kind := kindOf(&info)
	if s.takeOld(id, n, kind, e, &info) {
		if info.Nlink > 1 {
			s.linkOld(id, n, e, &info)
		}
		return false
	}
	switch kind {
	case format.KindDir: // attributes when it is opened
		s.setOldDir(n, e)
	case format.KindFile:
		n.size = uint64(info.Size)
	case format.KindSymlink:
		target, err := fsmeta.ReadLink(dirfd, n.name)
		if err == nil && (target == "" || len(target) > format.MaxTarget) {
			err = fmt.Errorf("a target of %d bytes cannot be stored", len(target))
		}
		if err != nil {
			return s.refuse(n, path, bare(err))
		}
		n.aux = s.t.addTarget(target)
	case format.KindChar, format.KindBlockDev:
		n.aux = s.t.addDevice(fsmeta.Major(info.Rdev), fsmeta.Minor(info.Rdev))
	case 0:
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

// kindOf gives the kind of entry for what stat said; 0 if there is none.
func kindOf(info *fsmeta.Info) format.Kind {
	switch info.Kind() {
	case unix.S_IFDIR:
		return format.KindDir
	case unix.S_IFREG:
		return format.KindFile
	case unix.S_IFLNK:
		return format.KindSymlink
	case unix.S_IFIFO:
		return format.KindFifo
	case unix.S_IFSOCK:
		return format.KindSocket
	case unix.S_IFCHR:
		return format.KindChar
	case unix.S_IFBLK:
		return format.KindBlockDev
	}
	return 0
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
	i := s.t.addOwner(o)
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
