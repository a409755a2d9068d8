package recovery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/recovery"
	"github.com/vtdarchive/vtd/writer"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recovered recovers an archive and checks that what comes of it is sound.
func recovered(t testing.TB, b []byte, o recovery.Options) (*reader.Archive, *recovery.Report, []byte) {
	t.Helper()
	var out bytes.Buffer
	rep, err := recovery.Recover(context.Background(), reader.Bytes(b), "damaged.vtd", &out, o)
	if err != nil {
		if !errors.Is(err, format.ErrDamaged) && !errors.Is(err, format.ErrNotArchive) {
			t.Fatal(err)
		}
		return nil, rep, nil
	}
	a, err := reader.Open(reader.Bytes(out.Bytes()), reader.Options{})
	must(t, err)
	t.Cleanup(func() { a.Close() })
	found, err := a.Verify(context.Background(), reader.VerifyOptions{})
	must(t, err)
	if !found.OK() {
		t.Fatalf("what was recovered is damaged: %+v", found.Findings[0])
	}
	if _, err := testkit.Check(out.Bytes()); err != nil {
		t.Fatalf("what was recovered is damaged: %v", err)
	}
	return a, rep, out.Bytes()
}

// contents gives what a tree holds: of files what they contain.
func contents(t testing.TB, a *reader.Archive, tree *reader.Tree) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, tree.Walk(func(path string, e *format.Entry, err error) error {
		if err != nil || path == "" {
			return err
		}
		said := fmt.Sprintf("%v %o %v %d.%d %v", e.Kind, e.Perm, e.Owner, e.Mtime.Sec, e.Mtime.Nsec, e.Target)
		if e.Kind == format.KindFile {
			f, err := a.ContentOf(e, path)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if _, err := f.WriteTo(&b); err != nil {
				return err
			}
			said += "\n" + b.String()
		}
		out[path] = said
		return nil
	}))
	return out
}

// written makes an archive with the writer, as they are in the world.
func written(t testing.TB, recipes writer.Recipes, changes ...func(p *writer.Params)) []byte {
	t.Helper()
	dir := t.TempDir()
	for i, name := range []string{"one", "two", "sub/three", "sub/deeper/four", "sub/deeper/five.txt", "z"} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		text := fmt.Appendf(nil, "%s%d", bytes.Repeat([]byte("compressible text, line by line\n"), 60*i), i)
		must(t, os.WriteFile(path, append(text, testkit.Noise(uint64(i), 3000*i)...), 0o644))
	}
	must(t, os.Link(filepath.Join(dir, "two"), filepath.Join(dir, "sub/again")))
	must(t, os.Symlink("one", filepath.Join(dir, "link")))
	must(t, os.MkdirAll(filepath.Join(dir, "many"), 0o755))
	for i := range 300 {
		must(t, os.WriteFile(filepath.Join(dir, "many", fmt.Sprintf("%03d", i)), testkit.Noise(uint64(i), i), 0o600))
	}
	p, err := writer.Presets("default")
	must(t, err)
	p.Chunks.Min, p.Chunks.Target, p.Chunks.Max, p.Chunks.RunMin = 64, 256, 1024, 512
	p.DataFrame, p.MetaFrame, p.Recipes = 64<<10, 64<<10, recipes
	for _, c := range changes {
		c(&p)
	}
	var b bytes.Buffer
	_, err = writer.Create(context.Background(), &b, writer.Options{Inputs: []writer.Input{{Dir: dir, Path: "."}}, Params: p})
	must(t, err)
	return b.Bytes()
}

// TestNothingLost recovers archives that are whole: it gives the same again to
// the octet.
func TestNothingLost(t *testing.T) {
	b := written(t, writer.RecipesOff)
	_, rep, out := recovered(t, b, recovery.Options{})
	if !rep.Whole() || !bytes.Equal(out, b) {
		t.Errorf("%d bytes became %d: %+v", len(b), len(out), rep)
	}
	vectors, err := testkit.Vectors()
	must(t, err)
	n := 0
	for _, v := range vectors {
		if v.Expect != "ok" {
			continue
		}
		n++
		t.Run(v.Name, func(t *testing.T) {
			was, err := reader.Open(reader.Bytes(v.Bytes), reader.Options{})
			must(t, err)
			a, rep, _ := recovered(t, v.Bytes, recovery.Options{})
			if a == nil {
				t.Fatal("nothing came of it")
			}
			x, err := was.Snapshot()
			must(t, err)
			if was.TornTail() > 0 {
				// What an append has left that did not finish is recovered, too.
				if !slices.ContainsFunc(rep.Snapshots, func(s recovery.Snapshot) bool { return s.Whole && s.Root == x.Root.Ref.Hash }) {
					t.Errorf("the tree is not there any more: %+v", rep.Snapshots)
				}
				return
			}
			y, err := a.Snapshot()
			must(t, err)
			if !rep.Whole() || x.Root.Ref.Hash != y.Root.Ref.Hash || x.Content != y.Content {
				t.Errorf("root %v became %v: %+v", x.Root.Ref.Hash, y.Root.Ref.Hash, rep)
			}
		})
	}
	if n < 30 {
		t.Errorf("%d vectors", n)
	}
}

