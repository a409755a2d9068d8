package reader_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

func recipeInfo(t testing.TB, b []byte) *reader.RecipeFigures {
	t.Helper()
	f, err := openBytes(t, b, reader.Options{}).RecipeInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// inflated is the content of a sample.
func inflated(t testing.TB, sample string) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := deflate.Survey(bytes.NewReader(testkit.Raw(sample).Data), &b, deflate.Limits{}); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return b.String()
}

// weighed finds what recipes make and take by going down from every leaf.
func weighed(t testing.TB, built *testkit.Built) (direct uint64, stored float64) {
	t.Helper()
	plain, input, ratios := map[uint64]bool{}, map[uint64]bool{}, map[uint64]float64{}
	var down func(ref *format.Ref, set map[uint64]bool, ratio float64)
	down = func(ref *format.Ref, set map[uint64]bool, ratio float64) {
		var b []byte
		if ref.Kind != format.RefLiteral && ref.Kind != format.RefRun {
			set[ref.Num], ratios[ref.Num], b = true, ratio, built.Blocks[ref.Num].Bytes
		}
		switch ref.Kind {
		case format.RefIndirect:
			x, err := format.ParseIndirect(b, format.Stored, ref.Num)
			if err != nil {
				t.Fatal(err)
			}
			for i := range x.Refs {
				down(&x.Refs[i], set, ratio)
			}
		case format.RefRecipe:
			x := recipeOf(t, built.Blocks[ref.Num])
			down(&x.Input, input, float64(x.Length)/float64(x.Input.Span))
		}
	}
	for num, b := range built.Blocks {
		if b.Type != format.BlockDirLeaf {
			continue
		}
		d, err := format.ParseDirLeaf(b.Bytes, format.Stored, uint64(num))
		if err != nil {
			t.Fatal(err)
		}
		for i := range d.Entries {
			if x := &d.Entries[i]; x.Kind == format.KindFile {
				down(&x.Ref, plain, 1)
			}
		}
	}
	var sum float64
	for _, f := range built.Frames {
		var part, packed float64
		for i, n := range f.Head.Lengths {
			num := f.Head.First + uint64(i)
			b := built.Blocks[num]
			if b.Type == format.BlockRecipe && plain[num] {
				direct += recipeOf(t, b).Length
			}
			if b.Type == format.BlockRecipe || input[num] && !plain[num] {
				part += float64(n)
				packed += float64(n) * min(ratios[num], 1)
				sum += format.HashSize
			}
		}
		all, raw := float64(f.End()-f.Offset), float64(f.Head.RawLen)
		if part > 0 && f.Head.Kind == format.FrameMetadata {
			sum += part / raw * all
		} else if part > 0 {
			sum += min(max(packed, all-(raw-part)), all)
		}
	}
	return direct, sum
}

func recipeOf(t testing.TB, b *testkit.Block) *format.Recipe {
	t.Helper()
	x, err := format.ParseRecipe(b.Bytes, format.Stored, b.Num)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestRecipeInfo(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it computes much")
	}
	text := inflated(t, "text")
	one := func(nodes ...*testkit.Node) []testkit.Segment { return testkit.One(testkit.Dir("", nodes...)).Segments }
	version := func(after []int, nodes ...*testkit.Node) testkit.Segment {
		return testkit.Segment{Versions: []testkit.Version{{Root: testkit.Dir("", nodes...), After: after}}}
	}
	for name, x := range map[string]struct {
		segments []testkit.Segment
		onePass  bool
		recipes  uint64
	}{
		"none":          {one(testkit.File("a", text)), false, 0},
		"all":           {one(madeFiles()...), false, 1 + 1 + 3 + 1 + 1},
		"in one pass":   {one(madeFiles()...), true, 1 + 1 + 3 + 1 + 1},
		"input is file": {one(testkit.Gzip("text"), testkit.File("text", text), testkit.Gzip("large")), false, 2},
		"twice":         {one(testkit.Gzip("text"), testkit.Raw("text")), false, 1},
		"only inside":   {one(testkit.Nested(3)), false, 3},
		// The list of the input is in the first snapshot, and has a lower number
		// than the leaf that makes it plain.
		"plain later": {[]testkit.Segment{version(nil, testkit.Gzip("text")), version([]int{0}, testkit.File("text", text))}, false, 1},
		"gone later":  {[]testkit.Segment{version(nil, testkit.Gzip("text")), version([]int{0}, testkit.File("text", "gone"))}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := testkit.Archive{Segments: x.segments, Options: testkit.Options{Chunk: 1000, FanOut: 3, Codec: codec.Zstd, OnePass: x.onePass}}
			built := testkit.MustMake(t, &a)
			f := recipeInfo(t, built.Bytes)
			direct, stored := weighed(t, built)
			if sum := f.Sum(); sum.Recipes != x.recipes || f.Direct != direct || math.Abs(float64(f.Stored)-stored) > 1+stored/20 || f.Damaged != 0 {
				t.Errorf("%+v; want %d recipes, %d direct, %.0f stored", f, x.recipes, direct, stored)
			}
			if f.Saved() != int64(f.Direct)-int64(f.Stored) {
				t.Error(f.Saved())
			}
		})
	}
}

