package fusearchive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/writer"
)

// needFUSE skips a test where nothing can be mounted.
func needFUSE(t testing.TB) {
	t.Helper()
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("NOTHING IS MOUNTED HERE, and so not tested: %v", err)
	}
	f.Close()
}

// sourceTree makes a directory with files of many sizes.
func sourceTree(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 3<<20)
	for i := range text {
		text[i] = "abcdefgh"[r.IntN(8)]
	}
	for i, size := range []int{0, 1, 100, 4095, 4096, 4097, 70_000, 131_072, 131_073, 1 << 20, 3 << 20} {
		sub := filepath.Join(dir, fmt.Sprint("sub", i%3))
		write(t, filepath.Join(sub, fmt.Sprint("file", size)), text[:size])
		write(t, filepath.Join(sub, fmt.Sprint("copy", size)), text[:size])
	}
	for i := range 500 {
		write(t, filepath.Join(dir, "many", fmt.Sprintf("%04d", i)), text[i:2*i])
	}
	sparse := filepath.Join(dir, "sparse")
	write(t, sparse, text[:10_000])
	must(t, os.Truncate(sparse, 5<<20))
	must(t, os.Symlink("sub0/file0", filepath.Join(dir, "link")))
	must(t, os.Link(sparse, filepath.Join(dir, "hard")))
	return dir
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, b, 0o644))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// archiveOf makes an archive of a directory.
func archiveOf(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.vtd")
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	_, err = writer.Create(context.Background(), f, writer.Options{Inputs: []writer.Input{{Dir: dir, Path: "."}}})
	must(t, err)
	return path
}

// mounted mounts an archive for the time of a test.
func mounted(t testing.TB, path string, o Options) (dir string, s *Server) {
	t.Helper()
	needFUSE(t)
	a, err := reader.OpenFile(path, reader.Options{})
	must(t, err)
	t.Cleanup(func() { a.Close() })
	tree, err := a.Tree()
	must(t, err)
	f, err := New(a, tree, o)
	must(t, err)
	dir = t.TempDir()
	s, err = Mount(f, dir, MountOptions{FSName: path, Permissions: true, OnPanic: func(v any) { t.Errorf("panic: %v", v) }})
	must(t, err)
	touchable(t, s)
	t.Cleanup(func() {
		if s.Unmount() != nil {
			must(t, s.Detach())
		}
		s.Wait()
	})
	return dir, s
}

// touchable prepares a mount for what programs must not do and tests do: to open
// files of a mount of their own. The runtime could otherwise wait for itself.
func touchable(t testing.TB, s *Server) {
	t.Helper()
	must(t, s.fuse.WaitMount())
}

func TestDeviceAt(t *testing.T) {
	const mounts = `22 1 8:1 / / rw - ext4 /dev/sda1 rw
40 22 0:50 / /mnt/a\040b\134c rw - fuse.vt x ro
41 22 0:51 / /mnt/a rw - tmpfs tmpfs rw
42 22 0:52 / /mnt/a rw - fuse.vt x ro
`
	for dir, want := range map[string]string{"/": "8:1", `/mnt/a b\c`: "0:50", "/mnt/a": "0:52", "/mnt": ""} {
		if got := deviceAt(mounts, dir); got != want {
			t.Errorf("%q: %q, not %q", dir, got, want)
		}
	}
}

func noFaults(t testing.TB) Options { return Options{OnFault: func(err error) { t.Error(err) }} }

// sameTree holds a mount against the directory that the archive was made of.
func sameTree(t testing.TB, got, want string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(want, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		n++
		rel, _ := filepath.Rel(want, path)
		other := filepath.Join(got, rel)
		a, b := lstat(t, path), lstat(t, other)
		if a.Mode != b.Mode || a.Uid != b.Uid || a.Gid != b.Gid || a.Mtim != b.Mtim || a.Rdev != b.Rdev ||
			!d.IsDir() && (a.Size != b.Size || a.Nlink != b.Nlink) {
			t.Errorf("%s: %+v, not %+v", rel, b, a)
		}
		if d.Type().IsRegular() {
			x, err1 := os.ReadFile(path)
			y, err2 := os.ReadFile(other)
			if err1 != nil || err2 != nil || !bytes.Equal(x, y) {
				t.Errorf("%s: %d bytes, not %d: %v, %v", rel, len(y), len(x), err1, err2)
			}
		}
		return nil
	})
	must(t, err)
	err = filepath.WalkDir(got, func(path string, d fs.DirEntry, err error) error { n--; return err })
	if err != nil || n != 0 {
		t.Errorf("%d entries are missing: %v", n, err)
	}
}

