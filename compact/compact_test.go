package compact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/writer"
)

// whole packs everything anew.
const whole = 1

func compacted(t testing.TB, path string, o Options) *Report {
	t.Helper()
	rep, err := Compact(context.Background(), path, o)
	must(t, err)
	return rep
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

// Whatever is appended and forgotten in whatever order, the states that remain
// are what they were, and the archive is sound.
func TestModel(t *testing.T) {
	slowUnderRace(t)
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 3))
		dir, path := t.TempDir(), filepath.Join(t.TempDir(), "a.vtd")
		for range 12 {
			edit(t, r, dir)
		}
		create(t, path, small(dir))
		model, _ := states(t, "created", read(t, path))
		for step := range 12 {
			what := fmt.Sprintf("seed %d, step %d", seed, step)
			if r.IntN(3) > 0 {
				for range 1 + r.IntN(4) {
					edit(t, r, dir)
				}
				grow(t, path, dir, step)
				now, _ := states(t, what, read(t, path))
				model = append(model, now[len(now)-1])
			} else {
				var gone []int
				for i := range model {
					if len(gone) < len(model)-1 && r.IntN(3) == 0 {
						gone = append(gone, i)
					}
				}
				o := Options{Forget: forgetting(gone...), MinLive: []float64{0, 0.5, 0.99, whole}[r.IntN(4)], Threads: 2}
				if r.IntN(4) == 0 {
					o.Layout, o.Preset = &format.Layout{DataFrame: 90_000, MetaFrame: 66_000, Level: uint8(r.IntN(4)), Order: uint8(r.IntN(2))}, "other"
				}
				rep := compacted(t, path, o)
				if len(rep.Dropped) != len(gone) || rep.After != int64(len(read(t, path))) {
					t.Fatalf("%s: %+v", what, rep)
				}
				for _, i := range slices.Backward(gone) {
					model = slices.Delete(model, i, i+1)
				}
			}
			have, log := states(t, what, read(t, path))
			if len(have) != len(model) {
				t.Fatalf("%s: %d states, want %d", what, len(have), len(model))
			}
			for i := range have {
				if !maps.Equal(have[i], model[i]) {
					t.Fatalf("%s: state %d is not what it was", what, i)
				}
				if n := len(log[i].Snapshot().Parents); n != min(i, 1) {
					t.Fatalf("%s: state %d has %d parents", what, i, n)
				}
			}
		}
	}
}

// makeVersion makes a directory what it is in a version.
func makeVersion(t testing.TB, dir string, n int) {
	t.Helper()
	must(t, os.RemoveAll(dir))
	r := rand.New(rand.NewPCG(9, 9))
	for k := range 20 {
		put(t, filepath.Join(dir, fmt.Sprintf("d%d/f%d", k%3, k)), testkit.Noise(uint64(k), 9000+r.IntN(27000)))
	}
	for v := range n {
		for k := range 5 {
			name := filepath.Join(dir, fmt.Sprintf("d%d/f%d", (v+k)%3, v+k))
			put(t, name, append(read(t, name), testkit.Noise(uint64(100*v+k), 6000)...))
		}
	}
	at := time.Unix(1_500_000_000, 0)
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, at, at))
	}))
}

// line gives an archive of some versions of a directory, one after the other.
// Between them, what is to be done is done.
func line(t testing.TB, versions int, then func(n int, path string)) string {
	t.Helper()
	path, dir := filepath.Join(t.TempDir(), "a.vtd"), filepath.Join(t.TempDir(), "dir")
	for n := range versions {
		makeVersion(t, dir, n)
		if n == 0 {
			create(t, path, small(dir))
		} else {
			grow(t, path, dir, n)
		}
		then(n, path)
	}
	return path
}

