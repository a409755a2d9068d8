package recovery_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/compact"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/recovery"
	"github.com/vtdarchive/vtd/writer"
)

// manyNodes makes a tree whose metadata takes several frames.
func manyNodes(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := range 4 {
		for i := range 350 {
			path := filepath.Join(dir, fmt.Sprintf("d%d/e%d/a file with the number %04d", d, i/200, i))
			n := 150
			if i%50 == 0 {
				n = 100 * (i + 1)
			}
			must(t, os.MkdirAll(filepath.Dir(path), 0o755))
			must(t, os.WriteFile(path, testkit.Noise(uint64(1000*d+i), n), 0o644))
		}
	}
	return dir
}

func madeOf(t *testing.T, dir string, level int) []byte {
	t.Helper()
	p, err := writer.Presets("default")
	must(t, err)
	p.Chunks.Min, p.Chunks.Target, p.Chunks.Max, p.Chunks.RunMin = 64, 256, 1024, 512
	p.DataFrame, p.MetaFrame, p.Level = 64<<10, 64<<10, level
	p.LiteralMax = 200
	var b bytes.Buffer
	_, err = writer.Create(context.Background(), &b, writer.Options{Inputs: []writer.Input{{Dir: dir, Path: "."}}, Params: p})
	must(t, err)
	return b.Bytes()
}

// wiped gives an archive without some of its frames.
func wiped(t *testing.T, b []byte, which func(row format.IndexFrame) bool) []byte {
	t.Helper()
	out := bytes.Clone(b)
	for _, row := range rows(t, b) {
		if which(row) {
			clear(frameBytes(out, row))
		}
	}
	return out
}

// newest gives what is in the newest tree of an archive.
func newest(t *testing.T, a *reader.Archive) (map[string]string, format.Hash) {
	t.Helper()
	tree, err := a.Tree()
	must(t, err)
	return contents(t, a, tree), tree.Root().Ref.Hash
}

func lostNodes(row format.IndexFrame) bool { return row.Kind == format.FrameMetadata && row.First > 0 }
func lostData(row format.IndexFrame) bool  { return row.Kind == format.FrameData }