func lstat(t testing.TB, path string) (st unix.Stat_t) {
	t.Helper()
	must(t, unix.Lstat(path, &st))
	return st
}

func TestMount(t *testing.T) {
	src := sourceTree(t)
	dir, _ := mounted(t, archiveOf(t, src), noFaults(t))
	sameTree(t, dir, src)
	if a, b := lstat(t, filepath.Join(dir, "hard")), lstat(t, filepath.Join(dir, "sparse")); a.Ino != b.Ino || a.Blocks > 40 {
		t.Errorf("%+v, %+v", a, b)
	}
	var st unix.Statfs_t
	must(t, unix.Statfs(dir, &st))
	if st.Files != 530 || st.Bfree != 0 || st.Namelen != format.MaxName {
		t.Errorf("%+v", st)
	}
}

func TestMountAsFS(t *testing.T) {
	src := t.TempDir() // small files: TestFS reads them octet by octet
	for i := range 40 {
		write(t, filepath.Join(src, fmt.Sprint("d", i%3), fmt.Sprint("f", i)), testkit.Noise(uint64(i), i*20))
	}
	must(t, os.Symlink("d0", filepath.Join(src, "link")))
	dir, _ := mounted(t, archiveOf(t, src), noFaults(t))
	must(t, fstest.TestFS(os.DirFS(dir), "d0/f0", "d0/f39", "link"))
}

// TestMountOneProcessor: some deadlocks show only there.
func TestMountOneProcessor(t *testing.T) {
	src := sourceTree(t)
	path := archiveOf(t, src)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	dir, _ := mounted(t, path, noFaults(t))
	sameTree(t, dir, src)
}

func TestMountHoles(t *testing.T) {
	src := sourceTree(t)
	dir, _ := mounted(t, archiveOf(t, src), noFaults(t))
	f, err := os.Open(filepath.Join(dir, "sparse"))
	must(t, err)
	defer f.Close()
	hole, err := unix.Seek(int(f.Fd()), 0, unix.SEEK_HOLE)
	if err != nil || hole < 10_000 || hole > 12_288 {
		t.Errorf("the hole begins at %d, %v", hole, err)
	}
	if _, err := unix.Seek(int(f.Fd()), hole, unix.SEEK_DATA); err != unix.ENXIO {
		t.Errorf("behind it is data: %v", err)
	}
	if _, err := unix.Seek(int(f.Fd()), 5<<20, unix.SEEK_HOLE); err != unix.ENXIO {
		t.Errorf("behind the end is a hole: %v", err)
	}
}

