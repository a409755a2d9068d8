package reader_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// zoo is a tree with one of everything.
func zoo() *testkit.Node {
	holes := testkit.File("holes", "")
	holes.Pieces = [][]byte{make([]byte, 5000), testkit.Noise(7, 900), make([]byte, 70), bytes.Repeat([]byte{'x'}, 80), make([]byte, 9000)}
	linked := func(name string) *testkit.Node {
		return testkit.File(name, "two names, one file, no literal").Link(5, 2)
	}
	return testkit.Dir("",
		testkit.File("a", "A"),
		testkit.File("block", strings.Repeat("one block ", 20)),
		testkit.File("empty", ""),
		testkit.Dir("dir",
			testkit.File("big", string(testkit.Noise(1, 100_000))),
			testkit.File("same", string(testkit.Noise(1, 100_000))),
			testkit.Dir("deep", testkit.Dir("er", testkit.File("z", "bottom"))),
			testkit.Symlink("up", "../a"),
		),
		testkit.Dir("nothing"),
		holes,
		linked("link1"), linked("link2"),
		testkit.Run("zeros", 0, 1<<20),
		testkit.Run("ones", 1, 100_000),
		testkit.Symlink("to-dir", "dir/deep"),
		testkit.Symlink("to-file", "dir/../to-dir/er/z"),
		testkit.Symlink("dangling", "nowhere"),
		testkit.Symlink("absolute", "/etc/passwd"),
		testkit.Symlink("out", "dir/../../x"),
		testkit.Symlink("loop", "loop"),
		testkit.Special("fifo", format.KindFifo),
		testkit.Special("gone", format.KindWhiteout),
		testkit.Device("tty", format.KindChar, 5, 0),
		testkit.Implied("implied", testkit.File("f", "below an implied directory")),
		testkit.Dir("many", testkit.Numbered(300)...),
	)
}

// zooArchive is the zoo, cut small so that every kind of node has several
// levels, with the default options otherwise.
func zooArchive(change ...func(*testkit.Archive)) *testkit.Archive {
	a := testkit.One(zoo())
	a.Options = testkit.Options{DirLeaf: 10, DirFan: 4, FanOut: 5, Codec: codec.Zstd}
	for _, f := range change {
		f(a)
	}
	return a
}

func openBytes(t testing.TB, b []byte, opts reader.Options) *reader.Archive {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// openings are the ways to open the same bytes.
func openings(t testing.TB, b []byte) map[string]func(reader.Options) (*reader.Archive, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.vtd")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]func(reader.Options) (*reader.Archive, error){
		"bytes": func(o reader.Options) (*reader.Archive, error) { return reader.Open(reader.Bytes(b), o) },
		"mapped": func(o reader.Options) (*reader.Archive, error) {
			return reader.OpenFile(path, o)
		},
		"plain": func(o reader.Options) (*reader.Archive, error) {
			o.NoMap = true
			return reader.OpenFile(path, o)
		},
	}
}

// expect holds a tree in an archive against the nodes it was made from.
func expect(t *testing.T, a *reader.Archive, root *testkit.Node) {
	t.Helper()
	want := map[string]*testkit.Node{}
	var add func(path string, n *testkit.Node)
	add = func(path string, n *testkit.Node) {
		want[path] = n
		for _, c := range n.Children {
			add(strings.TrimPrefix(path+"/"+c.Name, "/"), c)
		}
	}
	add("", root)
	last := ""
	err := a.Walk(func(path string, e *format.Entry, err error) error {
		if err != nil {
			return err
		}
		n := want[path]
		if n == nil {
			t.Errorf("%q: not expected, or twice", path)
			return nil
		}
		delete(want, path)
		if strings.ReplaceAll(last, "/", "\x00") > strings.ReplaceAll(path, "/", "\x00") {
			t.Errorf("%q comes after %q", path, last)
		}
		last = path
		if e.Kind != n.Kind || e.Perm != n.Perm || e.Target != n.Target || e.Mtime != n.Mtime || e.Major != n.Major {
			t.Errorf("%q: %+v, want %+v", path, e, n.Entry)
		}
		found, err := a.Lookup(path)
		if err != nil || found.Name != e.Name || found.Kind != e.Kind {
			t.Errorf("lookup %q: %v, %v", path, found, err)
		}
		if e.Kind != format.KindFile {
			return nil
		}
		f, err := a.Content(e)
		if err != nil {
			return err
		}
		data := n.Data
		if n.Pieces != nil {
			data = bytes.Join(n.Pieces, nil)
		}
		got, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%q: %d bytes, want %d: %v", path, len(got), len(data), err)
		}
		var buf bytes.Buffer
		f.Seek(int64(len(data)/3), io.SeekStart)
		if _, err := f.WriteTo(&buf); err != nil || !bytes.Equal(buf.Bytes(), data[len(data)/3:]) {
			t.Errorf("%q: WriteTo from a third: %d bytes, %v", path, buf.Len(), err)
		}
		if err := f.CheckContent(); err != nil {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for path := range want {
		t.Errorf("%q is missing", path)
	}
}
