package fsmeta

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReadLink(t *testing.T) {
	dirfd := openTemp(t)
	for i, target := range []string{"x", "\xff\n", strings.Repeat("t", 255), strings.Repeat("t", 256), strings.Repeat("a/", 2047) + "b"} {
		name := fmt.Sprint("l", i)
		check(t, Symlink(target, dirfd, name))
		got, err := ReadLink(dirfd, name)
		check(t, err)
		if got != target {
			t.Errorf("%d bytes, want %d", len(got), len(target))
		}
	}
	write(t, dirfd, "f", "")
	_, err := ReadLink(dirfd, "f")
	wantErr(t, err, unix.EINVAL)
}

func TestOpenDoesNotFollow(t *testing.T) {
	dirfd := openTemp(t)
	kinds(t, dirfd)
	check(t, Symlink("file", dirfd, "tofile"))
	check(t, Symlink("dir", dirfd, "todir"))
	for name, open := range map[string]func(int, string) (int, error){
		"OpenFile": OpenFile, "OpenWrite": OpenWrite,
		"CreateFile": func(dirfd int, name string) (int, error) { return CreateFile(dirfd, name, 0o600) },
	} {
		if _, err := open(dirfd, "tofile"); err == nil {
			t.Errorf("%s followed a link", name)
		}
	}
	_, err := OpenFile(dirfd, "tofile")
	wantErr(t, err, unix.ELOOP)
	for _, name := range []string{"todir", "file", "fifo"} {
		_, err = OpenDir(dirfd, name)
		wantErr(t, err, unix.ENOTDIR)
		_, err = OpenDirPath(dirfd, name)
		wantErr(t, err, unix.ENOTDIR)
	}
	// A fifo does not make the caller wait.
	fd, err := OpenFile(dirfd, "fifo")
	check(t, err)
	unix.Close(fd)
	_, err = OpenWrite(dirfd, "fifo")
	wantErr(t, err, unix.ENXIO)
}

