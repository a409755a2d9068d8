package recipe_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/recipe"
)

// sample is a recipe with what it makes and what from.
type sample struct {
	name        string
	recipe      *format.Recipe
	made, input []byte
}

func samples(t testing.TB) []sample {
	t.Helper()
	var out []sample
	add := func(name string, n *testkit.Node) {
		s := n.Streams[0]
		made := n.Data[s.Off : s.Off+s.Len]
		d, input, err := testkit.Deflate(made, s.Breaks, s.Model)
		if err != nil {
			t.Fatal(err)
		}
		params, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sample{name, &format.Recipe{
			Transform: format.TransformDeflate, Params: params, Length: uint64(len(made)),
			Input: format.Ref{Kind: format.RefRun, Span: uint64(len(input))},
		}, made, input})
	}
	add("text", testkit.Gzip("text"))
	add("large", testkit.Gzip("large"))
	add("broken", testkit.Broken())
	add("nested", testkit.Nested(2))
	add("zeros", testkit.Zeros())
	large := testkit.Raw("large")
	for at := int64(1); at < int64(len(large.Data)); at += 777 {
		large.Streams[0].Breaks = append(large.Streams[0].Breaks, recipe.Break{At: at, Octets: []byte(fmt.Sprintf("break at %d", at))})
	}
	add("large with breaks", interrupted(large))
	return out
}

// interrupted puts the breaks of a raw stream into it.
func interrupted(n *testkit.Node) *testkit.Node {
	var b []byte
	from := int64(0)
	for _, x := range n.Streams[0].Breaks {
		b = append(append(b, n.Data[from:x.At]...), x.Octets...)
		from = x.At
	}
	n.Data = append(b, n.Data[from:]...)
	n.Streams[0].Len = len(n.Data)
	return n
}

func TestMake(t *testing.T) {
	for _, s := range samples(t) {
		r, err := recipe.Parse(s.recipe)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		var made []byte
		for i := range r.Parts() {
			p := r.Part(i)
			if p.Offset != int64(len(made)) {
				t.Errorf("%s: part %d begins at %d, not at %d", s.name, i, p.Offset, len(made))
			}
			// What is promised to who reads a little of a large stream.
			if p.To-p.From > deflate.History+1<<20 {
				t.Errorf("%s: part %d is made from %d octets", s.name, i, p.To-p.From)
			}
			if made, err = r.Make(made, i, s.input[p.From:p.To]); err != nil {
				t.Errorf("%s: part %d: %v", s.name, i, err)
			}
			for off := p.Offset; off < p.Offset+p.Length; off += 1 + p.Length/7 {
				if got := r.At(off); got != i {
					t.Errorf("%s: offset %d is in part %d, not %d", s.name, off, got, i)
				}
			}
		}
		if !bytes.Equal(made, s.made) || r.Size() != int64(len(made)) {
			t.Errorf("%s: %d octets are made, not the %d", s.name, len(made), len(s.made))
		}
		var input bytes.Buffer
		if err := r.Input(bytes.NewReader(s.made), &input); err != nil || !bytes.Equal(input.Bytes(), s.input) {
			t.Errorf("%s: %d octets of input come back, not the %d: %v", s.name, input.Len(), len(s.input), err)
		}
	}
}

// Nothing wrong is made: whatever is changed shows in an error of a class.
func TestDamaged(t *testing.T) {
	for _, s := range samples(t)[:4] {
		for at := 0; at < len(s.recipe.Params); at += 1 + len(s.recipe.Params)/300 {
			for _, bit := range []byte{1, 0x80} {
				x := *s.recipe
				x.Params = bytes.Clone(x.Params)
				x.Params[at] ^= bit
				made, err := follow(&x, s.input)
				switch {
				case err == nil && !bytes.Equal(made, s.made):
					t.Errorf("%s: octet %d changed by %#x: something else is made", s.name, at, bit)
				case err != nil && !errors.Is(err, format.ErrDamaged) && !errors.Is(err, format.ErrUnsupported):
					t.Errorf("%s: octet %d changed by %#x: %v", s.name, at, bit, err)
				}
			}
		}
		input := bytes.Clone(s.input)
		input[len(input)/2] ^= 4
		if made, err := follow(s.recipe, input); !errors.Is(err, format.ErrDamaged) {
			t.Errorf("%s: another input: %d octets, %v", s.name, len(made), err)
		}
		if made, err := follow(s.recipe, s.input[:len(s.input)-1]); !errors.Is(err, format.ErrDamaged) {
			t.Errorf("%s: a shorter input: %d octets, %v", s.name, len(made), err)
		}
	}
}

// follow makes all that a recipe makes.
func follow(x *format.Recipe, input []byte) ([]byte, error) {
	r, err := recipe.Parse(x)
	if err != nil {
		return nil, err
	}
	var made []byte
	for i := range r.Parts() {
		p := r.Part(i)
		from, to := min(p.From, int64(len(input))), min(p.To, int64(len(input)))
		if made, err = r.Make(made, i, input[from:to]); err != nil {
			return nil, err
		}
	}
	return made, nil
}

