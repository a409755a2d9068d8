package dirtree

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// tree is a table of directories that exist below root.
type tree struct {
	root  int
	rows  []row
	inode []uint64
}

type row struct {
	parent int
	name   string
}

func (tr *tree) lookup(id int) (int, string) { return tr.rows[id].parent, tr.rows[id].name }

func newTree(t testing.TB) *tree {
	t.Helper()
	root, err := unix.Open(t.TempDir(), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	check(t, err)
	t.Cleanup(func() { unix.Close(root) })
	return &tree{root: root}
}

// chain adds n directories, one inside the other, below parent.
func (tr *tree) chain(t testing.TB, parent, n int, name string) {
	t.Helper()
	at := tr.root
	if parent != Root {
		c := New(tr.root, tr.lookup, 4)
		h, err := c.Get(parent)
		check(t, err)
		defer c.Close()
		defer h.Release()
		at = h.FD()
	}
	for i := range n {
		check(t, fsmeta.Mkdir(at, name, 0o755))
		info, err := fsmeta.Stat(at, name)
		check(t, err)
		next, err := fsmeta.OpenDirPath(at, name)
		check(t, err)
		if i > 0 {
			unix.Close(at)
		}
		at = next
		tr.rows = append(tr.rows, row{parent, name})
		tr.inode = append(tr.inode, info.Ino)
		parent = len(tr.rows) - 1
	}
	unix.Close(at)
}

// wide adds n directories side by side below parent.
func (tr *tree) wide(t testing.TB, parent, n int) {
	t.Helper()
	for i := range n {
		tr.chain(t, parent, 1, "w"+strconv.Itoa(i))
	}
}

// right fails unless a handle is of the directory with a number.
func (tr *tree) right(t testing.TB, h Handle, id int) {
	info, err := fsmeta.FStat(h.FD())
	if err != nil || info.Ino != tr.inode[id] {
		t.Errorf("directory %d: inode %d, error %v, want %d", id, info.Ino, err, tr.inode[id])
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openFDs counts this process's descriptors.
func openFDs(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: cannot count descriptors: %v", err)
	}
	return len(names)
}

func TestGet(t *testing.T) {
	tr := newTree(t)
	tr.chain(t, Root, 3, "a")
	tr.wide(t, 1, 5)
	c := New(tr.root, tr.lookup, 2)
	defer c.Close()
	for range 3 {
		for id := range tr.rows {
			h, err := c.Get(id)
			check(t, err)
			tr.right(t, h, id)
			h.Release()
		}
	}
	h, err := c.Get(Root)
	check(t, err)
	if h.FD() != tr.root {
		t.Error("the root is not the root")
	}
	h.Release()
	Handle{}.Release()
}

// A table's first row may be the root itself.
func TestEmptyNameIsTheParent(t *testing.T) {
	tr := newTree(t)
	tr.chain(t, Root, 1, "sub")
	rows := []row{{Root, ""}, {0, "sub"}, {1, ""}}
	c := New(tr.root, func(id int) (int, string) { return rows[id].parent, rows[id].name }, 2)
	defer c.Close()
	h, err := c.Get(0)
	check(t, err)
	if h.FD() != tr.root {
		t.Error("row 0 is not the root")
	}
	h.Release()
	for _, id := range []int{1, 2} {
		h, err := c.Get(id)
		check(t, err)
		tr.right(t, h, 0)
		h.Release()
	}
}

func TestDeep(t *testing.T) {
	tr := newTree(t)
	depth := 5000
	if testing.Short() {
		depth = 500 // making and removing directories is what takes the time
	}
	tr.chain(t, Root, depth, strings.Repeat("d", 20))
	// Deeper than what t.TempDir's clean-up should have to recurse.
	defer removeChain(t, tr)
	c := New(tr.root, tr.lookup, 16)
	defer c.Close()
	before := openFDs(t)
	for _, id := range []int{depth - 1, 0, depth / 2, depth - 1, depth - 2} {
		h, err := c.Get(id)
		check(t, err)
		tr.right(t, h, id)
		h.Release()
	}
	if n := openFDs(t) - before; n > 16 {
		t.Errorf("%d descriptors kept, want at most 16", n)
	}
}

// removeChain removes nested directories from the innermost outwards.
func removeChain(t *testing.T, tr *tree) {
	c := New(tr.root, tr.lookup, 1)
	defer c.Close()
	h, err := c.Get(tr.rows[len(tr.rows)-1].parent)
	check(t, err)
	defer h.Release()
	at, err := unix.Dup(h.FD())
	check(t, err)
	for i := len(tr.rows) - 1; i >= 0; i-- {
		check(t, fsmeta.Remove(at, tr.rows[i].name))
		up, err := unix.Openat(at, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		check(t, err)
		unix.Close(at)
		at = up
	}
	unix.Close(at)
}

func TestBound(t *testing.T) {
	tr := newTree(t)
	tr.wide(t, Root, 100)
	before := openFDs(t)
	c := New(tr.root, tr.lookup, 8)
	var held []Handle
	for id := range 40 {
		h, err := c.Get(id)
		check(t, err)
		held = append(held, h)
	}
	for id := 40; id < 100; id++ {
		h, err := c.Get(id)
		check(t, err)
		h.Release()
	}
	if n := openFDs(t) - before; n != 48 {
		t.Errorf("%d descriptors, want 40 in use and 8 idle", n)
	}
	for id, h := range held {
		tr.right(t, h, id)
		h.Release()
	}
	if n := openFDs(t) - before; n != 8 {
		t.Errorf("%d descriptors, want 8 idle", n)
	}
	h, err := c.Get(5)
	check(t, err)
	c.Close()
	if n := openFDs(t) - before; n != 1 {
		t.Errorf("%d descriptors after Close, want the one in use", n)
	}
	tr.right(t, h, 5)
	if _, err := c.Get(5); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Get after Close: %v", err)
	}
	h.Release()
	if n := openFDs(t) - before; n != 0 {
		t.Errorf("%d descriptors leaked", n)
	}
}

// The least recently used goes first.
func TestLRU(t *testing.T) {
	tr := newTree(t)
	tr.wide(t, Root, 4)
	c := New(tr.root, tr.lookup, 2)
	defer c.Close()
	for _, id := range []int{0, 1, 0, 2} {
		h, err := c.Get(id)
		check(t, err)
		h.Release()
	}
	for id, want := range []bool{true, false, true, false} {
		if _, open := c.open[id]; open != want {
			t.Errorf("directory %d open: %v", id, open)
		}
	}
}

// A symbolic link, or anything else, in a directory's place is not entered.
func TestSwapped(t *testing.T) {
	tr := newTree(t)
	tr.chain(t, Root, 3, "a")
	outside := t.TempDir()
	check(t, os.MkdirAll(outside+"/a/a", 0o755))
	check(t, fsmeta.Rename(tr.root, "a", tr.root, "moved"))
	c := New(tr.root, tr.lookup, 8)
	defer c.Close()
	before := openFDs(t)

	check(t, fsmeta.Symlink(outside, tr.root, "a"))
	for id := range tr.rows {
		if _, err := c.Get(id); !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.ELOOP) {
			t.Errorf("directory %d through a link: %v", id, err)
		}
	}
	check(t, fsmeta.Remove(tr.root, "a"))
	if _, err := c.Get(2); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("directory gone: %v", err)
	}
	check(t, fsmeta.Mknod(tr.root, "a", unix.S_IFIFO|0o644, 0, 0))
	if _, err := c.Get(2); !errors.Is(err, unix.ENOTDIR) {
		t.Errorf("fifo: %v", err)
	}
	if n := openFDs(t) - before; n != 0 {
		t.Errorf("%d descriptors leaked on errors", n)
	}
	// A failure is not remembered.
	check(t, fsmeta.Remove(tr.root, "a"))
	check(t, fsmeta.Rename(tr.root, "moved", tr.root, "a"))
	h, err := c.Get(2)
	check(t, err)
	tr.right(t, h, 2)
	h.Release()
}

