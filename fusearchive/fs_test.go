package fusearchive

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// checkTree holds what the kernel is told below a directory against the nodes
// that it was made of, and collects inode numbers.
func checkTree(t *testing.T, k *kernel, id uint64, path string, n *testkit.Node, inodes map[string]uint64) {
	t.Helper()
	names, outs, err := k.list(id, 2000)
	if err != nil {
		t.Fatalf("%q: %v", path, err)
	}
	plain, err := k.listPlain(id, 300)
	if err != nil || !slices.Equal(plain, names) {
		t.Errorf("%q: read without attributes it has %d entries, not %d: %v", path, len(plain), len(names), err)
	}
	if len(names) != len(n.Children)+dots || names[0].Name != "." || names[1].Name != ".." {
		t.Fatalf("%q: %d entries, not %d", path, len(names), len(n.Children)+dots)
	}
	children := map[string]*testkit.Node{}
	for _, c := range n.Children {
		children[c.Name] = c
	}
	for i, d := range names {
		if i < dots {
			continue
		}
		c, at := children[d.Name], strings.TrimPrefix(path+"/"+d.Name, "/")
		if c == nil {
			t.Errorf("%q is not there, or twice", at)
			continue
		}
		delete(children, d.Name)
		found, err := k.look(at)
		if err != nil || found != outs[i] {
			t.Errorf("%q: look-up gives %+v, %v; the directory says %+v", at, found, err, outs[i])
		}
		in := fuse.GetAttrIn{InHeader: header(found.NodeId)}
		var attr fuse.AttrOut
		if s := k.GetAttr(nil, &in, &attr); !s.Ok() || attr.Attr != found.Attr {
			t.Errorf("%q: %+v, %v", at, attr, s)
		}
		if d.Ino != found.Attr.Ino || d.Mode != found.Mode&unix.S_IFMT {
			t.Errorf("%q: listed as %+v, described as %+v", at, d, found.Attr)
		}
		inodes[at] = d.Ino
		checkNode(t, k, found, at, c)
		if c.Kind.IsDir() {
			checkTree(t, k, found.NodeId, at, c, inodes)
		}
	}
}

func checkNode(t *testing.T, k *kernel, out fuse.EntryOut, path string, n *testkit.Node) {
	t.Helper()
	want := fuse.Attr{Mode: kindModes[n.Kind] | uint32(n.Perm), Owner: fuse.Owner{Uid: n.Owner.UID, Gid: n.Owner.GID},
		Mtime: uint64(n.Mtime.Sec), Mtimensec: n.Mtime.Nsec, Nlink: uint32(max(n.LinkCount, 1))}
	if n.Kind == format.KindImplied {
		want.Mode |= impliedPerm
		want.Mtime, want.Mtimensec = uint64(k.tree.Snapshot().Time.Sec), k.tree.Snapshot().Time.Nsec
	}
	data := n.Data
	if n.Pieces != nil {
		data = bytes.Join(n.Pieces, nil)
	}
	switch n.Kind {
	case format.KindFile:
		want.Size = uint64(len(data))
	case format.KindSymlink:
		want.Size = uint64(len(n.Target))
		h := header(out.NodeId)
		if target, s := k.Readlink(nil, &h); string(target) != n.Target {
			t.Errorf("%q: leads to %q, %v", path, target, s)
		}
	case format.KindChar, format.KindBlockDev:
		want.Rdev = uint32(n.Minor&0xff | n.Major<<8 | n.Minor&^0xff<<12)
	}
	got := out.Attr
	got.Ino, got.Blocks, got.Blksize = 0, 0, 0
	got.Atime, got.Atimensec, got.Ctime, got.Ctimensec = 0, 0, 0, 0
	if got != want {
		t.Errorf("%q: %+v, not %+v", path, got, want)
	}
	if out.EntryTimeout() != forever || out.AttrTimeout() != forever {
		t.Errorf("%q: remembered for %v and %v", path, out.EntryTimeout(), out.AttrTimeout())
	}
	for _, x := range n.Xattrs {
		if v, err := k.xattr(out.NodeId, x.Name); v != x.Value || err != nil {
			t.Errorf("%q: %s is %q, %v", path, x.Name, v, err)
		}
	}
	if n.Kind != format.KindFile {
		return
	}
	for _, step := range []int{4096, 100_000, 1 << 20} {
		if b, err := k.read(out.NodeId, out.Size, step); err != nil || !bytes.Equal(b, data) {
			t.Errorf("%q: read by %d: %d bytes of %d, %v", path, step, len(b), len(data), err)
		}
	}
}

