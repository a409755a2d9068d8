package writer

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
)

// gz packs as Go does.
func gz(t testing.TB, data string, level int) string {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	must(t, err)
	_, err = w.Write([]byte(data))
	must(t, err)
	must(t, w.Close())
	return b.String()
}

func zipped(t testing.TB, contents map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		w, err := z.Create(name)
		must(t, err)
		_, err = w.Write([]byte(contents[name]))
		must(t, err)
	}
	must(t, z.Close())
	return b.String()
}

func tarred(t testing.TB, contents map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		must(t, z.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(contents[name]))}))
		_, err := z.Write([]byte(contents[name]))
		must(t, err)
	}
	must(t, z.Close())
	return b.String()
}

func picture(t testing.TB, seed, size int) string {
	t.Helper()
	return pictureAt(t, seed, size, png.DefaultCompression)
}

func pictureAt(t testing.TB, seed, size int, level png.CompressionLevel) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, size, size))
	for i := range m.Pix {
		m.Pix[i] = byte(i*i/(700+seed)) &^ 3
	}
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: level}
	must(t, e.Encode(&b, m))
	return b.String()
}

// withRecipes are options under which a tree is looked into.
func withRecipes(dir string, r Recipes) Options {
	p, err := Presets("default")
	if err != nil {
		panic(err)
	}
	p.Recipes, p.DataFrame, p.MetaFrame = r, 1<<20, 1<<20
	return Options{Inputs: []Input{{Dir: dir, Path: "."}}, Params: p}
}

// recipesOf makes an archive, checks all that is in it, and tells how many
// streams are recipes.
func recipesOf(t testing.TB, o Options, dir string) (*Report, int64) {
	t.Helper()
	b, rep := createWhole(t, o)
	same(t, b, rep, dir)
	n := int64(0)
	for _, m := range rep.Recipes.Models {
		n += m.Streams
	}
	return rep, n
}

// sources are members of a project; those of another version differ in a few.
func sources(version int) map[string]string {
	out := map[string]string{}
	for i := range 40 {
		out[fmt.Sprintf("src/file%02d.c", i)] = fmt.Sprint("// version ", version*(i/35), "\n") + text(uint64(i), 2000+400*i)
	}
	return out
}

func TestContainers(t *testing.T) {
	data := text(1, 60_000)
	nested := zipped(t, map[string]string{"inner.gz": gz(t, data, 6), "a.png": picture(t, 1, 100), "b.txt": text(2, 9000)})
	var z bytes.Buffer
	w, err := flate.NewWriter(&z, 6)
	must(t, err)
	_, err = w.Write([]byte(data))
	must(t, errors.Join(err, w.Close()))
	for name, c := range map[string]struct {
		content string
		streams int64
	}{
		"a.gz":         {gz(t, data, 6), 1},
		"members.gz":   {gz(t, data, 6) + gz(t, text(3, 20_000), 9), 2},
		"trailing.gz":  {gz(t, data, 6) + noise(1, 500), 1},
		"a.zip":        {zipped(t, map[string]string{"a": data, "b": text(3, 30_000)}), 2},
		"nested.zip":   {nested, 3}, // the gzip file in it was stored deflated
		"a.tar":        {tarred(t, map[string]string{"a.gz": gz(t, data, 6), "b": text(5, 9000)}), 1},
		"a.tgz":        {gz(t, tarred(t, map[string]string{"a.zip": nested, "b": text(5, 9000)}), 6), 1},
		"a.png":        {picture(t, 2, 200), 0},
		"pictures.tar": {tarred(t, map[string]string{"a.png": picture(t, 2, 200), "b.png": pictureAt(t, 2, 200, png.BestCompression)}), 2},
		"truncated.gz": {gz(t, data, 6)[:9000], 0},
		"raw.deflate":  {z.String(), 0},
		"notreally.gz": {noise(5, 9000), 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := files(t, map[string]string{name: c.content})
			o := withRecipes(dir, RecipesAlways)
			rep, n := recipesOf(t, o, dir)
			if n < c.streams {
				t.Errorf("%d recipes, want %d: %+v", n, c.streams, rep.Recipes)
			}
			o.Recipes = RecipesOff
			if off, _ := recipesOf(t, o, dir); float64(rep.Stored) > float64(off.Stored)*1.01+alwaysOctets {
				t.Errorf("%d octets, without recipes %d", rep.Stored, off.Stored)
			}
		})
	}
}

