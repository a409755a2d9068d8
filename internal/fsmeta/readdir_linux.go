package fsmeta

import (
	"bytes"
	"encoding/binary"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// DirEntry is one name in a directory.
type DirEntry struct {
	Name string
	Kind uint32 // one of the unix.S_IF values, or 0: the file system does not tell
}

// direntBuffer is what one getdents call can fill. The kernel caps nothing,
// and beyond this size larger buffers were no faster.
const direntBuffer = 64 << 10

var direntBuffers = sync.Pool{New: func() any { return new([direntBuffer]byte) }}

// ReadDir returns the entries of a directory opened by [OpenDir], without "."
// and "..", in the order of the file system. It moves the descriptor's
// offset, so one descriptor serves one reader at a time.
func ReadDir(fd int) ([]DirEntry, error) {
	var entries []DirEntry
	err := readDir(fd, func(name string, kind uint32) {
		entries = append(entries, DirEntry{name, kind})
	})
	return entries, err
}

// ReadDirNames is [ReadDir] for the names alone.
func ReadDirNames(fd int) ([]string, error) {
	var names []string
	err := readDir(fd, func(name string, _ uint32) {
		names = append(names, name)
	})
	return names, err
}

// Where the fields of a struct linux_dirent64 lie.
const (
	direntIno    = unsafe.Offsetof(unix.Dirent{}.Ino)
	direntReclen = unsafe.Offsetof(unix.Dirent{}.Reclen)
	direntType   = unsafe.Offsetof(unix.Dirent{}.Type)
	direntName   = unsafe.Offsetof(unix.Dirent{}.Name)
)

func readDir(fd int, add func(name string, kind uint32)) error {
	if _, err := unix.Seek(fd, 0, unix.SEEK_SET); err != nil {
		return pathError("readdir", "", err)
	}
	buf := direntBuffers.Get().(*[direntBuffer]byte)
	defer direntBuffers.Put(buf)
	for {
		n, err := unix.ReadDirent(fd, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return pathError("readdir", "", err)
		}
		if n == 0 {
			return nil
		}
		if err := parseDirents(buf[:n], add); err != nil {
			return pathError("readdir", "", err)
		}
	}
}

// parseDirents hands on every entry of what one getdents call filled in.
func parseDirents(b []byte, add func(name string, kind uint32)) error {
	// One string for all the names of this call saves an allocation for each;
	// they live and die together anyway.
	all := string(b)
	for at := 0; at < len(b); {
		rest := b[at:]
		if len(rest) <= int(direntName) {
			return unix.EIO
		}
		reclen := int(binary.NativeEndian.Uint16(rest[direntReclen:]))
		if reclen <= int(direntName) || reclen > len(rest) {
			return unix.EIO
		}
		start := at + int(direntName)
		length := bytes.IndexByte(b[start:at+reclen], 0)
		if length < 0 {
			length = at + reclen - start
		}
		name := all[start : start+length]
		deleted := binary.NativeEndian.Uint64(rest[direntIno:]) == 0
		if !deleted && checkName(name) == nil {
			// The kinds of directory entries are those of st_mode, shifted.
			add(name, uint32(rest[direntType])<<12)
		}
		at += reclen
	}
	return nil
}