// hurt is a part of a file that was destroyed.
type hurt struct{ from, to int }

// ways are the ways in which files get damaged.
var ways = []struct {
	name string
	do   func(r *rand.Rand, b []byte) (damaged []byte, gone []hurt)
}{
	{"overwritten", func(r *rand.Rand, b []byte) ([]byte, []hurt) {
		at := r.IntN(len(b))
		h := hurt{at, min(len(b), at+1+r.IntN(1+len(b)/8))}
		for i := h.from; i < h.to; i++ {
			b[i] ^= byte(1 + r.IntN(255))
		}
		return b, []hurt{h}
	}},
	{"zeroed", func(r *rand.Rand, b []byte) ([]byte, []hurt) {
		at := r.IntN(len(b)) &^ 511
		h := hurt{at, min(len(b), at+512*(1+r.IntN(8)))}
		clear(b[h.from:h.to])
		return b, []hurt{h}
	}},
	{"begin gone", func(r *rand.Rand, b []byte) ([]byte, []hurt) {
		n := r.IntN(len(b))
		return b[n:], []hurt{{0, n}}
	}},
	{"end gone", func(r *rand.Rand, b []byte) ([]byte, []hurt) {
		n := r.IntN(len(b))
		return b[:n], []hurt{{n, len(b)}}
	}},
	{"cut out", func(r *rand.Rand, b []byte) ([]byte, []hurt) {
		at := r.IntN(len(b))
		h := hurt{at, min(len(b), at+1+r.IntN(1+len(b)/8))}
		return slices.Delete(b, h.from, h.to), []hurt{h}
	}},
	{"inserted", func(r *rand.Rand, b []byte) ([]byte, []hurt) {
		at := r.IntN(len(b))
		return slices.Insert(b, at, testkit.Noise(r.Uint64(), 1+r.IntN(5000))...), []hurt{{at - 1, at + 1}}
	}},
	{"twice", func(r *rand.Rand, b []byte) ([]byte, []hurt) {
		at := r.IntN(len(b))
		h := hurt{at, min(len(b), at+1+r.IntN(1+len(b)/4))}
		return slices.Insert(b, h.to, slices.Clone(b[h.from:h.to])...), []hurt{{h.to - 1, h.to + 1}}
	}},
	{"in many places", func(r *rand.Rand, b []byte) ([]byte, []hurt) {
		var gone []hurt
		for range 1 + r.IntN(10) {
			at := r.IntN(len(b))
			b[at] ^= 1 << r.IntN(8)
			gone = append(gone, hurt{at, at + 1})
		}
		return b, gone
	}},
}

// originals are archives of all forms.
func originals(t testing.TB) map[string][]byte {
	noise := func(n uint64, size int) string { return string(testkit.Noise(n, size)) }
	root := func() *testkit.Node {
		return testkit.Dir("",
			testkit.File("a", noise(1, 2500)), testkit.File("again", noise(1, 2500)), testkit.File("empty", ""),
			testkit.File("h1", noise(2, 700)).Link(1, 2), testkit.File("h2", noise(2, 700)).Link(1, 2),
			testkit.Dir("d", testkit.Run("zeros", 0, 9000), testkit.Symlink("l", "../a"), testkit.File("lit", "literal"),
				testkit.Dir("e", testkit.File("mixed", noise(3, 300)+string(make([]byte, 900))+noise(4, 300)))),
			testkit.Special("fifo", format.KindFifo), testkit.Device("null", format.KindChar, 1, 3),
			testkit.File("x", noise(5, 400)).With(func(n *testkit.Node) { n.Xattrs = []format.Xattr{{Name: "user.a", Value: "value"}} }),
		)
	}
	out := map[string][]byte{"written": written(t, writer.RecipesOff), "small frames": nil}
	for name, o := range map[string]testkit.Options{
		"small frames": {DirLeaf: 3, DirFan: 2, FanOut: 2, Chunk: 200, BlocksPerFrame: 2},
		"one pass":     {OnePass: true, Chunk: 300, BlocksPerFrame: 3, DirLeaf: 4},
		"sha256":       {Hash: format.HashSHA256, Chunk: 500, BlocksPerFrame: 1},
	} {
		a := testkit.One(root())
		a.Options = o
		out[name] = testkit.MustBuild(t, a)
	}
	versions := testkit.Archive{Segments: []testkit.Segment{
		{Versions: []testkit.Version{{Root: root()}}},
		{Versions: []testkit.Version{{Root: testkit.Dir("", testkit.File("a", noise(9, 1500)), testkit.File("x", noise(5, 400))), After: []int{0}}}},
		{Versions: []testkit.Version{{Root: root(), After: []int{1}}}, Merge: true},
	}}
	out["versions"] = testkit.MustBuild(t, &versions)
	recipes := testkit.One(testkit.Dir("", testkit.Gzip("text"), testkit.Nested(2), testkit.File("other", noise(7, 800))))
	recipes.Options.BlocksPerFrame = 2
	out["recipes"] = testkit.MustBuild(t, recipes)
	absent := testkit.File("changed", noise(3, 5000))
	absent.Absent = true
	out["corrected"] = testkit.MustBuild(t, &testkit.Archive{Options: testkit.Options{BlocksPerFrame: 3}, Segments: []testkit.Segment{{Versions: []testkit.Version{
		{Root: testkit.Dir("", testkit.File("same", noise(1, 5000)), absent)},
		{Root: testkit.Dir("", testkit.File("same", noise(1, 5000)), testkit.File("changed", noise(2, 5000)))},
	}}}})
	return out
}