// TestShared: what is packed is stored once, beside what it was made of and
// beside its next version.
func TestShared(t *testing.T) {
	slowUnderRace(t)
	v1, v2 := sources(1), sources(2)
	tgz1, tgz2 := gz(t, tarred(t, v1), 9), gz(t, tarred(t, v2), 9)
	stored := func(r Recipes, contents map[string]string) float64 {
		dir := files(t, contents)
		rep, _ := recipesOf(t, withRecipes(dir, r), dir)
		return float64(rep.Stored)
	}
	both := maps.Clone(v1)
	both["v1.tgz"] = tgz1
	tree, beside, plain := stored(RecipesAuto, v1), stored(RecipesAuto, both), stored(RecipesOff, both)
	if added := beside - tree; added > 0.15*(plain-tree) {
		t.Errorf("a tar.gz beside its tree adds %.0f octets, without recipes %.0f", added, plain-tree)
	}
	one, two := stored(RecipesAuto, map[string]string{"v1.tgz": tgz1}), stored(RecipesAuto, map[string]string{"v1.tgz": tgz1, "v2.tgz": tgz2})
	if two > 1.4*one {
		t.Errorf("two versions take %.0f octets, one %.0f", two, one)
	}
}

// TestLone: a stream that shares nothing stays as it is, unless all that
// shrinks is to be taken.
func TestLone(t *testing.T) {
	slowUnderRace(t)
	dir := files(t, map[string]string{"a.gz": gz(t, text(1, 3_000_000), 9)})
	if rep, n := recipesOf(t, withRecipes(dir, RecipesAuto), dir); n != 0 || len(rep.Recipes.Plain) != 1 {
		t.Errorf("default: %+v", rep.Recipes)
	}
	o := withRecipes(dir, RecipesAuto)
	o.RecipeGain, o.Level = 1, 12
	if rep, n := recipesOf(t, o, dir); n != 1 {
		t.Errorf("small: %+v", rep.Recipes)
	}
	o.Recipes = RecipesOff
	if rep, n := recipesOf(t, o, dir); n != 0 || rep.Recipes.Streams != 0 {
		t.Errorf("off: %+v", rep.Recipes)
	}
}

// TestAlike: streams whose contents are alike, but have no block in common, are
// worth recipes by default where one of them is not.
func TestAlike(t *testing.T) {
	slowUnderRace(t)
	contents := map[string]string{}
	for i, name := range []string{"a.gz", "b.gz", "c.gz"} {
		b := []byte(text(1, 2_000_000))
		for at := 100 * i; at < len(b) && i > 0; at += 6000 {
			b[at] = byte('A' + i)
		}
		contents[name] = gz(t, string(b), 6)
	}
	dir := files(t, contents)
	o := withRecipes(dir, RecipesAuto)
	o.DataFrame, o.Long = 16<<20, true
	rep, n := recipesOf(t, o, dir)
	if n != 3 || rep.Stored*2 > int64(len(contents["a.gz"]))*3 {
		t.Errorf("%d recipes, %d octets for three of %d: %+v", n, rep.Stored, len(contents["a.gz"]), rep.Recipes)
	}
}

// TestBombs: contents without end are not inflated to it, and all is stored
// as it is.
func TestBombs(t *testing.T) {
	slowUnderRace(t)
	zeros := gz(t, string(make([]byte, 100<<20)), 9)
	deep := text(1, 3000)
	for range 12 {
		deep = gz(t, deep, flate.NoCompression)
	}
	dir := files(t, map[string]string{
		"zeros.gz": zeros, "twice.gz": gz(t, zeros, 9), "many.gz": strings.Repeat(zeros, 3), "deep.gz": deep,
		"zip.zip": zipped(t, map[string]string{"a": string(make([]byte, 50<<20)), "b.gz": zeros}),
	})
	rep, _ := recipesOf(t, withRecipes(dir, RecipesAlways), dir)
	t.Logf("%+v", rep.Recipes)
	limited := slices.ContainsFunc(rep.Recipes.Plain, func(p PlainReport) bool { return p.Why == whys[reasonLimit] })
	if !limited {
		t.Error("nothing was too large")
	}
}

