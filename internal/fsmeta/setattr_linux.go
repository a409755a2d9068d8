package fsmeta

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func (o object) stat(st *unix.Stat_t) error {
	if o.name == "" {
		return fstat(o.fd, st)
	}
	return fstatat(o.fd, o.name, st)
}

// chown sets the owner; -1 leaves an id as it is.
func (o object) chown(uid, gid int) error {
	return retry(func() error {
		if o.name == "" {
			return unix.Fchown(o.fd, uid, gid)
		}
		return unix.Fchownat(o.fd, o.name, uid, gid, unix.AT_SYMLINK_NOFOLLOW)
	})
}

// chmod sets the permissions of anything but a symbolic link.
func (o object) chmod(perm uint32) error {
	if o.name == "" {
		return retry(func() error { return unix.Fchmod(o.fd, perm) })
	}
	err := retry(func() error {
		return unix.Fchmodat(o.fd, o.name, perm, unix.AT_SYMLINK_NOFOLLOW)
	})
	if err == unix.EOPNOTSUPP {
		return o.chmodOpened(perm)
	}
	return err
}

// chmodOpened serves kernels before 6.6, whose fchmodat follows links. The
// descriptor pins the object, so that what was looked at is what is changed.
func (o object) chmodOpened(perm uint32) error {
	fd, err := rawOpenat(o.fd, o.name, unix.O_PATH, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return unix.EOPNOTSUPP
	}
	return retry(func() error { return unix.Chmod(object{fd: fd}.procPath(), perm) })
}

// setTime sets the modification time and leaves the access time alone.
func (o object) setTime(t Time) error {
	if !t.valid() {
		return unix.EINVAL
	}
	mtime, err := unix.TimeToTimespec(time.Unix(t.Sec, int64(t.Nsec)))
	if err != nil {
		return err // a 32-bit system
	}
	ts := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, mtime}
	return retry(func() error {
		if o.name != "" {
			return unix.UtimesNanoAt(o.fd, o.name, ts[:], unix.AT_SYMLINK_NOFOLLOW)
		}
		// futimens is utimensat without a path, which package unix cannot
		// say; an empty path instead costs half as much again.
		_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(o.fd), 0, uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
}
