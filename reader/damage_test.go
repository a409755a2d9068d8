package reader_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

func smallArchive() *testkit.Archive {
	a := testkit.One(testkit.Dir("", testkit.File("hello", strings.Repeat("hello ", 40)),
		testkit.Dir("sub", testkit.File("big", string(testkit.Noise(3, 3000))))))
	return a
}

// TestCutAnywhere cuts an archive of two segments at every length. What ends
// in the second is an archive of the first with a torn tail.
func TestCutAnywhere(t *testing.T) {
	a := smallArchive()
	a.Segments = append(a.Segments, testkit.Segment{Versions: []testkit.Version{{Root: testkit.Dir("", testkit.File("new", strings.Repeat("new ", 40))), After: []int{0}}}})
	built := testkit.MustMake(t, a)
	b := built.Bytes
	for n := range len(b) {
		a, err := reader.Open(reader.Bytes(b[:n:n]), reader.Options{})
		switch {
		case n == 0:
			if !errors.Is(err, format.ErrNotArchive) {
				t.Fatal(n, err)
			}
		case n < 8:
			if err == nil || classCount(err) != 1 {
				t.Fatal(n, err)
			}
		case n < built.Segments[0].End:
			if !errors.Is(err, format.ErrDamaged) {
				t.Fatal(n, err)
			}
			if n > built.Header && !strings.Contains(err.Error(), "ends before its trailer") {
				t.Fatal(n, err)
			}
		default:
			if err != nil {
				t.Fatal(n, err)
			}
			torn := int64(n - built.Segments[0].End)
			if a.TornTail() != torn || len(a.Warnings()) != int(min(torn, 1)) {
				t.Fatal(n, a.TornTail(), a.Warnings())
			}
			if _, err := a.Lookup("sub/big"); err != nil {
				t.Fatal(n, err)
			}
		}
	}
}

func classCount(err error) (n int) {
	for _, class := range []error{format.ErrNotArchive, format.ErrUnsupported, format.ErrDamaged} {
		if errors.Is(err, class) {
			n++
		}
	}
	return n
}

