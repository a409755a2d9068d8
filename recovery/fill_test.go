package recovery_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/recovery"
	"github.com/vtdarchive/vtd/writer"
)

func stored(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.vtd")
	must(t, os.WriteFile(path, b, 0o600))
	return path
}

// rows gives the frames of an archive.
func rows(t *testing.T, b []byte) (out []format.IndexFrame) {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	defer a.Close()
	for row, err := range a.Frames() {
		must(t, err)
		out = append(out, row)
	}
	return out
}

func frameBytes(b []byte, row format.IndexFrame) []byte {
	return b[row.Offset:][:int64(row.HeadSize)+int64(row.Stored)]
}

// TestTwoCopies makes one of two copies, each of which lacks every other frame
// and the index.
func TestTwoCopies(t *testing.T) {
	b := written(t, writer.RecipesOff)
	one, two := bytes.Clone(b), bytes.Clone(b)
	for i, row := range rows(t, b) {
		clear(frameBytes([][]byte{one, two}[i%2], row))
	}
	cut := rows(t, b)
	last := cut[len(cut)-1]
	end := last.Offset + int64(last.HeadSize) + int64(last.Stored)
	_, rep, out := recovered(t, one[:end], recovery.Options{From: []string{stored(t, two[:end])}})
	if !rep.Whole() || !bytes.Equal(out, b) {
		t.Errorf("%d bytes are not the %d they were: %+v", len(out), len(b), rep)
	}
}

// TestFillWithoutIndex fills files of several blocks by the hash of their
// content, and leaves alone what no hash is known of.
func TestFillWithoutIndex(t *testing.T) {
	dir := t.TempDir()
	large := testkit.Noise(5, 200_000)
	must(t, os.WriteFile(filepath.Join(dir, "large"), large, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "small"), testkit.Noise(6, 300), 0o600))
	p, err := writer.Presets("fast")
	must(t, err)
	p.Chunks.Min, p.Chunks.Target, p.Chunks.Max = 1024, 4096, 16384
	p.DataFrame = 64 << 10
	var b bytes.Buffer
	_, err = writer.Create(context.Background(), &b, writer.Options{Inputs: []writer.Input{{Dir: dir, Path: "."}}, Params: p})
	must(t, err)
	damaged := bytes.Clone(b.Bytes())
	end := int64(0)
	for _, row := range rows(t, damaged) {
		end = row.Offset + int64(row.HeadSize) + int64(row.Stored)
		if row.Kind == format.FrameData {
			clear(frameBytes(damaged, row))
		}
	}
	a, rep, _ := recovered(t, damaged[:end], recovery.Options{From: []string{dir}})
	tree, err := a.Tree()
	must(t, err)
	got := contents(t, a, tree)
	if _, body, _ := strings.Cut(got["large"], "\n"); body != string(large) {
		t.Errorf("%.60q", got["large"])
	}
	if len(rep.Losses) != 1 || rep.Losses[0].Path != "small" || rep.Losses[0].What != recovery.LossFile || rep.Whole() {
		t.Errorf("%+v", rep.Losses)
	}
}

// TestCutFrame takes from a frame that is cut what makes a file with the hash
// of its content.
func TestCutFrame(t *testing.T) {
	b := written(t, writer.RecipesOff, func(p *writer.Params) { p.Order = format.OrderPath })
	was, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	tree, err := was.Tree()
	must(t, err)
	before := contents(t, was, tree)
	all := rows(t, b)
	last := all[len(all)-1]
	_, first, _ := recovered(t, b[:last.Offset], recovery.Options{})
	cut := b[:last.Offset+int64(last.HeadSize)+int64(last.Stored)*9/10]
	a, rep, _ := recovered(t, cut, recovery.Options{})
	now, err := a.Tree()
	must(t, err)
	for path, is := range contents(t, a, now) {
		if was, ok := before[path]; ok && was != is {
			t.Errorf("%s is not what it was", path)
		}
	}
	if len(rep.Losses) >= len(first.Losses) {
		t.Errorf("%d losses with most of the frame, %d without it", len(rep.Losses), len(first.Losses))
	}
}

// TestFillByDamagedIndex fills blocks by hashes of an index that has lost a
// part of itself.
func TestFillByDamagedIndex(t *testing.T) {
	b := written(t, writer.RecipesOff)
	damaged := bytes.Clone(b)
	all := rows(t, b)
	clear(frameBytes(damaged, all[len(all)-1]))
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	clear(damaged[a.Trailer().Index+format.IndexHeadSize:][:3*format.HashSize]) // of blocks that are there
	must(t, a.Close())
	other := written(t, writer.RecipesOff, func(p *writer.Params) { p.Level = 1 }) // another archive of the same files
	_, rep, out := recovered(t, damaged, recovery.Options{From: []string{stored(t, other)}})
	if !rep.Whole() || rep.Filled == 0 || len(out) == 0 {
		t.Errorf("%+v", rep)
	}
}