func TestMountRefusesChanges(t *testing.T) {
	src := sourceTree(t)
	dir, _ := mounted(t, archiveOf(t, src), noFaults(t))
	file := filepath.Join(dir, "hard")
	calls := map[string]func() error{
		"write":       func() error { _, err := os.OpenFile(file, os.O_WRONLY, 0); return err },
		"create":      func() error { _, err := os.Create(filepath.Join(dir, "new")); return err },
		"mkdir":       func() error { return os.Mkdir(filepath.Join(dir, "new"), 0o755) },
		"mknod":       func() error { return unix.Mkfifo(filepath.Join(dir, "new"), 0o644) },
		"symlink":     func() error { return os.Symlink("x", filepath.Join(dir, "new")) },
		"link":        func() error { return os.Link(file, filepath.Join(dir, "new")) },
		"unlink":      func() error { return unix.Unlink(file) },
		"rmdir":       func() error { return unix.Rmdir(filepath.Join(dir, "many")) },
		"rename":      func() error { return os.Rename(file, filepath.Join(dir, "new")) },
		"truncate":    func() error { return os.Truncate(file, 1) },
		"chmod":       func() error { return os.Chmod(file, 0o600) },
		"chown":       func() error { return os.Chown(file, 1, 1) },
		"utimes":      func() error { return os.Chtimes(file, time.Time{}, time.Now()) },
		"setxattr":    func() error { return unix.Setxattr(file, "user.x", []byte("y"), 0) },
		"removexattr": func() error { return unix.Removexattr(file, "user.x") },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, unix.EROFS) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMountConcurrent lets 64 readers loose on a mount.
func TestMountConcurrent(t *testing.T) {
	src := sourceTree(t)
	dir, _ := mounted(t, archiveOf(t, src), noFaults(t))
	var names []string
	must(t, filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if d.Type().IsRegular() {
			rel, _ := filepath.Rel(src, path)
			names = append(names, rel)
		}
		return err
	}))
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 0))
			for range 40 {
				name := names[r.IntN(len(names))]
				if err := samePart(filepath.Join(dir, name), filepath.Join(src, name), r); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	wg.Wait()
}

// samePart holds a part of two files against each other.
func samePart(a, b string, r *rand.Rand) error {
	x, err := os.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return err
	}
	defer y.Close()
	info, err := y.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	off, n := r.Int64N(info.Size()), 1+r.IntN(1<<20)
	got, want := make([]byte, n), make([]byte, n)
	gn, gerr := x.ReadAt(got, off)
	wn, werr := y.ReadAt(want, off)
	if gn != wn || gerr != werr || !bytes.Equal(got, want) {
		return fmt.Errorf("%d bytes at %d: %d, %v; not %d, %v", n, off, gn, gerr, wn, werr)
	}
	return nil
}

