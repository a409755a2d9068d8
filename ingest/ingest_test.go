package ingest_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/vtdarchive/vtd/export"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/ingest"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/writer"
)

// result is what has become of a file.
type result struct {
	a      *reader.Archive
	issues []string
	err    error
}

func options(t testing.TB) writer.Options {
	p, err := writer.Presets("fast")
	if err != nil {
		t.Fatal(err)
	}
	p.DataFrame, p.MetaFrame = 1<<20, 1<<20
	return writer.Options{Params: p, Btime: true}
}

// read imports a file and checks the archive that it gives.
func read(t testing.TB, in io.Reader, o ingest.Options) (r result) {
	t.Helper()
	o.Issue = func(path string, err error, stored bool) {
		r.issues = append(r.issues, fmt.Sprintf("%s: %v", path, err))
	}
	var b bytes.Buffer
	w := options(t)
	w.OnIssue = func(i writer.Issue) { r.issues = append(r.issues, fmt.Sprintf("%s: %v", i.Path, i.Err)) }
	_, r.err = writer.Build(t.Context(), &b, w, func(add func(*writer.Member) error) error {
		return ingest.Read(t.Context(), in, o, add)
	})
	if r.err != nil {
		return r
	}
	a, err := reader.Open(reader.Bytes(b.Bytes()), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	if rep, err := a.Verify(t.Context(), reader.VerifyOptions{}); err != nil || !rep.OK() {
		t.Fatal(err, rep)
	}
	r.a = a
	return r
}

// paths gives the paths of an archive, a directory with a slash.
func (r *result) paths(t testing.TB) (paths []string) {
	t.Helper()
	err := r.a.Walk(func(path string, e *format.Entry, err error) error {
		if err == nil && path != "" {
			if e.Kind.IsDir() {
				path += "/"
			}
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func zoo() *testkit.Node {
	attr := func(n *testkit.Node) {
		n.Xattrs = []format.Xattr{{Name: "system.posix_acl_access", Value: acl}, {Name: "user.a", Value: "x\x00\ny=z"}}
	}
	return testkit.Dir("",
		testkit.Special("a fifo", format.KindFifo).At(5, 999999999),
		testkit.Device("block", format.KindBlockDev, 8, 1),
		testkit.Device("char", format.KindChar, 1, 3),
		testkit.Dir("dir",
			testkit.File("empty", ""),
			testkit.File("large", string(testkit.Noise(1, 3<<20))),
			testkit.File("small", "small").Mode(0o4755).With(attr),
			testkit.Run("zeros", 0, 1<<20),
		).Mode(0o1777),
		testkit.File("link one", "the same").Link(1, 2).With(attr),
		testkit.File("link two", "the same").Link(1, 2).With(attr),
		testkit.File("n\xff"+strings.Repeat("ame", 80), "a long name that is not UTF-8").At(-1, 500000000),
		testkit.File("sparse", strings.Repeat("\x00", 200<<10)+"data"+strings.Repeat("\x00", 100<<10)),
		testkit.Symlink("symlink", strings.Repeat("a/long/target/", 30)),
		testkit.Device("whiteout", format.KindChar, 0, 0).With(func(n *testkit.Node) { n.Kind = format.KindWhiteout }),
	)
}

// acl is user::rw-,user:7:r--,group::r--,mask::r--,other::r-- as the kernel has
// it.
const acl = "\x02\x00\x00\x00" + "\x01\x00\x06\x00\xff\xff\xff\xff" + "\x02\x00\x04\x00\x07\x00\x00\x00" +
	"\x04\x00\x04\x00\xff\xff\xff\xff" + "\x10\x00\x04\x00\xff\xff\xff\xff" + "\x20\x00\x04\x00\xff\xff\xff\xff"

func exported(t testing.TB, f export.Format) ([]byte, *reader.Archive) {
	t.Helper()
	a, err := reader.Open(reader.Bytes(testkit.MustBuild(t, testkit.One(zoo()))), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	tree, err := a.Tree()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := export.Write(t.Context(), a, tree, &b, export.Options{Format: f}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), a
}

// TestThereAndBack: a tree that goes through a tar is the same, packed in any way.
func TestThereAndBack(t *testing.T) {
	b, a := exported(t, export.Tar)
	want, err := a.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	packed := func(w io.WriteCloser, to *bytes.Buffer) []byte {
		_, err := w.Write(b)
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return to.Bytes()
	}
	var gz, zs, x bytes.Buffer
	zw, err := zstd.NewWriter(&zs)
	xw, err2 := xz.NewWriter(&x)
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"tar": b, "gzip": packed(gzip.NewWriter(&gz), &gz), "zstd": packed(zw, &zs), "xz": packed(xw, &x)} {
		t.Run(name, func(t *testing.T) {
			r := read(t, bytes.NewReader(b), ingest.Options{})
			if r.err != nil || len(r.issues) > 0 {
				t.Fatal(r.err, r.issues)
			}
			got, err := r.a.Snapshot()
			if err != nil || got.Content != want.Content {
				t.Errorf("content id %v, want %v; %v", got.Content, want.Content, err)
			}
		})
	}
}

func TestZip(t *testing.T) {
	b, a := exported(t, export.Zip)
	dir := t.TempDir()
	file := filepath.Join(dir, "a.zip")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, in := range map[string]io.Reader{"a stream": bytes.NewReader(b), "a file": f} {
		t.Run(name, func(t *testing.T) {
			r := read(t, in, ingest.Options{TempDir: dir})
			if r.err != nil || len(r.issues) > 0 {
				t.Fatal(r.err, r.issues)
			}
			for _, p := range r.paths(t) {
				p = strings.TrimSuffix(p, "/")
				got, err := r.a.Lookup(p)
				want, err2 := a.Lookup(p)
				if err = errors.Join(err, err2); err != nil {
					t.Fatal(err)
				}
				if got.Kind != want.Kind || got.Perm != want.Perm || got.Target != want.Target || got.Size != want.Size ||
					want.Mtime.Sec > 0 && got.Mtime.Sec != want.Mtime.Sec || got.Kind == format.KindFile && got.ContentHash(r.a.HashID()) != want.ContentHash(a.HashID()) {
					t.Errorf("%s: %+v\nwant %+v", p, got, want)
				}
			}
		})
	}
}

// tarOf makes a tar of headers; the content of a file is its name.
func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		content := ""
		if h.Typeflag == tar.TypeReg || h.Typeflag == 0 {
			h.Typeflag, content = tar.TypeReg, h.Name
		}
		h.Size, h.Mode = int64(len(content)), 0o644
		h.ModTime = time.Unix(1e9, 0)
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestMembers: what becomes of unusual members.
func TestMembers(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Name: name} }
	link := func(name, to string) tar.Header { return tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeLink} }
	dir := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeDir} }
	soft := func(name, to string) tar.Header {
		return tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}
	}
	for _, c := range []struct {
		name    string
		headers []tar.Header
		paths   []string
		issues  int
	}{
		{"nothing", nil, nil, 0},
		{"implied directories", []tar.Header{file("a/b/c")}, []string{"a/", "a/b/", "a/b/c"}, 0},
		{"the root", []tar.Header{dir("./"), file("./a")}, []string{"a"}, 0},
		{"absolute", []tar.Header{file("/etc/passwd")}, []string{"etc/", "etc/passwd"}, 0},
		{"up and out", []tar.Header{file("a/../../b"), file("../c")}, []string{"b", "c"}, 0},
		{"twice", []tar.Header{file("a"), file("b"), file("a")}, []string{"a", "b"}, 0},
		{"a file below a file", []tar.Header{file("a"), file("a/b")}, []string{"a"}, 1},
		{"a file below a link", []tar.Header{soft("a", "/etc"), file("a/b")}, []string{"a"}, 1},
		{"a link in place of a directory", []tar.Header{dir("a"), soft("a", "/etc"), file("a/b")}, []string{"a"}, 1},
		{"a link in place of a full directory", []tar.Header{file("a/b"), soft("a", "/etc")}, []string{"a/", "a/b"}, 1},
		{"a directory twice", []tar.Header{dir("a"), file("a/b"), dir("a")}, []string{"a/", "a/b"}, 0},
		{"a link to nothing", []tar.Header{link("a", "b"), file("b")}, []string{"b"}, 1},
		{"a link to a directory", []tar.Header{dir("b"), link("a", "b")}, []string{"b/"}, 1},
		{"a link to outside", []tar.Header{link("a", "../../etc/passwd")}, nil, 1},
		{"a link to itself", []tar.Header{file("a"), link("a", "a")}, []string{"a"}, 0},
		{"a link to what is replaced", []tar.Header{file("a"), link("b", "a"), file("a")}, []string{"a", "b"}, 0},
		{"no name", []tar.Header{file("x/.."), file("b")}, []string{"b"}, 1},
		{"an owner beyond all", []tar.Header{{Name: "a", Uid: 1 << 40, Gid: 1<<32 - 1, Format: tar.FormatGNU}}, []string{"a"}, 2},
		{"a long name", []tar.Header{file(strings.Repeat("n", 1024)), file("b")}, []string{"b"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := read(t, bytes.NewReader(tarOf(t, c.headers...)), ingest.Options{})
			if r.err != nil {
				t.Fatal(r.err)
			}
			if got := r.paths(t); !slices.Equal(got, c.paths) || len(r.issues) != c.issues {
				t.Errorf("%q, issues %q; want %q and %d issues", got, r.issues, c.paths, c.issues)
			}
		})
	}
}

