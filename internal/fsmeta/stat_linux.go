package fsmeta

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Info is what the inode of a file tells.
type Info struct {
	Mode     uint32 // st_mode as it comes: kind and permissions
	Uid      uint32
	Gid      uint32
	Nlink    uint64
	Size     int64
	Blocks   int64 // allocated, in units of 512 bytes
	Mtime    Time
	Ctime    Time
	Btime    Time // only after StatBirth, only when HasBtime
	HasBtime bool
	Dev      uint64 // of the file system
	Ino      uint64
	Rdev     uint64 // of a device node; see Major and Minor
}

// Kind returns the kind alone, one of the unix.S_IF values.
func (i Info) Kind() uint32 { return i.Mode & unix.S_IFMT }

// Perm returns the permissions alone, with the set-ID and sticky bits.
func (i Info) Perm() uint32 { return i.Mode & permMask }

// Sparse reports whether fewer blocks are allocated than the size needs: only
// then can the file have holes. (Compression and inline data look the same.)
func (i Info) Sparse() bool { return i.Blocks < (i.Size+511)/512 }

// permMask selects what chmod sets.
const permMask = 0o7777

// Major returns the major number of a device.
func Major(dev uint64) uint32 { return unix.Major(dev) }

// Minor returns the minor number of a device.
func Minor(dev uint64) uint32 { return unix.Minor(dev) }

// Mkdev returns the device of a major and a minor number.
func Mkdev(major, minor uint32) uint64 { return unix.Mkdev(major, minor) }

// Stat looks at a file without following it.
func Stat(dirfd int, name string) (Info, error) {
	if err := checkName(name); err != nil {
		return Info{}, pathError("stat", name, err)
	}
	var st unix.Stat_t
	if err := fstatat(dirfd, name, &st); err != nil {
		return Info{}, pathError("stat", name, err)
	}
	return infoOf(&st), nil
}

// FStat looks at an open file; the descriptor may be an O_PATH one.
func FStat(fd int) (Info, error) {
	var st unix.Stat_t
	if err := fstat(fd, &st); err != nil {
		return Info{}, pathError("fstat", "", err)
	}
	return infoOf(&st), nil
}

func fstatat(dirfd int, name string, st *unix.Stat_t) error {
	return retry(func() error {
		return unix.Fstatat(dirfd, name, st, unix.AT_SYMLINK_NOFOLLOW)
	})
}

func fstat(fd int, st *unix.Stat_t) error {
	return retry(func() error { return unix.Fstat(fd, st) })
}

func infoOf(st *unix.Stat_t) Info {
	return Info{
		Mode:   st.Mode,
		Uid:    st.Uid,
		Gid:    st.Gid,
		Nlink:  uint64(st.Nlink),
		Size:   st.Size,
		Blocks: st.Blocks,
		Mtime:  statTime(st),
		Ctime:  Time{int64(st.Ctim.Sec), int32(st.Ctim.Nsec)},
		Dev:    uint64(st.Dev),
		Ino:    st.Ino,
		Rdev:   uint64(st.Rdev),
	}
}

func statTime(st *unix.Stat_t) Time {
	return Time{int64(st.Mtim.Sec), int32(st.Mtim.Nsec)}
}

// noStatx is set once statx turns out to be missing or filtered.
var noStatx atomic.Bool

// StatBirth is [Stat] with the time the file was made, where the file system
// keeps one. It costs about a fifth more.
func StatBirth(dirfd int, name string) (Info, error) {
	if err := checkName(name); err != nil {
		return Info{}, pathError("statx", name, err)
	}
	if noStatx.Load() {
		return Stat(dirfd, name)
	}
	var st unix.Statx_t
	err := retry(func() error {
		return unix.Statx(dirfd, name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st)
	})
	switch err {
	case nil:
	case unix.ENOSYS, unix.EPERM:
		// statx itself never answers EPERM; system call filters do.
		noStatx.Store(true)
		return Stat(dirfd, name)
	default:
		return Info{}, pathError("statx", name, err)
	}
	return Info{
		Mode:     uint32(st.Mode),
		Uid:      st.Uid,
		Gid:      st.Gid,
		Nlink:    uint64(st.Nlink),
		Size:     int64(st.Size),
		Blocks:   int64(st.Blocks),
		Mtime:    Time{st.Mtime.Sec, int32(st.Mtime.Nsec)},
		Ctime:    Time{st.Ctime.Sec, int32(st.Ctime.Nsec)},
		Btime:    Time{st.Btime.Sec, int32(st.Btime.Nsec)},
		HasBtime: st.Mask&unix.STATX_BTIME != 0,
		Dev:      unix.Mkdev(st.Dev_major, st.Dev_minor),
		Ino:      st.Ino,
		Rdev:     unix.Mkdev(st.Rdev_major, st.Rdev_minor),
	}, nil
}

// retry repeats a call that a signal interrupted, which network and FUSE file
// systems let happen even to calls the kernel otherwise restarts.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