// TestMountCycles mounts and unmounts many times.
func TestMountCycles(t *testing.T) {
	needFUSE(t)
	a, err := reader.Open(reader.Bytes(testkit.MustBuild(t, zooArchive())), reader.Options{})
	must(t, err)
	defer a.Close()
	tree, err := a.Tree()
	must(t, err)
	dir := t.TempDir()
	cycle := func() {
		f, err := New(a, tree, noFaults(t))
		must(t, err)
		s, err := Mount(f, dir, MountOptions{})
		must(t, err)
		touchable(t, s)
		if b, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(b) != "A" {
			t.Errorf("%q, %v", b, err)
		}
		if err := s.Unmount(); err != nil {
			must(t, s.Detach())
			t.Error(err)
		}
		s.Wait()
	}
	cycle()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	n := 1000
	if testing.Short() {
		n = 50
	}
	for range n {
		cycle()
	}
	time.Sleep(20 * time.Millisecond) // of the last cycle
	if now := runtime.NumGoroutine(); now > goroutines+2 {
		t.Errorf("%d goroutines have become %d", goroutines, now)
	}
	if now := openFiles(t); now > files+2 {
		t.Errorf("%d open files have become %d", files, now)
	}
	if mounts, err := os.ReadFile("/proc/self/mounts"); err != nil || bytes.Contains(mounts, []byte(dir)) {
		t.Errorf("still mounted: %v", err)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(names)
}

func TestMountInUse(t *testing.T) {
	src := sourceTree(t)
	dir, s := mounted(t, archiveOf(t, src), noFaults(t))
	f, err := os.Open(filepath.Join(dir, "sub2", "file3145728"))
	if err != nil {
		f, err = os.Open(filepath.Join(dir, "sparse"))
	}
	must(t, err)
	if err := s.Unmount(); !errors.Is(err, ErrBusy) {
		t.Errorf("a mount in use is unmounted: %v", err)
	}
	must(t, s.Detach())
	if _, err := io.Copy(io.Discard, f); err != nil {
		t.Errorf("reading on: %v", err)
	}
	select {
	case <-s.Done():
		t.Error("it has ended under a reader")
	default:
	}
	f.Close()
	s.Wait()
	must(t, s.Unmount()) // nothing, by now
}

// TestMountDamaged damages one block in the middle of a file: the pages that it
// touches fail, and no others.
func TestMountDamaged(t *testing.T) {
	content := testkit.File("f", "")
	for i := range 64 {
		content.Pieces = append(content.Pieces, testkit.Noise(uint64(i), 5000))
	}
	b := testkit.MustBuild(t, testkit.One(testkit.Dir("", content, testkit.File("other", "fine"))))
	at := bytes.Index(b, testkit.Noise(20, 5000))
	b[at+77] ^= 1
	path := filepath.Join(t.TempDir(), "a.vtd")
	must(t, os.WriteFile(path, b, 0o600))
	var faults atomic.Int32
	dir, _ := mounted(t, path, Options{OnFault: func(err error) {
		if faults.Add(1) > 1 || !strings.Contains(err.Error(), "f: bytes 100000-104999") {
			t.Error(err)
		}
	}})
	f, err := os.Open(filepath.Join(dir, "f"))
	must(t, err)
	defer f.Close()
	want := bytes.Join(content.Pieces, nil)
	for pass := range 2 {
		for off := 0; off < len(want); off += 4096 {
			got := make([]byte, min(4096, len(want)-off))
			_, err := f.ReadAt(got, int64(off))
			bad := off < 105_000 && off+4096 > 100_000
			if bad && !errors.Is(err, unix.EIO) {
				t.Errorf("pass %d, damaged page at %d: %v", pass, off, err)
			}
			if !bad && (err != nil || !bytes.Equal(got, want[off:off+len(got)])) {
				t.Errorf("pass %d, page at %d: %v", pass, off, err)
			}
		}
	}
	if faults.Load() != 1 {
		t.Errorf("told %d times", faults.Load())
	}
	if b, err := os.ReadFile(filepath.Join(dir, "other")); string(b) != "fine" {
		t.Error(err)
	}
}

// TestMountOfWhatChanges cuts an archive, and writes over it, under a mount.
func TestMountOfWhatChanges(t *testing.T) {
	for name, change := range map[string]func(path string, size int64) error{
		"cut":     func(path string, size int64) error { return os.Truncate(path, size/3) },
		"emptied": func(path string, size int64) error { return os.Truncate(path, 0) },
		"written over": func(path string, size int64) error {
			return os.WriteFile(path, bytes.Repeat([]byte("other"), int(size/5)), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			src := t.TempDir()
			for i := range 40 {
				write(t, filepath.Join(src, fmt.Sprintf("%02d", i)), testkit.Noise(uint64(i), 300_000))
			}
			path := archiveOf(t, src)
			var faults atomic.Int32
			dir, _ := mounted(t, path, Options{OnFault: func(error) { faults.Add(1) }})
			if _, err := os.ReadDir(dir); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			must(t, err)
			must(t, change(path, info.Size()))
			failed := 0
			for i := range 40 {
				want := testkit.Noise(uint64(i), 300_000)
				got, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%02d", i)))
				switch {
				case errors.Is(err, unix.EIO):
					failed++
				case err != nil:
					t.Error(err)
				case !bytes.Equal(got, want):
					t.Errorf("%02d: wrong bytes", i)
				}
			}
			if failed == 0 || faults.Load() == 0 {
				t.Errorf("%d files could not be read, told of %d faults", failed, faults.Load())
			}
		})
	}
}

func TestMountFails(t *testing.T) {
	needFUSE(t)
	f := openFS(t, testkit.MustBuild(t, zooArchive()), Options{})
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{file, file + "/x", filepath.Join(t.TempDir(), "nobody")} {
		if s, err := Mount(f, dir, MountOptions{}); err == nil {
			t.Errorf("mounted on %s", dir)
			must(t, s.Detach())
		}
	}
	dir := t.TempDir()
	if s, err := Mount(f, dir, MountOptions{Kernel: []string{"nonsense=1"}}); err == nil {
		t.Error("mounted with an option that the kernel does not know")
		must(t, s.Detach())
	}
	if mounts, err := os.ReadFile("/proc/self/mounts"); err != nil || bytes.Contains(mounts, []byte(dir)) {
		t.Errorf("something is mounted: %v", err)
	}
}
