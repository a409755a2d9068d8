package reader

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/recipe"
)

// scattered is a tree of files that lie in one frame, in several, go back to
// frames before, and are made by recipes of what is there or in frames before.
func scattered(stream string) *testkit.Node {
	long := testkit.Noise(1, 40<<10)
	chunk := func(i int) []byte { return long[i<<10 : (i+1)<<10] }
	pieces := func(name string, of ...[]byte) *testkit.Node {
		n := testkit.File(name, "")
		n.Pieces = of
		return n
	}
	mixed := func(name string, seed uint64) *testkit.Node {
		return pieces(name, chunk(7), testkit.Noise(seed, 900), chunk(1), make([]byte, 200), chunk(1), testkit.Noise(seed+1, 1024), chunk(30), []byte("literal"))
	}
	copies := []recipe.Copy{{Literals: 4, From: 30_000, Length: 5000}, {From: 100, Length: 20_000}}
	return testkit.Dir("",
		testkit.File("a long", string(long)),
		testkit.Dir("b", testkit.File("two", string(testkit.Noise(2, 1500))), testkit.File("again", string(testkit.Noise(2, 1500)))),
		mixed("c back", 10), mixed("d back", 20),
		testkit.Changed("e delta", string(long), recipe.Delta{Literals: []byte("new!end"), Copies: copies}),
		testkit.Gzip(stream), testkit.Raw(stream), testkit.Broken(), testkit.Zeros(),
		pieces("f beginning", testkit.Noise(30, 300), chunk(0), chunk(1), chunk(2)),
		pieces("g only old", chunk(39), chunk(3), chunk(21)),
		testkit.Run("h run", 7, 20<<20), testkit.Run("i small run", 7, 100),
		testkit.Nested(3),
	)
}

func scatteredArchive(stream string) *testkit.Archive {
	x := testkit.One(scattered(stream))
	x.Options = testkit.Options{FanOut: 5, BlocksPerFrame: 7}
	return x
}

// narrow are limits that some of the files above do not keep.
var narrow = map[string]passLimits{
	"usual": usualLimits, "few files": {2, 1 << 10, 1 << 20, 1 << 10}, "half the files": {9, 1 << 10, 1 << 20, 1 << 10},
	"one hasher": {1000, 1, 1 << 20, 1 << 10}, "little kept": {1000, 1 << 10, 3 << 10, 1 << 10}, "few kept": {1000, 1 << 10, 1 << 20, 2}, "nothing": {},
}