// Histories that differ in what was forgotten, and when, give the same bytes.
func TestSameBytes(t *testing.T) {
	slowUnderRace(t)
	forget := func(minLive float64, which ...int) func(path string) {
		return func(path string) { compacted(t, path, Options{MinLive: minLive, Forget: forgetting(which...)}) }
	}
	var want []byte
	for i, at := range []map[int]func(string){
		{5: forget(whole, 1, 3, 4)},
		{2: forget(0.5, 1), 4: forget(0, 2), 5: forget(whole, 2)},
		{1: forget(0.9), 2: forget(whole, 1), 3: forget(0.3), 5: func(path string) {
			forget(whole, 2, 3)(path)
			forget(whole)(path)
		}},
	} {
		what := fmt.Sprintf("history %d", i)
		b := read(t, line(t, 6, func(n int, path string) {
			if f := at[n]; f != nil {
				f(path)
			}
		}))
		if _, log := states(t, what, b); len(log) != 3 {
			t.Fatalf("%s: %d states", what, len(log))
		}
		if i == 0 {
			want = b
		} else if !bytes.Equal(b, want) {
			t.Errorf("%s: other bytes", what)
		}
	}
}

// What is packed anew of one state is what create makes, whatever was there
// before.
func TestAsCreated(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	makeVersion(t, dir, 4)
	put(t, filepath.Join(dir, "zeros"), make([]byte, 100_000))
	for _, preset := range []string{"small", "fast"} {
		p, err := writer.Presets(preset)
		must(t, err)
		o := small(dir)
		path, want := filepath.Join(t.TempDir(), "a.vtd"), filepath.Join(t.TempDir(), "b.vtd")
		create(t, path, o)
		p.Chunks, p.Scanner, p.LiteralMax, p.Recipes = o.Chunks, o.Scanner, o.LiteralMax, o.Recipes
		p.DataFrame = 80_000
		o.Params = p
		create(t, want, o)
		layout := format.Layout{DataFrame: uint32(p.DataFrame), MetaFrame: uint32(p.MetaFrame), Level: uint8(p.Level), Long: p.Long, Order: p.Order}
		compacted(t, path, Options{Layout: &layout, Preset: p.Preset})
		states(t, preset, read(t, path))
		if !bytes.Equal(read(t, path), read(t, want)) {
			t.Errorf("%s: other bytes than create gives", preset)
		}
	}
}

// Under another hash function an archive is what create makes with that.
func TestAnotherHash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	makeVersion(t, dir, 4)
	put(t, filepath.Join(dir, "zeros"), make([]byte, 100_000))
	path, want := filepath.Join(t.TempDir(), "a.vtd"), filepath.Join(t.TempDir(), "b.vtd")
	o := small(dir)
	create(t, path, o)
	before := read(t, path)
	o.Hash = format.HashSHA256
	create(t, want, o)
	compacted(t, path, Options{Hash: format.HashSHA256})
	states(t, "transcribed", read(t, path))
	if !bytes.Equal(read(t, path), read(t, want)) {
		t.Error("other bytes than create gives")
	}
	compacted(t, path, Options{Hash: format.HashBLAKE3})
	if !bytes.Equal(read(t, path), before) {
		t.Error("there and back it has become another")
	}
}

// Frames of which enough is in use are the same bytes as before.
func TestCopies(t *testing.T) {
	path := line(t, 6, func(int, string) {})
	before := read(t, path)
	rep := compacted(t, path, Options{MinLive: 0, Forget: forgetting(0, 1, 2, 3)})
	if rep.Copied == 0 || rep.Written != 0 || rep.Dead == 0 {
		t.Errorf("%+v", rep)
	}
	a, err := reader.Open(reader.Bytes(read(t, path)), reader.Options{})
	must(t, err)
	defer a.Close()
	for row, err := range a.Frames() {
		must(t, err)
		from := row.Offset + int64(row.HeadSize)
		if row.Kind == format.FrameData && !bytes.Contains(before, read(t, path)[from:from+int64(row.Stored)]) {
			t.Errorf("the frame at %d was not copied", row.Offset)
		}
	}
	again := compacted(t, path, Options{MinLive: 0.999})
	if again.Copied == rep.Copied || again.Written == 0 || again.Dead != 0 || again.After >= rep.After {
		t.Errorf("%+v after %+v", again, rep)
	}
}