func TestOpenFile(t *testing.T) {
	dirfd := openTemp(t)
	write(t, dirfd, "f", "content")
	fd, err := OpenFile(dirfd, "f")
	check(t, err)
	defer unix.Close(fd)
	var buf [16]byte
	n, err := unix.Pread(fd, buf[:], 0)
	check(t, err)
	if string(buf[:n]) != "content" {
		t.Errorf("%q", buf[:n])
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	check(t, err)
	if flags&unix.O_NOATIME == 0 {
		t.Error("reading one's own file touches its access time")
	}
	flags, err = unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	check(t, err)
	if flags&unix.FD_CLOEXEC == 0 {
		t.Error("not close-on-exec")
	}
	_, err = OpenFile(dirfd, "absent")
	wantErr(t, err, fs.ErrNotExist)
}

func TestCreate(t *testing.T) {
	dirfd := openTemp(t)
	write(t, dirfd, "f", "content")
	_, err := CreateFile(dirfd, "f", 0o600)
	wantErr(t, err, fs.ErrExist)
	check(t, Symlink("f", dirfd, "l"))
	check(t, Link(dirfd, "l", dirfd, "l2"))
	if a, b := mustStat(t, dirfd, "l"), mustStat(t, dirfd, "l2"); a.Ino != b.Ino || a.Kind() != unix.S_IFLNK || a.Nlink != 2 {
		t.Errorf("%+v, %+v", a, b)
	}
	check(t, Mkdir(dirfd, "d", 0o700))
	wantErr(t, Link(dirfd, "d", dirfd, "d2"), unix.EPERM)
	sub, err := OpenDirPath(dirfd, "d")
	check(t, err)
	defer unix.Close(sub)
	check(t, Link(dirfd, "f", sub, "f2"))
	wantErr(t, RenameNew(dirfd, "f", sub, "f2"), fs.ErrExist)
	check(t, RenameNew(dirfd, "f", sub, "f3"))
	check(t, Rename(sub, "f3", dirfd, "l"))
	if mustStat(t, dirfd, "l").Kind() != unix.S_IFREG {
		t.Error("the link was not replaced")
	}
	wantErr(t, Remove(dirfd, "d"), unix.ENOTEMPTY)
	check(t, Remove(sub, "f2"))
	check(t, Remove(dirfd, "d"))
	check(t, Remove(dirfd, "l2"))
	wantErr(t, Remove(dirfd, "l2"), fs.ErrNotExist)
}

func TestMknodNumbers(t *testing.T) {
	dirfd := openTemp(t)
	for _, n := range [][2]uint32{{maxMajor + 1, 0}, {0, maxMinor + 1}, {1 << 31, 1 << 31}} {
		wantErr(t, Mknod(dirfd, "d", unix.S_IFCHR|0o600, n[0], n[1]), unix.EOVERFLOW)
	}
	for _, kind := range []uint32{0, unix.S_IFREG, unix.S_IFDIR, unix.S_IFLNK} {
		wantErr(t, Mknod(dirfd, "d", kind|0o600, 0, 0), unix.EINVAL)
	}
	needRoot(t)
	for i, n := range [][2]uint32{{0, 0}, {1, 3}, {8, 256}, {maxMajor, 0}, {0, maxMinor}} {
		name := fmt.Sprint("n", i)
		err := Mknod(dirfd, name, unix.S_IFBLK|0o600, n[0], n[1])
		denied(t, err)
		check(t, err)
		if rdev := mustStat(t, dirfd, name).Rdev; Major(rdev) != n[0] || Minor(rdev) != n[1] {
			t.Errorf("%v became %d,%d", n, Major(rdev), Minor(rdev))
		}
	}
}

func TestReadDir(t *testing.T) {
	dirfd := openTemp(t)
	entries, err := ReadDir(dirfd)
	if len(entries) > 0 || err != nil {
		t.Error(entries, err)
	}
	want := kinds(t, dirfd)
	for _, name := range awkwardNames {
		write(t, dirfd, name, "")
		want = append(want, name)
	}
	for i := range 5000 {
		name := fmt.Sprintf("%05d-%s", i, strings.Repeat("x", i%200))
		check(t, Mknod(dirfd, name, unix.S_IFIFO|0o600, 0, 0))
		want = append(want, name)
	}
	slices.Sort(want)
	for range 2 {
		names, err := ReadDirNames(dirfd)
		check(t, err)
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Fatalf("%d names, want %d", len(names), len(want))
		}
	}
	entries, err = ReadDir(dirfd)
	check(t, err)
	for _, e := range entries {
		if kind := mustStat(t, dirfd, e.Name).Kind(); e.Kind != kind && e.Kind != 0 {
			t.Errorf("%q: kind %o, want %o", e.Name, e.Kind, kind)
		}
	}
	write(t, dirfd, "plain", "")
	fd, err := OpenFile(dirfd, "plain")
	check(t, err)
	defer unix.Close(fd)
	_, err = ReadDirNames(fd)
	wantErr(t, err, unix.ENOTDIR)
}

// What no kernel returns, a FUSE server might.
func TestParseDirentsRefusesNonsense(t *testing.T) {
	for _, b := range [][]byte{
		make([]byte, 5),
		make([]byte, 64),
		append(make([]byte, 16), 0xff, 0xff, 4, 'a', 0),
	} {
		wantErr(t, parseDirents(b, func(string, uint32) { t.Error("an entry") }), unix.EIO)
	}
}

func BenchmarkReadDir(b *testing.B) {
	dir := b.TempDir()
	dirfd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	check(b, err)
	defer unix.Close(dirfd)
	for i := range 20000 {
		check(b, Mknod(dirfd, fmt.Sprintf("some-file-name-%d.go", i), unix.S_IFIFO|0o600, 0, 0))
	}
	b.Run("ReadDirNames", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ReadDirNames(dirfd); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("os", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f, err := os.Open(dir)
			check(b, err)
			if _, err := f.Readdirnames(-1); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
}
