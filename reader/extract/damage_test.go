package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// twelve is a directory of files that each have one frame.
func twelve(t testing.TB) (*testkit.Built, *testkit.Node) {
	root := testkit.Dir("")
	for i := range 12 {
		root.Children = append(root.Children, testkit.File(fmt.Sprintf("f%02d", i), string(testkit.Noise(uint64(i), 1000))))
	}
	root.Children = append(root.Children, testkit.Dir("sub", testkit.File("f", string(testkit.Noise(5, 1000))).Mode(0o600)))
	a := testkit.One(root)
	a.Options.BlocksPerFrame = 1
	return testkit.MustMake(t, a), root
}

func dataFrames(b *testkit.Built) []testkit.Frame {
	var out []testkit.Frame
	for _, f := range b.Frames {
		if f.Head.Kind == format.FrameData {
			out = append(out, f)
		}
	}
	return out
}

func TestDamagedFrame(t *testing.T) {
	built, _ := twelve(t)
	frames := dataFrames(built)
	damaged := slices.Clone(built.Bytes)
	damaged[frames[5].End()-3] ^= 1 // of f05 and sub/f
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		res, issues := p.issues(t, damaged, dir, Defaults())
		if got := pathsOf(issues); !slices.Equal(got, []string{"f05", "sub/f"}) {
			t.Errorf("issues %v", issues)
		}
		if !errors.Is(res.Err(), format.ErrDamaged) || res.Files != 11 {
			t.Errorf("%v, %+v", res.Err(), res)
		}
		if n := strings.Count(listing(t, dir), " 1000 "); n != 11 {
			t.Errorf("%d files", n)
		}
	})
}

func TestDamagedHead(t *testing.T) {
	built, _ := twelve(t)
	f := dataFrames(built)[3]
	damaged := slices.Clone(built.Bytes)
	damaged[f.Offset+20] ^= 0x40
	both(t, func(t *testing.T, p path) {
		_, issues := p.issues(t, damaged, t.TempDir(), Defaults())
		if got := pathsOf(issues); !slices.Equal(got, []string{"f03"}) {
			t.Errorf("issues %v", issues)
		}
	})
}

func TestWrongBlock(t *testing.T) {
	root := testkit.Dir("", testkit.File("good", string(testkit.Noise(1, 900))), testkit.File("bad", string(testkit.Noise(2, 900))).Link(1, 2), testkit.File("too", string(testkit.Noise(2, 900))).Link(1, 2))
	a := testkit.One(root)
	a.Hooks.Block = func(b *testkit.Block) {
		if b.Kind == format.FrameData && b.Path == "bad" {
			b.Bytes = testkit.Noise(77, 900)
		}
	}
	archive := testkit.MustBuild(t, a)
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		res, issues := p.issues(t, archive, dir, Defaults())
		if got := pathsOf(issues); !slices.Equal(got, []string{"bad", "too"}) || res.Damaged < 2 {
			t.Errorf("issues %v", issues)
		}
		if _, err := os.Stat(filepath.Join(dir, "bad")); err == nil {
			t.Error("a file with a bad block stayed")
		}
		if _, err := os.Stat(filepath.Join(dir, "good")); err != nil {
			t.Error(err)
		}
	})
}

// TestCut cuts an archive everywhere: what is restored is right, the rest is
// named, nothing half stays.
func TestCut(t *testing.T) {
	root := testkit.Dir("", testkit.File("a", string(testkit.Noise(1, 3000))), testkit.Dir("d", testkit.File("b", string(testkit.Noise(2, 700)))), testkit.File("c", "x"))
	a := testkit.One(root)
	a.Options = testkit.Options{Codec: codec.Zstd, BlocksPerFrame: 1}
	built := testkit.MustMake(t, a)
	whole := map[string]int{"a": 3000, "b": 700, "c": 1}
	for n := built.Header; n < len(built.Bytes); n += 29 {
		dir := t.TempDir()
		_, issues := paths[0].issues(t, built.Bytes[:n], dir, Defaults())
		if len(issues) == 0 || !issues[0].Damage() {
			t.Fatalf("cut at %d: %v", n, issues)
		}
		if got := fmt.Sprint(issues); !strings.Contains(got, fmt.Sprintf("at offset %d", n)) {
			t.Errorf("cut at %d: the offset is not named: %v", n, got)
		}
		must(t, filepath.Walk(dir, func(path string, st os.FileInfo, err error) error {
			if err == nil && st.Mode().IsRegular() && int(st.Size()) != whole[filepath.Base(path)] {
				t.Errorf("cut at %d: %s has %d bytes", n, path, st.Size())
			}
			return err
		}))
	}
}

