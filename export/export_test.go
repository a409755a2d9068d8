package export_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/export"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// zoo has an entry of every kind, and files of every kind of content.
func zoo() *testkit.Node {
	sparse := strings.Repeat("\x00", 200<<10) + "data" + strings.Repeat("\x00", 100<<10)
	large := string(testkit.Noise(1, 9<<20))
	attr := func(n *testkit.Node) { n.Xattrs = []format.Xattr{{Name: "user.a", Value: "x\x00\ny"}} }
	return testkit.Dir("",
		testkit.Special("a fifo", format.KindFifo).At(5, 999999999),
		testkit.Device("block", format.KindBlockDev, 8, 1),
		testkit.Device("char", format.KindChar, 1, 3),
		testkit.Dir("dir",
			testkit.File("empty", ""),
			testkit.File("large", large),
			testkit.File("small", "small").Mode(0o4755).With(attr),
			testkit.Run("zeros", 0, 1<<20),
		).Mode(0o1777),
		testkit.File("link one", "the same").Link(1, 2).With(attr),
		testkit.File("link two", "the same").Link(1, 2).With(attr),
		testkit.File("n\xff"+strings.Repeat("ame", 80), "a long name that is not UTF-8").At(-1, 500000000),
		testkit.File("sparse", sparse),
		testkit.Symlink("symlink", strings.Repeat("a/long/target/", 30)),
	)
}

func open(t testing.TB, x *testkit.Archive) (*reader.Archive, *reader.Tree) {
	t.Helper()
	return openBytes(t, testkit.MustBuild(t, x))
}

func openBytes(t testing.TB, b []byte) (*reader.Archive, *reader.Tree) {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	tree, err := a.Tree()
	if err != nil {
		t.Fatal(err)
	}
	return a, tree
}

// write exports an archive; issues are not expected unless o takes them.
func write(t testing.TB, a *reader.Archive, tree *reader.Tree, o export.Options) ([]byte, *export.Report) {
	t.Helper()
	if o.Issue == nil {
		o.Issue = func(path string, err error) { t.Errorf("%s: %v", path, err) }
	}
	var b bytes.Buffer
	rep, err := export.Write(t.Context(), a, tree, &b, o)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), rep
}

// TestTar reads every attribute back.
func TestTar(t *testing.T) {
	a, tree := open(t, testkit.One(zoo()))
	b, rep := write(t, a, tree, export.Options{Format: export.Tar})
	r := tar.NewReader(bytes.NewReader(b))
	n := uint64(0)
	for ; ; n++ {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimSuffix(strings.TrimPrefix(h.Name, "."), "/")
		path = strings.TrimPrefix(path, "/")
		e, err := tree.Lookup(path)
		if err != nil {
			t.Fatal(path, err)
		}
		if h.Typeflag == tar.TypeLink {
			if h.Linkname != "link one" || path != "link two" {
				t.Errorf("%s is a link to %s", path, h.Linkname)
			}
			continue
		}
		if mt := time.Unix(e.Mtime.Sec, int64(e.Mtime.Nsec)); !h.ModTime.Equal(mt) {
			t.Errorf("%s: mtime %v, want %v", path, h.ModTime, mt)
		}
		if h.Mode != int64(e.Perm) || h.Uid != int(e.Owner.UID) || h.Gid != int(e.Owner.GID) || h.Uname != e.Owner.User || h.Gname != e.Owner.Group {
			t.Errorf("%s: %+v", path, h)
		}
		if h.Devmajor != int64(e.Major) || h.Devminor != int64(e.Minor) || h.Linkname != e.Target {
			t.Errorf("%s: device %d, %d, target %q", path, h.Devmajor, h.Devminor, h.Linkname)
		}
		for _, x := range e.Xattrs {
			if h.PAXRecords["SCHILY.xattr."+x.Name] != x.Value {
				t.Errorf("%s: %q is %q, want %q", path, x.Name, h.PAXRecords["SCHILY.xattr."+x.Name], x.Value)
			}
		}
		kind := map[byte]format.Kind{
			tar.TypeReg: format.KindFile, tar.TypeDir: format.KindDir, tar.TypeSymlink: format.KindSymlink,
			tar.TypeFifo: format.KindFifo, tar.TypeChar: format.KindChar, tar.TypeBlock: format.KindBlockDev,
		}[h.Typeflag]
		if kind != e.Kind {
			t.Errorf("%s: type %c, want %v", path, h.Typeflag, e.Kind)
		}
		if kind == format.KindFile {
			sameContent(t, a, path, e, r)
		}
	}
	if n != rep.Entries || n != 14 {
		t.Errorf("%d entries, the report says %d", n, rep.Entries)
	}
	if len(b) > 9<<20+64<<10 {
		t.Errorf("%d bytes: holes were not left out", len(b))
	}
}

func sameContent(t *testing.T, a *reader.Archive, path string, e *format.Entry, r io.Reader) {
	t.Helper()
	f, err := a.ContentOf(e, path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes of content differ from %d, %v", path, len(got), len(want), err)
	}
}