// TestTornTail finds the trailer before a tail of any size and content, also
// one that holds trailers which are not this archive's or not in their place.
func TestTornTail(t *testing.T) {
	b := testkit.MustBuild(t, smallArchive())
	other := smallArchive()
	copy(other.Options.ID[:], "another archive!")
	foreign := testkit.MustBuild(t, other)
	for name, tail := range map[string][]byte{
		"one byte": {0}, "trailer copied": b[len(b)-format.TrailerSize:], "foreign": foreign,
		"large": make([]byte, 3<<20), "magic": bytes.Repeat([]byte(format.MagicTrailer), 1<<18),
		"at a chunk's edge": make([]byte, 1<<20-100), "half": b[len(b)-format.TrailerSize : len(b)-90],
	} {
		a, err := reader.Open(reader.Bytes(append(bytes.Clone(b), tail...)), reader.Options{Name: "x.vtd"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a.TornTail() != int64(len(tail)) {
			t.Errorf("%s: torn tail of %d", name, a.TornTail())
		}
		if rep := verify(t, a, reader.VerifyOptions{}); !rep.OK() || len(rep.Warnings) != 1 {
			t.Errorf("%s: %+v", name, rep)
		}
	}
}

// TestLies opens archives whose structures are well-formed and wrong.
func TestLies(t *testing.T) {
	trailer := func(f func(*format.Trailer)) testkit.Hooks {
		return testkit.Hooks{Trailer: func(_ int, x *format.Trailer) { f(x) }}
	}
	for name, c := range map[string]struct {
		hooks testkit.Hooks
		class error
		where string // "" when opening or the snapshot fails, or a path that cannot be read
	}{
		"major version": {testkit.Hooks{Header: func(h *format.Header) { h.Major = 2 }}, format.ErrUnsupported, ""},
		"feature":       {testkit.Hooks{Header: func(h *format.Header) { h.Features = []string{"quantum"} }}, format.ErrUnsupported, ""},
		"hash":          {testkit.Hooks{Header: func(h *format.Header) { h.Hash = 99 }}, format.ErrUnsupported, ""},
		"blocks":        {trailer(func(x *format.Trailer) { x.Blocks++ }), format.ErrDamaged, ""},
		"base":          {trailer(func(x *format.Trailer) { x.Base = 70 }), format.ErrDamaged, ""},
		"top":           {trailer(func(x *format.Trailer) { x.Top++ }), format.ErrDamaged, ""},
		"top hash":      {trailer(func(x *format.Trailer) { x.TopHash[1]++ }), format.ErrDamaged, ""},
		"top snapshot":  {testkit.Hooks{Top: func(x *format.Top) { x.Snapshot[0]++ }}, format.ErrDamaged, ""},
		"top root":      {testkit.Hooks{Top: func(x *format.Top) { x.Root[0]++ }}, format.ErrDamaged, ""},
		"top content":   {testkit.Hooks{Top: func(x *format.Top) { x.Content[0]++ }}, format.ErrDamaged, ""},
		"top span":      {testkit.Hooks{Top: func(x *format.Top) { x.Span++ }}, format.ErrDamaged, ""},
		"codec": {testkit.Hooks{Frame: func(n int, h *format.FrameHead, b []byte) []byte {
			if h.Kind == format.FrameData {
				h.Codec = 77
			}
			return b
		}}, format.ErrUnsupported, "hello"},
		"data": {testkit.Hooks{Block: func(b *testkit.Block) {
			if b.Path == "hello" && b.Kind == format.FrameData {
				b.Bytes = bytes.ToUpper(b.Bytes)
			}
		}}, format.ErrDamaged, "hello"},
		"short block": {testkit.Hooks{Block: func(b *testkit.Block) {
			if b.Path == "hello" && b.Kind == format.FrameData {
				b.Bytes = b.Bytes[1:]
			}
		}}, format.ErrDamaged, "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			x := smallArchive()
			x.Hooks = c.hooks
			b := testkit.MustBuild(t, x)
			a, err := reader.Open(reader.Bytes(b), reader.Options{Name: "x.vtd"})
			if err == nil && c.where == "" {
				_, err = a.Snapshot()
			}
			if err == nil && c.where != "" {
				_, err = a.FS().ReadFile(c.where)
			}
			if !errors.Is(err, c.class) || !strings.Contains(err.Error(), "x.vtd: ") || classCount(err) != 1 {
				t.Fatal(err)
			}
			if strings.Count(err.Error(), "x.vtd") != 1 {
				t.Errorf("the name stands twice: %v", err)
			}
			if a != nil {
				if rep := verify(t, a, reader.VerifyOptions{}); rep.OK() {
					t.Error("verify finds nothing")
				}
			}
		})
	}
}

// TestTreeLies has nodes that are well-formed and do not fit where they stand.
func TestTreeLies(t *testing.T) {
	for name, hooks := range map[string]testkit.Hooks{
		"first name": {Inner: func(_ string, d *format.DirInner) {
			if d.Level == 1 {
				d.Children[1].First += "x"
			}
		}},
		"count": {Inner: func(_ string, d *format.DirInner) { d.Children[0].Count++ }},
		"level": {Inner: func(_ string, d *format.DirInner) { d.Level++ }},
		"order": {Leaf: func(p string, d *format.DirLeaf) {
			if p == "many" && len(d.Entries) == 4 {
				d.Entries[3].Name = "z"
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			x := testkit.One(testkit.Dir("", testkit.Dir("many", testkit.Numbered(50)...)))
			x.Options = testkit.Options{DirLeaf: 4, DirFan: 3}
			x.Hooks = hooks
			a := openBytes(t, testkit.MustBuild(t, x), reader.Options{})
			failed := 0
			if err := a.Walk(func(path string, _ *format.Entry, err error) error {
				if err != nil {
					failed++
					if path != "many" || !errors.Is(err, format.ErrDamaged) {
						t.Error(path, err)
					}
				}
				return nil
			}); err != nil || failed == 0 {
				t.Error(failed, err)
			}
			if rep := verify(t, a, reader.VerifyOptions{}); rep.OK() {
				t.Error("verify finds nothing")
			}
		})
	}
}

// TestIndexRowsThatLie has rows that are wrong where the frames are right:
// whatever the index says of its place, a block with the right hash is read.
func TestIndexRowsThatLie(t *testing.T) {
	for name, lie := range map[string]func(r *format.IndexFrame){
		"offset": func(r *format.IndexFrame) { r.Offset++ },
		"beyond": func(r *format.IndexFrame) { r.Offset = 1 << 40 },
		"stored": func(r *format.IndexFrame) { r.Stored = 60 << 20 },
		"raw":    func(r *format.IndexFrame) { r.RawLen-- },
		"kind":   func(r *format.IndexFrame) { r.Kind = 9 },
		"first":  func(r *format.IndexFrame) { r.First = 1 << 40 },
		"count":  func(r *format.IndexFrame) { r.Count = 0 },
	} {
		for _, bad := range []int{0, 3, 5} {
			x := zooArchive()
			x.Hooks.IndexRow = func(i int, r *format.IndexFrame) {
				if i == bad {
					lie(r)
				}
			}
			a := openBytes(t, testkit.MustBuild(t, x), reader.Options{})
			for _, err := range everything(a) {
				if err != nil {
					t.Errorf("%s of row %d: %v", name, bad, err)
				}
			}
			rep := verify(t, a, reader.VerifyOptions{})
			if len(rep.Findings) == 0 || len(rep.Findings) > 2 {
				t.Errorf("%s of row %d: %d findings: %+v", name, bad, len(rep.Findings), rep.Findings)
			}
			for _, f := range rep.Findings {
				if len(f.Hurts) > 0 {
					t.Errorf("%s of row %d hurts %+v", name, bad, f.Hurts)
				}
			}
		}
	}
}

// TestTornTailOfHoles finds the trailer before a tail that is mostly a hole,
// larger than anybody would read, with islands of data in it.
func TestTornTailOfHoles(t *testing.T) {
	const hole = 1 << 42
	b := testkit.MustBuild(t, smallArchive())
	trailer := b[len(b)-format.TrailerSize:]
	for name, islands := range map[string]map[int64][]byte{
		"hole":                {},
		"copies of a trailer": {4096: trailer, hole / 3: trailer, hole - format.TrailerSize: trailer},
		"data at the end":     {hole - 5000: testkit.Noise(1, 5000)},
		"magic":               {hole / 2: bytes.Repeat([]byte(format.MagicTrailer), 1000)},
	} {
		path := filepath.Join(t.TempDir(), "a.vtd")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(b)
		if trunc := f.Truncate(int64(len(b)) + hole); trunc != nil {
			t.Skipf("no such large files here: %v", trunc)
		}
		for at, data := range islands {
			_, writeErr := f.WriteAt(data, int64(len(b))+at)
			err = errors.Join(err, writeErr)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		for _, noMap := range []bool{false, true} {
			a, err := reader.OpenFile(path, reader.Options{NoMap: noMap})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if a.TornTail() != hole {
				t.Errorf("%s: torn tail of %d", name, a.TornTail())
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestDamagedLeaf damages a part of a large directory: the entries of the other
// parts are there, and verification says of which directory some are not.
func TestDamagedLeaf(t *testing.T) {
	x := testkit.One(testkit.Dir("", testkit.Dir("many", testkit.Numbered(50)...)))
	x.Options = testkit.Options{DirLeaf: 4, DirFan: 3, BlocksPerFrame: 1}
	built := testkit.MustMake(t, x)
	for _, b := range built.Blocks {
		if b.Kind != format.FrameMetadata || format.BlockType(b.Bytes[0]) != format.BlockDirLeaf {
			continue
		}
		leaf, err := format.ParseDirLeaf(b.Bytes, format.Stored, b.Num)
		if err != nil || len(leaf.Entries) != 4 {
			continue
		}
		damaged := bytes.Clone(built.Bytes)
		for _, f := range built.Frames {
			if f.Head.First == b.Num {
				damaged[f.End()-1] ^= 1
			}
		}
		a := openBytes(t, damaged, reader.Options{})
		there, failed := map[string]bool{}, 0
		if err := a.Walk(func(path string, _ *format.Entry, err error) error {
			there[path] = true
			if err != nil {
				failed++
			}
			return nil
		}); err != nil || failed != 1 {
			t.Errorf("block %d: %d failures, %v", b.Num, failed, err)
		}
		for _, e := range leaf.Entries {
			delete(there, "many/"+e.Name)
		}
		if len(there) != 2+50-4 {
			t.Errorf("block %d: %d entries", b.Num, len(there))
		}
		rep := verify(t, a, reader.VerifyOptions{})
		if len(rep.Findings) != 1 || len(rep.Findings[0].Hurts) != 1 || rep.Findings[0].Hurts[0].Path != "many" {
			t.Errorf("block %d: %+v", b.Num, rep.Findings)
		}
	}
}