// The figures of models are those of their recipes, the largest first.
func TestRecipeInfoModels(t *testing.T) {
	b := testkit.MustBuild(t, testkit.One(testkit.Dir("", testkit.Gzip("text"), testkit.Gzip("large"), testkit.Raw("text"), testkit.Broken())))
	f := recipeInfo(t, b)
	large, text := testkit.Raw("large"), testkit.Raw("text")
	var sum reader.RecipeModel
	for i, m := range f.Models {
		sum.Recipes += m.Recipes
		if m.Model == "" || m.Params == 0 || i > 0 && f.Models[i-1].Bytes < m.Bytes {
			t.Errorf("%+v", f.Models)
		}
	}
	broken := testkit.Broken().Streams[0].Len
	got := f.Sum()
	want := reader.RecipeModel{
		Recipes: 3, Bytes: uint64(len(large.Data) + len(text.Data) + broken),
		Content: uint64(len(inflated(t, "large")) + 2*len(inflated(t, "text"))), Params: got.Params,
	}
	if sum.Recipes != 3 || got != want || f.Direct != want.Bytes {
		t.Errorf("%+v, want %+v", f, want)
	}
}

// Recipes that this program cannot use are counted under names of their own, by
// the archive as by a reference.
func TestRecipeInfoUnknown(t *testing.T) {
	for want, change := range map[string]func(*format.Recipe){
		"transform 77": func(x *format.Recipe) { x.Transform = 77 },
		"damaged":      func(x *format.Recipe) { x.Params = x.Params[:len(x.Params)-1] },
	} {
		a := testkit.One(testkit.Dir("", testkit.Raw("text")))
		a.Hooks.Recipe = func(_ string, x *format.Recipe) { change(x) }
		b := testkit.MustBuild(t, a)
		f := recipeInfo(t, b)
		if len(f.Models) != 1 || f.Models[0].Model != want || f.Models[0].Recipes != 1 || f.Damaged != 0 {
			t.Errorf("%s: %+v", want, f)
		}
		file := contentOf(t, openBytes(t, b, reader.Options{}), "text.deflate")
		e := file.Entry()
		x, model, err := file.RecipeModel(&e.Ref)
		if err != nil || model != want || x.Length != e.Size || reader.ModelOf(x) != want {
			t.Errorf("%s: %+v, %q, %v", want, x, model, err)
		}
	}
}

// Damage anywhere changes figures or is counted, and is no other error.
func TestRecipeInfoOfDamage(t *testing.T) {
	built := testkit.MustMake(t, &testkit.Archive{
		Segments: testkit.One(testkit.Dir("", testkit.Gzip("text"), testkit.Nested(2))).Segments, Options: testkit.Options{FanOut: 2, BlocksPerFrame: 2},
	})
	whole := recipeInfo(t, built.Bytes)
	for _, fr := range built.Frames {
		for at := fr.Offset; at < fr.End(); at += 7 {
			b := bytes.Clone(built.Bytes)
			b[at] ^= 0x10
			f := recipeInfo(t, b)
			if fr.Head.Kind == format.FrameData && (f.Damaged != 0 || f.Sum() != whole.Sum()) {
				t.Errorf("%d of data: %+v, not %+v", at, f, whole)
			}
			if f.Damaged > uint64(len(built.Blocks)) {
				t.Error(f.Damaged)
			}
		}
	}
	// Without the recipe nothing is made, and its input is nobody's.
	for num, x := range built.Blocks {
		if x.Type != format.BlockRecipe {
			continue
		}
		b := bytes.Clone(built.Bytes)
		for _, fr := range built.Frames {
			if num := uint64(num); num >= fr.Head.First && num < fr.Head.First+uint64(len(fr.Head.Lengths)) {
				b[fr.Offset+20] ^= 1
			}
		}
		if f := recipeInfo(t, b); f.Damaged == 0 || f.Sum().Recipes >= whole.Sum().Recipes {
			t.Errorf("%+v", f)
		}
	}
}

// Lengths that lie do not overflow.
func TestRecipeInfoOfLies(t *testing.T) {
	a := testkit.One(testkit.Dir("", testkit.Raw("text"), testkit.Nested(3)))
	a.Hooks.Recipe = func(_ string, x *format.Recipe) { x.Length = format.MaxSpan }
	f := recipeInfo(t, testkit.MustBuild(t, a))
	if f.Sum().Bytes != format.MaxSpan || f.Models[0].Model != "damaged" || f.Direct > format.MaxSpan {
		t.Errorf("%+v", f)
	}
}

func TestRecipeInfoEnds(t *testing.T) {
	a := madeArchive(t, reader.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.RecipeInfo(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Every vector that opens has figures: of what is bad in it, at most by counting.
func TestRecipeInfoOfVectors(t *testing.T) {
	for _, v := range vectors(t) {
		a, err := reader.Open(reader.Bytes(v.archive), reader.Options{})
		if err != nil {
			continue
		}
		f, err := a.RecipeInfo(t.Context())
		if err != nil {
			checkClass(t, err)
			if v.Structure != "index" {
				t.Errorf("%s: %v", v.name, err)
			}
		} else if v.Expect == "success" && f.Damaged > 0 {
			t.Errorf("%s: %d damaged", v.name, f.Damaged)
		}
	}
}
