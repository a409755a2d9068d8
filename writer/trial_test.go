package writer

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// packedAtRandom is a small tree with streams of all kinds of contents: some
// shrink, some do not, some are stored, some are also there as plain files.
func packedAtRandom(t testing.TB, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	contents := map[string]string{}
	content := func() string {
		n := 200 << r.IntN(9)
		switch r.IntN(5) {
		case 0:
			return noise(r.Uint64N(50), n/4) + text(r.Uint64N(50), n)
		case 1:
			return text(r.Uint64N(50), n) + noise(r.Uint64N(50), n)
		case 2:
			return strings.Repeat(text(r.Uint64N(50), 40), n/40)
		case 3:
			b := []byte(noise(r.Uint64N(50), n))
			for i := range b {
				b[i] &= 0x3f
			}
			return string(b)
		}
		return text(r.Uint64N(50), n)
	}
	for i := range 1 + r.IntN(12) {
		data, level := content(), r.IntN(10)
		name := fmt.Sprint("f", i)
		switch r.IntN(8) {
		case 0, 1:
			data = gz(t, data, level)
		case 2:
			data = zipped(t, map[string]string{"a": data, "b": data[len(data)/2:], "c.gz": gz(t, content(), level), "d": content()})
		case 3:
			var b bytes.Buffer
			w, _ := zlib.NewWriterLevel(&b, level)
			w.Write([]byte(data))
			w.Close()
			data = "%PDF-1.4\n1 0 obj\n<< /Filter /FlateDecode >>\nstream\n" + b.String() + "\nendstream\nendobj\n"
		case 4:
			data = picture(t, i, 16<<r.IntN(4))
		case 5:
			many := map[string]string{}
			for k := range 60 {
				many[fmt.Sprint(k)] = text(uint64(k), 100+r.IntN(400))
			}
			data = zipped(t, many)
		case 7:
			m := gz(t, data, level)
			data = m + noise(r.Uint64N(50), 77) + m
		case 6:
			contents[name+".txt"] = data
			data = gz(t, data, level)
		}
		contents[name] = data
	}
	return files(t, contents)
}

// TestNoLarger: an archive that is small enough to be written on trial is not
// larger than the manual says, whatever is in it.
func TestNoLarger(t *testing.T) {
	slowUnderRace(t)
	used := [2]int64{}
	for seed := range uint64(24) {
		dir := packedAtRandom(t, seed)
		o := withRecipes(dir, RecipesOff)
		o.Level = []int{1, 3, 7, 12}[seed%4]
		o.RecipeGain = []int{25, 1, 0}[seed%3]
		o.Long = seed%5 != 0
		off, _ := createWhole(t, o)
		for i, r := range []Recipes{RecipesAuto, RecipesAlways} {
			o.Recipes = r
			rep, n := recipesOf(t, o, dir)
			used[i] += n
			if float64(rep.Stored) > 1.01*float64(len(off))+alwaysOctets {
				t.Errorf("tree %d, %s: %d octets with %d recipes, %d without", seed, r, rep.Stored, n, len(off))
			}
		}
	}
	if used[0] < 40 || used[1] <= used[0] {
		t.Errorf("%d recipes that pay and %d with all: the trees say nothing", used[0], used[1])
	}
}

// TestDenseAlike: what does not shrink stays with what it resembles.
func TestDenseAlike(t *testing.T) {
	member := gz(t, text(1, 40_000), 6)
	dir := files(t, map[string]string{"f": member + noise(1, 77) + member, "g": member[:len(member)-50]})
	off, _ := createWhole(t, withRecipes(dir, RecipesOff))
	for _, r := range []Recipes{RecipesAuto, RecipesAlways} {
		rep, _ := recipesOf(t, withRecipes(dir, r), dir)
		if float64(rep.Stored) > 1.01*float64(len(off))+alwaysOctets {
			t.Errorf("%s: %d octets, %d without recipes", r, rep.Stored, len(off))
		}
	}
}