// TestFillMetadata fills in directories, and lists of what files consist of,
// from other archives, in which blocks have other numbers.
func TestFillMetadata(t *testing.T) {
	dir := manyNodes(t)
	b := madeOf(t, dir, 1)
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	defer a.Close()
	was, root := newest(t, a)
	index := a.Trailer().Index
	grown := filepath.Join(dir, "d0/e0/new")
	must(t, os.WriteFile(grown, testkit.Noise(99, 20_000), 0o644))
	larger := madeOf(t, dir, 2)
	must(t, os.RemoveAll(filepath.Join(dir, "d0")))

	for _, c := range []struct {
		name    string
		damaged []byte
		from    [][]byte
		whole   bool
	}{
		{"same tree", wiped(t, b, lostNodes), [][]byte{relayered(t, b, 1<<20)}, true},
		{"same tree, no index", wiped(t, b, lostNodes)[:index], [][]byte{relayered(t, b, 1<<20)}, true},
		{"same tree, all content and no index", wiped(t, b, func(row format.IndexFrame) bool { return row.First > 0 })[:index], [][]byte{relayered(t, b, 1<<20)}, true},
		{"of an archive without index", wiped(t, b, lostNodes), [][]byte{withoutIndex(t, relayered(t, b, 1<<20))}, true},
		{"nodes of one, content of another", wiped(t, b, func(row format.IndexFrame) bool { return row.First > 0 }), [][]byte{
			wiped(t, relayered(t, b, 1<<20), lostData), wiped(t, relayered(t, b, 1<<19), lostNodes),
		}, true},
		{"nodes of one, content of another, no index", wiped(t, b, func(row format.IndexFrame) bool { return row.First > 0 })[:index], [][]byte{
			wiped(t, relayered(t, b, 1<<19), lostNodes), wiped(t, relayered(t, b, 1<<20), lostData),
		}, true},
		{"nothing", wiped(t, b, lostNodes), nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o recovery.Options
			for _, x := range c.from {
				o.From = append(o.From, stored(t, x))
			}
			a, rep, _ := recovered(t, c.damaged, o)
			if !c.whole {
				if rep.Whole() {
					t.Error("it is whole without them")
				}
				return
			}
			now, is := newest(t, a)
			if !rep.Whole() || !rep.Snapshots[0].Proven || is != root || !maps.Equal(now, was) || rep.Filled == 0 {
				t.Errorf("root %v, not %v; %d entries of %d; %d filled, %d lost, %d found, %+.300v", is, root, len(now), len(was), rep.Filled, len(rep.Losses), len(rep.Found), rep.Snapshots)
			}
		})
	}

	// A tree that is another one has most of the directories.
	whole := 0
	for _, lost := range rows(t, b) {
		if !lostNodes(lost) {
			continue
		}
		damaged := wiped(t, b, func(row format.IndexFrame) bool { return row.First == lost.First })
		_, alone, _ := recovered(t, damaged, recovery.Options{})
		a, rep, _ := recovered(t, damaged, recovery.Options{From: []string{stored(t, larger)}})
		now, is := newest(t, a)
		if alone.Whole() || rep.Filled == 0 {
			t.Errorf("frame of block %d: whole without it: %v; %d filled", lost.First, alone.Whole(), rep.Filled)
		}
		if rep.Whole() {
			if whole++; is != root || !maps.Equal(now, was) {
				t.Errorf("frame of block %d: it is whole, with another root", lost.First)
			}
			continue
		}
		for _, l := range rep.Losses {
			if l.Path != "" && !strings.HasPrefix(l.Path, "d0") {
				t.Errorf("frame of block %d: %s is lost, and the other archive has it", lost.First, l.Path)
			}
		}
	}
	if n := len(rows(t, b)); whole < 3 {
		t.Errorf("%d trees are whole, of %d frames", whole, n)
	}
}

// relayered gives an archive with the same trees in other frames, under other
// numbers and another id.
func relayered(t *testing.T, b []byte, frame uint32) []byte {
	t.Helper()
	path := stored(t, b)
	_, err := compact.Compact(context.Background(), path, compact.Options{Layout: &format.Layout{DataFrame: frame, MetaFrame: frame, Level: 3, Order: format.OrderPath}})
	must(t, err)
	out, err := os.ReadFile(path)
	must(t, err)
	return out
}

// withoutIndex cuts off index and trailer.
func withoutIndex(t *testing.T, b []byte) []byte {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	defer a.Close()
	return b[:a.Trailer().Index]
}

// TestFillFromDamaged fills from archives that are damaged in any way: whatever
// is taken from them is what it was.
func TestFillFromDamaged(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED under the race detector: it computes too much; TestFillMetadata runs")
	}
	b := written(t, writer.RecipesAlways)
	first, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	defer first.Close()
	was, _ := newest(t, first)
	other := relayered(t, b, 1<<20)
	filled := int64(0)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 5))
		hurt := func(b []byte) []byte {
			b = wiped(t, b, func(row format.IndexFrame) bool { return row.First > 0 && r.IntN(3) == 0 })
			for range r.IntN(6) {
				b[r.IntN(len(b))] ^= 1 << r.IntN(8)
			}
			return b[:len(b)-r.IntN(2)*r.IntN(20_000)]
		}
		a, rep, _ := recovered(t, hurt(b), recovery.Options{From: []string{stored(t, hurt(other))}})
		if a == nil {
			continue
		}
		filled += rep.Filled
		now, _ := newest(t, a)
		for path, is := range now {
			if x, ok := was[path]; ok && x != is && is != "" && !strings.HasPrefix(is, "2 ") {
				t.Errorf("seed %d: %s is not what it was", seed, path)
			}
		}
	}
	if filled == 0 {
		t.Error("nothing was filled in")
	}
}
