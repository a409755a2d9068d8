package reader_test

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

func TestFS(t *testing.T) {
	// TestFS opens every name, and links that lead nowhere do not open.
	tree := zoo()
	tree.Children = slices.DeleteFunc(tree.Children, func(n *testkit.Node) bool {
		return slices.Contains([]string{"absolute", "dangling", "loop", "out"}, n.Name)
	})
	a := openBytes(t, testkit.MustBuild(t, testkit.One(tree)), reader.Options{})
	if err := fstest.TestFS(a.FS(), "a", "dir/big", "dir/deep/er/z", "implied/f", "many/n00299", "nothing", "zeros"); err != nil {
		t.Fatal(err)
	}
}

func TestFSHidesNamesThatAreNotUTF8(t *testing.T) {
	root := testkit.Dir("", testkit.File("bad\xff", "x"), testkit.File("good", "y"))
	a := openBytes(t, testkit.MustBuild(t, testkit.One(root)), reader.Options{})
	if err := fstest.TestFS(a.FS(), "good"); err != nil {
		t.Fatal(err)
	}
	if e, err := a.Lookup("bad\xff"); err != nil || e.Name != "bad\xff" {
		t.Error(e, err)
	}
}

func TestFSFollowsLinksInside(t *testing.T) {
	fsys := openBytes(t, testkit.MustBuild(t, zooArchive()), reader.Options{}).FS()
	for name, want := range map[string]string{"to-file": "bottom", "to-dir/er/z": "bottom", "dir/up": "A"} {
		if b, err := fs.ReadFile(fsys, name); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for name, want := range map[string]error{
		"dangling": fs.ErrNotExist, "absolute": reader.ErrEscapes, "out": reader.ErrEscapes, "loop": reader.ErrLinkLoop,
		"a/b": fs.ErrNotExist, "../a": fs.ErrInvalid, "/a": fs.ErrInvalid, "none": fs.ErrNotExist,
	} {
		_, err := fs.Stat(fsys, name)
		var pe *fs.PathError
		if !errors.Is(err, want) || !errors.As(err, &pe) {
			t.Errorf("stat %s: %v, want %v", name, err, want)
		}
		if _, err := fsys.Open(name); !errors.Is(err, want) {
			t.Errorf("open %s: %v, want %v", name, err, want)
		}
	}
	info, err := fsys.Lstat("loop")
	if err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Error(info, err)
	}
	if target, err := fsys.ReadLink("to-dir"); err != nil || target != "dir/deep" {
		t.Error(target, err)
	}
	if _, err := fsys.ReadLink("a"); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	if e, ok := info.Sys().(*format.Entry); !ok || e.Target != "loop" {
		t.Error(info.Sys())
	}
}

func TestFSKinds(t *testing.T) {
	fsys := openBytes(t, testkit.MustBuild(t, zooArchive()), reader.Options{}).FS()
	for name, want := range map[string]fs.FileMode{
		"fifo": fs.ModeNamedPipe | 0o600, "tty": fs.ModeDevice | fs.ModeCharDevice | 0o660, "gone": fs.ModeIrregular | 0o600,
		"implied": fs.ModeDir | 0o755, "dir": fs.ModeDir | 0o755, "a": 0o644,
	} {
		info, err := fsys.Stat(name)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v, want %v, %v", name, info.Mode(), want, err)
		}
	}
	f, err := fsys.Open("fifo")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
	if f.Close() != nil || !errors.Is(f.Close(), fs.ErrClosed) {
		t.Error("closing twice")
	}
}

func TestFSFileInterfaces(t *testing.T) {
	fsys := openBytes(t, testkit.MustBuild(t, zooArchive()), reader.Options{}).FS()
	f, err := fsys.Open("dir/big")
	if err != nil {
		t.Fatal(err)
	}
	want := testkit.Noise(1, 100_000)
	b := make([]byte, 10)
	if _, err := f.(io.ReaderAt).ReadAt(b, 50_000); err != nil || !slices.Equal(b, want[50_000:50_010]) {
		t.Error(b, err)
	}
	if n, err := f.(io.Seeker).Seek(-10, io.SeekEnd); n != 99_990 || err != nil {
		t.Error(n, err)
	}
	if rest, err := io.ReadAll(f); err != nil || !slices.Equal(rest, want[99_990:]) {
		t.Error(rest, err)
	}
	f.Close()
	if _, err := f.Read(b); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}