func openTest(t testing.TB, src Source, o Options) *Archive {
	t.Helper()
	a, err := Open(src, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// verifyText gives all that Verify reports.
func verifyText(t testing.TB, a *Archive, workers int, limits passLimits) string {
	t.Helper()
	rep, err := a.verify(context.Background(), VerifyOptions{Workers: workers}, limits)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(rep, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestVerifyReportsTheSame damages archives in every frame, and has all ways of
// hashing contents, on any number of processors, report the same.
func TestVerifyReportsTheSame(t *testing.T) {
	built := testkit.MustMake(t, scatteredArchive("text"))
	step := 1 + len(built.Frames)/20
	if raceEnabled {
		step = 1 + len(built.Frames)/4
	}
	for i := -1; i < len(built.Frames); i += step {
		b := slices.Clone(built.Bytes)
		if i >= 0 {
			f := built.Frames[i]
			b[(int(f.Offset)+2*int(f.End()))/3] ^= 1
		}
		want := ""
		for name, limits := range narrow {
			for _, workers := range []int{1, 2, 5} {
				if (i >= 0 || raceEnabled) && (workers == 5) == (name == "usual") { // a sample
					continue
				}
				got := verifyText(t, openTest(t, Bytes(b), Options{}), workers, limits)
				if want == "" {
					want = got
				}
				if got != want {
					t.Fatalf("frame %d, %s, %d workers:\n%s\nand\n%s", i, name, workers, got, want)
				}
				if (i < 0) != strings.Contains(got, `"findings": []`) {
					t.Fatalf("frame %d: %s", i, got)
				}
			}
		}
	}
}

// TestVerifyFindsWrongContents gives one file after another the hash of
// another content: that one is found, and no other.
func TestVerifyFindsWrongContents(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED under the race detector: it computes too much; TestVerifyReportsTheSame runs")
	}
	var names []string
	for _, n := range scattered("text").Children {
		if n.Name != "b" && n.Name != "i small run" { // a directory, a literal
			names = append(names, n.Name)
		}
	}
	for i, lie := range names {
		x := scatteredArchive("text")
		x.Hooks.Leaf = func(_ string, d *format.DirLeaf) {
			for i := range d.Entries {
				if e := &d.Entries[i]; e.Name == lie && e.HasContentHash() {
					e.Content[3]++
				}
			}
		}
		b := testkit.MustBuild(t, x)
		for name, limits := range narrow {
			rep, err := openTest(t, Bytes(b), Options{}).verify(context.Background(), VerifyOptions{Workers: 1 + i%3}, limits)
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, f := range rep.Findings {
				if strings.Contains(f.Message, "whole content") {
					found = append(found, f.Hurts[0].Path)
				}
			}
			if !slices.Equal(found, []string{lie}) {
				t.Errorf("%s: %s has a wrong hash, found of %q: %+v", name, lie, found, rep.Findings)
			}
		}
	}
}

// countingSource counts the bytes that are read of frames of data.
type countingSource struct {
	Source
	data []testkit.Frame
	n    atomic.Int64
}

func (s *countingSource) ReadAt(p []byte, off int64) (int, error) {
	for _, f := range s.data {
		if off == int64(f.End())-int64(f.Head.Stored) { // else it is the index, in whole pages
			s.n.Add(int64(len(p)))
		}
	}
	return s.Source.ReadAt(p, off)
}

// TestVerifyReadsFramesOnce counts what is read of frames: all contents but those
// of recipes in one another are hashed while their blocks are checked.
func TestVerifyReadsFramesOnce(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED under the race detector: it computes too much; TestVerifyReportsTheSame runs")
	}
	x := scatteredArchive("large")
	root := x.Segments[0].Versions[0].Root
	root.Children = slices.DeleteFunc(root.Children, func(n *testkit.Node) bool { return n.Name == testkit.Nested(3).Name })
	built := testkit.MustMake(t, x)
	src := &countingSource{Source: Bytes(built.Bytes)}
	size := int64(0)
	for _, f := range built.Frames {
		if f.Head.Kind == format.FrameData {
			src.data = append(src.data, f)
			size += int64(f.Head.Stored)
		}
	}
	read := func(o VerifyOptions, limits passLimits) int64 {
		src.n.Store(0)
		rep, err := openTest(t, src, Options{CacheBytes: 1}).verify(context.Background(), o, limits)
		if err != nil || !rep.OK() {
			t.Fatal(err, rep)
		}
		return src.n.Load()
	}
	for _, workers := range []int{1, 3} {
		o := VerifyOptions{Workers: workers}
		if n := read(o, usualLimits); n != size {
			t.Errorf("%d workers read %d bytes of frames that have %d", workers, n, size)
		}
		if n := read(o, passLimits{}); n <= size {
			t.Errorf("%d workers read %d bytes, %d with the contents read again", workers, size, n)
		}
	}
}

// TestPlanEnds bounds how many pieces the plan looks at: lists that name each
// other make more of them than anybody could go through.
func TestPlanEnds(t *testing.T) {
	x := testkit.One(testkit.Dir("", testkit.File("x", string(testkit.Noise(1, 5000)))))
	a := openTest(t, Bytes(testkit.MustBuild(t, x)), Options{})
	v := &verifier{a: a, ctx: context.Background(), opts: VerifyOptions{Workers: 1}}
	p := newContentPass(v, usualLimits)
	e, err := a.Lookup("x")
	if err != nil {
		t.Fatal(err)
	}
	p.collect(&format.DirLeaf{Entries: []format.Entry{*e}})
	for row, err := range a.Frames() {
		if err != nil {
			t.Fatal(err)
		}
		if row.Kind == format.FrameData {
			p.rows = append(p.rows, row)
		}
	}
	for left, want := range map[int64]bool{3: false, 5: false, 6: true} { // it has five
		pl := &planner{contentPass: p, left: left}
		if rt := (route{}); pl.follow(&rt, &p.files[0]) != want || pl.left < 0 {
			t.Errorf("of %d pieces %d are left, in frames %v", left, pl.left, rt.frames)
		}
	}
}
