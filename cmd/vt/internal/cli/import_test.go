package cli

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/legacy"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/writer"
)

// oldStore writes data files of the old vt.
type oldStore struct{ b []byte }

func oldNumber(n int) []byte {
	b := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		b = append([]byte{byte(n&0x7f | 0x80)}, b...)
	}
	return b
}

func oldSized(b ...[]byte) []byte {
	all := slices.Concat(b...)
	return append(oldNumber(len(all)), all...)
}

// add adds a block and gives a reference to it.
func (s *oldStore) add(b []byte) []byte {
	s.b = slices.Concat(s.b, []byte{0}, oldSized(b))
	sum := sha1.Sum(b)
	return oldSized([]byte{0}, oldNumber(len(b)), []byte{0}, sum[:])
}

func oldEntry(kind byte, name, meta string, uuid []byte, ref []byte) []byte {
	flags := byte(2)
	var b []byte
	b = append(b, oldSized([]byte(name))...)
	if meta != "" {
		flags |= 1
		b = append(b, oldSized([]byte(meta))...)
	}
	if uuid != nil {
		flags |= 8
		b = append(b, uuid...)
	}
	if ref == nil {
		flags |= 4
	}
	return slices.Concat([]byte{kind, flags}, b, ref)
}

// runImport imports a store with a text file, and opens the archive.
func runImport(t *testing.T, s oldStore, text string) (archive *reader.Archive, status int, messages string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	for name, b := range map[string][]byte{"s.vtd": s.b, "s.vt": []byte(text)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	args := []string{"ar", "import", "-q", dir + "/new.vtd", dir + "/s.vtd", "--root", dir + "/s.vt"}
	status = Run(context.Background(), args, strings.NewReader(""), &out, &errs, os.Getenv)
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("%d names stay in the temporary directory, %v", len(left), err)
	}
	a, err := reader.OpenFile(dir+"/new.vtd", reader.Options{})
	if err != nil {
		return nil, status, errs.String()
	}
	t.Cleanup(func() { a.Close() })
	return a, status, errs.String()
}

