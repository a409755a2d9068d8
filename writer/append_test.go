package writer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
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