// Names that are not one component come from damaged or hostile tables.
func TestHostileTable(t *testing.T) {
	tr := newTree(t)
	for _, name := range []string{"..", ".", "a/b", "/", "/etc", "x\x00y"} {
		c := New(tr.root, func(int) (int, string) { return Root, name }, 2)
		if _, err := c.Get(0); !errors.Is(err, fsmeta.ErrName) && !errors.Is(err, unix.EINVAL) {
			t.Errorf("%q: %v", name, err)
		}
		c.Close()
	}
	c := New(tr.root, func(id int) (int, string) { return 1 - id, "a" }, 2)
	defer c.Close()
	if _, err := c.Get(0); !errors.Is(err, ErrDepth) {
		t.Errorf("cycle: %v", err)
	}
}

func TestConcurrent(t *testing.T) {
	tr := newTree(t)
	tr.wide(t, Root, 4)
	for id := range 4 {
		tr.chain(t, id, 6, "c")
	}
	before := openFDs(t)
	c := New(tr.root, tr.lookup, 5)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(g)))
			for range 500 {
				id := rnd.IntN(len(tr.rows))
				h, err := c.Get(id)
				if err != nil {
					t.Errorf("directory %d: %v", id, err)
					return
				}
				tr.right(t, h, id)
				h.Release()
			}
		})
	}
	wg.Wait()
	if n := openFDs(t) - before; n > 5 {
		t.Errorf("%d descriptors kept, want at most 5", n)
	}
	c.Close()
	if n := openFDs(t) - before; n != 0 {
		t.Errorf("%d descriptors leaked", n)
	}
}

// Close while others work: every Get succeeds or says so, nothing leaks.
func TestCloseMeanwhile(t *testing.T) {
	tr := newTree(t)
	tr.chain(t, Root, 10, "c")
	before := openFDs(t)
	for range 20 {
		c := New(tr.root, tr.lookup, 3)
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 40 {
					id := (i*7 + g) % len(tr.rows)
					h, err := c.Get(id)
					if err != nil {
						if !errors.Is(err, fs.ErrClosed) {
							t.Error(err)
						}
						return
					}
					tr.right(t, h, id)
					h.Release()
				}
			})
		}
		c.Close()
		wg.Wait()
	}
	if n := openFDs(t) - before; n != 0 {
		t.Errorf("%d descriptors leaked", n)
	}
}

func BenchmarkHit(b *testing.B) {
	tr := newTree(b)
	tr.chain(b, Root, 3, "a")
	c := New(tr.root, tr.lookup, 8)
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		h, err := c.Get(2)
		if err != nil {
			b.Fatal(err)
		}
		h.Release()
	}
}

func BenchmarkHitParallel(b *testing.B) {
	tr := newTree(b)
	tr.chain(b, Root, 3, "a")
	c := New(tr.root, tr.lookup, 8)
	defer c.Close()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h, err := c.Get(2)
			if err != nil {
				b.Fatal(err)
			}
			h.Release()
		}
	})
}

// BenchmarkMiss opens one component below a directory that is open.
func BenchmarkMiss(b *testing.B) {
	tr := newTree(b)
	tr.chain(b, Root, 1, "a")
	tr.wide(b, 0, 50)
	c := New(tr.root, tr.lookup, 8)
	defer c.Close()
	i := 0
	for b.Loop() {
		i++
		h, err := c.Get(1 + i%50)
		if err != nil {
			b.Fatal(err)
		}
		h.Release()
	}
}
