package fuzz

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// listing describes what lies below a directory: path → all that can be told.
type listing map[string]string

// lister says what to tell.
type lister struct {
	ctimes bool                   // also times of change: nothing may even touch it
	now    func(path string) bool // whose time of modification says nothing
	link   map[uint64]string      // first name of an inode
	sums   map[string]format.Hash // contents of regular files
	out    listing
}

// list describes a directory and everything below it. It goes by descriptors:
// names may be longer than any path may be, and devices must not be opened.
func list(t testing.TB, dir string, l lister) listing {
	t.Helper()
	l.out, l.link = listing{}, map[uint64]string{}
	if l.sums == nil {
		l.sums = map[string]format.Hash{}
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(fd)
	info, err := fsmeta.FStat(fd)
	must(t, err)
	xattrs, err := fsmeta.FXattrs(fd)
	must(t, err)
	must(t, l.entry(fd, "", "", info, xattrs))
	return l.out
}

// dir lists the entries of an open directory.
func (l *lister) dir(fd int, at string) error {
	names, err := fsmeta.ReadDirNames(fd)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		info, err := fsmeta.Stat(fd, name)
		if err != nil {
			return err
		}
		xattrs, err := fsmeta.Xattrs(fd, name)
		if err != nil && !errors.Is(err, unix.EACCES) {
			return err
		}
		if err := l.entry(fd, name, path.Join(at, name), info, xattrs); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) entry(fd int, name, at string, info fsmeta.Info, xattrs []fsmeta.Xattr) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%o %d:%d %q", info.Mode, info.Uid, info.Gid, xattrs)
	if l.now == nil || !l.now(at) {
		fmt.Fprintf(&b, " %v", info.Mtime)
	}
	if l.ctimes {
		fmt.Fprintf(&b, " changed %v inode %d", info.Ctime, info.Ino)
	}
	var err error
	switch info.Kind() {
	case unix.S_IFREG:
		var sum format.Hash
		if sum, err = contentOf(fd, name); err == nil {
			l.sums[at] = sum
		}
		fmt.Fprintf(&b, " %d bytes %v", info.Size, sum)
	case unix.S_IFLNK:
		var target string
		target, err = fsmeta.ReadLink(fd, name)
		fmt.Fprintf(&b, " -> %q", target)
	case unix.S_IFCHR, unix.S_IFBLK:
		fmt.Fprintf(&b, " %d:%d", fsmeta.Major(info.Rdev), fsmeta.Minor(info.Rdev))
	case unix.S_IFDIR:
		if name != "" {
			if fd, err = fsmeta.OpenDir(fd, name); err != nil {
				break
			}
			defer unix.Close(fd)
		}
		err = l.dir(fd, at)
	}
	if info.Kind() != unix.S_IFDIR && info.Nlink > 1 {
		if l.link[info.Ino] == "" {
			l.link[info.Ino] = at
		}
		fmt.Fprintf(&b, " one of %d with %q", info.Nlink, l.link[info.Ino])
	}
	if errors.Is(err, unix.EACCES) { // restored as recorded, closed to its owner
		b.WriteString(" closed")
		err = nil
	}
	l.out[at] = b.String()
	return err
}

func contentOf(dirfd int, name string) (sum format.Hash, err error) {
	fd, err := fsmeta.OpenFile(dirfd, name)
	if err != nil {
		return sum, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	h := format.HashBLAKE3.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	return h.Sum(), nil
}

// differ tells how two listings differ; empty when they do not.
func differ(a, b listing) string {
	var out []string
	for name, x := range a {
		if y, ok := b[name]; x != y {
			if !ok {
				y = "nothing"
			}
			out = append(out, fmt.Sprintf("%q: %s, and %s", name, x, y))
		}
	}
	for name, y := range b {
		if _, ok := a[name]; !ok {
			out = append(out, fmt.Sprintf("%q: nothing, and %s", name, y))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
