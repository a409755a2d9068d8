package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

var kinds = map[uint32]format.Kind{
	unix.S_IFREG: format.KindFile, unix.S_IFDIR: format.KindDir, unix.S_IFLNK: format.KindSymlink,
	unix.S_IFIFO: format.KindFifo, unix.S_IFSOCK: format.KindSocket,
	unix.S_IFCHR: format.KindChar, unix.S_IFBLK: format.KindBlockDev,
}

// entry compares an entry with the file of its name.
func (w *walker) entry(dirfd int, path string, e *format.Entry) error {
	info, err := fsmeta.Stat(dirfd, e.Name)
	if err != nil {
		w.differ(path, Failed, "", bare(err).Error())
		return nil
	}
	kind := kinds[info.Kind()]
	if kind != e.Kind && !(kind == format.KindDir && e.Kind == format.KindImplied) {
		w.differ(path, Type, e.Kind.String(), kind.String())
		return nil
	}
	var diffs []Difference
	if e.Kind != format.KindImplied {
		diffs = w.metadata(path, e, &info, func() ([]fsmeta.Xattr, error) { return fsmeta.Xattrs(dirfd, e.Name) })
	}
	differ := func(what, archive, found string) {
		diffs = append(diffs, Difference{path, what, archive, found})
	}
	switch e.Kind {
	case format.KindDir, format.KindImplied:
		w.q.put(diffs...)
		fd, err := fsmeta.OpenDir(dirfd, e.Name)
		if err != nil {
			w.differ(path, Failed, "", bare(err).Error())
			return nil
		}
		return w.dir(fd, path, e)
	case format.KindFile:
		if uint64(info.Size) != e.Size {
			differ(Size, fmt.Sprint(e.Size), fmt.Sprint(info.Size))
			break
		}
		if w.o.Ignore[Content] || w.o.Quick && mtimeOf(&info) == e.Mtime {
			break
		}
		fd, err := fsmeta.OpenFile(dirfd, e.Name)
		if err != nil {
			differ(Failed, "", bare(err).Error())
			break
		}
		id := w.a.HashID()
		w.q.hash(hashing{fd: fd, size: info.Size, sparse: info.Sparse(), want: e.ContentHash(id), id: id, path: path}, diffs)
		return nil
	case format.KindSymlink:
		target, err := fsmeta.ReadLink(dirfd, e.Name)
		switch {
		case err != nil:
			differ(Failed, "", bare(err).Error())
		case target != e.Target:
			differ(Target, e.Target, target)
		}
	case format.KindChar, format.KindBlockDev:
		if major, minor := fsmeta.Major(info.Rdev), fsmeta.Minor(info.Rdev); major != e.Major || minor != e.Minor {
			differ(Device, fmt.Sprintf("%d, %d", e.Major, e.Minor), fmt.Sprintf("%d, %d", major, minor))
		}
	}
	w.q.put(diffs...)
	return nil
}

// metadata compares what entries of all kinds have.
func (w *walker) metadata(path string, e *format.Entry, info *fsmeta.Info, xattrs func() ([]fsmeta.Xattr, error)) (diffs []Difference) {
	differ := func(what, archive, found string) {
		if !w.o.Ignore[what] {
			diffs = append(diffs, Difference{path, what, archive, found})
		}
	}
	// Links have no permissions that could be set.
	if info.Perm() != uint32(e.Perm) && e.Kind != format.KindSymlink {
		differ(Mode, fmt.Sprintf("%04o", e.Perm), fmt.Sprintf("%04o", info.Perm()))
	}
	if uid := w.id(e.Owner.UID, e.Owner.User, w.owners.UserID); uid != info.Uid {
		differ(Owner, ownerText(e.Owner.UID, e.Owner.User), ownerText(info.Uid, w.owners.UserName(info.Uid)))
	}
	if gid := w.id(e.Owner.GID, e.Owner.Group, w.owners.GroupID); gid != info.Gid {
		differ(Group, ownerText(e.Owner.GID, e.Owner.Group), ownerText(info.Gid, w.owners.GroupName(info.Gid)))
	}
	if m := mtimeOf(info); m != e.Mtime {
		differ(Mtime, timeText(e.Mtime), timeText(m))
	}
	if !e.Kind.IsDir() && !w.sameLinks(e, info) {
		differ(Links, linkText(e.LinkID != 0), linkText(info.Nlink > 1))
	}
	if w.o.Ignore[Xattrs] {
		return diffs
	}
	found, err := xattrs()
	if err != nil {
		differ(Failed, "", "extended attributes: "+bare(err).Error())
		return diffs
	}
	if a, b := xattrDifference(e.Xattrs, found); a != "" || b != "" {
		differ(Xattrs, a, b)
	}
	return diffs
}

func mtimeOf(info *fsmeta.Info) format.Time {
	return format.Time{Sec: info.Mtime.Sec, Nsec: uint32(info.Mtime.Nsec)}
}

// id gives the id that an owner has here, as extraction gives it.
func (w *walker) id(recorded uint32, name string, lookUp func(string) (uint32, bool)) uint32 {
	if name != "" && !w.o.NumericOwner {
		if id, ok := lookUp(name); ok {
			return id
		}
	}
	return recorded
}

func ownerText(id uint32, name string) string {
	if name == "" {
		return fmt.Sprint(id)
	}
	return fmt.Sprintf("%s (%d)", name, id)
}

func timeText(t format.Time) string {
	return time.Unix(t.Sec, int64(t.Nsec)).UTC().Format("2006-01-02 15:04:05.999999999Z")
}

// sameLinks reports whether the names that are one file in the archive and
// those that are in the directory go together, as far as has been seen. A file
// in the directory may have more names elsewhere.
func (w *walker) sameLinks(e *format.Entry, info *fsmeta.Info) bool {
	if info.Nlink < 2 {
		return e.LinkID == 0 // an archive knows groups of two and more
	}
	at := inode{info.Dev, info.Ino}
	id, seen := w.ids[at]
	if seen && (id != e.LinkID || id == 0) {
		return false
	}
	w.ids[at] = e.LinkID
	if e.LinkID == 0 {
		return true
	}
	first, seen := w.inodes[e.LinkID]
	w.inodes[e.LinkID] = at
	return !seen || first == at
}

func linkText(linked bool) string {
	if linked {
		return "linked"
	}
	return "not linked"
}

// xattrDifference names the attributes that one side lacks or has with another
// value.
func xattrDifference(archive []format.Xattr, found []fsmeta.Xattr) (a, b string) {
	in := map[string]string{}
	for _, x := range archive {
		in[x.Name] = x.Value
	}
	var onlyA, onlyB []string
	for _, x := range found {
		value, ok := in[x.Name]
		if ok && value == string(x.Value) {
			delete(in, x.Name)
			continue
		}
		onlyB = append(onlyB, x.Name)
	}
	onlyA = slices.Sorted(maps.Keys(in))
	slices.Sort(onlyB)
	return strings.Join(onlyA, " "), strings.Join(onlyB, " ")
}