func TestGarbage(t *testing.T) {
	built, root := twelve(t)
	at := dataFrames(built)[4].Offset
	archive := slices.Concat(built.Bytes[:at], testkit.Noise(1, 5000), []byte(format.MagicFrame), testkit.Noise(2, 300), built.Bytes[at:])
	dir := t.TempDir()
	res, issues := paths[0].issues(t, archive, dir, numeric())
	if len(pathsOf(issues)) != 0 || len(issues) == 0 || !strings.Contains(fmt.Sprint(issues), "skipped") {
		t.Errorf("issues %v", issues)
	}
	if res.Files != 13 || listing(t, dir) != expected(root) {
		t.Errorf("%+v\n%s", res, listing(t, dir))
	}
}

func TestLostMetadata(t *testing.T) {
	root := testkit.Dir("", testkit.Dir("a", testkit.File("f", string(testkit.Noise(1, 900)))), testkit.Dir("b", testkit.File("f", string(testkit.Noise(2, 900)))))
	a := testkit.One(root)
	a.Options.BlocksPerFrame = 1
	built := testkit.MustMake(t, a)
	damaged := slices.Clone(built.Bytes)
	damaged[built.Frames[2].End()-1] ^= 1 // the node of a
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		_, issues := p.issues(t, damaged, dir, Defaults())
		if got := pathsOf(issues); !slices.Equal(got, []string{"a"}) {
			t.Errorf("issues %v", issues)
		}
		if _, err := os.Stat(filepath.Join(dir, "b/f")); err != nil {
			t.Error(err)
		}
	})
}

