package writer

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// These tests build the metadata of trees that exist in memory only.

// flatTree is one directory of empty files.
func flatTree(names []string) *tree {
	t := newTree()
	t.owners = []format.Owner{{}}
	t.nodes.add(node{kind: format.KindDir, first: 1, count: uint32(len(names))})
	for _, name := range names {
		t.nodes.add(node{name: name, kind: format.KindFile})
	}
	return t
}

// oneFile is a tree of one file of many pieces, one block each.
func oneFile(pieces []piece) *tree {
	t := flatTree([]string{"file"})
	n := t.node(1)
	n.how, n.content = contentList, t.addList(contentRefs{pieces: pieces})
	for _, p := range pieces {
		n.size += p.span
	}
	return t
}

func buildMeta(t *tree, table *blockTable) *metaTree {
	m := newMetaTree(t, table, format.HashBLAKE3)
	m.build()
	m.number(2)
	return m
}

// newBlocks counts the blocks that one tree has and another has not.
func newBlocks(a, b *metaTree) int {
	n := 0
	for id := range uint32(a.blocks.len()) {
		if _, ok := b.index.find(&a.at(id).hash); !ok {
			n++
		}
	}
	return n
}

// checkShape looks at every node: limits, and no node of one child.
func checkShape(t testing.TB, m *metaTree) (height int) {
	t.Helper()
	for id := range uint32(m.blocks.len()) {
		b := m.stored(nil, id)
		if len(b) > format.MaxMetaBlock {
			t.Errorf("a block of %d bytes", len(b))
		}
		var err error
		switch num := m.at(id).num; m.at(id).kind {
		case format.BlockDirLeaf:
			_, err = format.ParseDirLeaf(b, format.Stored, num)
		case format.BlockDirInner:
			var x *format.DirInner
			if x, err = format.ParseDirInner(b, format.Stored, num); err == nil {
				height = max(height, x.Level)
			}
		case format.BlockIndirect:
			var x *format.Indirect
			if x, err = format.ParseIndirect(b, format.Stored, num); err == nil {
				height = max(height, x.Level)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
	return height
}

func manyNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("entry-%07d.txt", i*7)
	}
	return names
}

// TestInsertedName: one more name in a directory of 100,000 changes the leaf
// it is in and what leads there.
func TestInsertedName(t *testing.T) {
	names := manyNames(100_000)
	before := buildMeta(flatTree(names), newBlockTable(0))
	if height := checkShape(t, before); height < 1 {
		t.Fatal("no inner nodes")
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var changed []int
	for range 20 {
		name := fmt.Sprintf("entry-%07d.new", rnd.IntN(700_000))
		k, _ := slices.BinarySearch(names, name)
		with := slices.Insert(slices.Clone(names), k, name)
		changed = append(changed, newBlocks(buildMeta(flatTree(with), newBlockTable(0)), before))
	}
	slices.Sort(changed)
	if median, most := changed[len(changed)/2], changed[len(changed)-1]; median > 3 || most > 6 {
		t.Errorf("changed blocks: %v", changed)
	}
}

// refs makes pieces of blocks whose hashes come from a seed.
func refs(table *blockTable, seed uint64, n int) []piece {
	pieces := make([]piece, n)
	for i := range pieces {
		var h format.Hash
		copy(h[:], testkit.Noise(seed<<32+uint64(i), len(h)))
		id, _, _ := table.add(h, 1000, 0, 0)
		pieces[i] = piece{span: 1000, id: id}
	}
	return pieces
}

// TestInsertionAtTheFront: it leaves most of a file's indirect nodes alone.
func TestInsertionAtTheFront(t *testing.T) {
	for _, n := range []int{3000, 100_000} {
		table := newBlockTable(0)
		pieces := refs(table, 1, n)
		before := buildMeta(oneFile(pieces), table)
		checkShape(t, before)
		after := buildMeta(oneFile(append(refs(table, 2, 3), pieces...)), table)
		// The directory, the first node of each level, and where cuts fall
		// back into step.
		if k := newBlocks(after, before); k > 7 {
			t.Errorf("%d blocks: %d of %d metadata blocks are new", n, k, after.blocks.len())
		}
	}
}

// TestShapes builds directories and files of every size around the limits.
func TestShapes(t *testing.T) {
	for _, n := range []int{0, 1, 2, 127, 128, 129, 130, 500, 4095, 4096, 4097, 10_000} {
		checkShape(t, buildMeta(flatTree(manyNames(n)), newBlockTable(0)))
	}
	for _, n := range []int{2, 63, 64, 65, 66, 2047, 2048, 2049, 5000} {
		table := newBlockTable(0)
		checkShape(t, buildMeta(oneFile(refs(table, uint64(n), n)), table))
		// Runs end no node before it is full.
		runs := make([]piece, n)
		for i := range runs {
			runs[i] = piece{span: 1000, octet: byte(i), kind: pieceRun}
		}
		checkShape(t, buildMeta(oneFile(runs), table))
	}
}

// TestWorstNames makes nodes as large as names, targets and attributes allow.
func TestWorstNames(t *testing.T) {
	tr := flatTree(nil)
	root := tr.node(0)
	for i := range 9000 {
		name := fmt.Sprintf("%05d", i)
		n := node{name: name + string(make250()), kind: format.KindSymlink, aux: uint32(i), owner: uint32(i)}
		tr.targets = append(tr.targets, noiseName(uint64(i), 4095))
		tr.owners = append(tr.owners, format.Owner{UID: uint32(i), User: noiseName(uint64(i), 255), Group: noiseName(uint64(i), 255)})
		n.sec, n.nsec = int64(i)<<40, uint32(i)
		if i%50 == 0 {
			n.xattrs = tr.addXattrs([]format.Xattr{{Name: "user.a", Value: string(testkit.Noise(uint64(i), 64<<10))}})
		}
		tr.nodes.add(n)
	}
	root.count = 9000
	checkShape(t, buildMeta(tr, newBlockTable(0)))

	// Entries of 4 MiB each are nodes of their own, but for the last two.
	tr = flatTree([]string{"a", "b", "c", "d", "e"})
	for i := range 5 {
		var xs []format.Xattr
		for k := range 63 {
			xs = append(xs, format.Xattr{Name: fmt.Sprintf("user.%02d", k), Value: string(testkit.Noise(uint64(i*100+k), 64<<10))})
		}
		tr.node(uint32(i + 1)).xattrs = tr.addXattrs(xs)
	}
	checkShape(t, buildMeta(tr, newBlockTable(0)))
}

func make250() []byte { return slices.Repeat([]byte("n"), 250) }

func noiseName(seed uint64, n int) string {
	b := testkit.Noise(seed, n)
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return string(b)
}

// TestLargeDirectory stores a directory of 200,000 entries, or of as many as
// VTD_TEST_ENTRIES says.
func TestLargeDirectory(t *testing.T) {
	count := 200_000
	if testing.Short() || raceEnabled {
		count = 20_000
	}
	fmt.Sscan(os.Getenv("VTD_TEST_ENTRIES"), &count)
	dir := memoryDir(t)
	for i := range count {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%x-%d", i*0x9E3779B1%1000003, i)), []byte{byte(i), byte(i >> 8)}, 0o644))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	o := Options{Inputs: []Input{{Dir: dir, Path: "."}}, Threads: 2}
	b, rep := createWhole(t, o)
	runtime.ReadMemStats(&after)
	each := int(after.TotalAlloc-before.TotalAlloc-uint64(o.Threads)*64<<20) / count
	t.Logf("%d entries: %v, %d bytes, %d metadata blocks, %d bytes allocated for each", count, time.Since(begin), len(b), rep.MetaBlocks, each)
	if count >= 200_000 && each > 1000 {
		t.Errorf("%d bytes were allocated for each entry", each)
	}
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	defer a.Close()
	n, last := 0, ""
	must(t, a.Walk(func(path string, e *format.Entry, err error) error {
		if n > 0 && (cmp.Compare(last, path) >= 0 || e.Size != 2) {
			t.Fatalf("%q of %d bytes after %q", path, e.Size, last)
		}
		n, last = n+1, path
		return err
	}))
	if n != count+1 || rep.Entries != uint64(count) {
		t.Errorf("%d entries", n)
	}
	e, err := a.Lookup(fmt.Sprintf("%x-%d", 5*0x9E3779B1%1000003, 5))
	must(t, err)
	if string(e.Ref.Literal) != "\x05\x00" {
		t.Errorf("%+v", e)
	}
}