// TestCut: of a file that ends early, what came before is kept, and it is said.
func TestCut(t *testing.T) {
	b, _ := exported(t, export.Tar)
	for _, n := range []int{600, 5000, len(b) / 2, len(b) - 5000} {
		if r := read(t, bytes.NewReader(b[:n]), ingest.Options{}); !errors.Is(r.err, ingest.ErrBroken) {
			t.Errorf("cut at %d: %v", n, r.err)
		}
		if r := read(t, bytes.NewReader(b[:n]), ingest.Options{Salvage: true}); r.err != nil || len(r.issues) == 0 {
			t.Errorf("cut at %d, salvaged: %v, %q", n, r.err, r.issues)
		}
	}
	z, _ := exported(t, export.Zip)
	if r := read(t, bytes.NewReader(z[:len(z)-100]), ingest.Options{}); !errors.Is(r.err, ingest.ErrBroken) {
		t.Error(r.err)
	}
	z[100_000] ^= 1 // in the large file, which is stored by blocks of noise
	if r := read(t, bytes.NewReader(z), ingest.Options{}); r.err != nil || len(r.issues) != 1 {
		t.Errorf("a wrong sum: %v, %q", r.err, r.issues)
	}
	for _, s := range []string{"", "x", strings.Repeat("no tar at all ", 100)} {
		if r := read(t, strings.NewReader(s), ingest.Options{}); !errors.Is(r.err, ingest.ErrUnknown) {
			t.Errorf("%.10q: %v", s, r.err)
		}
	}
}

