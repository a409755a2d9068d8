package fsmeta

import "golang.org/x/sys/unix"

// OpenFile opens a regular file for reading. It does not touch the access
// time where the caller may ask for that, and does not wait for a writer when
// a fifo took the file's place; a symbolic link is ELOOP. Look at the
// descriptor ([FStat]) before trusting that it is the file seen earlier.
func OpenFile(dirfd int, name string) (fd int, err error) {
	return openQuietly(dirfd, name, unix.O_NONBLOCK|unix.O_NOCTTY)
}

// OpenDir opens a directory for [ReadDir]. Anything else is ENOTDIR.
func OpenDir(dirfd int, name string) (fd int, err error) {
	return openQuietly(dirfd, name, unix.O_DIRECTORY)
}

// OpenDirPath opens a directory only as the place other calls are relative
// to (O_PATH): search permission on the way is enough, read permission on the
// directory itself is not needed. Anything else is ENOTDIR.
func OpenDirPath(dirfd int, name string) (fd int, err error) {
	return openat("open", dirfd, name, unix.O_PATH|unix.O_DIRECTORY, 0)
}

// OpenWrite opens an existing regular file for writing, without truncating it.
func OpenWrite(dirfd int, name string) (fd int, err error) {
	return openat("open", dirfd, name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
}

// openQuietly opens for reading, with O_NOATIME unless the file belongs to
// somebody else.
func openQuietly(dirfd int, name string, flags int) (int, error) {
	if err := checkName(name); err != nil {
		return -1, pathError("open", name, err)
	}
	fd, err := rawOpenat(dirfd, name, flags|unix.O_RDONLY|unix.O_NOATIME, 0)
	if err == unix.EPERM {
		fd, err = rawOpenat(dirfd, name, flags|unix.O_RDONLY, 0)
	}
	return fd, pathError("open", name, err)
}

// openat opens one component, never following it.
func openat(op string, dirfd int, name string, flags int, perm uint32) (int, error) {
	if err := checkName(name); err != nil {
		return -1, pathError(op, name, err)
	}
	fd, err := rawOpenat(dirfd, name, flags, perm)
	return fd, pathError(op, name, err)
}

func rawOpenat(dirfd int, name string, flags int, perm uint32) (int, error) {
	for {
		fd, err := unix.Openat(dirfd, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, perm)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// maxLink bounds the target of a symbolic link. Linux refuses to make ones of
// PATH_MAX (4096) bytes or more; other systems' file systems may hold longer.
const maxLink = 1 << 20

// ReadLink returns the target of a symbolic link.
func ReadLink(dirfd int, name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", pathError("readlink", name, err)
	}
	var small [256]byte
	for buf := small[:]; ; buf = make([]byte, 8*len(buf)) {
		n, err := unix.Readlinkat(dirfd, name, buf)
		for err == unix.EINTR {
			n, err = unix.Readlinkat(dirfd, name, buf)
		}
		if err != nil {
			return "", pathError("readlink", name, err)
		}
		if n < len(buf) {
			return string(buf[:n]), nil
		}
		if len(buf) >= maxLink {
			return "", pathError("readlink", name, unix.ENAMETOOLONG)
		}
	}
}
