package disk

import (
	"errors"
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
func eachKind(t *testing.T, test func(t *testing.T, fsys FS, dir string)) {
	old := unix.Umask(0o027)
	t.Cleanup(func() { unix.Umask(old) })
	t.Run("unnamed", func(t *testing.T) { test(t, OS, t.TempDir()) })
	t.Run("hidden", func(t *testing.T) { test(t, named{OS}, t.TempDir()) })
}

// named is a file system that has no files without names.
type named struct{ FS }

func (named) CreateUnnamed(string, fs.FileMode) (File, error) { return nil, unix.EOPNOTSUPP }

func write(t *testing.T, fsys FS, path, text string) *Output {
	t.Helper()
	f, err := Create(fsys, path)
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

func TestOutputAppearsWhenComplete(t *testing.T) {
	eachKind(t, func(t *testing.T, fsys FS, dir string) {
		path := filepath.Join(dir, "a")
		f := write(t, fsys, path, "new")
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

func TestOutputReplaces(t *testing.T) {
	eachKind(t, func(t *testing.T, fsys FS, dir string) {
		path, link := filepath.Join(dir, "a"), filepath.Join(dir, "link")
		if err := errors.Join(os.WriteFile(path, []byte("old"), 0o600), os.Chmod(path, 0o604), os.Symlink("a", link)); err != nil {
			t.Fatal(err)
		}
		f := write(t, fsys, link, "new")
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

func TestOutputDiscard(t *testing.T) {
	eachKind(t, func(t *testing.T, fsys FS, dir string) {
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		f := write(t, fsys, filepath.Join(dir, "a"), "new")
		if err := f.Discard(); err != nil {
			t.Fatal(err)
		}
		if err := f.Discard(); err != nil {
			t.Errorf("again: %v", err)
		}
		holds(t, dir, "old", "a")
		f = write(t, fsys, filepath.Join(dir, "b"), "new")
		if err := f.Discard(); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, "old", "a")
	})
}

// A directory that takes the place of the name while the file is written must
// not cost it more than the file.
func TestOutputCommitFails(t *testing.T) {
	eachKind(t, func(t *testing.T, fsys FS, dir string) {
		path := filepath.Join(dir, "a")
		f := write(t, fsys, path, "new")
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

func TestOutputIs(t *testing.T) {
	eachKind(t, func(t *testing.T, fsys FS, dir string) {
		path := filepath.Join(dir, "a")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		f := write(t, fsys, path, "new")
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

func TestOutputRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, dir + "/", filepath.Join(dir, "missing", "a"), filepath.Join(dir, "a") + "/"} {
		if f, err := Create(OS, path); err == nil {
			f.Discard()
			t.Errorf("%q was created", path)
		}
	}
	holds(t, dir, "")
}

func TestOutputLongName(t *testing.T) {
	eachKind(t, func(t *testing.T, fsys FS, dir string) {
		name := strings.Repeat("n", 255)
		if err := write(t, fsys, filepath.Join(dir, name), "new").Commit(); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, "new", name)
	})
}

func TestOutputDevice(t *testing.T) {
	f := write(t, OS, os.DevNull, "new")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
}

// A disk that is full is told with the file's place, not with what it is called
// until then.
func TestOutputFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, c := range []struct{ path, want string }{
		{"/somewhere/a.vtd", "write /somewhere/a.vtd: no space left on device: its file system has no room"},
		{"", "write /dev/full: no space left on device: its file system has no room"},
	} {
		f := &Output{f: file{full}, path: c.path}
		_, err := f.Write([]byte("x"))
		if !errors.Is(err, unix.ENOSPC) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v", err)
		}
	}
}

// A link that leads nowhere is not replaced: the file appears where it leads to.
// Nor is one that leads to what is open but has lost its name: that is written to.
func TestOutputThroughLink(t *testing.T) {
	dir := t.TempDir()
	gone, err := os.Create(filepath.Join(dir, "gone"))
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	err = errors.Join(
		os.Remove(gone.Name()),
		os.Mkdir(filepath.Join(dir, "sub"), 0o755),
		os.Symlink("b", filepath.Join(dir, "dangling")),
		os.Symlink("sub/c", filepath.Join(dir, "b")),
		os.Symlink(procPath(int(gone.Fd())), filepath.Join(dir, "deleted")),
	)
	if err != nil {
		t.Fatal(err)
	}
	for link, leads := range map[string]string{"dangling": filepath.Join(dir, "sub/c"), "deleted": procPath(int(gone.Fd()))} {
		link = filepath.Join(dir, link)
		if err := write(t, OS, link, link).Commit(); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(leads); err != nil || string(b) != link {
			t.Errorf("%s: %q, %v", link, b, err)
		}
		if _, err := os.Readlink(link); err != nil {
			t.Error(err)
		}
	}
}
