package writer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/testkit"
)

// survey lists a directory in the way testkit lists archives, with nothing of
// the writer: system calls and the standard library.
func survey(t testing.TB, dir string) []testkit.Entry {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	s := surveyor{t: t, links: map[[2]uint64][]int{}}
	var st unix.Stat_t
	must(t, unix.Fstat(fd, &st))
	s.out = append(s.out, s.entry(".", "/proc/self/fd/"+strconv.Itoa(fd), &st))
	s.out[0].Size, s.out[0].Count = s.dir(fd, "")
	// Links are numbered as the walk finds them.
	id := uint64(0)
	var groups [][]int
	for _, g := range s.links {
		if len(g) > 1 {
			groups = append(groups, g)
		}
	}
	slices.SortFunc(groups, func(a, b []int) int { return a[0] - b[0] })
	for _, g := range groups {
		id++
		for _, i := range g {
			s.out[i].LinkID, s.out[i].LinkCount = id, uint64(len(g))
		}
	}
	return s.out
}

type surveyor struct {
	t     testing.TB
	out   []testkit.Entry
	links map[[2]uint64][]int
}

// dir lists what is below an open directory, and closes it.
func (s *surveyor) dir(fd int, path string) (size, count uint64) {
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	names, err := f.Readdirnames(-1)
	must(s.t, err)
	slices.Sort(names)
	for _, name := range names {
		full := name
		if path != "" {
			full = path + "/" + name
		}
		var st unix.Stat_t
		must(s.t, unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW))
		i := len(s.out)
		s.out = append(s.out, s.entry(full, fmt.Sprintf("/proc/self/fd/%d/%s", fd, name), &st))
		e := &s.out[i]
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFDIR:
			sub, err := unix.Openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
			must(s.t, err)
			below, n := s.dir(sub, full)
			s.out[i].Size, s.out[i].Count = below, n
			size, count = size+below, count+n
		case unix.S_IFREG:
			in, err := unix.Openat(fd, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			must(s.t, err)
			h := sha256.New()
			r := os.NewFile(uintptr(in), name)
			n, err := io.Copy(h, r)
			must(s.t, err)
			r.Close()
			e.Size, e.SHA256 = uint64(n), hex.EncodeToString(h.Sum(nil))
			size += e.Size
		case unix.S_IFLNK:
			b := make([]byte, 8192)
			n, err := unix.Readlinkat(fd, name, b)
			must(s.t, err)
			e.Target, e.TargetHex = textHex(string(b[:n]))
		case unix.S_IFCHR, unix.S_IFBLK:
			e.Major, e.Minor = unix.Major(st.Rdev), unix.Minor(st.Rdev)
		}
		if st.Nlink > 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
			key := [2]uint64{st.Dev, st.Ino}
			s.links[key] = append(s.links[key], i)
		}
		count++
	}
	return size, count
}

var surveyKinds = map[uint32]string{
	unix.S_IFREG: "file", unix.S_IFDIR: "directory", unix.S_IFLNK: "symlink", unix.S_IFIFO: "fifo",
	unix.S_IFSOCK: "socket", unix.S_IFCHR: "char", unix.S_IFBLK: "block",
}

func (s *surveyor) entry(path, proc string, st *unix.Stat_t) testkit.Entry {
	e := testkit.Entry{
		Kind: surveyKinds[st.Mode&unix.S_IFMT], Perm: fmt.Sprintf("%04o", st.Mode&0o7777), UID: st.Uid, GID: st.Gid,
		Mtime: &testkit.Time{Sec: st.Mtim.Sec, Nsec: uint32(st.Mtim.Nsec)},
	}
	e.Path, e.PathHex = textHex(path)
	if u, err := user.LookupId(strconv.Itoa(int(st.Uid))); err == nil {
		e.User = u.Username
	}
	if g, err := user.LookupGroupId(strconv.Itoa(int(st.Gid))); err == nil {
		e.Group = g.Name
	}
	get, list := unix.Lgetxattr, unix.Llistxattr
	if path == "." {
		get, list = unix.Getxattr, unix.Listxattr
	}
	names := make([]byte, 64<<10)
	n, err := list(proc, names)
	if err != nil && err != unix.ENOTSUP {
		s.t.Fatalf("%s: %v", path, err)
	}
	all := strings.Split(string(names[:max(n, 0)]), "\x00")
	slices.Sort(all)
	for _, name := range all {
		if name == "" {
			continue
		}
		v := make([]byte, 64<<10)
		n, err := get(proc, name, v)
		must(s.t, err)
		e.Xattrs = append(e.Xattrs, testkit.Xattr{Name: name, ValueHex: hex.EncodeToString(v[:n])})
	}
	return e
}

func textHex(s string) (text, digits string) {
	if utf8.ValidString(s) {
		return s, ""
	}
	return "", hex.EncodeToString([]byte(s))
}

// sameEntries compares two lists. How content is held and times of birth do
// not count.
func sameEntries(t testing.TB, what string, got, want []testkit.Entry) {
	t.Helper()
	bad := 0
	for i := 0; i < max(len(got), len(want)) && bad < 8; i++ {
		var a, b string
		if i < len(got) {
			a = describe(got[i])
		}
		if i < len(want) {
			b = describe(want[i])
		}
		if a != b {
			bad++
			t.Errorf("%s, entry %d:\n got %.600s\nwant %.600s", what, i, a, b)
		}
	}
}

func describe(e testkit.Entry) string {
	m := testkit.Time{}
	if e.Mtime != nil {
		m = *e.Mtime
	}
	e.Mtime, e.Btime, e.Ref = nil, nil, ""
	return fmt.Sprintf("%q %v %+v", entryPath(e), m, e)
}
