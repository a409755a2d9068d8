package reader_test

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

func content(t *testing.T, a *reader.Archive, path string) *reader.File {
	t.Helper()
	e, err := a.Lookup(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := a.ContentOf(e, path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFileIsAReader(t *testing.T) {
	a := openBytes(t, testkit.MustBuild(t, zooArchive()), reader.Options{})
	if err := iotest.TestReader(content(t, a, "dir/big"), testkit.Noise(1, 100_000)); err != nil {
		t.Error(err)
	}
	if err := iotest.TestReader(content(t, a, "empty"), nil); err != nil {
		t.Error(err)
	}
	if err := iotest.TestReader(content(t, a, "ones"), slices.Repeat([]byte{1}, 100_000)); err != nil {
		t.Error(err)
	}
}

func TestExtents(t *testing.T) {
	a := openBytes(t, testkit.MustBuild(t, zooArchive()), reader.Options{})
	f := content(t, a, "holes") // 5000 hole, 900 data, 70 hole, 80 data (a run of x), 9000 hole
	for off, want := range map[int64]string{
		0:      "[{0 5000 true} {5000 900 false} {5900 70 true} {5970 80 false} {6050 9000 true}]",
		5100:   "[{5100 800 false} {5900 70 true} {5970 80 false} {6050 9000 true}]",
		15_049: "[{15049 1 true}]",
		15_050: "[]",
	} {
		got := []reader.Extent{}
		for x, err := range f.Extents(off) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, x)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("from %d: %v, want %v", off, got, want)
		}
	}
	type seek struct{ off, data, hole int64 }
	for _, s := range []seek{{0, 5000, 0}, {4999, 5000, 4999}, {5000, 5000, 5900}, {5950, 5970, 5950}, {6049, 6049, 6050}, {6050, -1, 6050}} {
		data, err := f.SeekData(s.off)
		if err == io.EOF {
			data = -1
		}
		hole, err := f.SeekHole(s.off)
		if data != s.data || hole != s.hole || err != nil {
			t.Errorf("%+v: data %d, hole %d, %v", s, data, hole, err)
		}
	}
	big := content(t, a, "dir/big")
	if hole, err := big.SeekHole(5); hole != big.Size() || err != nil {
		t.Error(hole, err)
	}
	if _, err := big.SeekHole(big.Size()); err != io.EOF {
		t.Error(err)
	}
}

func TestCheckContentFindsAWrongHash(t *testing.T) {
	x := testkit.One(testkit.Dir("", testkit.File("big", string(testkit.Noise(1, 5000)))))
	x.Hooks.Leaf = func(_ string, d *format.DirLeaf) { d.Entries[0].Content[0]++ }
	a := openBytes(t, testkit.MustBuild(t, x), reader.Options{})
	f := content(t, a, "big")
	if _, err := io.Copy(io.Discard, f); err != nil {
		t.Error(err)
	}
	err := f.CheckContent()
	checkClass(t, err)
}

func TestWalkPrunes(t *testing.T) {
	a := openBytes(t, testkit.MustBuild(t, zooArchive()), reader.Options{})
	var seen []string
	err := a.Walk(func(path string, e *format.Entry, err error) error {
		seen = append(seen, path)
		switch path {
		case "dir":
			return fs.SkipDir
		case "implied/f": // skips the rest of the directory it is in
			return fs.SkipDir
		case "many/n00001":
			return fs.SkipAll
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if slices.Contains(seen, "dir/big") || seen[len(seen)-1] != "many/n00001" || !slices.Contains(seen, "link1") {
		t.Error(seen)
	}
}

func TestSnapshots(t *testing.T) {
	a := openBytes(t, testkit.MustBuild(t, zooArchive(history(false))), reader.Options{})
	n := 0
	for tree, err := range a.Snapshots() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 2 {
			e, err := tree.Lookup("old")
			if err != nil || e.Size != 90 {
				t.Error(e, err)
			}
		}
	}
	if n != 3 {
		t.Errorf("%d snapshots", n)
	}
}

func TestFind(t *testing.T) {
	built := testkit.MustMake(t, zooArchive(history(false)))
	a := openBytes(t, built.Bytes, reader.Options{})
	for num, b := range built.Blocks {
		found := false
		for n, err := range a.Find(b.Hash) {
			if err != nil {
				t.Fatal(err)
			}
			found = found || n == uint64(num)
		}
		if !found {
			t.Errorf("block %d is not found by its hash", num)
		}
		if n, err := a.BlockLen(uint64(num)); err != nil || int(n) != len(b.Bytes) {
			t.Errorf("block %d: length %d, want %d: %v", num, n, len(b.Bytes), err)
		}
	}
	for n := range a.Find(format.Hash{1, 2, 3}) {
		t.Errorf("block %d has a hash that none has", n)
	}
}

func TestReadDirFrom(t *testing.T) {
	a := openBytes(t, testkit.MustBuild(t, zooArchive()), reader.Options{})
	for _, path := range []string{"", "dir", "many", "nothing"} {
		dir, err := a.Lookup(path)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for e, err := range a.ReadDir(dir) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, e.Name)
		}
		for skip := range len(all) + 2 {
			var rest []string
			for e, err := range a.ReadDirFrom(dir, uint64(skip)) {
				if err != nil {
					t.Fatal(err)
				}
				rest = append(rest, e.Name)
			}
			if want := all[min(skip, len(all)):]; !slices.Equal(rest, want) {
				t.Fatalf("%q from %d on: %q, not %q", path, skip, rest, want)
			}
		}
	}
}

// TestParts holds what is given without copying, or with little of it, against what is
// copied.
func TestParts(t *testing.T) {
	a := openBytes(t, testkit.MustBuild(t, zooArchive()), reader.Options{})
	for _, path := range []string{"dir/big", "holes", "ones", "empty", "a"} {
		f := content(t, a, path)
		for off := int64(0); off <= f.Size()+1; off += 1 + f.Size()/37 {
			for _, n := range []int{0, 1, 70, 4096, 200_000} {
				want := make([]byte, n)
				m, err := f.ReadAt(want, off)
				if err != nil && err != io.EOF {
					t.Fatal(err)
				}
				for _, long := range []int{0, 3000, math.MaxInt} {
					parts, err := f.Parts(make([]byte, n), off, long)
					if got := slices.Concat(parts...); err != nil || string(got) != string(want[:m]) {
						t.Fatalf("%s: %d bytes at %d: %d, not %d, %v", path, n, off, len(got), m, err)
					}
				}
			}
		}
	}
	if _, err := content(t, a, "a").Parts(make([]byte, 1), -1, 1); err == nil {
		t.Error("there is something before the start")
	}
}