// TestLostLeaf: of a large directory only those entries are lost that the
// damaged part names.
func TestLostLeaf(t *testing.T) {
	root := testkit.Dir("")
	for i := range 12 {
		root.Children = append(root.Children, testkit.File(fmt.Sprintf("f%02d", i), "literal"))
	}
	root.Name = "many"
	a := testkit.One(testkit.Dir("", root))
	a.Options = testkit.Options{DirLeaf: 4, DirFan: 4, BlocksPerFrame: 1}
	built := testkit.MustMake(t, a)
	damaged := slices.Clone(built.Bytes)
	damaged[built.Frames[4].End()-1] ^= 1 // the second leaf
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		res, issues := p.issues(t, damaged, dir, Defaults())
		if got := pathsOf(issues); !slices.Equal(got, []string{"many"}) || !errors.Is(res.Err(), format.ErrDamaged) || res.Files != 8 {
			t.Errorf("%v, %+v", issues, res)
		}
		for _, name := range []string{"f00", "f03", "f08", "f11"} {
			if _, err := os.Stat(filepath.Join(dir, "many", name)); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestBeforeDamage: in a frame, only what is behind the damage is lost.
func TestBeforeDamage(t *testing.T) {
	text := func(n int) string { return strings.Repeat(fmt.Sprintf("line %d of a text\n", n), 30_000) }
	root := testkit.Dir("", testkit.File("a", text(1)+string(testkit.Noise(1, 9000))), testkit.File("b", text(2)+string(testkit.Noise(2, 9000))), testkit.File("c", text(3)+string(testkit.Noise(3, 9000))))
	a := testkit.One(root)
	a.Options = testkit.Options{BlocksPerFrame: 1000, Chunk: 30_000, Codec: codec.Zstd}
	built := testkit.MustMake(t, a)
	f := dataFrames(built)[0]
	damaged := slices.Clone(built.Bytes)
	damaged[f.Offset+int(f.Head.Size)+int(f.Head.Stored)*9/10] ^= 0x55
	dir := t.TempDir()
	_, issues := paths[1].issues(t, damaged, dir, Defaults())
	if got := pathsOf(issues); !slices.Equal(got, []string{"c"}) {
		t.Errorf("issues %v", issues)
	}
	for _, name := range []string{"a", "b"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	x, err := reader.Open(reader.Bytes(damaged), reader.Options{})
	must(t, err)
	defer x.Close()
	rep, err := x.Verify(context.Background(), reader.VerifyOptions{})
	must(t, err)
	if len(rep.Findings) != 1 || len(rep.Findings[0].Hurts) != 1 || rep.Findings[0].Hurts[0].Path != "c" {
		t.Errorf("%+v", rep.Findings)
	}
}

// TestDamaged restores what there is of damaged files: what is missing is zero,
// and everything else as it was.
func TestDamaged(t *testing.T) {
	content := testkit.Noise(3, 10_000)
	gz := testkit.Gzip("large")
	root := testkit.Dir("", testkit.File("f", string(content)), testkit.File("f.damaged", "in the way"), testkit.File("lost", string(testkit.Noise(4, 500))), gz)
	a := testkit.One(root)
	a.Options = testkit.Options{BlocksPerFrame: 1, FanOut: 4, Chunk: 1000}
	built := testkit.MustMake(t, a)
	damaged := slices.Clone(built.Bytes)
	spoil := func(num uint64) {
		for _, f := range built.Frames {
			if f.Head.First == num {
				damaged[f.End()-1] ^= 1
			}
		}
	}
	for _, b := range built.Blocks {
		if b.Kind != format.FrameData {
			continue
		}
		switch at := bytes.Index(content, b.Bytes); {
		case at == 2000 || at == 3000 || at == 9000:
			spoil(b.Num)
		case b.Path == "lost" || b.Path == "large.gz" && len(b.Bytes) == 1000 && b.Num%64 == 0:
			spoil(b.Num)
		}
	}
	dir := t.TempDir()
	o := Defaults()
	o.Damaged = true
	res, issues := paths[1].issues(t, damaged, dir, o)
	if got := pathsOf(issues); !slices.Equal(got, []string{"f", "large.gz", "lost"}) || res.Partial != 2 || res.Files != 1 {
		t.Errorf("%v, %+v", issues, res)
	}
	for _, i := range issues {
		var p *PartialError
		if !errors.As(i.Err, &p) {
			if i.Path != "lost" || !i.Damage() {
				t.Error(i)
			}
			continue
		}
		want := []byte(gz.Data)
		if i.Path == "f" {
			want = content
			if !slices.Equal(p.Missing, [][2]int64{{2000, 4000}, {9000, 10_000}}) || p.As != "f.damaged.2" {
				t.Errorf("%+v", p)
			}
		}
		got, err := os.ReadFile(filepath.Join(dir, p.As))
		must(t, err)
		want = slices.Clone(want)
		for _, m := range p.Missing {
			clear(want[m[0]:m[1]])
		}
		if !bytes.Equal(got, want) || len(p.Missing) == 0 {
			t.Errorf("%s: not what it was, without %v", p.As, p.Missing)
		}
		if value, err := fsmeta.GetXattr(unix.AT_FDCWD, filepath.Join(dir, p.As), format.MissingXattr); err == nil && string(value) != format.MissingValue(p.Missing) {
			t.Errorf("%s: %q", p.As, value)
		}
	}
	if got, err := os.ReadDir(dir); err != nil || len(got) != 3 {
		t.Errorf("%v, %v", got, err)
	}
}

// corrected has files that changed between promise and data, one that vanished
// and one that became something else.
func corrected(t testing.TB) (archive []byte, now *testkit.Node) {
	changed := testkit.Noise(2, 5000)
	absent := func(n *testkit.Node) *testkit.Node { n.Absent = true; return n }
	first := testkit.Dir("",
		testkit.File("same", string(testkit.Noise(1, 5000))),
		absent(testkit.File("changed", string(testkit.Noise(3, 5000)))),
		testkit.Dir("d", absent(testkit.File("vanished", string(testkit.Noise(4, 2000)))), testkit.File("stays", string(testkit.Noise(5, 2000)))),
		testkit.Dir("gone", testkit.File("x", string(testkit.Noise(6, 2000))), testkit.Symlink("s", "x")),
		absent(testkit.File("kind", string(testkit.Noise(7, 2000)))),
		testkit.File("old", "literal").Link(4, 2), testkit.File("old2", "literal").Link(4, 2),
	)
	// It begins with blocks of another file that has gone by.
	reused := append(testkit.Noise(1, 5000)[:2048:2048], changed...)
	now = testkit.Dir("",
		testkit.File("same", string(testkit.Noise(1, 5000))),
		testkit.File("changed", string(reused)),
		testkit.Dir("d", testkit.File("stays", string(testkit.Noise(5, 2000)))),
		testkit.Symlink("kind", "elsewhere"),
		testkit.Dir("new", testkit.File("n", string(testkit.Noise(8, 3000))), testkit.File("block again", string(testkit.Noise(5, 2000)))),
		testkit.File("old", "longer literal").Link(4, 2), testkit.File("old2", "longer literal").Link(4, 2),
	)
	a := testkit.Archive{Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: first}, {Root: now, After: []int{0}}}}}}
	a.Options.BlocksPerFrame = 3
	return testkit.MustBuild(t, &a), now
}

