package fsmeta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// aclOf builds a raw ACL: owner rw-, user 70000 rwx, group as given, mask rwx,
// others ---.
func aclOf(group uint16) []byte {
	acl := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{
		{0x01, 6, noID}, {0x02, 7, 70000}, {aclTagGroup, group, noID}, {0x10, 7, noID}, {0x20, 0, noID},
	} {
		acl = binary.LittleEndian.AppendUint16(acl, e.tag)
		acl = binary.LittleEndian.AppendUint16(acl, e.perm)
		acl = binary.LittleEndian.AppendUint32(acl, e.id)
	}
	return acl
}

// capability is a raw security.capability, version 2: CAP_NET_RAW, effective.
var capability = []byte{1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

// testXattrs are attributes of every namespace a file of a kind can have.
func testXattrs(kind uint32) []Xattr {
	attrs := []Xattr{
		{"security.test", []byte("label")},
		{"trusted.binary", []byte{0, 1, 0xff, '\n', 0}},
		{"trusted.empty", []byte{}},
	}
	if kind == unix.S_IFREG || kind == unix.S_IFDIR {
		attrs = append(attrs, Xattr{"user.comment", []byte("hello")}, Xattr{"user.\xff\n", []byte{}})
	}
	if kind == unix.S_IFREG {
		attrs = append(attrs, Xattr{"security.capability", capability})
	}
	if kind == unix.S_IFDIR {
		attrs = append(attrs, Xattr{XattrACLDefault, aclOf(5)})
	}
	if kind != unix.S_IFLNK {
		attrs = append(attrs, Xattr{XattrACLAccess, aclOf(5)})
	}
	return attrs
}

func applied(t testing.TB, errs []*AttrError) {
	t.Helper()
	for _, e := range errs {
		t.Errorf("apply: %v", e)
	}
}

func sameXattrs(t testing.TB, got, want []Xattr) {
	t.Helper()
	want = slices.Clone(want)
	slices.SortFunc(want, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	same := func(a, b Xattr) bool { return a.Name == b.Name && bytes.Equal(a.Value, b.Value) }
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("xattrs %q\nwant   %q", got, want)
	}
}

// Everything of every kind, applied and captured again, by name and by
// descriptor, near the root and below a path no system call would take.
func TestApplyEveryKind(t *testing.T) {
	needRoot(t)
	top := openTemp(t)
	write(t, top, "probe", "")
	denied(t, SetXattr(top, "probe", "trusted.probe", nil))
	for place, dirfd := range map[string]int{"top": top, "deep": deep(t, top)} {
		for _, name := range kinds(t, dirfd) {
			t.Run(place+"/"+name, func(t *testing.T) {
				before := mustStat(t, dirfd, name)
				m := Meta{
					Mode:   before.Kind() | 0o7670,
					Uid:    70001,
					Gid:    4000000001,
					Mtime:  Time{-1_000_000_001, 500_000_000},
					Xattrs: testXattrs(before.Kind()),
				}
				applied(t, Apply(dirfd, name, &m, SetAll))
				after := mustStat(t, dirfd, name)
				want := m.Mode
				if before.Kind() == unix.S_IFLNK {
					want = before.Mode
				}
				if after.Mode != want || after.Uid != m.Uid || after.Gid != m.Gid || after.Mtime != m.Mtime {
					t.Errorf("got %o %d:%d %v", after.Mode, after.Uid, after.Gid, after.Mtime)
				}
				attrs, err := Xattrs(dirfd, name)
				check(t, err)
				sameXattrs(t, attrs, m.Xattrs)
				if after.Rdev != before.Rdev || after.Ino != before.Ino {
					t.Error("another object now")
				}
			})
		}
	}
}

func TestFApply(t *testing.T) {
	needRoot(t)
	need64(t)
	dirfd := openTemp(t)
	write(t, dirfd, "f", "content")
	fd, err := OpenWrite(dirfd, "f")
	check(t, err)
	defer unix.Close(fd)
	m := Meta{Mode: unix.S_IFREG | 0o4751, Uid: 1 << 20, Gid: 65537, Mtime: Time{1 << 33, 999_999_999}}
	m.Xattrs = []Xattr{{"user.a", []byte("x")}, {"security.capability", capability}}
	errs := FApply(fd, &m, SetAll)
	if len(errs) > 0 {
		denied(t, errs[0])
	}
	applied(t, errs)
	info, err := FStat(fd)
	check(t, err)
	if info.Mode != m.Mode || info.Uid != m.Uid || info.Gid != m.Gid || info.Mtime != m.Mtime {
		t.Errorf("got %o %d:%d %v", info.Mode, info.Uid, info.Gid, info.Mtime)
	}
	attrs, err := FXattrs(fd)
	check(t, err)
	sameXattrs(t, attrs, m.Xattrs)

	// Applied again, nothing changes, not even the ctime, except that
	// attributes are always written.
	m.Xattrs = nil
	applied(t, FApply(fd, &m, SetAll))
	again, err := FStat(fd)
	check(t, err)
	if again.Ctime != info.Ctime {
		t.Error("an apply that changes nothing made calls that do")
	}
}

func TestApplyTimes(t *testing.T) {
	need64(t)
	dirfd := openTemp(t)
	write(t, dirfd, "f", "")
	check(t, Symlink("f", dirfd, "l"))
	for _, want := range []Time{
		{0, 0}, {-1, 999_999_999}, {-1_000_000_001, 500_000_000}, {1 << 31, 1}, {1<<32 + 5, 5}, {1 << 33, 999_999_999},
	} {
		for _, name := range []string{"f", "l"} {
			m := Meta{Mtime: want}
			applied(t, Apply(dirfd, name, &m, SetTime))
			if got := mustStat(t, dirfd, name).Mtime; got != want {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
	for _, bad := range []Time{{1, 1e9}, {1, -1}, {1, unix.UTIME_NOW}, {1, unix.UTIME_OMIT}} {
		errs := Apply(dirfd, "f", &Meta{Mtime: bad}, SetTime)
		if len(errs) != 1 || errs[0].Attr != AttrTime || errs[0].Err != unix.EINVAL {
			t.Errorf("%v: %v", bad, errs)
		}
	}
	// Beyond what ext4 can hold; where the file system can, it is kept.
	far := Meta{Mtime: Time{1 << 50, 0}}
	errs := Apply(dirfd, "f", &far, SetTime)
	if kept := mustStat(t, dirfd, "f").Mtime == far.Mtime; kept != (errs == nil) {
		t.Errorf("kept: %v, but errors %v", kept, errs)
	}
}

// The access time is nobody's business here.
func TestApplyKeepsAtime(t *testing.T) {
	dirfd := openTemp(t)
	write(t, dirfd, "f", "")
	atime := func() unix.Timespec {
		var st unix.Stat_t
		check(t, fstatat(dirfd, "f", &st))
		return st.Atim
	}
	before := atime()
	applied(t, Apply(dirfd, "f", &Meta{Mtime: Time{5, 5}}, SetTime))
	if atime() != before {
		t.Error("access time changed")
	}
}

func TestApplyRefusesAnotherKind(t *testing.T) {
	dirfd := openTemp(t)
	check(t, Symlink("target", dirfd, "l"))
	write(t, dirfd, "target", "")
	before := mustStat(t, dirfd, "target")
	m := Meta{Mode: unix.S_IFREG | 0o4777, Mtime: Time{1, 1}}
	errs := Apply(dirfd, "l", &m, SetMode|SetTime)
	if len(errs) != 1 || errs[0].Attr != AttrKind || !errors.Is(errs[0], ErrKind) {
		t.Errorf("errors %v", errs)
	}
	if mustStat(t, dirfd, "target") != before {
		t.Error("the link was followed")
	}
	errs = Apply(dirfd, "../x", &m, SetAll)
	if len(errs) != 1 || !errors.Is(errs[0], ErrName) {
		t.Errorf("errors %v", errs)
	}
	errs = Apply(dirfd, "gone", &m, SetAll)
	if len(errs) != 1 || errs[0].Attr != AttrStat || !errors.Is(errs[0], os.ErrNotExist) {
		t.Errorf("errors %v", errs)
	}
}

// The id that means "leave it" to chown cannot be a file's.
func TestApplyNoID(t *testing.T) {
	dirfd := openTemp(t)
	write(t, dirfd, "f", "")
	m := Meta{Mode: unix.S_IFREG | 0o6755, Uid: noID, Gid: noID}
	errs := Apply(dirfd, "f", &m, SetOwner|SetMode)
	if len(errs) != 3 || errs[0].Attr != AttrUser || errs[1].Attr != AttrGroup || errs[2].Err != ErrSetID {
		t.Errorf("errors %v", errs)
	}
	if got := mustStat(t, dirfd, "f").Perm(); got != 0o755 {
		t.Errorf("permissions %o", got)
	}
}

// Group bits that are an ACL's mask grant more than the group had, unless the
// ACL is there too.
func TestModeWithoutItsACL(t *testing.T) {
	dirfd := openTemp(t)
	write(t, dirfd, "f", "")
	for _, group := range []uint16{0, 4, 5} {
		m := Meta{Mode: unix.S_IFREG | 0o670, Xattrs: []Xattr{{XattrACLAccess, aclOf(group)}}}
		want := 0o600 | uint32(group)<<3
		applied(t, Apply(dirfd, "f", &m, SetMode))
		if got := mustStat(t, dirfd, "f").Perm(); got != want {
			t.Errorf("group %o: permissions %o, want %o", group, got, want)
		}
		if got := InitialMode(&m); got != want|0o200 {
			t.Errorf("group %o: initial mode %o, want %o", group, got, want)
		}
	}
	for _, broken := range [][]byte{nil, {2}, {1, 0, 0, 0}, {2, 0, 0, 0, 4}} {
		if got := withoutACL(0o2674, broken); got != 0o2604 {
			t.Errorf("%v: %o", broken, got)
		}
	}
}

func TestPrune(t *testing.T) {
	dirfd := openTemp(t)
	check(t, Mkdir(dirfd, "parent", 0o755))
	check(t, SetXattr(dirfd, "parent", XattrACLDefault, aclOf(4)))
	parent, err := OpenDir(dirfd, "parent")
	check(t, err)
	defer unix.Close(parent)
	write(t, parent, "f", "")
	check(t, SetXattr(parent, "f", "user.old", []byte("x")))
	check(t, SetXattr(parent, "f", "user.keep", []byte("old")))
	if names, err := ListXattrs(parent, "f"); err != nil || !slices.Contains(names, XattrACLAccess) {
		t.Fatalf("no ACL was inherited: %v, %v", names, err)
	}
	m := Meta{Mode: unix.S_IFREG | 0o664, Xattrs: []Xattr{{"user.keep", []byte("new")}}}
	applied(t, Apply(parent, "f", &m, SetXattrs|SetMode|PruneXattrs))
	attrs, err := Xattrs(parent, "f")
	check(t, err)
	sameXattrs(t, attrs, m.Xattrs)
	if got := mustStat(t, parent, "f").Perm(); got != 0o664 {
		t.Errorf("permissions %o", got)
	}
}

// A kernel without fchmodat2 must give the same results.
func TestChmodOpened(t *testing.T) {
	dirfd := openTemp(t)
	for _, name := range kinds(t, dirfd) {
		err := object{dirfd, name}.chmodOpened(0o1751)
		if name == "symlink" {
			wantErr(t, err, unix.EOPNOTSUPP)
			continue
		}
		check(t, err)
		if got := mustStat(t, dirfd, name).Perm(); got != 0o1751 {
			t.Errorf("%s: %o", name, got)
		}
	}
}

func TestAttrErrorText(t *testing.T) {
	e := &AttrError{AttrXattr, "user.x", unix.ENOTSUP}
	if got := e.Error(); got != "xattr user.x: operation not supported" {
		t.Error(got)
	}
	if !e.Unsupported() || e.OwnerDenied() {
		t.Error("misclassified")
	}
	e = &AttrError{Attr: AttrGroup, Err: unix.EPERM}
	if got := e.Error(); got != "group: operation not permitted" {
		t.Error(got)
	}
	if e.Unsupported() || !e.OwnerDenied() {
		t.Error("misclassified")
	}
}

// BenchmarkFApply is what extraction costs a file beyond its data.
func BenchmarkFApply(b *testing.B) {
	dirfd := openTemp(b)
	fd, err := CreateFile(dirfd, "f", 0o644)
	check(b, err)
	defer unix.Close(fd)
	m := Meta{Mode: unix.S_IFREG | 0o644, Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	b.ReportAllocs()
	for b.Loop() {
		m.Mtime.Sec++
		if errs := FApply(fd, &m, SetAll); errs != nil {
			b.Fatal(errs)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	dirfd := openTemp(b)
	write(b, dirfd, "f", "")
	m := Meta{Mode: unix.S_IFREG | 0o644, Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	b.ReportAllocs()
	for b.Loop() {
		m.Mtime.Sec++
		if errs := Apply(dirfd, "f", &m, SetAll); errs != nil {
			b.Fatal(errs)
		}
	}
}