func TestImportMetadata(t *testing.T) {
	uuid := func(c byte) []byte { return bytes.Repeat([]byte{c}, 16) }
	var s oldStore
	hard := s.add(bytes.Repeat([]byte("content "), 100))
	me := fmt.Sprintf("u:%d;g:%d;", os.Geteuid(), os.Getegid())
	sub := s.add(slices.Concat(
		oldEntry(3, "first", "", uuid(1), nil),
		oldEntry(0, "plain", me+"a:o:rw-x,g:r-wx,*:-rwx;m:1.250000;su:1", nil, oldSized([]byte{2, 3, 2}, []byte("abc"))),
		oldEntry(3, "second", "", uuid(1), nil),
	))
	table := s.add(oldEntry(0, "01:2", me+"a:o:rwx-,g:rx-w,*:-rwx;m:2.000000", uuid(1), hard))
	root := s.add(slices.Concat(
		oldEntry(0, "holes", "m:3", nil, oldSized([]byte{2, 0x86, 0x8d, 0x20, 1, 0})),
		oldEntry(0, "kept", "m:4", uuid(2), hard),
		oldEntry(2, "link", `{"a":"","m":-1.5,"pathref":"../no where"}`, nil, nil),
		oldEntry(3, "name", "", uuid(2), nil),
		oldEntry(1, "sub", me+"a:o:rx-w,g:rx-w,*:rx-w;m:5", nil, sub),
	))
	text := fmt.Sprintf("2001-09-09T01:46:40+00:00 1000000000 D{\"my top\":meta:M{a:\"o:rwx-,g:-rwx,*:-rwx\",m:6.5,fs_inode_dirents:\"D{block:B{%s}}\"},block:B{%s}}\n",
		refText(table), refText(root))
	a, status, messages := runImport(t, s, text)
	if a == nil || status != exitDone || messages != "" {
		t.Fatalf("exit status %d: %s", status, messages)
	}
	for _, c := range []struct {
		path, want string
	}{
		{"", "drwx------ 6.500000000"},
		{"holes", "-rw------- 3.000000000"},
		{"kept", "-rw------- 4.000000000"},
		{"link", "Lrwxrwxrwx -2.500000000"},
		{"name", "-rw------- 4.000000000"},
		{"sub", "dr-xr-xr-x 5.000000000"},
		{"sub/first", "-rwxr-x--- 2.000000000"},
		{"sub/plain", "urw-r----- 1.250000000"},
		{"sub/second", "-rwxr-x--- 2.000000000"},
	} {
		e, err := a.Lookup(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		mode := fs.FileMode(e.Perm & 0o777)
		switch kind := e.Kind.String(); {
		case kind == "directory":
			mode |= fs.ModeDir
		case kind == "symlink":
			mode |= fs.ModeSymlink
		case e.Perm&unix.S_ISUID != 0:
			mode |= fs.ModeSetuid
		}
		if got := fmt.Sprintf("%v %d.%09d", mode, e.Mtime.Sec, e.Mtime.Nsec); got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
		if linked := e.LinkID != 0; linked != slices.Contains([]string{"kept", "name", "sub/first", "sub/second"}, c.path) {
			t.Errorf("%s: link id %d", c.path, e.LinkID)
		}
	}
	if b, err := fs.ReadFile(a.FS(), "sub/second"); err != nil || len(b) != 800 {
		t.Errorf("sub/second: %d octets, %v", len(b), err)
	}
	if b, err := fs.ReadFile(a.FS(), "holes"); err != nil || len(b) != 100000 {
		t.Errorf("holes: %d octets, %v", len(b), err)
	}
}

// refText gives the text of a reference that add gave.
func refText(ref []byte) string {
	span := int(ref[2])
	if span >= 128 {
		span = (span&0x7f)<<7 | int(ref[3])
	}
	return fmt.Sprintf("hash:H{sha1:%x},span:%d", ref[len(ref)-sha1.Size:], span)
}

// TestImportHostile: what no tree can have is named and left out, and nothing
// is made elsewhere.
func TestImportHostile(t *testing.T) {
	var s oldStore
	abc := oldSized([]byte{2, 3, 2}, []byte("abc"))
	outside := t.TempDir()
	sub := s.add(oldEntry(0, "planted", "", nil, abc))
	root := s.add(slices.Concat(
		oldEntry(0, "..", "", nil, abc),
		oldEntry(0, "a/b", "", nil, abc),
		oldEntry(2, "dir", fmt.Sprintf(`{"pathref":%q}`, outside), nil, nil),
		oldEntry(1, "dir", "", nil, sub),
		oldEntry(0, "fine", "u:no such user;zz:1", nil, abc),
		oldEntry(3, "nowhere", "", make([]byte, 16), nil),
		oldEntry(2, "pointless", "", nil, nil),
		[]byte{9, 9},
	))
	a, status, messages := runImport(t, s, fmt.Sprintf("t 1 D{block:B{%s}}\n", refText(root)))
	if a == nil || status != exitDamaged {
		t.Fatalf("exit status %d: %s", status, messages)
	}
	for _, want := range []string{
		`vt: ".." is no name`,
		`vt: the name "a/b" holds a slash or a zero`,
		"vt: dir: its directory has this name twice, and the first is kept",
		`vt: fine: not understood and not kept: metadata "zz": "1"`,
		"vt: nowhere: the file 00000000-0000-0000-0000-000000000000, of which it is a name, is not in the tree",
		"vt: pointless: a symbolic link without a target",
		"vt: user no such user is not known here: ",
		"vt: entries are lost: entry at offset ",
	} {
		if !strings.Contains(messages, want) {
			t.Errorf("nothing is said of %q:\n%s", want, messages)
		}
	}
	names, err := fs.ReadDir(a.FS(), ".")
	if err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
	if planted, err := os.ReadDir(outside); err != nil || len(planted) > 0 {
		t.Errorf("%v, %v outside", planted, err)
	}
}

// live is how much memory is in use.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestImportDeep: of directories in each other, which may be long, no more is
// in memory than their octets.
func TestImportDeep(t *testing.T) {
	var s oldStore
	var below []byte
	long := bytes.Repeat(oldEntry(0, "a", "", nil, nil), 20_000)
	for range 20 {
		below = s.add(slices.Concat(oldEntry(1, "d", "", nil, below), long))
	}
	store, err := legacy.Open(t.Context(), bytes.NewReader(s.b), int64(len(s.b)))
	if err != nil {
		t.Fatal(err)
	}
	h, err := legacy.ParseHash(fmt.Sprintf("sha1:%x", below[len(below)-sha1.Size:]))
	if err != nil {
		t.Fatal(err)
	}
	b, err := store.Get(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := live()
	u := unpacking{ctx: ctx, store: store, progress: func(int64, int64) {}}
	u.issue = func(i writer.Issue) { // the second a of the innermost
		if after := live(); i.Path != strings.Repeat("d/", 19)+"a" || after > before+8<<20 {
			t.Errorf("%d octets of memory at %s: %v", after-before, i.Path, i.Err)
		}
		cancel()
	}
	err = u.unpack(t.TempDir()+"/tree", legacy.Dirent{Kind: legacy.Dir, Content: &legacy.Ref{Span: uint64(len(b)), Hash: h}}, legacy.Meta{})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