// TestDamagedStreams: whatever is wrong inside, the file comes back.
func TestDamagedStreams(t *testing.T) {
	slowUnderRace(t)
	whole := zipped(t, sources(1)) + gz(t, text(9, 30_000), 6) + picture(t, 1, 64)
	gzipped := gz(t, tarred(t, sources(1)), 6)
	contents := map[string]string{}
	for i := range 12 {
		for name, data := range map[string]string{"zip": whole, "tgz": gzipped} {
			at := (i*7919 + 13) * 1009 % len(data)
			b := []byte(data)
			b[at] ^= 1 << (i % 8)
			contents[fmt.Sprintf("flipped%d.%s", i, name)] = string(b)
			contents[fmt.Sprintf("cut%d.%s", i, name)] = data[:at]
			contents[fmt.Sprintf("missing%d.%s", i, name)] = data[:at] + data[min(at+i+1, len(data)):]
		}
	}
	dir := files(t, contents)
	for _, r := range []Recipes{RecipesAuto, RecipesAlways} {
		_, n := recipesOf(t, withRecipes(dir, r), dir)
		if n == 0 {
			t.Error("no recipe at all")
		}
	}
}

// packedTree has streams in all kinds of places, and plain files with what is in
// them.
func packedTree(t testing.TB) string {
	v1, v2 := sources(1), sources(2)
	contents := map[string]string{
		"v1.tgz": gz(t, tarred(t, v1), 9), "v2.tgz": gz(t, tarred(t, v2), 6), "v1.zip": zipped(t, v1), "d/copy.tgz": gz(t, tarred(t, v1), 9),
		"pictures.tar": tarred(t, map[string]string{"a.png": picture(t, 1, 150), "b.png": picture(t, 2, 150), "c": text(4, 5000)}),
		"jar.zip":      zipped(t, map[string]string{"in.zip": zipped(t, v2), "x.png": picture(t, 1, 150)}),
		"lone.gz":      gz(t, text(77, 300_000), 6), "zeros.gz": gz(t, string(make([]byte, 3<<20))+text(3, 9000), 6),
		"large.gz": gz(t, noise(3, 200_000)+text(5, 5<<18), 1),
	}
	for name, data := range v1 {
		contents["tree/"+name] = data
	}
	dir := files(t, contents)
	must(t, os.Link(filepath.Join(dir, "v1.zip"), filepath.Join(dir, "d/link.zip")))
	return dir
}

// TestSameRecipes: threads and memory decide nothing.
func TestSameRecipes(t *testing.T) {
	slowUnderRace(t)
	dir := packedTree(t)
	for _, hash := range []format.HashID{format.HashBLAKE3, format.HashSHA256} {
		for _, r := range []Recipes{RecipesAuto, RecipesAlways} {
			o := withRecipes(dir, r)
			o.Hash, o.Threads = hash, 1
			want, rep := createWhole(t, o)
			same(t, want, rep, dir)
			if len(rep.Recipes.Models) == 0 {
				t.Fatalf("%s: no recipes: %+v", r, rep.Recipes)
			}
			for _, x := range []struct {
				threads int
				keep    int64
			}{{2, 0}, {7, -1}, {5, 1 << 20}} {
				o.Threads, o.KeepBytes = x.threads, x.keep
				got, again := createWhole(t, o)
				if !bytes.Equal(got, want) {
					t.Errorf("%v, %s, %d threads, %d kept: other bytes", hash, r, x.threads, x.keep)
				}
				again.Elapsed, rep.Elapsed = 0, 0
				if fmt.Sprint(again) != fmt.Sprint(rep) {
					t.Errorf("another report:\n%v\n%v", again, rep)
				}
			}
		}
	}
}

// TestPackedChanging: a file that changes at any time is stored as it was or as
// it is.
func TestPackedChanging(t *testing.T) {
	slowUnderRace(t)
	for _, phase := range []Phase{PhaseRecipes, PhaseWrite} {
		for _, keep := range []int64{-1, 0} {
			for _, change := range changes {
				t.Run(fmt.Sprint(phase, keep, change.name), func(t *testing.T) {
					v1 := map[string]string{}
					for name, data := range sources(1) {
						if len(data) < 6000 {
							v1[name] = data
						}
					}
					before := gz(t, tarred(t, v1), 6) + noise(7, 100_000)
					contents := map[string]string{"d/changing": before, "e/same.tgz": gz(t, tarred(t, v1), 6), "z": noise(7, 50_000)}
					for name, data := range v1 {
						contents["tree/"+name] = data
					}
					dir := files(t, contents)
					o := withRecipes(dir, RecipesAlways)
					o.KeepBytes = keep
					done := false
					o.OnPhase = func(p Phase, _, _ int64) {
						if p == phase && !done {
							done = true
							must(t, change.do(filepath.Join(dir, "d/changing")))
						}
					}
					b, rep := create(t, o)
					c := check(t, b, rep)
					if !done {
						t.Fatal("no such phase")
					}
					if issueOf(rep, "d/changing") == nil && !has(c, "d/changing") {
						t.Error("lost without a word")
					}
				})
			}
		}
	}
}

