package reader_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

func verify(t testing.TB, a *reader.Archive, opts reader.VerifyOptions) *reader.Report {
	t.Helper()
	rep, err := a.Verify(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestVerifyFindsNothingInGoodArchives(t *testing.T) {
	for name, change := range map[string]func(*testkit.Archive){
		"stored":  func(a *testkit.Archive) { a.Options.Codec = codec.Stored },
		"long":    func(a *testkit.Archive) { a.Options.Codec, a.Options.BlocksPerFrame = codec.LongZstd, 50 },
		"sha256":  func(a *testkit.Archive) { a.Options.Hash = format.HashSHA256 },
		"onepass": func(a *testkit.Archive) { a.Options.OnePass = true },
		"base":    history(false),
		"merged":  history(true),
	} {
		t.Run(name, func(t *testing.T) {
			a := openBytes(t, testkit.MustBuild(t, zooArchive(change)), reader.Options{})
			var done, total int64
			for _, fast := range []bool{false, true} {
				rep := verify(t, a, reader.VerifyOptions{Fast: fast, Progress: func(d, n int64) { done, total = d, n }})
				for _, f := range rep.Findings {
					t.Errorf("fast %v: %+v", fast, f)
				}
				if done == 0 || total != a.Size() || done > total || !fast && done != total {
					t.Errorf("fast %v: progress ends at %d of %d", fast, done, total)
				}
				if !fast && (rep.Blocks == 0 || rep.Entries != 328 || rep.Snapshots == 0) {
					t.Errorf("%+v", rep)
				}
			}
		})
	}
}

// history puts two small segments before the zoo, each the next one's parent.
func history(merge bool) func(*testkit.Archive) {
	return func(a *testkit.Archive) {
		old := func(s string, after ...int) testkit.Segment {
			return testkit.Segment{Versions: []testkit.Version{{Root: testkit.Dir("", testkit.File("old", strings.Repeat(s, 30))), After: after}}}
		}
		last := a.Segments[0]
		last.Merge = merge
		last.Versions[0].After = []int{1}
		a.Segments = []testkit.Segment{old("one"), old("two", 0), last}
	}
}

// TestVerifyFindsEveryFlippedBit flips a bit of every byte of an archive: each
// is under some CRC or hash, so none may go unnoticed.
func TestVerifyFindsEveryFlippedBit(t *testing.T) {
	a := &testkit.Archive{Options: testkit.Options{Chunk: 300, FanOut: 3, DirLeaf: 4}}
	a.Segments = []testkit.Segment{{Versions: []testkit.Version{{Root: testkit.Dir("",
		testkit.File("hello", strings.Repeat("hello ", 40)),
		testkit.Dir("sub", testkit.File("big", string(testkit.Noise(3, 1500))), testkit.Dir("many", testkit.Numbered(9)...)),
	)}}}}
	history(false)(a)
	good := testkit.MustBuild(t, a)
	stride := 1
	if testing.Short() {
		stride = 7
	}
	for i := 0; i < len(good); i += stride {
		b := append([]byte(nil), good...)
		b[i] ^= 1 << (i % 8)
		ar, err := reader.Open(reader.Bytes(b), reader.Options{})
		if err != nil {
			checkClass(t, err)
			continue
		}
		rep, err := ar.Verify(context.Background(), reader.VerifyOptions{Workers: 1})
		if err != nil {
			t.Fatal(i, err)
		}
		if rep.OK() && ar.TornTail() == 0 {
			t.Errorf("flipped bit in byte %d of %d was not found", i, len(good))
		}
		for _, f := range rep.Findings {
			if f.Message == "" || f.Structure == "" || f.Class == "unreadable" {
				t.Errorf("byte %d: %+v", i, f)
			}
		}
		ar.Close()
	}
}

func checkClass(t testing.TB, err error) {
	t.Helper()
	var fe *format.Error
	if !errors.As(err, &fe) || fe.Class == nil {
		t.Errorf("error of no class: %v", err)
	}
}

func TestVerifyTellsWhatIsHurt(t *testing.T) {
	built := testkit.MustMake(t, zooArchive())
	b := built.Bytes
	// The last frame of data holds the end of dir/big, which is dir/same, too.
	var at testkit.Frame
	for _, f := range built.Frames {
		if f.Head.Kind == format.FrameData && len(f.Head.Lengths) == 4 {
			at = f
			if built.Blocks[f.Head.First].Path == "dir/big" {
				break
			}
		}
	}
	b[at.End()-1] ^= 1
	a := openBytes(t, b, reader.Options{})
	rep := verify(t, a, reader.VerifyOptions{})
	if len(rep.Findings) == 0 {
		t.Fatal("nothing found")
	}
	hurt := map[string]bool{}
	for _, f := range rep.Findings {
		if f.Class != "damaged" || f.Offset != int64(at.Offset) || f.Length != int64(at.End()-at.Offset) {
			t.Errorf("%+v", f)
		}
		for _, h := range f.Hurts {
			hurt[h.Path] = true
			if h.Length <= 0 || h.Length%1024 != 0 || h.Offset < 0 {
				t.Errorf("%+v", h)
			}
		}
	}
	if !hurt["dir/big"] || !hurt["dir/same"] || len(hurt) != 2 {
		t.Error(hurt)
	}
	if _, err := json.Marshal(rep); err != nil {
		t.Error(err)
	}
	fast := verify(t, a, reader.VerifyOptions{Fast: true})
	if len(fast.Findings) != 1 || len(fast.Findings[0].Hurts) != 2 {
		t.Errorf("fast: %+v", fast.Findings)
	}
	// What is not hurt can be read.
	if f, err := a.FS().ReadFile("many/n00007"); err != nil || len(f) == 0 {
		t.Error(err)
	}
	_, err := a.FS().ReadFile("dir/big")
	var fe *format.Error
	if !errors.As(err, &fe) || fe.Offset != int64(at.Offset) || fe.Block < 0 || !strings.Contains(err.Error(), "dir/big") {
		t.Error(err)
	}
}

func TestVerifyFindsLies(t *testing.T) {
	first := func(path string, change func(d *format.DirLeaf)) testkit.Hooks {
		return testkit.Hooks{Leaf: func(p string, d *format.DirLeaf) {
			if p == path {
				change(d)
			}
		}}
	}
	for name, c := range map[string]struct {
		hooks testkit.Hooks
		want  string
	}{
		"count": {first(".", func(d *format.DirLeaf) { d.Entries[0].Count++ }), "its entry says"},
		"size":  {first(".", func(d *format.DirLeaf) { d.Entries[0].Size++ }), "its entry says"},
		"links": {first(".", func(d *format.DirLeaf) {
			d.Entries[1].LinkID, d.Entries[1].LinkCount = 9, 2
		}), "hard-link group 9 has 1 names"},
		"mode":    {first(".", func(d *format.DirLeaf) { d.Entries[0].Perm ^= 1 }), "content id"},
		"span":    {testkit.Hooks{Indirect: func(_ string, x *format.Indirect) { x.Refs[0].Span++ }}, "its references span"},
		"content": {testkit.Hooks{Snapshot: func(s *format.Snapshot) { s.Content[0]++ }}, "its content id"},
		"whole":   {first("dir", func(d *format.DirLeaf) { d.Entries[0].Content[0]++ }), "whole content"},
		"frame hash": {testkit.Hooks{Frame: func(n int, h *format.FrameHead, b []byte) []byte {
			h.Hash[0]++
			return b
		}}, "stored bytes do not have the hash"},
		"gap": {testkit.Hooks{Frame: func(n int, h *format.FrameHead, b []byte) []byte {
			if n == 1 {
				b = append(b[:len(b):len(b)], "garbage"...)
			}
			return b
		}}, "7 bytes after the frame belong to nothing"},
		"trailer index": {testkit.Hooks{Trailer: func(_ int, x *format.Trailer) { x.IndexHash[0]++ }}, "its hash is"},
		"index hash": {testkit.Hooks{IndexBytes: func(b []byte) []byte {
			b[format.IndexHeadSize+5*format.HashSize]++
			return b
		}}, "its hash is"},
	} {
		t.Run(name, func(t *testing.T) {
			a := testkit.One(testkit.Dir("", testkit.Dir("dir", testkit.File("big", string(testkit.Noise(1, 5000)))),
				testkit.File("x", strings.Repeat("x y ", 50))))
			a.Hooks = c.hooks
			rep := verify(t, openBytes(t, testkit.MustBuild(t, a), reader.Options{}), reader.VerifyOptions{})
			if !strings.Contains(fmt.Sprintf("%+v", rep.Findings), c.want) {
				t.Errorf("want %q, found %+v", c.want, rep.Findings)
			}
		})
	}
}

func TestVerifyAbsentBlocks(t *testing.T) {
	lost := testkit.File("lost", strings.Repeat("changed while it was read ", 4))
	lost.Absent = true
	promised := testkit.Version{Root: testkit.Dir("", lost, testkit.File("kept", strings.Repeat("kept", 20)))}
	corrected := testkit.Version{Root: testkit.Dir("", testkit.File("kept", strings.Repeat("kept", 20)))}

	a := openBytes(t, testkit.MustBuild(t, &testkit.Archive{Segments: []testkit.Segment{{Versions: []testkit.Version{promised, corrected}}}}), reader.Options{})
	if rep := verify(t, a, reader.VerifyOptions{}); !rep.OK() {
		t.Errorf("superseded: %+v", rep.Findings)
	}
	a = openBytes(t, testkit.MustBuild(t, &testkit.Archive{Segments: []testkit.Segment{{Versions: []testkit.Version{promised}}}}), reader.Options{})
	rep := verify(t, a, reader.VerifyOptions{})
	if len(rep.Findings) != 1 || !strings.Contains(rep.Findings[0].Message, "absent") ||
		len(rep.Findings[0].Hurts) != 1 || rep.Findings[0].Hurts[0].Path != "lost" {
		t.Errorf("live: %+v", rep.Findings)
	}
	if _, err := a.FS().ReadFile("lost"); !errors.Is(err, format.ErrDamaged) || !strings.Contains(err.Error(), "absent") {
		t.Error(err)
	}
}

func TestVerifyEnds(t *testing.T) {
	a := openBytes(t, testkit.MustBuild(t, zooArchive()), reader.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	rep, err := a.Verify(ctx, reader.VerifyOptions{Progress: func(done, _ int64) { cancel() }})
	if !errors.Is(err, context.Canceled) || rep == nil || !rep.OK() {
		t.Error(rep, err)
	}
}

func TestVerifyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.vtd")
	b := testkit.MustBuild(t, zooArchive())
	for n, check := range map[int]func(*reader.Report, error) bool{
		len(b): func(r *reader.Report, err error) bool { return err == nil && r.OK() },
		len(b) - 1: func(r *reader.Report, err error) bool {
			return err == nil && len(r.Findings) == 1 && r.Size == int64(len(b)-1)
		},
		0: func(r *reader.Report, err error) bool { return errors.Is(err, format.ErrNotArchive) },
	} {
		if err := os.WriteFile(path, b[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if rep, err := reader.VerifyFile(context.Background(), path, reader.Options{}, reader.VerifyOptions{}); !check(rep, err) {
			t.Errorf("%d bytes: %+v, %v", n, rep, err)
		}
	}
}