func TestLimits(t *testing.T) {
	s := samples(t)[0]
	d, _, err := testkit.Deflate(s.made, nil, deflate.GzipModel(9))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		breaks []recipe.Break
		more   int
		class  error
	}{
		"a break of the longest":   {[]recipe.Break{{At: 5, Octets: make([]byte, recipe.MaxBreak)}}, recipe.MaxBreak, nil},
		"a break too long":         {[]recipe.Break{{At: 5, Octets: make([]byte, recipe.MaxBreak+1)}}, recipe.MaxBreak + 1, format.ErrDamaged},
		"an empty break":           {[]recipe.Break{{At: 5}}, 0, format.ErrDamaged},
		"a break at the start":     {[]recipe.Break{{At: 0, Octets: []byte("x")}}, 1, format.ErrDamaged},
		"two breaks at one place":  {[]recipe.Break{{At: 5, Octets: []byte("x")}, {At: 5, Octets: []byte("x")}}, 2, format.ErrDamaged},
		"a break before the last":  {[]recipe.Break{{At: int64(len(s.made)) - 1, Octets: []byte("x")}}, 1, nil},
		"a break at the end":       {[]recipe.Break{{At: int64(len(s.made)), Octets: []byte("x")}}, 1, format.ErrDamaged},
		"a break far behind":       {[]recipe.Break{{At: 1 << 60, Octets: []byte("x")}}, 1, format.ErrDamaged},
		"breaks that do not count": {[]recipe.Break{{At: 5, Octets: []byte("x")}}, 0, format.ErrDamaged},
	} {
		d.Breaks = c.breaks
		b, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		x := *s.recipe
		x.Params, x.Length = b, uint64(len(s.made)+c.more)
		if _, err := recipe.Parse(&x); !errors.Is(err, c.class) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRecipe(f *testing.F) {
	n := 0
	for _, s := range samples(f) {
		if len(s.recipe.Params) < 4<<10 {
			f.Add(s.recipe.Params, s.input[:min(len(s.input), 8<<10)], uint32(len(s.made)))
			n++
		}
	}
	if n < 3 {
		f.Fatal("too few seeds")
	}
	f.Fuzz(func(t *testing.T, params, input []byte, length uint32) {
		x := &format.Recipe{Transform: format.TransformDeflate, Params: params, Length: uint64(length), Input: format.Ref{Span: uint64(len(input))}}
		r, err := recipe.Parse(x)
		if err != nil {
			if !errors.Is(err, format.ErrDamaged) && !errors.Is(err, format.ErrUnsupported) {
				t.Error(err)
			}
			return
		}
		end := int64(0)
		for i := range r.Parts() {
			p := r.Part(i)
			if p.Offset != end || p.Length < 0 || p.From < 0 || p.To > int64(len(input)) || p.From > p.To {
				t.Fatalf("part %d: %+v", i, p)
			}
			end += p.Length
			made, err := r.Make(nil, i, input[p.From:p.To])
			if err == nil && int64(len(made)) != p.Length {
				t.Errorf("part %d: %d octets of %d", i, len(made), p.Length)
			}
		}
		if end != r.Size() || uint64(end) != x.Length {
			t.Errorf("parts make %d octets, the recipe says %d and %d", end, r.Size(), x.Length)
		}
	})
}

// TestPartLimits: what makes little may search little, and following a recipe that
// asks for more ends.
func TestPartLimits(t *testing.T) {
	for _, c := range []struct{ made, content, effort int64 }{
		{100, 1600, 512}, {1 << 20, 1, 512}, {1, 8 << 10, 1}, {1, 1 << 20, 1}, {100, 64 << 10, 12}, {0, 0, 1},
	} {
		l := deflate.Layout{Size: c.made, ContentSize: c.content, Parts: []deflate.Part{{}}}
		if got := recipe.PartLimits(&l, 0).Effort; got != c.effort {
			t.Errorf("%d octets from %d: %d steps, not %d", c.made, c.content, got, c.effort)
		}
	}
	// Chains of matches that all fall short.
	input := bytes.Repeat([]byte("aaaaaaaa??"), format.MaxRecipeFree/10)
	for i := 8; i < len(input); i += 10 {
		copy(input[i:], testkit.Noise(uint64(i), 2))
	}
	d := &recipe.Deflate{Sums: []uint32{0}, Stream: &deflate.Recipe{
		Layout: deflate.Layout{Size: 100, ContentSize: int64(len(input)), Parts: []deflate.Part{{}}}, Model: deflate.ZlibModel(9), Corrections: [][]byte{nil},
	}}
	params, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r, err := recipe.Parse(&format.Recipe{
		Transform: format.TransformDeflate, Params: params, Length: 100, Input: format.Ref{Kind: format.RefRun, Span: uint64(len(input))},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Make(nil, 0, input); !errors.Is(err, format.ErrDamaged) || !strings.Contains(err.Error(), deflate.ErrEffort.Error()) {
		t.Errorf("a hundred octets from long chains: %v", err)
	}
}
