package writer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/parity"
	"github.com/vtdarchive/vtd/reader"
)

// archiveOf makes an archive on disk.
func archiveOf(t testing.TB, o Options) string {
	t.Helper()
	b, _ := createWhole(t, o)
	path := filepath.Join(t.TempDir(), "a.vtd")
	must(t, os.WriteFile(path, b, 0o644))
	return path
}

// grow appends a tree to an archive, which must succeed, and checks the whole.
func grow(t testing.TB, path string, o AppendOptions) (*AppendReport, *testkit.Contents) {
	t.Helper()
	rep, err := Append(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range rep.Issues {
		t.Errorf("issue: %v", i)
	}
	b, err := os.ReadFile(path)
	must(t, err)
	c := check(t, b, &rep.Report)
	if rep.Size != int64(len(b)) {
		t.Errorf("Size is %d, the file has %d bytes", rep.Size, len(b))
	}
	return rep, c
}

// of gives options that append a directory.
func of(dir string) AppendOptions {
	return AppendOptions{Options: Options{Inputs: []Input{{Dir: dir, Path: "."}}}}
}

func TestAppend(t *testing.T) {
	dir := files(t, map[string]string{"same": noise(1, 20_000), "lit": "x", "d/kept": noise(2, 5_000), "d/gone": noise(3, 300), "e/f/deep": text(4, 9_000)})
	path := archiveOf(t, small(dir))
	put(t, filepath.Join(dir, "same"), noise(1, 20_000)+"and more")
	put(t, filepath.Join(dir, "new"), noise(5, 700))
	must(t, os.Remove(filepath.Join(dir, "d/gone")))
	rep, c := grow(t, path, of(dir))
	if rep.New != 1 || rep.Changed != 1 || rep.Removed != 1 || rep.Unchanged != 3 || rep.Touched != 0 {
		t.Errorf("new %d, changed %d, removed %d, unchanged %d, touched %d", rep.New, rep.Changed, rep.Removed, rep.Unchanged, rep.Touched)
	}
	want, _ := createWhole(t, small(dir))
	whole := check(t, want, nil)
	if c.Content != whole.Content || c.Root != whole.Root {
		t.Errorf("content id %v and root %v; of an archive made of it %v and %v", c.Content, c.Root, whole.Content, whole.Root)
	}
	if c.Snapshots != 2 {
		t.Errorf("%d snapshots", c.Snapshots)
	}
	if rep.NewBytes > 2_000 {
		t.Errorf("%d bytes are new", rep.NewBytes)
	}
}

func TestAppendUnchanged(t *testing.T) {
	contents := map[string]string{}
	for i := range 300 {
		contents[filepath.Join("d", string(rune('a'+i%26)), noise(uint64(i), 3)[:0]+string(rune('a'+i/26)))] = text(uint64(i), 400)
	}
	dir := files(t, contents)
	path := archiveOf(t, small(dir))
	for i := range 20 {
		rep, _ := grow(t, path, of(dir))
		if i == 0 && rep.Stored > 1_000 || rep.Stored > 4_000 || rep.MetaBlocks != 2 || rep.NewBlocks != 0 {
			t.Fatalf("%d bytes, %d metadata blocks, %d data blocks are added", rep.Stored, rep.MetaBlocks, rep.NewBlocks)
		}
	}
}

func TestAppendRefusesEarlierTime(t *testing.T) {
	dir := files(t, map[string]string{"a": "a"})
	path := archiveOf(t, small(dir))
	o := of(dir)
	o.Time = &format.Time{Sec: 1}
	var e *TimeError
	if _, err := Append(context.Background(), path, o); !errors.As(err, &e) {
		t.Fatal(err)
	}
}

// Behind recovery data a snapshot is appended as behind any other segment.
func TestAppendBehindParity(t *testing.T) {
	dir := files(t, map[string]string{"f": noise(1, 30_000), "g": noise(2, 3_000)})
	path := archiveOf(t, small(dir))
	for i := range 3 {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		must(t, err)
		info, err := f.Stat()
		must(t, err)
		set, err := parity.New(f, 0, info.Size(), 1000)
		must(t, err)
		tail, err := parity.Write(context.Background(), f, f, set, parity.Options{})
		must(t, err)
		_, err = f.WriteAt(tail, set.IndexAt())
		must(t, errors.Join(err, f.Close()))

		put(t, filepath.Join(dir, "f"), noise(uint64(10+i), 30_000))
		grow(t, path, of(dir))
		a, err := reader.OpenFile(path, reader.Options{})
		must(t, err)
		sets, err := a.Parity()
		if err != nil || len(sets) != i+1 {
			t.Errorf("%d sets of recovery data, %v", len(sets), err)
		}
		rep, err := a.Verify(context.Background(), reader.VerifyOptions{})
		if err != nil || !rep.OK() {
			t.Errorf("%v, %+v", err, rep.Findings)
		}
		must(t, a.Close())
	}
}

// A copy that both sides append to is a fork: each goes on under an id of its own.
func TestAppendVector(t *testing.T) {
	dir := files(t, map[string]string{"f": "f"})
	path := archiveOf(t, small(dir))
	one, two := format.ReplicaID{1}, format.ReplicaID{2}
	for _, id := range []format.ReplicaID{two, one, two} {
		o := of(dir)
		o.Replica = func(State) format.ReplicaID { return id }
		grow(t, path, o)
	}
	a, err := reader.OpenFile(path, reader.Options{})
	must(t, err)
	defer a.Close()
	s, err := a.Snapshot()
	must(t, err)
	if want := []format.VectorRow{{Replica: one, Count: 1}, {Replica: two, Count: 2}}; !slices.Equal(s.Vector, want) || s.Replica != two {
		t.Errorf("replica %x, vector %v", s.Replica, s.Vector)
	}
	o := of(dir)
	rep, _ := grow(t, path, o)
	if again, _ := grow(t, path, o); rep.Replica == again.Replica || rep.Replica == (format.ReplicaID{}) {
		t.Errorf("without anyone who vouches for it, %x goes on", rep.Replica)
	}
}

// A vector that is full forgets a replica that wrote little.
func TestVectorFull(t *testing.T) {
	var rows []format.VectorRow
	for i := range format.MaxVector {
		rows = append(rows, format.VectorRow{Replica: format.ReplicaID{1, byte(i >> 8), byte(i)}, Count: 2})
	}
	rows[7].Count = 1
	for _, at := range []int{0, 7, 8, len(rows)} {
		left, i := leastOut(slices.Clone(rows), at)
		want := slices.Delete(slices.Clone(rows), 7, 8)
		if !slices.Equal(left, want) || at < 8 && i != at || at >= 8 && i != at-1 {
			t.Errorf("at %d: %d rows, %d", at, len(left), i)
		}
	}
}

// Opening an archive of many snapshots reads few parts of the index.
func TestAppendIndexParts(t *testing.T) {
	dir := files(t, map[string]string{"f": "f"})
	path := archiveOf(t, small(dir))
	for range 60 {
		if _, err := Append(context.Background(), path, of(dir)); err != nil {
			t.Fatal(err)
		}
	}
	a, err := reader.OpenFile(path, reader.Options{})
	must(t, err)
	defer a.Close()
	parts := a.IndexParts()
	if len(parts) > 7 {
		t.Errorf("%d parts", len(parts))
	}
	after := uint64(0)
	for _, p := range slices.Backward(parts) {
		if p.Blocks < after {
			t.Errorf("a part of %d blocks before %d", p.Blocks, after)
		}
		after += p.Blocks
	}
	b, err := os.ReadFile(path)
	must(t, err)
	check(t, b, nil)
}

// An archive can be appended to whatever its header says of how frames were
// asked for: others than this program makes are no reason to refuse.
func TestAppendToStrangeLayout(t *testing.T) {
	dir := files(t, map[string]string{"a": noise(1, 5000)})
	for _, l := range []format.Layout{{}, {DataFrame: 1, MetaFrame: 1 << 31, Level: 200, Order: format.OrderFamilies}} {
		b, _ := createWhole(t, small(dir))
		h, err := format.ParseHeader(b)
		must(t, err)
		h.Layout = &l
		head, err := h.AppendTo(nil)
		must(t, err)
		path := filepath.Join(t.TempDir(), "a.vtd")
		must(t, os.WriteFile(path, append(head, b[len(head):]...), 0o600))
		put(t, filepath.Join(dir, "b"), noise(2, 5000))
		rep, _ := grow(t, path, of(dir))
		if rep.Snapshots != 2 {
			t.Errorf("%+v: %d snapshots", l, rep.Snapshots)
		}
	}
}
