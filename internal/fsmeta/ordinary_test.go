package fsmeta

import (
	"io/fs"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	ordinaryUser  = 65533
	ordinaryGroup = 65533
	anotherGroup  = 70005 // that the ordinary user is in, too
)

// asOrdinaryUser runs f without any privilege. Credentials belong to threads
// in Linux, so only f's thread gives up its own, and ends with f.
func asOrdinaryUser(t *testing.T, f func()) {
	t.Helper()
	needRoot(t)
	need64(t) // where ids have 16 bits in the calls below
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread is not used again
		groups := [...]uint32{anotherGroup}
		for _, call := range [][4]uintptr{
			{unix.SYS_SETGROUPS, 1, uintptr(unsafe.Pointer(&groups))},
			{unix.SYS_SETRESGID, ordinaryGroup, ordinaryGroup, ordinaryGroup},
			{unix.SYS_SETRESUID, ordinaryUser, ordinaryUser, ordinaryUser},
		} {
			if _, _, errno := unix.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
				t.Errorf("becoming an ordinary user: %v", errno)
				return
			}
		}
		runtime.KeepAlive(&groups)
		f()
	}()
	<-done
}

// ownFile makes a file of the ordinary user.
func ownFile(t *testing.T, dirfd int, name string, gid int) {
	t.Helper()
	write(t, dirfd, name, "content")
	check(t, unix.Fchownat(dirfd, name, ordinaryUser, gid, 0))
}

func TestOrdinaryUserCannotGiveAway(t *testing.T) {
	dirfd := openTemp(t)
	asOrdinaryUser(t, func() {})
	ownFile(t, dirfd, "f", ordinaryGroup)
	m := Meta{Mode: unix.S_IFREG | 0o6755, Uid: 1, Gid: anotherGroup, Mtime: Time{7, 7},
		Xattrs: []Xattr{{"trusted.x", nil}, {"user.x", []byte("1")}}}
	var errs []*AttrError
	asOrdinaryUser(t, func() { errs = Apply(dirfd, "f", &m, SetAll) })
	if len(errs) != 3 || errs[0].Attr != AttrUser || !errs[0].OwnerDenied() || errs[1].Name != "trusted.x" || errs[2].Err != ErrSetID {
		t.Errorf("errors %v", errs)
	}
	info := mustStat(t, dirfd, "f")
	if info.Uid != ordinaryUser || info.Gid != anotherGroup || info.Perm() != 0o2755 || info.Mtime != m.Mtime {
		t.Errorf("%+v", info)
	}
	if v, err := GetXattr(dirfd, "f", "user.x"); err != nil || string(v) != "1" {
		t.Error(v, err)
	}

	// Neither user nor group: both are named, neither set-ID bit is there.
	m.Gid, m.Xattrs = 2, nil
	asOrdinaryUser(t, func() { errs = Apply(dirfd, "f", &m, SetAll) })
	if len(errs) != 3 || errs[1].Attr != AttrGroup || !errs[1].OwnerDenied() || errs[2].Err != ErrSetID {
		t.Errorf("errors %v", errs)
	}
	if got := mustStat(t, dirfd, "f").Perm(); got != 0o755 {
		t.Errorf("permissions %o", got)
	}

	// Not asked for, ownership is not tried.
	m.Mode = unix.S_IFREG | 0o640
	asOrdinaryUser(t, func() { errs = Apply(dirfd, "f", &m, SetAll&^SetOwner) })
	applied(t, errs)
}

// The kernel takes set-group-ID away without a word.
func TestSetGroupIDDropped(t *testing.T) {
	dirfd := openTemp(t)
	asOrdinaryUser(t, func() {})
	ownFile(t, dirfd, "f", 0)
	var errs []*AttrError
	asOrdinaryUser(t, func() { errs = Apply(dirfd, "f", &Meta{Mode: unix.S_IFREG | 0o2755}, SetMode) })
	if len(errs) != 1 || errs[0].Attr != AttrMode || errs[0].Err != ErrNotKept {
		t.Errorf("errors %v", errs)
	}
}

func TestOrdinaryUserReads(t *testing.T) {
	dirfd := openTemp(t)
	asOrdinaryUser(t, func() {})
	write(t, dirfd, "f", "content")
	check(t, Mkdir(dirfd, "search-only", 0o711))
	for _, x := range []string{"user.x", "trusted.x", "security.x"} {
		check(t, SetXattr(dirfd, "f", x, []byte("1")))
	}
	write(t, dirfd, "secret", "")
	check(t, SetXattr(dirfd, "secret", "user.x", nil))
	check(t, SetXattr(dirfd, "secret", "security.x", nil))
	applied(t, Apply(dirfd, "secret", &Meta{Mode: 0o600}, SetMode))

	asOrdinaryUser(t, func() {
		fd, err := OpenFile(dirfd, "f")
		if err != nil {
			t.Errorf("another's file: %v", err)
			return
		}
		unix.Close(fd)
		attrs, err := Xattrs(dirfd, "f")
		if err != nil {
			t.Error(err)
		}
		sameXattrs(t, attrs, []Xattr{{"security.x", []byte("1")}, {"user.x", []byte("1")}})

		// What is listed and cannot be read is said, the rest is there.
		attrs, err = Xattrs(dirfd, "secret")
		if err == nil || err.Error() != "xattr user.x: permission denied" {
			t.Errorf("error %v", err)
		}
		sameXattrs(t, attrs, []Xattr{{"security.x", nil}})

		if _, err := OpenFile(dirfd, "secret"); !isPermission(err) {
			t.Errorf("error %v", err)
		}
		if _, err := OpenDir(dirfd, "search-only"); !isPermission(err) {
			t.Errorf("error %v", err)
		}
		if fd, err = OpenDirPath(dirfd, "search-only"); err != nil {
			t.Errorf("error %v", err)
			return
		}
		unix.Close(fd)
	})
}

func isPermission(err error) bool {
	pe, ok := err.(*fs.PathError)
	return ok && pe.Err == unix.EACCES
}
