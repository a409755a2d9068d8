package extract

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/reader/stream"
)

// path is one of the two ways to restore an archive.
type path struct {
	name string
	run  func(t testing.TB, archive []byte, target string, o Options) (*Result, error)
}

var paths = []path{
	{"stream", func(t testing.TB, archive []byte, target string, o Options) (*Result, error) {
		r, err := stream.NewReader(context.Background(), bytes.NewReader(archive), stream.Options{})
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return Stream(context.Background(), r, target, o)
	}},
	{"archive", func(t testing.TB, archive []byte, target string, o Options) (*Result, error) {
		a, err := reader.Open(reader.Bytes(archive), reader.Options{})
		if err != nil {
			return nil, err
		}
		defer a.Close()
		tree, err := a.Tree()
		if err != nil {
			return nil, err
		}
		return Archive(context.Background(), a, tree, target, o)
	}},
}

// both runs a test on each path.
func both(t *testing.T, test func(t *testing.T, p path)) {
	for _, p := range paths {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

// restore restores an archive without any issue.
func (p path) restore(t testing.TB, archive []byte, target string, o Options) *Result {
	t.Helper()
	o.Issue = func(i Issue) { t.Errorf("issue: %v", i) }
	res, err := p.run(t, archive, target, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// issues restores an archive and gives what could not be, sorted.
func (p path) issues(t testing.TB, archive []byte, target string, o Options) (*Result, []Issue) {
	t.Helper()
	var got []Issue
	o.Issue = func(i Issue) { got = append(got, i) }
	res, err := p.run(t, archive, target, o)
	if err != nil {
		t.Fatal(err)
	}
	if int(res.Issues) != len(got) {
		t.Errorf("%d issues told, %d counted", len(got), res.Issues)
	}
	slices.SortFunc(got, func(a, b Issue) int { return strings.Compare(a.String(), b.String()) })
	return res, got
}

func pathsOf(is []Issue) []string {
	var out []string
	for _, i := range is {
		if i.Path != "" {
			out = append(out, i.Path)
		}
	}
	slices.Sort(out)
	return out
}

// listing describes everything below a directory, a line an entry.
func listing(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	inodes := map[uint64]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %o %d:%d %d.%09d", rel, st.Mode, st.Uid, st.Gid, st.Mtim.Sec, st.Mtim.Nsec)
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFREG:
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %d %v", len(data), format.HashBLAKE3.Sum(data))
		case unix.S_IFLNK:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " -> %s", target)
		case unix.S_IFCHR, unix.S_IFBLK:
			fmt.Fprintf(&b, " %d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
		}
		if !d.IsDir() && st.Nlink > 1 {
			if inodes[st.Ino] == "" {
				inodes[st.Ino] = rel
			}
			fmt.Fprintf(&b, " = %s", inodes[st.Ino])
		}
		b.WriteString(xattrsOf(t, path))
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func xattrsOf(t testing.TB, path string) string {
	dirfd, err := unix.Open(filepath.Dir(path), unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dirfd)
	xs, err := fsmeta.Xattrs(dirfd, filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, x := range xs {
		fmt.Fprintf(&b, " %s=%x", x.Name, x.Value)
	}
	return b.String()
}

// expected is what listing should say of a tree restored by root with numeric
// owners.
func expected(root *testkit.Node) string {
	var b strings.Builder
	type group struct {
		first string
	}
	groups := map[uint64]group{}
	var walk func(n *testkit.Node, rel string)
	walk = func(n *testkit.Node, rel string) {
		fmt.Fprintf(&b, "%s %o %d:%d %d.%09d", rel, kindBits[n.Kind]|uint32(n.Perm), n.Owner.UID, n.Owner.GID, n.Mtime.Sec, n.Mtime.Nsec)
		switch {
		case n.Kind == format.KindFile:
			fmt.Fprintf(&b, " %d %v", len(n.Data), format.HashBLAKE3.Sum(n.Data))
		case n.Kind == format.KindSymlink:
			fmt.Fprintf(&b, " -> %s", n.Target)
		case n.Kind.IsDevice() || n.Kind == format.KindWhiteout:
			fmt.Fprintf(&b, " %d:%d", n.Major, n.Minor)
		}
		if n.LinkID != 0 {
			if groups[n.LinkID].first == "" {
				groups[n.LinkID] = group{rel}
			}
			fmt.Fprintf(&b, " = %s", groups[n.LinkID].first)
		}
		for _, x := range n.Xattrs {
			fmt.Fprintf(&b, " %s=%x", x.Name, x.Value)
		}
		b.WriteByte('\n')
		children := slices.Clone(n.Children)
		slices.SortFunc(children, func(a, b *testkit.Node) int { return strings.Compare(a.Name, b.Name) })
		for _, c := range children {
			walk(c, filepath.Join(rel, c.Name))
		}
	}
	walk(root, ".")
	return b.String()
}

func asRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: owners and devices can be restored by root only")
	}
}

// numeric restores everything with owners as recorded.
func numeric() Options {
	o := Defaults()
	o.NumericOwner = true
	return o
}

// rich is a tree of every kind of entry and content.
func rich() *testkit.Node {
	same := string(testkit.Noise(9, 3000))
	acl := "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x04\x00\xd2\x04\x00\x00" +
		"\x04\x00\x04\x00\xff\xff\xff\xff\x10\x00\x04\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff"
	capability := "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	xattr := func(pairs ...string) func(*testkit.Node) {
		return func(n *testkit.Node) {
			for i := 0; i < len(pairs); i += 2 {
				n.Xattrs = append(n.Xattrs, format.Xattr{Name: pairs[i], Value: pairs[i+1]})
			}
		}
	}
	holes := testkit.File("holes", "")
	holes.Shape = testkit.ShapeIndirect
	holes.Pieces = [][]byte{[]byte("begin"), make([]byte, 1<<20), testkit.Noise(3, 700), bytes.Repeat([]byte{'x'}, 70000), make([]byte, 1<<20)}
	holes.Data = bytes.Join(holes.Pieces, nil)
	return testkit.Dir("",
		testkit.File("empty", ""),
		testkit.File("literal", "some bytes\n").Mode(0o4755),
		testkit.File("block", string(testkit.Noise(1, 900))).Mode(0o400),
		testkit.File("large", string(testkit.Noise(2, 50_000))).At(-5, 999_999_999),
		testkit.File("capable", string(testkit.Noise(4, 600))).Mode(0o755).With(xattr("security.capability", capability)),
		testkit.Run("zeros", 0, 3<<20),
		testkit.Run("ones", 0xff, 300_000),
		holes,
		testkit.Symlink("link", "no/such/thing"),
		testkit.Symlink("outside", "/etc"),
		testkit.Special("fifo", format.KindFifo),
		testkit.Special("socket", format.KindSocket),
		testkit.Device("null", format.KindChar, 1, 3),
		testkit.Device("loop", format.KindBlockDev, 7, 99),
		testkit.Special("whiteout", format.KindWhiteout),
		testkit.Dir("a",
			testkit.File("one", same).Link(77, 3),
			testkit.Dir("b", testkit.File("two", same).Link(77, 3), testkit.File("copy", same)).Mode(0o555),
			testkit.Dir("empty").Mode(0o1777).At(12345, 0),
			testkit.File("with xattrs", "x").With(xattr("trusted.t", "2", "user.comment", "hello\x00there")),
			testkit.File("with acl", same).Mode(0o640).With(xattr("system.posix_acl_access", acl)),
		).Mode(0o2750),
		testkit.File("z", same).Link(77, 3),
		testkit.Symlink("ln1", "t").Link(5, 2), testkit.Symlink("ln2", "t").Link(5, 2),
	).Mode(0o711)
}

// variants are archives of one tree in different forms.
func variants(t testing.TB, root *testkit.Node) map[string][]byte {
	out := map[string][]byte{}
	for name, o := range map[string]testkit.Options{
		"stored":      {},
		"zstd":        {Codec: codec.Zstd, BlocksPerFrame: 50},
		"long":        {Codec: codec.LongZstd, BlocksPerFrame: 50},
		"sha256":      {Hash: format.HashSHA256},
		"many frames": {BlocksPerFrame: 1, DirLeaf: 2, DirFan: 2, FanOut: 2, Chunk: 500},
	} {
		a := testkit.One(root)
		a.Options = o
		out[name] = testkit.MustBuild(t, a)
	}
	return out
}