// A dry run writes nothing and is not far off.
func TestDryRun(t *testing.T) {
	path := line(t, 6, func(int, string) {})
	before := read(t, path)
	o := Options{MinLive: 0.99, Forget: forgetting(0, 1, 2, 3), DryRun: true}
	dry := compacted(t, path, o)
	if !bytes.Equal(before, read(t, path)) {
		t.Fatal("it changed the archive")
	}
	o.DryRun = false
	rep := compacted(t, path, o)
	if d := dry.After - rep.After; max(d, -d) > rep.After/10 {
		t.Errorf("%d bytes predicted, there are %d", dry.After, rep.After)
	}
	if dry.Live != rep.Live || dry.Freed != rep.Freed || dry.Copied != rep.Copied || len(dry.Dropped) != 4 || rep.Freed == 0 {
		t.Errorf("%+v, was to be %+v", rep, dry)
	}
}

// Who has the archive open goes on reading the old one; for another writer it
// is in use.
func TestBesideOthers(t *testing.T) {
	path := line(t, 3, func(int, string) {})
	want, _ := states(t, "before", read(t, path))
	a, err := reader.OpenFile(path, reader.Options{})
	must(t, err)
	defer a.Close()
	compacted(t, path, Options{MinLive: whole, Forget: forgetting(0)})
	var b bytes.Buffer
	for tree, err := range a.Snapshots() {
		must(t, err)
		must(t, tree.Walk(func(path string, e *format.Entry, err error) error {
			if err != nil || e.Kind != format.KindFile {
				return err
			}
			c, err := a.ContentOf(e, path)
			if err != nil {
				return err
			}
			_, err = c.WriteTo(&b)
			return err
		}))
	}
	if len(want) != 3 || b.Len() == 0 {
		t.Error("nothing was read")
	}
	f, err := disk.OS.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	must(t, f.Lock())
	if _, err := Compact(context.Background(), path, Options{}); !errors.Is(err, disk.ErrInUse) {
		t.Errorf("while another one writes: %v", err)
	}
}

// What is damaged is refused, wherever the damage is, unless nothing that
// remains needs it; the archive is left as it is.
func TestDamaged(t *testing.T) {
	path := line(t, 2, func(int, string) {})
	good := read(t, path)
	want, _ := states(t, "before", good)
	refused := 0
	for at := 70; at < len(good); at += 14983 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x10
		must(t, os.WriteFile(path, bad, 0o644))
		_, err := Compact(context.Background(), path, Options{MinLive: []float64{0.5, whole}[at%2], Threads: 1})
		switch {
		case err == nil:
			have, _ := states(t, fmt.Sprint(at), read(t, path))
			if len(have) != len(want) || !maps.Equal(have[0], want[0]) || !maps.Equal(have[1], want[1]) {
				t.Fatalf("byte %d: another archive", at)
			}
		case !errors.Is(err, format.ErrDamaged) || !strings.Contains(err.Error(), path):
			t.Errorf("byte %d: %v", at, err)
		case !bytes.Equal(read(t, path), bad):
			t.Fatalf("byte %d: it was changed", at)
		default:
			refused++
		}
	}
	if refused < 12 {
		t.Errorf("%d of the damaged archives were refused", refused)
	}
}

func TestNothingLeft(t *testing.T) {
	path := line(t, 2, func(int, string) {})
	before := read(t, path)
	if _, err := Compact(context.Background(), path, Options{Forget: forgetting(0, 1)}); !errors.Is(err, ErrNothingLeft) {
		t.Error(err)
	}
	if !bytes.Equal(before, read(t, path)) {
		t.Error("it changed the archive")
	}
}
