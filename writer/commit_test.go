package writer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// eachKind runs a test with files that have no name until they are committed,
// and with hidden ones, as on file systems that know no others.
func eachKind(t *testing.T, test func(t *testing.T, dir string)) {
	old := unix.Umask(0o027)
	t.Cleanup(func() { unix.Umask(old) })
	t.Run("unnamed", func(t *testing.T) { test(t, t.TempDir()) })
	unnamed := createUnnamed
	t.Cleanup(func() { createUnnamed = unnamed })
	createUnnamed = func(string) (*os.File, error) { return nil, unix.EOPNOTSUPP }
	t.Run("hidden", func(t *testing.T) { test(t, t.TempDir()) })
}

func write(t *testing.T, path, text string) *File {
	t.Helper()
	f, err := CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return f
}

// holds checks the names in a directory, and the content of the first.
func holds(t *testing.T, dir, content string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	if got, want := strings.Join(have, " "), strings.Join(names, " "); got != want {
		t.Fatalf("the directory holds %q, want %q", got, want)
	}
	if len(names) == 0 {
		return
	}
	b, err := os.ReadFile(filepath.Join(dir, names[0]))
	if err != nil || string(b) != content {
		t.Fatalf("%s holds %q, %v; want %q", names[0], b, err, content)
	}
}

func perm(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestFileAppearsWhenComplete(t *testing.T) {
	eachKind(t, func(t *testing.T, dir string) {
		path := filepath.Join(dir, "a")
		f := write(t, path, "new")
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("before Commit: %v", err)
		}
		if err := f.Commit(); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, "new", "a")
		if p := perm(t, path); p != 0o640 {
			t.Errorf("permissions %o", p)
		}
		if err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("second Commit: %v", err)
		}
		if err := f.Discard(); err != nil {
			t.Errorf("Discard after Commit: %v", err)
		}
		holds(t, dir, "new", "a")
	})
}

func TestFileReplaces(t *testing.T) {
	eachKind(t, func(t *testing.T, dir string) {
		path, link := filepath.Join(dir, "a"), filepath.Join(dir, "link")
		if err := errors.Join(os.WriteFile(path, []byte("old"), 0o600), os.Chmod(path, 0o604), os.Symlink("a", link)); err != nil {
			t.Fatal(err)
		}
		f := write(t, link, "new")
		if b, err := os.ReadFile(path); err != nil || string(b) != "old" {
			t.Fatalf("before Commit: %q, %v", b, err)
		}
		if err := f.Commit(); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, "new", "a", "link")
		if to, err := os.Readlink(link); err != nil || to != "a" {
			t.Errorf("the link leads to %q, %v", to, err)
		}
		if p := perm(t, path); p != 0o604 {
			t.Errorf("permissions %o", p)
		}
	})
}

func TestFileDiscard(t *testing.T) {
	eachKind(t, func(t *testing.T, dir string) {
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		f := write(t, filepath.Join(dir, "a"), "new")
		if err := f.Discard(); err != nil {
			t.Fatal(err)
		}
		if err := f.Discard(); err != nil {
			t.Errorf("again: %v", err)
		}
		holds(t, dir, "old", "a")
		f = write(t, filepath.Join(dir, "b"), "new")
		if err := f.Discard(); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, "old", "a")
	})
}

// A directory that takes the place of the name while the file is written must
// not cost it more than the file.
func TestFileCommitFails(t *testing.T) {
	eachKind(t, func(t *testing.T, dir string) {
		path := filepath.Join(dir, "a")
		f := write(t, path, "new")
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(); err == nil {
			t.Fatal("committed over a directory")
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, "")
	})
}

func TestFileIs(t *testing.T) {
	eachKind(t, func(t *testing.T, dir string) {
		path := filepath.Join(dir, "a")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		f := write(t, path, "new")
		defer f.Discard()
		ids := func(info fs.FileInfo, err error) (dev, ino uint64) {
			if err != nil {
				t.Fatal(err)
			}
			st := info.Sys().(*syscall.Stat_t)
			return uint64(st.Dev), st.Ino
		}
		if !f.Is(ids(os.Stat(path))) {
			t.Error("not what it replaces")
		}
		if !f.Is(ids(f.f.Stat())) {
			t.Error("not itself")
		}
		if f.Is(ids(os.Stat(dir))) {
			t.Error("its directory")
		}
	})
}

func TestFileRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, dir + "/", filepath.Join(dir, "missing", "a"), filepath.Join(dir, "a") + "/"} {
		if f, err := CreateFile(path); err == nil {
			f.Discard()
			t.Errorf("%q was created", path)
		}
	}
	holds(t, dir, "")
}

func TestFileLongName(t *testing.T) {
	eachKind(t, func(t *testing.T, dir string) {
		name := strings.Repeat("n", 255)
		if err := write(t, filepath.Join(dir, name), "new").Commit(); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, "new", name)
	})
}

func TestFileDevice(t *testing.T) {
	f := write(t, os.DevNull, "new")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
}

// A disk that is full is told with the file's place, not with what it is called
// until then.
func TestFileFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, c := range []struct{ path, want string }{
		{"/somewhere/a.vtd", "write /somewhere/a.vtd: no space left on device: its file system has no room"},
		{"", "write /dev/full: no space left on device: its file system has no room"},
	} {
		f := &File{f: full, path: c.path}
		_, err := f.Write([]byte("x"))
		if !errors.Is(err, unix.ENOSPC) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v", err)
		}
	}
}

// A link that leads nowhere is not replaced: the file appears where it leads to.
func TestFileThroughDanglingLink(t *testing.T) {
	dir := t.TempDir()
	for link, to := range map[string]string{"a": "b", "b": "sub/c"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := CreateFile(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "sub/c")); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Readlink(filepath.Join(dir, "a")); err != nil {
		t.Error(err)
	}
}

// What is open but has lost its name is written to, and the link that leads to
// it stays.
func TestFileThroughLinkToDeleted(t *testing.T) {
	dir := t.TempDir()
	gone, err := os.Create(filepath.Join(dir, "gone"))
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Remove(gone.Name()), os.Symlink(fmt.Sprintf("/proc/self/fd/%d", gone.Fd()), link)); err != nil {
		t.Fatal(err)
	}
	f, err := CreateFile(link)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 2)
	if n, _ := gone.ReadAt(b, 0); string(b[:n]) != "x" {
		t.Errorf("%q", b[:n])
	}
	if _, err := os.Readlink(link); err != nil {
		t.Error(err)
	}
}