// TestRecover destroys parts of archives and recovers them. What comes of it is
// sound; no file has other bytes than it had; and no block of a frame that was
// left alone is missing. VTD_TEST_ROUNDS says how often each is done.
func TestRecover(t *testing.T) {
	rounds := 3
	if testing.Short() || raceEnabled {
		rounds = 1
	}
	fmt.Sscan(os.Getenv("VTD_TEST_ROUNDS"), &rounds)
	for name, b := range originals(t) {
		was, err := reader.Open(reader.Bytes(b), reader.Options{})
		must(t, err)
		before := everything(t, was)
		for _, way := range ways {
			t.Run(name+"/"+way.name, func(t *testing.T) {
				for round := range rounds {
					r := rand.New(rand.NewPCG(uint64(round), uint64(len(b))))
					damaged, gone := way.do(r, bytes.Clone(b))
					var filled recovery.Options
					a, rep, _ := recovered(t, damaged, filled)
					if a == nil {
						if anyFrame(t, was, gone) {
							t.Fatalf("round %d: nothing came of it", round)
						}
						continue
					}
					compare(t, before, a, rep)
					surviving(t, was, a, gone)
					if t.Failed() {
						t.Fatalf("round %d: %v: %+v", round, gone, rep)
					}
				}
			})
		}
	}
}

func left(row *format.IndexFrame, gone []hurt) bool {
	end := row.Offset + int64(row.HeadSize) + int64(row.Stored)
	for _, h := range gone {
		if int64(h.from) < end && int64(h.to) > row.Offset {
			return false
		}
	}
	return true
}

func anyFrame(t *testing.T, a *reader.Archive, gone []hurt) bool {
	for row, err := range a.Frames() {
		must(t, err)
		if row.Kind == format.FrameData && left(&row, gone) {
			return true
		}
	}
	return false
}

// compare holds what was recovered against what there was.
func compare(t *testing.T, before map[string][]string, a *reader.Archive, rep *recovery.Report) {
	t.Helper()
	named := map[string]bool{}
	for _, l := range rep.Losses {
		named[l.Path] = true
		if l.As != "" {
			named[filepath.Join(filepath.Dir(l.Path), l.As)] = true
		}
	}
	for now, err := range a.Snapshots() {
		must(t, err)
		there := contents(t, a, now)
		for path, is := range there {
			if strings.HasPrefix(path, recovery.LostFound) {
				continue
			}
			if was, ok := before[path]; ok && !slices.Contains(was, is) || !ok && !named[path] {
				t.Errorf("%s is %.80q and was %.80q", path, is, was)
			}
		}
		for path := range before {
			if _, ok := there[path]; !ok && rep.Whole() && len(rep.Snapshots) == 1 {
				t.Errorf("%s is not there, and nothing says so", path)
			}
		}
	}
}

// everything gives what each path is in any snapshot.
func everything(t testing.TB, a *reader.Archive) map[string][]string {
	out := map[string][]string{}
	for tree, err := range a.Snapshots() {
		must(t, err)
		for path, is := range contents(t, a, tree) {
			out[path] = append(out[path], is)
		}
	}
	return out
}

// surviving checks that all data is there of which the frame was left alone.
func surviving(t *testing.T, was, a *reader.Archive, gone []hurt) {
	t.Helper()
	for row, err := range was.Frames() {
		must(t, err)
		if row.Kind != format.FrameData || !left(&row, gone) {
			continue
		}
		for num := row.First; num < row.First+uint64(row.Count); num++ {
			if n, err := was.BlockLen(num); err != nil || n == 0 {
				continue
			}
			h, err := was.Hash(num)
			must(t, err)
			found := false
			for range a.Find(h) {
				found = true
			}
			if !found {
				t.Errorf("block %d of %d to %d is not there any more", num, row.First, row.First+uint64(row.Count))
			}
		}
	}
}
