package fusearchive

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// zoo is a tree with one of everything.
func zoo() *testkit.Node {
	holes := testkit.File("holes", "")
	holes.Pieces = [][]byte{make([]byte, 50_000), testkit.Noise(7, 9000), make([]byte, 70_000), bytes.Repeat([]byte{'x'}, 8000), make([]byte, 90_000)}
	linked := func(name string) *testkit.Node {
		return testkit.File(name, "two names, one file, no literal").Link(5, 2)
	}
	return testkit.Dir("",
		testkit.File("a", "A").With(func(n *testkit.Node) {
			n.Xattrs = []format.Xattr{{Name: "security.capability", Value: "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"}, {Name: "user.x", Value: "y"}}
		}),
		testkit.File("block", strings.Repeat("one block ", 20)),
		testkit.File("empty", ""),
		testkit.Dir("dir",
			testkit.File("big", string(testkit.Noise(1, 300_000))),
			testkit.File("same", string(testkit.Noise(1, 300_000))),
			testkit.Dir("deep", testkit.Dir("er", testkit.File("z", "bottom"))),
			testkit.Symlink("up", "../a"),
		),
		testkit.Dir("nothing").Mode(0o1777),
		holes,
		linked("link1"), linked("link2"),
		testkit.Run("zeros", 0, 1<<20),
		testkit.Run("ones", 1, 100_000),
		testkit.Symlink("dangling", "nowhere"),
		testkit.Special("fifo", format.KindFifo),
		testkit.Special("sock", format.KindSocket),
		testkit.Special("gone", format.KindWhiteout),
		testkit.Device("tty", format.KindChar, 5, 1),
		testkit.Device("disk", format.KindBlockDev, 259, 70_000),
		testkit.File("old", "x").At(-5, 999_999_999),
		testkit.File("not \xff UTF-8", "x").Mode(0o4755),
		testkit.Implied("implied", testkit.File("f", "below an implied directory")),
		testkit.Dir("many", testkit.Numbered(300)...),
	)
}

func zooArchive() *testkit.Archive {
	a := testkit.One(zoo())
	a.Options = testkit.Options{DirLeaf: 10, DirFan: 4, FanOut: 5, Codec: codec.Zstd}
	return a
}

// openFS opens an archive as a file system without mounting it.
func openFS(t testing.TB, b []byte, o Options) *FS {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{Name: "a.vtd"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	tree, err := a.Tree()
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(a, tree, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// kernel asks a file system what the kernel would.
type kernel struct {
	*FS
	told map[uint64]uint64 // id to look-ups
}

func newKernel(f *FS) *kernel { return &kernel{f, map[uint64]uint64{}} }

func header(id uint64) fuse.InHeader { return fuse.InHeader{NodeId: id} }

func errno(s fuse.Status) error {
	if s.Ok() {
		return nil
	}
	return syscall.Errno(s)
}

// look finds a path.
func (k *kernel) look(path string) (out fuse.EntryOut, err error) {
	out.NodeId = fuse.FUSE_ROOT_ID
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		h := header(out.NodeId)
		out = fuse.EntryOut{}
		if err := errno(k.Lookup(nil, &h, name, &out)); err != nil {
			return out, err
		}
		if out.NodeId == 0 {
			return out, unix.ENOENT
		}
		k.told[out.NodeId]++
	}
	return out, nil
}

// list reads a directory in pieces of a size, with the entries' attributes.
func (k *kernel) list(id uint64, room int) (names []fuse.DirEntry, outs []fuse.EntryOut, err error) {
	for off := uint64(0); ; {
		in := &fuse.ReadIn{InHeader: header(id), Offset: off}
		l := fuse.NewDirEntryList(make([]byte, room), off)
		if err := errno(k.ReadDirPlus(nil, in, l)); err != nil {
			return names, outs, err
		}
		ds, os, err := fuse.ParseDirLookupEntries(l.Bytes())
		if err != nil || len(ds) == 0 {
			return names, outs, err
		}
		for _, o := range os {
			if o.NodeId != 0 {
				k.told[o.NodeId]++
			}
		}
		names, outs = append(names, ds...), append(outs, os...)
		off = ds[len(ds)-1].Off
	}
}

// listPlain reads a directory in pieces without the attributes.
func (k *kernel) listPlain(id uint64, room int) (names []fuse.DirEntry, err error) {
	for off := uint64(0); ; {
		l := fuse.NewDirEntryList(make([]byte, room), off)
		if err := errno(k.ReadDir(nil, &fuse.ReadIn{InHeader: header(id), Offset: off}, l)); err != nil {
			return names, err
		}
		ds, err := fuse.ParseDirEntries(l.Bytes())
		if err != nil || len(ds) == 0 {
			return names, err
		}
		names = append(names, ds...)
		off = ds[len(ds)-1].Off
	}
}

// read reads a file in pieces of a size.
func (k *kernel) read(id uint64, size uint64, step int) ([]byte, error) {
	var all []byte
	for uint64(len(all)) < size {
		b, err := k.readAt(id, uint64(len(all)), step)
		if err != nil {
			return all, err
		}
		if len(b) == 0 {
			return all, errors.New("short")
		}
		all = append(all, b...)
	}
	return all, nil
}

func (k *kernel) readAt(id, off uint64, n int) ([]byte, error) {
	buf := make([]byte, n)
	r, status := k.Read(nil, &fuse.ReadIn{InHeader: header(id), Offset: off, Size: uint32(n)}, buf)
	if err := errno(status); err != nil {
		return nil, err
	}
	defer r.Done()
	b, status := r.Bytes(buf)
	return b, errno(status)
}

// forgetAll forgets what the file system has told of.
func (k *kernel) forgetAll() {
	for id, n := range k.told {
		k.Forget(id, n)
	}
	clear(k.told)
}

func (k *kernel) xattr(id uint64, name string) (string, error) {
	h := header(id)
	n, status := k.GetXAttr(nil, &h, name, nil)
	if err := errno(status); err != nil {
		return "", err
	}
	if n > 1 {
		if _, status := k.GetXAttr(nil, &h, name, make([]byte, n-1)); status != fuse.ERANGE {
			return "", fmt.Errorf("too little room: %v", status)
		}
	}
	b := make([]byte, n)
	n, status = k.GetXAttr(nil, &h, name, b)
	return string(b[:n]), errno(status)
}