func TestZip(t *testing.T) {
	a, tree := open(t, testkit.One(zoo()))
	for _, level := range []int{0, 1, -1} {
		lacking := map[string]int{}
		b, _ := write(t, a, tree, export.Options{Format: export.Zip, Level: level, Prefix: "p", Issue: func(path string, err error) {
			if lacking[path]++; !errors.Is(err, export.ErrLacking) {
				t.Errorf("%s: %v", path, err)
			}
		}})
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, f := range z.File {
			path := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(f.Name, "/"), "p"), "/")
			e, err := tree.Lookup(path)
			if err != nil {
				t.Fatal(f.Name, err)
			}
			seen++
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			switch e.Kind {
			case format.KindFile:
				sameContent(t, a, path, e, r)
			case format.KindSymlink:
				if target, err := io.ReadAll(r); string(target) != e.Target || f.Mode()&fs.ModeSymlink == 0 {
					t.Errorf("%s: %q, %v", path, target, err)
				}
			}
			if uint16(f.Mode().Perm()) != e.Perm&0o777 || e.Mtime.Sec > 0 && f.Modified.Unix() != e.Mtime.Sec {
				t.Errorf("%s: %v %v", path, f.Mode(), f.Modified)
			}
		}
		if seen != 11 || len(lacking) != 7 { // fifo, devices; attributes of three; a time
			t.Errorf("%d entries, %v is lacking", seen, lacking)
		}
	}
}

// TestSame: how a tree is stored does not show.
func TestSame(t *testing.T) {
	for _, f := range []export.Format{export.Tar, export.Zip} {
		var first []byte
		for i, o := range []testkit.Options{{}, {Chunk: 100, BlocksPerFrame: 1, DirLeaf: 2, DirFan: 2, FanOut: 3}, {LiteralMax: 1, OnePass: true}} {
			x := testkit.One(testkit.Dir("", testkit.File("a", strings.Repeat("abc", 3000)), testkit.Dir("b", testkit.File("c", "1"), testkit.File("d", "2"))))
			x.Options = o
			a, tree := open(t, x)
			b, _ := write(t, a, tree, export.Options{Format: f})
			if i == 0 {
				first = b
			} else if !bytes.Equal(b, first) {
				t.Errorf("%s %d: other bytes", f, i)
			}
		}
	}
}

// TestDamage: what is damaged is left out or filled up, and told.
func TestDamage(t *testing.T) {
	large := string(testkit.Noise(3, 9<<20))
	x := testkit.One(testkit.Dir("", testkit.File("a", "whole"), testkit.File("large", large), testkit.File("small", string(testkit.Noise(4, 5000)))))
	x.Options.BlocksPerFrame = 1
	b := testkit.MustBuild(t, x)
	for _, at := range [][]byte{[]byte(large[5<<20 : 5<<20+100]), testkit.Noise(4, 5000)[100:200]} {
		i := bytes.Index(b, at)
		if i < 0 {
			t.Fatal("noise was compressed")
		}
		b[i] ^= 1
	}
	a, tree := openBytes(t, b)
	for _, f := range []export.Format{export.Tar, export.Zip} {
		issues := map[string]error{}
		out, rep := write(t, a, tree, export.Options{Format: f, Issue: func(path string, err error) { issues[path] = errors.Join(issues[path], err) }})
		if len(issues) != 2 || !errors.Is(issues["large"], format.ErrDamaged) || !errors.Is(issues["small"], format.ErrDamaged) || rep.Issues != 2 {
			t.Errorf("%s: %v", f, issues)
		}
		if f != export.Tar {
			continue
		}
		names := map[string]int{}
		r := tar.NewReader(bytes.NewReader(out))
		for h, err := r.Next(); err != io.EOF; h, err = r.Next() {
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if names[h.Name] = len(got); h.Name == "large" {
				n := 0
				for n < len(got) && got[n] == large[n] {
					n++
				}
				if n < 4<<20 || n > 5<<20 || len(bytes.Trim(got[n:], "\x00")) > 0 {
					t.Errorf("the large file is right for %d bytes, and then not zeros", n)
				}
			}
		}
		if names["a"] != 5 || names["large"] != 9<<20 || len(names) != 3 {
			t.Errorf("the tar has %v", names)
		}
	}
}

// failing is an output that takes so many bytes.
type failing struct{ left int }

var errFull = errors.New("full")

func (w *failing) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestEnds(t *testing.T) {
	a, tree := open(t, testkit.One(zoo()))
	for _, f := range []export.Format{export.Tar, export.Zip} {
		for _, n := range []int{0, 600, 3000, 100_000, 5 << 20} {
			if _, err := export.Write(t.Context(), a, tree, &failing{n}, export.Options{Format: f}); !errors.Is(err, errFull) {
				t.Errorf("%s: full after %d: %v", f, n, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := export.Write(ctx, a, tree, io.Discard, export.Options{Format: f}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", f, err)
		}
	}
	if _, err := export.Write(t.Context(), a, tree, io.Discard, export.Options{Format: "cpio"}); err == nil {
		t.Error("cpio was written")
	}
}

func TestSelected(t *testing.T) {
	a, tree := open(t, testkit.One(zoo()))
	o := export.Options{Format: export.Tar, Match: func(p string) bool { return strings.HasPrefix(p, "dir/s") }, Below: func(p string) bool { return p == "" || p == "dir" }}
	b, _ := write(t, a, tree, o)
	h, err := tar.NewReader(bytes.NewReader(b)).Next()
	if err != nil || h.Name != "dir/small" {
		t.Error(h, err)
	}
}

// BenchmarkTar writes 64 MB in files of 100 KB.
func BenchmarkTar(b *testing.B) {
	root := testkit.Dir("")
	for i := range 640 {
		root.Children = append(root.Children, testkit.File(fmt.Sprintf("f%03d", i), string(testkit.Noise(uint64(i), 100_000))))
	}
	x := testkit.One(root)
	x.Options.BlocksPerFrame, x.Options.Chunk = 64, 1<<16
	a, tree := open(b, x)
	b.SetBytes(64e6)
	for b.Loop() {
		if _, err := export.Write(b.Context(), a, tree, io.Discard, export.Options{Format: export.Tar}); err != nil {
			b.Fatal(err)
		}
	}
}
