package fsmeta

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTemp returns a descriptor of a fresh directory.
func openTemp(t testing.TB) int {
	t.Helper()
	fd, err := unix.Open(t.TempDir(), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// needRoot skips what an ordinary user cannot do.
func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOT TESTED: needs root")
	}
}

// denied skips a step that needs a capability this process lacks although it
// runs as root, as in a container.
func denied(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, unix.EPERM) {
		t.Skipf("SKIPPED, NOT TESTED: not permitted here: %v", err)
	}
}

// need64 skips what 32-bit system calls have no room for.
func need64(t testing.TB) {
	t.Helper()
	if !atUsable {
		t.Skip("SKIPPED, NOT TESTED: needs a 64-bit system")
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func mustStat(t testing.TB, dirfd int, name string) Info {
	t.Helper()
	info, err := Stat(dirfd, name)
	check(t, err)
	return info
}

// write makes a regular file.
func write(t testing.TB, dirfd int, name, content string) {
	t.Helper()
	fd, err := CreateFile(dirfd, name, 0o644)
	check(t, err)
	defer unix.Close(fd)
	if content != "" {
		_, err = unix.Write(fd, []byte(content))
		check(t, err)
	}
}

// awkwardNames are names that tools get wrong.
var awkwardNames = []string{
	strings.Repeat("n", 255),
	"new\nline",
	"\xff\xfe not UTF-8",
	"-rf *",
	" ",
	"...",
	"日本語",
}

// kinds makes one object of each kind and returns their names.
func kinds(t testing.TB, dirfd int) []string {
	t.Helper()
	names := []string{"file", "dir", "symlink", "fifo", "socket"}
	write(t, dirfd, "file", "content")
	check(t, Mkdir(dirfd, "dir", 0o755))
	check(t, Symlink("nowhere", dirfd, "symlink"))
	check(t, Mknod(dirfd, "fifo", unix.S_IFIFO|0o644, 0, 0))
	check(t, Mknod(dirfd, "socket", unix.S_IFSOCK|0o644, 0, 0))
	if os.Geteuid() == 0 {
		for name, kind := range map[string]uint32{"char": unix.S_IFCHR, "block": unix.S_IFBLK} {
			if err := Mknod(dirfd, name, kind|0o600, maxMajor, maxMinor); err != nil {
				t.Logf("NOT TESTED: no %s device: %v", name, err)
				continue
			}
			names = append(names, name)
		}
	}
	return names
}

// deep makes nested directories until their path is beyond PATH_MAX, and
// returns a descriptor of the last.
func deep(t testing.TB, dirfd int) int {
	t.Helper()
	name := strings.Repeat("d", 200)
	at := dirfd
	for length := 0; length < 5000; length += len(name) + 1 {
		check(t, Mkdir(at, name, 0o755))
		next, err := OpenDir(at, name)
		check(t, err)
		if at != dirfd {
			unix.Close(at)
		}
		at = next
	}
	t.Cleanup(func() { unix.Close(at) })
	return at
}