func TestTree(t *testing.T) {
	b := testkit.MustBuild(t, zooArchive())
	inodes := map[string]uint64{}
	k := newKernel(openFS(t, b, Options{OnFault: func(err error) { t.Error(err) }}))
	checkTree(t, k, fuse.FUSE_ROOT_ID, "", zoo(), inodes)

	again := map[string]uint64{}
	checkTree(t, newKernel(openFS(t, b, Options{})), fuse.FUSE_ROOT_ID, "", zoo(), again)
	if !maps.Equal(inodes, again) {
		t.Error("inode numbers differ from one mount to the next")
	}
	if inodes["link1"] != inodes["link2"] {
		t.Error("names of one file have different inode numbers")
	}
	delete(inodes, "link2")
	paths := map[uint64]string{fuse.FUSE_ROOT_ID: ""}
	for path, ino := range inodes {
		if other, twice := paths[ino]; twice {
			t.Errorf("%q and %q have the same inode number", path, other)
		}
		paths[ino] = path
	}

	if n := k.nodes.size(); n < len(inodes) {
		t.Errorf("%d nodes are known for %d inodes", n, len(inodes))
	}
	k.forgetAll()
	if n := k.nodes.size(); n != 1 || len(k.nodes.names)+len(k.nodes.links) != 0 {
		t.Errorf("%d nodes, %d names and %d links are left when all is forgotten", n, len(k.nodes.names), len(k.nodes.links))
	}
	if _, err := k.look("dir/deep/er/z"); err != nil {
		t.Errorf("after forgetting: %v", err)
	}
}

func TestLinksAreOneInode(t *testing.T) {
	k := newKernel(openFS(t, testkit.MustBuild(t, zooArchive()), Options{}))
	one, err1 := k.look("link1")
	two, err2 := k.look("link2")
	if err1 != nil || err2 != nil || one != two || one.Nlink != 2 {
		t.Errorf("%+v, %v; %+v, %v", one, err1, two, err2)
	}
	k.Forget(one.NodeId, 1)
	if _, err := k.read(one.NodeId, one.Size, 4096); err != nil {
		t.Errorf("still known by its second name: %v", err)
	}
	k.Forget(one.NodeId, 1)
	if _, err := k.read(one.NodeId, one.Size, 4096); err != unix.ESTALE {
		t.Errorf("forgotten: %v", err)
	}
}

func TestMissing(t *testing.T) {
	k := newKernel(openFS(t, testkit.MustBuild(t, zooArchive()), Options{}))
	h := header(fuse.FUSE_ROOT_ID)
	var out fuse.EntryOut
	if s := k.Lookup(nil, &h, "nobody", &out); !s.Ok() || out.NodeId != 0 || out.EntryTimeout() != forever {
		t.Errorf("the kernel is not told to remember that a name is not there: %v, %+v", s, out)
	}
	if _, err := k.look("a/b"); err != unix.ENOTDIR {
		t.Errorf("below a file: %v", err)
	}
}

