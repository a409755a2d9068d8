package fsmeta

import (
	"os"

	"golang.org/x/sys/unix"
)

// CreateFile makes a regular file that must not exist and opens it for
// writing. The process's umask applies to perm, as it does in [Mkdir] and
// [Mknod]; see [InitialMode] for what to ask for.
func CreateFile(dirfd int, name string, perm uint32) (fd int, err error) {
	return openat("create", dirfd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, perm&permMask)
}

// Mkdir makes a directory.
func Mkdir(dirfd int, name string, perm uint32) error {
	return named("mkdir", name, func() error { return unix.Mkdirat(dirfd, name, perm&permMask) })
}

// Symlink makes a symbolic link with the given target, which is stored as it
// is and means nothing to this package.
func Symlink(target string, dirfd int, name string) error {
	return named("symlink", name, func() error { return unix.Symlinkat(target, dirfd, name) })
}

// Link makes a second name for an existing file of any kind but a directory.
// A symbolic link gets a second name itself; it is not followed.
func Link(oldDirfd int, oldName string, newDirfd int, newName string) error {
	return between("link", oldName, newName, func() error {
		return unix.Linkat(oldDirfd, oldName, newDirfd, newName, 0)
	})
}

// The largest device numbers the kernel has room for, in its 12 and 20 bits.
// User space's dev_t is wider, and mknod would cut the rest off in silence.
const (
	maxMajor = 1<<12 - 1
	maxMinor = 1<<20 - 1
)

// Mknod makes a fifo, a socket, a character or a block device, by the kind and
// permissions in mode. The numbers count for devices only; those too large for
// the kernel are EOVERFLOW.
func Mknod(dirfd int, name string, mode, major, minor uint32) error {
	return named("mknod", name, func() error {
		switch mode & unix.S_IFMT {
		case unix.S_IFIFO, unix.S_IFSOCK:
			return unix.Mknodat(dirfd, name, mode, 0)
		case unix.S_IFCHR, unix.S_IFBLK:
			if major > maxMajor || minor > maxMinor {
				return unix.EOVERFLOW
			}
			return unix.Mknodat(dirfd, name, mode, int(unix.Mkdev(major, minor)))
		default:
			return unix.EINVAL
		}
	})
}

// Rename moves a file, replacing what has the new name: a file by a file, or
// an empty directory by a directory.
func Rename(oldDirfd int, oldName string, newDirfd int, newName string) error {
	return between("rename", oldName, newName, func() error {
		return unix.Renameat(oldDirfd, oldName, newDirfd, newName)
	})
}

// RenameNew moves a file to a name that must be free, else EEXIST. File
// systems that cannot promise that answer EINVAL.
func RenameNew(oldDirfd int, oldName string, newDirfd int, newName string) error {
	return between("rename", oldName, newName, func() error {
		return unix.Renameat2(oldDirfd, oldName, newDirfd, newName, unix.RENAME_NOREPLACE)
	})
}

// Remove removes a file, or a directory if it is empty, else ENOTEMPTY. It
// never removes anything below.
func Remove(dirfd int, name string) error {
	return named("remove", name, func() error {
		err := unix.Unlinkat(dirfd, name, 0)
		if err == unix.EISDIR {
			err = unix.Unlinkat(dirfd, name, unix.AT_REMOVEDIR)
		}
		return err
	})
}

func named(op, name string, call func() error) error {
	if err := checkName(name); err != nil {
		return pathError(op, name, err)
	}
	return pathError(op, name, retry(call))
}

func between(op, oldName, newName string, call func() error) error {
	err := checkName(oldName)
	if err == nil {
		err = checkName(newName)
	}
	if err == nil {
		err = retry(call)
	}
	if err != nil {
		return &os.LinkError{Op: op, Old: oldName, New: newName, Err: err}
	}
	return nil
}
