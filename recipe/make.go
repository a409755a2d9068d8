package recipe

import (
	"errors"
	"hash/crc32"
	"io"
	"iter"
	"slices"
	"sort"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
)

// Recipe makes bytes from an input. It is safe for concurrent use.
type Recipe struct {
	d      *Deflate
	delta  *delta // of transform 2; else nil
	size   int64
	starts []int64 // where in what is made each part begins
	breaks []int   // the first break of each part, and the number of all
}

// Part is a part of what a recipe makes.
type Part struct {
	Offset, Length int64 // in what is made, in octets
	From, To       int64 // range of the input that it is made from
}

// Parse reads a recipe and checks that its parts fit what it says of itself.
func Parse(x *format.Recipe) (*Recipe, error) {
	switch x.Transform {
	case format.TransformDeflate:
	case format.TransformDelta:
		d, err := parseDelta(x)
		if err != nil {
			return nil, err
		}
		return &Recipe{delta: d, size: int64(x.Length), starts: []int64{0}}, nil
	default:
		return nil, format.Unsupported("recipe", format.NoOffset, "transform %d is not known", x.Transform)
	}
	d, err := parseDeflate(x.Params, int64(x.Input.Span))
	if err != nil {
		return nil, err
	}
	r := newRecipe(d)
	if uint64(r.size) != x.Length {
		return nil, damaged("its parts make %d octets, it says %d", r.size, x.Length)
	}
	return r, nil
}

// newRecipe finds where each part begins.
func newRecipe(d *Deflate) *Recipe {
	r := &Recipe{d: d, starts: make([]int64, len(d.Stream.Parts)), breaks: make([]int, len(d.Stream.Parts)+1)}
	k, more := 0, int64(0) // breaks before the part, and what they take
	for i := range d.Stream.Parts {
		from, to := d.Stream.Octets(i)
		r.starts[i], r.breaks[i] = from+more, k
		for ; k < len(d.Breaks) && d.Breaks[k].At < to; k++ {
			more += int64(len(d.Breaks[k].Octets))
		}
	}
	r.breaks[len(d.Stream.Parts)] = k
	r.size = d.Stream.Size + more
	return r
}

// Size is the number of octets that are made.
func (r *Recipe) Size() int64 { return r.size }

// Model says how, in a few words: the encoder that is predicted, or "delta".
func (r *Recipe) Model() string {
	if r.delta != nil {
		return "delta"
	}
	return r.d.Stream.Model.String()
}

// Parts is the number of parts, at least one.
func (r *Recipe) Parts() int { return len(r.starts) }

// Part describes a part. Length may be 0: of a part that ends in the octet in
// which it begins.
func (r *Recipe) Part(i int) Part {
	end := r.size
	if i+1 < len(r.starts) {
		end = r.starts[i+1]
	}
	p := Part{Offset: r.starts[i], Length: end - r.starts[i]}
	if r.delta != nil {
		p.To = r.delta.input
		return p
	}
	p.From, p.To = r.d.Stream.Window(i)
	return p
}

// Content is the length of the input that part i, and no other, is the encoding of.
func (r *Recipe) Content(i int) int64 {
	if r.delta != nil {
		return r.delta.input
	}
	from, to := r.d.Stream.Content(i)
	return to - from
}

// At gives the part that makes the octet at an offset below Size.
func (r *Recipe) At(off int64) int {
	return max(sort.Search(len(r.starts), func(i int) bool { return r.starts[i] > off })-1, 0)
}

// MadeFrom gives the parts that need any of a range of the input, in order,
// but for empty ones.
func (r *Recipe) MadeFrom(from, to int64) iter.Seq[Part] {
	return func(yield func(Part) bool) {
		first := sort.Search(r.Parts(), func(i int) bool { return r.Part(i).To > from })
		for i := first; i < r.Parts(); i++ {
			p := r.Part(i)
			if p.From >= to || p.Length > 0 && !yield(p) {
				return
			}
		}
	}
}