func TestOptions(t *testing.T) {
	b := testkit.MustBuild(t, zooArchive())
	uid, gid := uint32(7), uint32(8)
	k := newKernel(openFS(t, b, Options{Subdir: "/dir/deep/", UID: &uid, GID: &gid}))
	out, err := k.look("er/z")
	if err != nil || out.Uid != 7 || out.Gid != 8 {
		t.Errorf("%+v, %v", out, err)
	}
	if got := k.path(k.nodes.get(out.NodeId)); got != "dir/deep/er/z" {
		t.Errorf("its path is %q", got)
	}
	for _, dir := range []string{"a", "nobody", "dir/nobody"} {
		if _, err := New(k.a, k.tree, Options{Subdir: dir}); err == nil {
			t.Errorf("%s becomes the root", dir)
		}
	}
	k = newKernel(openFS(t, b, Options{ImpliedUID: 3, ImpliedGID: 4}))
	if out, err := k.look("implied"); err != nil || out.Uid != 3 || out.Gid != 4 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestXattrs(t *testing.T) {
	k := newKernel(openFS(t, testkit.MustBuild(t, zooArchive()), Options{}))
	a, _ := k.look("a")
	h := header(a.NodeId)
	b := make([]byte, 100)
	if n, s := k.ListXAttr(nil, &h, b); !s.Ok() || string(b[:n]) != "security.capability\x00user.x\x00" {
		t.Errorf("listed as %q, %v", b[:n], s)
	}
	if _, err := k.xattr(a.NodeId, "user.nothing"); err != unix.ENODATA {
		t.Error(err)
	}
	s := k.tree.Snapshot()
	for path, want := range map[string]string{
		"a": "literal 41", "zeros": "run 1048576 of 00", "block": "block ", "dir/big": "indirect ", "dir": "directory ",
		"": "directory " + s.Root.Ref.Hash.String() + "\nroot " + s.Root.Ref.Hash.String() + "\nsnapshot ",
	} {
		out, err := k.look(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.xattr(out.NodeId, BlockRef); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, %v", path, got, err)
		}
	}
	fifo, _ := k.look("fifo")
	if _, err := k.xattr(fifo.NodeId, BlockRef); err != unix.ENODATA {
		t.Errorf("a fifo has content: %v", err)
	}
}

func TestHoles(t *testing.T) {
	k := newKernel(openFS(t, testkit.MustBuild(t, zooArchive()), Options{}))
	seek := func(path string, off uint64, whence uint32) (uint64, error) {
		out, err := k.look(path)
		if err != nil {
			t.Fatal(err)
		}
		var at fuse.LseekOut
		err = errno(k.Lseek(nil, &fuse.LseekIn{InHeader: header(out.NodeId), Offset: off, Whence: whence}, &at))
		return at.Offset, err
	}
	for _, c := range []struct {
		path   string
		off    uint64
		whence uint32
		at     uint64
		err    error
	}{
		{"holes", 0, unix.SEEK_HOLE, 0, nil},
		{"holes", 10, unix.SEEK_DATA, 50_000, nil},
		{"holes", 50_000, unix.SEEK_HOLE, 59_000, nil},
		{"holes", 59_000, unix.SEEK_DATA, 129_000, nil},
		{"holes", 200_000, unix.SEEK_DATA, 0, unix.ENXIO},
		{"holes", 300_000, unix.SEEK_HOLE, 0, unix.ENXIO},
		{"zeros", 0, unix.SEEK_DATA, 0, unix.ENXIO},
		{"ones", 5, unix.SEEK_HOLE, 100_000, nil},
		{"dir", 0, unix.SEEK_HOLE, 0, unix.EINVAL},
		{"ones", 5, unix.SEEK_END, 0, unix.EINVAL},
	} {
		if at, err := seek(c.path, c.off, c.whence); at != c.at || err != c.err {
			t.Errorf("%s from %d, %d: %d, %v; not %d, %v", c.path, c.off, c.whence, at, err, c.at, c.err)
		}
	}
	for path, want := range map[string]uint64{"zeros": 0, "ones": 196, "holes": (17_000 + 511) / 512, "a": 1, "empty": 0} {
		if out, err := k.look(path); err != nil || out.Blocks != want {
			t.Errorf("%s: %d blocks, not %d", path, out.Blocks, want)
		}
	}
}

func TestStatFs(t *testing.T) {
	f := openFS(t, testkit.MustBuild(t, zooArchive()), Options{})
	var out fuse.StatfsOut
	if s := f.StatFs(nil, nil, &out); !s.Ok() || out.Files != f.tree.Root().Count+1 || out.Blocks != (f.tree.Root().Size+4095)/4096 || out.Bfree != 0 {
		t.Errorf("%+v, %v", out, s)
	}
}

func TestReadOnly(t *testing.T) {
	f := openFS(t, testkit.MustBuild(t, zooArchive()), Options{})
	h := header(fuse.FUSE_ROOT_ID)
	for name, s := range map[string]fuse.Status{
		"setattr":     f.SetAttr(nil, &fuse.SetAttrIn{}, nil),
		"mknod":       f.Mknod(nil, &fuse.MknodIn{}, "x", nil),
		"mkdir":       f.Mkdir(nil, &fuse.MkdirIn{}, "x", nil),
		"unlink":      f.Unlink(nil, &h, "a"),
		"rmdir":       f.Rmdir(nil, &h, "nothing"),
		"rename":      f.Rename(nil, &fuse.RenameIn{}, "a", "b"),
		"link":        f.Link(nil, &fuse.LinkIn{}, "b", nil),
		"symlink":     f.Symlink(nil, &h, "a", "b", nil),
		"setxattr":    f.SetXAttr(nil, &fuse.SetXAttrIn{}, "user.x", nil),
		"removexattr": f.RemoveXAttr(nil, &h, "user.x"),
		"create":      f.Create(nil, &fuse.CreateIn{}, "x", nil),
		"tmpfile":     f.Tmpfile(nil, &fuse.CreateIn{}, nil),
		"fallocate":   f.Fallocate(nil, &fuse.FallocateIn{}),
	} {
		if s != erofs {
			t.Errorf("%s: %v", name, s)
		}
	}
	if _, s := f.Write(nil, &fuse.WriteIn{}, nil); s != erofs {
		t.Errorf("write: %v", s)
	}
	if _, s := f.CopyFileRange(nil, &fuse.CopyFileRangeIn{}); s != erofs {
		t.Errorf("copy_file_range: %v", s)
	}
}

// TestDamage damages one block of a file, and looks at what can still be read.
func TestDamage(t *testing.T) {
	pieces := testkit.File("f", "")
	for i := range 8 {
		pieces.Pieces = append(pieces.Pieces, testkit.Noise(uint64(i), 4096))
	}
	a := testkit.One(testkit.Dir("", testkit.Dir("d", pieces), testkit.File("other", strings.Repeat("fine ", 100))))
	b := testkit.MustBuild(t, a)
	at := bytes.Index(b, testkit.Noise(3, 4096))
	if at < 0 {
		t.Fatal("the archive is compressed")
	}
	b[at+100] ^= 1
	var faults []error
	k := newKernel(openFS(t, b, Options{OnFault: func(err error) { faults = append(faults, err) }}))
	f, err := k.look("d/f")
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(8) {
		got, err := k.readAt(f.NodeId, i*4096, 4096)
		if i == 3 && err != unix.EIO {
			t.Errorf("the damaged part: %v", err)
		}
		if i != 3 && (err != nil || !bytes.Equal(got, pieces.Pieces[i])) {
			t.Errorf("part %d: %v", i, err)
		}
	}
	for range 3 {
		if _, err := k.readAt(f.NodeId, 0, 32768); err != unix.EIO {
			t.Errorf("all of it: %v", err)
		}
	}
	if len(faults) != 1 || !strings.Contains(faults[0].Error(), "d/f: bytes 12288-16383") || !errors.Is(faults[0], format.ErrDamaged) {
		t.Errorf("told of it as %v", faults)
	}
	if other, err := k.look("other"); err != nil {
		t.Error(err)
	} else if _, err := k.read(other.NodeId, other.Size, 4096); err != nil {
		t.Errorf("another file: %v", err)
	}
}

// TestDamagedDirectory damages metadata: what is below is lost, and nothing
// else.
func TestDamagedDirectory(t *testing.T) {
	a := testkit.One(testkit.Dir("", testkit.Dir("bad", testkit.File("lost", "x")), testkit.File("good", "y")))
	built := testkit.MustMake(t, a)
	b := built.Bytes
	at := bytes.Index(b, []byte("lost"))
	if at < 0 {
		t.Fatal("metadata is compressed")
	}
	b[at] ^= 1
	var faults []error
	k := newKernel(openFS(t, b, Options{OnFault: func(err error) { faults = append(faults, err) }}))
	bad, err := k.look("bad")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.list(bad.NodeId, 4096); err != unix.EIO {
		t.Errorf("the directory is read: %v", err)
	}
	if _, err := k.look("bad/lost"); err != unix.EIO {
		t.Errorf("a name in it is found: %v", err)
	}
	if _, err := k.look("good"); err != nil {
		t.Errorf("a name beside it: %v", err)
	}
	if len(faults) != 1 || !strings.Contains(faults[0].Error(), "bad: ") {
		t.Errorf("told of it as %v", faults)
	}
}

// TestLyingLinks: names that an archive calls one file, with different contents.
func TestLyingLinks(t *testing.T) {
	a := testkit.One(testkit.Dir("",
		testkit.File("one", strings.Repeat("one ", 100)).Link(5, 2),
		testkit.File("two", strings.Repeat("two ", 200)).Link(5, 2),
		testkit.Symlink("three", "one").Link(5, 2)))
	k := newKernel(openFS(t, testkit.MustBuild(t, a), Options{}))
	for _, name := range []string{"one", "two"} {
		out, err := k.look(name)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := k.read(out.NodeId, out.Size, 4096); err != nil || !strings.HasPrefix(string(b), name) {
			t.Errorf("%s: %.10q, %v", name, b, err)
		}
	}
	if out, err := k.look("three"); err != nil || out.Mode&unix.S_IFMT != unix.S_IFLNK {
		t.Errorf("%+v, %v", out, err)
	}
}