// TestRecipesCancelled: cancelling ends it in any phase.
func TestRecipesCancelled(t *testing.T) {
	dir := packedTree(t)
	for _, phase := range []Phase{PhaseRead, PhaseRecipes, PhaseWrite} {
		ctx, cancel := context.WithCancel(context.Background())
		o := withRecipes(dir, RecipesAlways)
		o.OnPhase = func(p Phase, _, _ int64) {
			if p == phase {
				cancel()
			}
		}
		if _, err := Create(ctx, new(bytes.Buffer), o); !errors.Is(err, context.Canceled) {
			t.Errorf("phase %d: %v", phase, err)
		}
		cancel()
	}
}

// TestNestedBesideFile: an archive within another, which lies beside them
// unpacked too, is one with that, whatever becomes of what is packed in it.
func TestNestedBesideFile(t *testing.T) {
	slowUnderRace(t)
	contents := map[string]string{}
	for i := range 8 {
		contents[fmt.Sprint("part", i)] = gz(t, noise(uint64(i), 20_000), 6) + text(uint64(i), 20_000)
	}
	inner := zipped(t, contents)
	outer := zipped(t, map[string]string{"inner.zip": inner, "other": text(99, 5000)})
	size := func(contents map[string]string) int64 {
		dir := files(t, contents)
		rep, _ := recipesOf(t, withRecipes(dir, RecipesAuto), dir)
		return rep.Stored
	}
	alone := size(map[string]string{"inner.zip": inner})
	if both := size(map[string]string{"inner.zip": inner, "outer.zip": outer}); both-alone > alone/10 {
		t.Errorf("%d octets, with the same in another archive %d", alone, both)
	}
}

// BenchmarkRecipes is about a tar.gz beside its tree, from end to end.
func BenchmarkRecipes(b *testing.B) {
	contents := map[string]string{}
	for i := range 200 {
		contents[fmt.Sprint("f", i)] = text(uint64(i), 40_000)
	}
	tgz := gz(b, tarred(b, contents), 6)
	contents["a.tgz"] = tgz
	dir := files(b, contents)
	for _, r := range []Recipes{RecipesOff, RecipesAuto} {
		b.Run(string(r), func(b *testing.B) {
			b.SetBytes(int64(200*40_000 + len(tgz)))
			for b.Loop() {
				_, rep := create(b, withRecipes(dir, r))
				b.ReportMetric(float64(rep.Stored), "octets")
			}
		})
	}
}

// Without room for temporary files there is no archive: the error says so, and
// blames no input.
func TestNoTemporaryFile(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "large.gz"), gz(t, text(1, inMemory+1<<20), 6))
	put(t, filepath.Join(dir, "large.tgz"), gz(t, tarred(t, map[string]string{"a": text(2, inMemory+1<<20)}), 6))
	for _, keep := range []int64{1, 64 << 20} {
		o := withRecipes(dir, RecipesAlways)
		o.TempDir, o.KeepBytes = filepath.Join(dir, "none"), keep
		o.OnIssue = func(i Issue) { t.Errorf("issue: %v", i) }
		_, err := Create(context.Background(), io.Discard, o)
		if want := "temporary file in " + o.TempDir + ": "; !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
	full := spoolError(&fs.PathError{Op: "write", Path: "/somewhere/vt-spool-1", Err: unix.ENOSPC})
	if want := "temporary file in /somewhere: no space left on device; make room"; !errors.Is(full, unix.ENOSPC) || !strings.HasPrefix(full.Error(), want) {
		t.Errorf("%v, not %s", full, want)
	}
}

// What is in one another many times is inflated up to a bound: all of it would
// take hours.
func TestManyInManyStreams(t *testing.T) {
	slowUnderRace(t)
	dir := t.TempDir()
	x := gz(t, text(1, 20_000), 6)
	for range 3 {
		x = gz(t, strings.Repeat(x, 60), 6)
	}
	x = strings.Repeat(x, 60)
	put(t, filepath.Join(dir, "many.gz"), x)
	o := withRecipes(dir, RecipesAlways)
	start := time.Now()
	recipesOf(t, o, dir)
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}