// TestLostRecord: the snapshot record is gone, and the tree is there.
func TestLostRecord(t *testing.T) {
	b := written(t, writer.RecipesOff)
	was, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	tree, err := was.Tree()
	must(t, err)
	damaged := bytes.Clone(b)
	clear(frameBytes(damaged, rows(t, b)[0]))
	for _, end := range []int{len(b), int(was.Trailer().Index)} { // with index, and without
		a, rep, _ := recovered(t, damaged[:end], recovery.Options{})
		if len(rep.Snapshots) != 1 || !rep.Snapshots[0].Made || len(rep.Found) != 0 {
			t.Errorf("%+v", rep)
		}
		now, err := a.Tree()
		must(t, err)
		if x, y := contents(t, was, tree), contents(t, a, now); len(x) != len(y) || x["sub/deeper/four"] != y["sub/deeper/four"] {
			t.Errorf("%d entries, not %d", len(y), len(x))
		}
	}
}

// TestSnapshotsLost destroys each record of an archive of three snapshots: the
// trees of the others stay as they are.
func TestSnapshotsLost(t *testing.T) {
	b := originals(t)["versions"]
	was, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	var roots []format.Hash
	var tops []uint64
	for tree, err := range was.Snapshots() { // the newest first
		must(t, err)
		roots = append(roots, tree.Root().Ref.Hash)
		tops = append(tops, tree.SnapshotBlock()-1)
	}
	for i, top := range tops {
		damaged := bytes.Clone(b)
		for _, row := range rows(t, b) {
			if row.First == top {
				clear(frameBytes(damaged, row))
			}
		}
		_, rep, _ := recovered(t, damaged, recovery.Options{})
		for k, root := range roots {
			kept := slices.ContainsFunc(rep.Snapshots, func(s recovery.Snapshot) bool { return s.Root == root && (s.Proven && s.Whole || s.Made) })
			if !kept && k != i {
				t.Errorf("record %d lost: the tree of snapshot %d is not there: %+v", i, k, rep.Snapshots)
			}
		}
	}
}

// TestArchiveInside recovers an archive that has another one in a frame that is
// stored as it is and damaged: nothing of the inner one is taken for its own.
func TestArchiveInside(t *testing.T) {
	inner := written(t, writer.RecipesOff)
	x := testkit.One(testkit.Dir("", testkit.File("inner.vtd", string(inner)), testkit.File("z", string(testkit.Noise(9, 900)))))
	x.Options = testkit.Options{Codec: codec.Stored, Chunk: len(inner), BlocksPerFrame: 1}
	b := testkit.MustBuild(t, x)
	tried := 0
	for _, row := range rows(t, b) {
		if row.Kind != format.FrameData || row.RawLen < uint32(len(inner)) {
			continue
		}
		tried++
		for _, at := range []int64{row.Offset + 3, row.Offset + int64(row.HeadSize) + 2000} { // its head, its bytes
			for _, end := range []int{len(b), len(b) - format.TrailerSize} {
				damaged := bytes.Clone(b[:end])
				damaged[at] ^= 1
				a, rep, _ := recovered(t, damaged, recovery.Options{})
				tree, err := a.Tree()
				must(t, err)
				for path := range contents(t, a, tree) {
					if path != "z" && path != "inner.vtd.damaged" && !strings.HasPrefix(path, recovery.LostFound) {
						t.Errorf("at %d: %s is from the archive inside", at, path)
					}
				}
				if len(rep.Losses) != 1 || rep.Losses[0].Path != "inner.vtd" {
					t.Errorf("at %d: %+v", at, rep.Losses)
				}
			}
		}
	}
	if tried != 1 {
		t.Errorf("%d frames have the archive", tried)
	}
}

// failing is a disk that does not give some sectors.
type failing struct {
	reader.Source
	from, to int64
}

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off < f.to && off+int64(len(b)) > f.from {
		n := max(0, f.from-off)
		k, _ := f.Source.ReadAt(b[:n], off)
		return k, errors.New("input/output error")
	}
	return f.Source.ReadAt(b, off)
}

// TestFailingDisk reads around sectors that a disk does not give.
func TestFailingDisk(t *testing.T) {
	b := written(t, writer.RecipesOff)
	all := rows(t, b)
	at := all[len(all)-1].Offset + 1000
	var out bytes.Buffer
	rep, err := recovery.Recover(context.Background(), failing{reader.Bytes(b), at, at + 100}, "", &out, recovery.Options{})
	must(t, err)
	if rep.Whole() || rep.LostFrames != 1 || len(rep.Losses) == 0 {
		t.Errorf("%+v", rep)
	}
	_, _, _ = recovered(t, out.Bytes(), recovery.Options{})
}

// TestCancelled ends with its context, and when nothing can be written.
func TestCancelled(t *testing.T) {
	b := written(t, writer.RecipesOff)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := recovery.Recover(ctx, reader.Bytes(b), "", io.Discard, recovery.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	full := errors.New("no room")
	if _, err := recovery.Recover(context.Background(), reader.Bytes(b), "", failingWriter{full}, recovery.Options{}); !errors.Is(err, full) {
		t.Error(err)
	}
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }
