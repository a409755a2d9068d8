package fsmeta

import (
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// object is what a call is about: name below the directory fd, or, when name
// is empty, the open file fd itself.
type object struct {
	fd   int
	name string
}

// xattrMethod is a way to reach the attributes of a file named by directory
// and component. There is no single one that works everywhere.
type xattrMethod int

const (
	// viaAt uses listxattrat and its like, Linux 6.13 and later: three times
	// as fast as going through /proc.
	viaAt xattrMethod = iota
	// viaProc gives the older calls the path /proc/self/fd/N/name: the
	// kernel jumps to the directory, however deep it lies, and follows
	// nothing after it.
	viaProc
	// viaOpen opens the file, which serves regular files and directories
	// that may be read. It remains for a chroot without /proc.
	viaOpen
)

// namedXattrs is the best method this kernel and this mount namespace offer.
var namedXattrs = sync.OnceValue(func() xattrMethod {
	if atUsable {
		_, err := listXattrAt(unix.AT_FDCWD, "/", nil)
		// The call itself never answers EPERM; system call filters do.
		if err != unix.ENOSYS && err != unix.EPERM {
			return viaAt
		}
	}
	var st unix.Stat_t
	if unix.Fstatat(unix.AT_FDCWD, procFd, &st, 0) == nil {
		return viaProc
	}
	return viaOpen
})

const procFd = "/proc/self/fd/"

// procPath names a file, or with an empty name the descriptor itself.
func (o object) procPath() string {
	p := procFd + strconv.Itoa(o.fd)
	if o.name != "" {
		p += "/" + o.name
	}
	return p
}

func (o object) listXattr(buf []byte) (int, error) { return o.listXattrBy(namedXattrs(), buf) }

func (o object) listXattrBy(m xattrMethod, buf []byte) (n int, err error) {
	for {
		switch {
		case o.name == "":
			n, err = unix.Flistxattr(o.fd, buf)
		case m == viaAt:
			n, err = listXattrAt(o.fd, o.name, buf)
		case m == viaProc:
			n, err = unix.Llistxattr(o.procPath(), buf)
		default:
			err = o.opened(func(fd int) error {
				n, err = unix.Flistxattr(fd, buf)
				return err
			})
		}
		if err != unix.EINTR {
			return n, err
		}
	}
}

func (o object) getXattr(attr string, buf []byte) (int, error) {
	return o.getXattrBy(namedXattrs(), attr, buf)
}

func (o object) getXattrBy(m xattrMethod, attr string, buf []byte) (n int, err error) {
	for {
		switch {
		case o.name == "":
			n, err = unix.Fgetxattr(o.fd, attr, buf)
		case m == viaAt:
			n, err = valueXattrAt(unix.SYS_GETXATTRAT, o.fd, o.name, attr, buf)
		case m == viaProc:
			n, err = unix.Lgetxattr(o.procPath(), attr, buf)
		default:
			err = o.opened(func(fd int) error {
				n, err = unix.Fgetxattr(fd, attr, buf)
				return err
			})
		}
		if err != unix.EINTR {
			return n, err
		}
	}
}

func (o object) setXattr(attr string, value []byte) error {
	return o.setXattrBy(namedXattrs(), attr, value)
}

func (o object) setXattrBy(m xattrMethod, attr string, value []byte) error {
	return retry(func() error {
		switch {
		case o.name == "":
			return unix.Fsetxattr(o.fd, attr, value, 0)
		case m == viaAt:
			_, err := valueXattrAt(unix.SYS_SETXATTRAT, o.fd, o.name, attr, value)
			return err
		case m == viaProc:
			return unix.Lsetxattr(o.procPath(), attr, value, 0)
		default:
			return o.opened(func(fd int) error { return unix.Fsetxattr(fd, attr, value, 0) })
		}
	})
}

func (o object) removeXattr(attr string) error { return o.removeXattrBy(namedXattrs(), attr) }

func (o object) removeXattrBy(m xattrMethod, attr string) error {
	return retry(func() error {
		switch {
		case o.name == "":
			return unix.Fremovexattr(o.fd, attr)
		case m == viaAt:
			return removeXattrAt(o.fd, o.name, attr)
		case m == viaProc:
			return unix.Lremovexattr(o.procPath(), attr)
		default:
			return o.opened(func(fd int) error { return unix.Fremovexattr(fd, attr) })
		}
	})
}

// opened runs call on a descriptor of the file. Opening a device or a fifo has
// effects of its own, and a link or a socket cannot be opened: for those the
// answer is ENOSYS, which does not pass for "has none" as ENOTSUP would.
func (o object) opened(call func(fd int) error) error {
	var st unix.Stat_t
	if err := fstatat(o.fd, o.name, &st); err != nil {
		return err
	}
	if kind := st.Mode & unix.S_IFMT; kind != unix.S_IFREG && kind != unix.S_IFDIR {
		return unix.ENOSYS
	}
	fd, err := rawOpenat(o.fd, o.name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return call(fd)
}

// xattrArgs is struct xattr_args. Its first field is 64 bits wide everywhere,
// which a pointer is only on 64-bit systems; the others use viaProc.
type xattrArgs struct {
	value unsafe.Pointer
	size  uint32
	flags uint32
}

const atUsable = unsafe.Sizeof(uintptr(0)) == 8

func listXattrAt(dirfd int, name string, buf []byte) (int, error) {
	path, err := unix.BytePtrFromString(name)
	if err != nil {
		return 0, err
	}
	n, _, errno := unix.Syscall6(unix.SYS_LISTXATTRAT, uintptr(dirfd), uintptr(unsafe.Pointer(path)),
		unix.AT_SYMLINK_NOFOLLOW, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0)
	return result(n, errno)
}

// valueXattrAt is getxattrat or setxattrat, which take the same arguments.
func valueXattrAt(trap uintptr, dirfd int, name, attr string, value []byte) (int, error) {
	path, err := unix.BytePtrFromString(name)
	if err != nil {
		return 0, err
	}
	key, err := unix.BytePtrFromString(attr)
	if err != nil {
		return 0, err
	}
	args := xattrArgs{value: unsafe.Pointer(unsafe.SliceData(value)), size: uint32(len(value))}
	n, _, errno := unix.Syscall6(trap, uintptr(dirfd), uintptr(unsafe.Pointer(path)),
		unix.AT_SYMLINK_NOFOLLOW, uintptr(unsafe.Pointer(key)), uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args))
	return result(n, errno)
}

func removeXattrAt(dirfd int, name, attr string) error {
	path, err := unix.BytePtrFromString(name)
	if err != nil {
		return err
	}
	key, err := unix.BytePtrFromString(attr)
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_REMOVEXATTRAT, uintptr(dirfd), uintptr(unsafe.Pointer(path)),
		unix.AT_SYMLINK_NOFOLLOW, uintptr(unsafe.Pointer(key)), 0, 0)
	_, err = result(0, errno)
	return err
}

func result(n uintptr, errno unix.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