// TestBehind: what follows a tar, or is wrong behind its end, is not passed over.
func TestBehind(t *testing.T) {
	one, two := tarOf(t, tar.Header{Name: "a"}), tarOf(t, tar.Header{Name: "b"})
	if r := read(t, bytes.NewReader(slices.Concat(one, two)), ingest.Options{}); r.err != nil || len(r.issues) > 0 || !slices.Equal(r.paths(t), []string{"a", "b"}) {
		t.Errorf("two tars: %v, %q, %q", r.err, r.issues, r.paths(t))
	}
	if r := read(t, bytes.NewReader(append(one, "garbage"...)), ingest.Options{}); r.err != nil || len(r.issues) != 1 {
		t.Errorf("garbage: %v, %q", r.err, r.issues)
	}
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write(one)
	w.Close()
	for name, b := range map[string][]byte{"a wrong sum": gz.Bytes(), "no sum": gz.Bytes()[:gz.Len()-8]} {
		b = slices.Clone(b)
		if name == "a wrong sum" {
			b[len(b)-5] ^= 1
		}
		if r := read(t, bytes.NewReader(b), ingest.Options{}); !errors.Is(r.err, ingest.ErrBroken) {
			t.Errorf("%s: %v", name, r.err)
		}
	}
}

func TestEncrypted(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, h := range []zip.FileHeader{{Name: "a", Method: zip.Store}, {Name: "b", Method: 99}, {Name: `c\d`}, {Name: "e", Flags: 1}} {
		h.SetMode(0o644)
		create := w.CreateRaw
		if i == 0 || i == 2 {
			create = w.CreateHeader
		}
		f, err := create(&h)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(f, "content")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := read(t, bytes.NewReader(b.Bytes()), ingest.Options{})
	if r.err != nil || len(r.issues) != 2 || !slices.Equal(r.paths(t), []string{"a", "c/", "c/d"}) {
		t.Errorf("%v, %q, %q", r.err, r.issues, r.paths(t))
	}
}

// refusals are the files of Go's own tests from which not all is taken, and
// why.
var refusals = map[string]string{
	"tar/gnu-sparse-many-zeros.tar.bz2": "broken: archive/tar: sparse map too long",
	"tar/issue10968.tar":                "neither a tar nor a zip file",
	"tar/issue11169.tar":                "neither a tar nor a zip file",
	"tar/issue12435.tar":                "broken: archive/tar: invalid tar header",
	"tar/neg-size.tar.base64":           "broken: archive/tar: invalid tar header",
	"tar/pax-bad-hdr-file.tar":          "broken: archive/tar: invalid tar header",
	"tar/pax-bad-hdr-large.tar.bz2":     "broken: archive/tar: header field too long",
	"tar/pax-bad-mtime-file.tar":        "broken: archive/tar: invalid tar header",
	"tar/pax-nul-path.tar":              "broken: archive/tar: invalid tar header",
	"tar/pax-nul-xattrs.tar":            "broken: archive/tar: invalid tar header",
	"tar/writer-big.tar":                "broken: unexpected EOF",
	"tar/writer-big-long.tar.base64":    "broken: unexpected EOF",
	"zip/comment-truncated.zip":         "broken: zip: not a valid zip file",
	"zip/test-prefix.zip":               "neither a tar nor a zip file",
}

// TestSamples imports what Go tests its own packages with: every file is either
// taken, or refused for a reason.
func TestSamples(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: some of the files are large when unpacked")
	}
	where, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(strings.TrimSpace(string(where)), "src", "archive")
	var files []string
	for _, kind := range []string{"tar", "zip"} {
		found, err := filepath.Glob(filepath.Join(root, kind, "testdata", "*."+kind+"*"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Skip("SKIPPED, NOTHING IS TESTED: this Go has no tests of its own")
	}
	got := map[string]string{}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		var in io.Reader = f
		if strings.HasSuffix(file, ".base64") {
			in = base64.NewDecoder(base64.StdEncoding, f)
		}
		r := read(t, in, ingest.Options{Exact: filepath.Base(file)})
		name, _ := filepath.Rel(root, file)
		name = strings.ReplaceAll(name, "/testdata", "")
		if r.err == nil {
			r.sameAs(t, name, f)
		}
		f.Close()
		switch {
		case r.err != nil:
			got[name] = r.err.Error()
		case len(r.issues) > 0:
			got[name] = strings.Join(r.issues, "; ")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if got[name] != refusals[name] {
			t.Errorf("%s: %q, want %q", name, got[name], refusals[name])
		}
	}
	for name, want := range refusals {
		if got[name] == "" {
			if _, err := os.Stat(filepath.Join(root, strings.Replace(name, "/", "/testdata/", 1))); err == nil {
				t.Errorf("%s was taken; want %q", name, want)
			}
		}
	}
	t.Logf("%d files, %d of them refused", len(files), len(got))
}

// sameAs holds the original against the file that it was.
func (r *result) sameAs(t *testing.T, name string, f *os.File) {
	t.Helper()
	_, got := r.original(t)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var in io.Reader = f
	switch filepath.Ext(name) {
	case ".base64":
		in = base64.NewDecoder(base64.StdEncoding, f)
	case ".bz2":
		in = bzip2.NewReader(f) // it is the tar
	}
	want, err := io.ReadAll(in)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: the original has %d bytes and comes back as %d others: %v", name, len(want), len(got), err)
	}
}

// FuzzRead: whatever it is, it is taken or refused, and what it gives is a sound
// archive.
func FuzzRead(f *testing.F) {
	for _, kind := range []export.Format{export.Tar, export.Zip} {
		root := testkit.Dir("", testkit.File("a", strings.Repeat("a", 3000)), testkit.File("l", "x").Link(1, 2), testkit.File("m", "x").Link(1, 2), testkit.Symlink("s", "a"),
			testkit.Dir("d", testkit.File("sparse", strings.Repeat("\x00", 100<<10)+"x")))
		a, err := reader.Open(reader.Bytes(testkit.MustBuild(f, testkit.One(root))), reader.Options{})
		if err != nil {
			f.Fatal(err)
		}
		tree, err := a.Tree()
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := export.Write(f.Context(), a, tree, &b, export.Options{Format: kind}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<18 {
			t.Skip("too long")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var out bytes.Buffer
		_, err := writer.Build(ctx, &out, options(t), func(add func(*writer.Member) error) error {
			return ingest.Read(ctx, bytes.NewReader(b), ingest.Options{TempDir: t.TempDir(), Exact: "original"}, add)
		})
		switch {
		case ctx.Err() != nil:
			t.Fatal("it does not end")
		case err != nil && !errors.Is(err, ingest.ErrBroken) && !errors.Is(err, ingest.ErrUnknown):
			t.Fatal(err)
		case err != nil:
			return
		}
		a, err := reader.Open(reader.Bytes(out.Bytes()), reader.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if rep, err := a.Verify(ctx, reader.VerifyOptions{}); err != nil || !rep.OK() {
			t.Fatal(err, rep)
		}
		r := result{a: a}
		if name, got := r.original(t); name == "original" && !bytes.Equal(got, b) {
			t.Fatalf("the original of %d bytes comes back as %d others", len(b), len(got))
		}
	})
}