func TestCorrectedTree(t *testing.T) {
	asRoot(t)
	archive, now := corrected(t)
	both(t, func(t *testing.T, p path) {
		for _, existing := range []Existing{Replace, Keep, Skip} {
			dir := t.TempDir()
			o := numeric()
			o.Existing = existing
			res := p.restore(t, archive, dir, o)
			got := listing(t, dir)
			want := expected(now)
			if existing != Replace {
				// The target existed and keeps its own metadata.
				_, got, _ = strings.Cut(got, "\n")
				_, want, _ = strings.Cut(want, "\n")
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if res.Err() != nil || res.Files != 6 {
				t.Errorf("%+v", res)
			}
		}
	})
}

func TestAbsentAndNotCorrected(t *testing.T) {
	f := testkit.File("f", string(testkit.Noise(1, 3000)))
	f.Absent = true
	archive := testkit.MustBuild(t, testkit.One(testkit.Dir("", f, testkit.File("g", "x"))))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		_, issues := p.issues(t, archive, dir, Defaults())
		if got := pathsOf(issues); !slices.Equal(got, []string{"f"}) || !issues[0].Damage() {
			t.Errorf("issues %v", issues)
		}
	})
}

func TestNeedsSpool(t *testing.T) {
	root := testkit.Dir("", testkit.File("f", string(testkit.Noise(1, 3000))))
	one := testkit.One(root)
	one.Options.OnePass = true
	two := &testkit.Archive{Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: root}}}, {Versions: []testkit.Version{{Root: root, After: []int{0}}}}}}
	for _, a := range []*testkit.Archive{one, two} {
		archive := testkit.MustBuild(t, a)
		r, err := stream.NewReader(context.Background(), bytes.NewReader(archive), stream.Options{})
		must(t, err)
		if !r.NeedsSpool() {
			t.Error("a stream that cannot be one")
		}
		if _, err := Stream(context.Background(), r, t.TempDir(), Defaults()); !errors.Is(err, stream.ErrNeedsSpool) {
			t.Error(err)
		}
		dir := t.TempDir()
		if res := paths[1].restore(t, archive, dir, Defaults()); res.Files != 1 {
			t.Errorf("%+v", res)
		}
	}
}