// Make appends to dst what part i makes from its range of the input.
func (r *Recipe) Make(dst []byte, i int, input []byte) ([]byte, error) {
	p := r.Part(i)
	if int64(len(input)) != p.To-p.From {
		return dst, damaged("part %d has an input of %d octets and needs %d", i, len(input), p.To-p.From)
	}
	if r.delta != nil {
		return r.delta.make(slices.Grow(dst, int(p.Length)), input)
	}
	start := len(dst)
	made, err := deflate.RebuildPart(slices.Grow(dst, int(p.Length)), input, r.d.Stream, i, PartLimits(&r.d.Stream.Layout, i))
	if err != nil {
		return dst, ofClass(err)
	}
	made = r.interrupt(made, start, i)
	if int64(len(made)-start) != p.Length {
		return dst, damaged("part %d makes %d octets, not %d", i, len(made)-start, p.Length)
	}
	if Sum(made[start:]) != r.d.Sums[i] {
		return dst, damaged("part %d does not match its check sum", i)
	}
	return made, nil
}

// Input gives back the input of a recipe, from what it has made. A delta does not
// have it.
func (r *Recipe) Input(made io.ReaderAt, input io.Writer) error {
	if r.delta != nil {
		return format.Unsupported("recipe", format.NoOffset, "what a delta is made from cannot be found from what it makes")
	}
	stream := &uninterrupted{r: r, made: made}
	_, err := deflate.Survey(stream, input, deflate.Limits{MaxContent: r.d.Stream.ContentSize})
	return err
}

// uninterrupted reads the stream without its breaks.
type uninterrupted struct {
	r    *Recipe
	made io.ReaderAt
	k    int   // breaks that have been passed
	at   int64 // octets of the stream that have been read
	off  int64 // the same in what was made
}

func (u *uninterrupted) Read(b []byte) (int, error) {
	d := u.r.d
	if u.k < len(d.Breaks) && d.Breaks[u.k].At == u.at {
		u.off += int64(len(d.Breaks[u.k].Octets))
		u.k++
	}
	n := d.Stream.Size - u.at
	if u.k < len(d.Breaks) {
		n = d.Breaks[u.k].At - u.at
	}
	if n == 0 {
		return 0, io.EOF
	}
	k, err := u.made.ReadAt(b[:min(int64(len(b)), n)], u.off)
	u.at, u.off = u.at+int64(k), u.off+int64(k)
	if k > 0 {
		err = nil
	}
	return k, err
}

// interrupt puts the breaks of a part into its octets of the stream, which are
// the last in b, from start on.
func (r *Recipe) interrupt(b []byte, start, i int) []byte {
	breaks := r.d.Breaks[r.breaks[i]:r.breaks[i+1]]
	more := 0
	for _, x := range breaks {
		more += len(x.Octets)
	}
	if more == 0 {
		return b
	}
	from, _ := r.d.Stream.Octets(i)
	end := len(b)
	b = slices.Grow(b, more)[:end+more]
	for k := len(breaks) - 1; k >= 0; k-- { // from the end: nothing is overwritten
		x := &breaks[k]
		at := start + int(x.At-from)
		copy(b[at+more:], b[at:end])
		more -= len(x.Octets)
		copy(b[at+more:], x.Octets)
		end = at
	}
	return b
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum is the check sum of what a part makes.
func Sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// ErrDepth is about recipes in one another.
var ErrDepth = format.Damaged("recipe", format.NoOffset, "recipes are nested more than %d deep", format.MaxRecipeDepth)

func damaged(msg string, args ...any) error {
	return format.Damaged("recipe", format.NoOffset, msg, args...)
}

// ofClass gives an error of package deflate the class it has in an archive.
func ofClass(err error) error {
	if errors.Is(err, deflate.ErrModel) {
		return format.Unsupported("recipe", format.NoOffset, "%v", err)
	}
	return damaged("%v", err)
}
