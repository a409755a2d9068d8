package testkit

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/recipe"
)

// Stream says that a range of a content is to be made by a recipe: it is a
// DEFLATE stream.
type Stream struct {
	Off, Len int
	Model    deflate.Model // that is taken to have made it
	// Breaks interrupt it: their octets are in the range, too.
	Breaks []recipe.Break
	// Inner are streams of the content of this one.
	Inner []Stream
	// Delta, if not nil, makes it of From instead: it is no stream then.
	Delta *recipe.Delta
	From  string
}

// withStreams plans a content of which some ranges are streams.
func (p *planner) withStreams(path string, data []byte, streams []Stream) (held, error) {
	var all []held
	at := 0
	for _, s := range streams {
		all = append(all, p.parts(path, slices.Collect(slices.Chunk(data[at:s.Off], p.Chunk)), false)...)
		c, err := p.recipe(path, data[s.Off:s.Off+s.Len], &s)
		if err != nil {
			return held{}, err
		}
		all = append(all, c)
		at = s.Off + s.Len
	}
	all = append(all, p.parts(path, slices.Collect(slices.Chunk(data[at:], p.Chunk)), false)...)
	switch len(all) {
	case 0:
		return held{}, nil // an empty literal
	case 1:
		return all[0], nil
	}
	b := p.indirect(path, all)
	return held{format.Ref{Kind: format.RefIndirect, Span: uint64(len(data)), Hash: b.Hash}, b}, nil
}

// recipe plans the recipe that makes a stream.
func (p *planner) recipe(path string, made []byte, s *Stream) (held, error) {
	x, content, err := s.recipe(made)
	if err != nil {
		return held{}, fmt.Errorf("%s: %w", path, err)
	}
	in, err := p.withStreams(path, content, s.Inner)
	if err != nil {
		return held{}, err
	}
	x.Input = in.ref
	b := &Block{Type: format.BlockRecipe, Path: path}
	if in.block != nil {
		b.links, b.below = []link{{&x.Input, in.block}}, []*Block{in.block}
	}
	if p.hooks.Recipe != nil {
		p.hooks.Recipe(path, x)
	}
	b = p.meta(b, x.AppendTo)
	return held{format.Ref{Kind: format.RefRecipe, Span: x.Length, Hash: b.Hash}, b}, nil
}

func (s *Stream) recipe(made []byte) (x *format.Recipe, content []byte, err error) {
	x = &format.Recipe{Transform: format.TransformDeflate, Length: uint64(len(made))}
	if s.Delta != nil {
		x.Transform, x.Params = format.TransformDelta, s.Delta.Encode()
		return x, []byte(s.From), nil
	}
	d, content, err := Deflate(made, s.Breaks, s.Model)
	if err == nil {
		x.Params, err = d.Encode()
	}
	return x, content, err
}

// Changed is a file that is a delta of another content: copies of it, with
// literals before, between and behind them.
func Changed(name, from string, d recipe.Delta) *Node {
	var made []byte
	literals := d.Literals
	for _, c := range d.Copies {
		made = append(append(made, literals[:c.Literals]...), from[c.From:c.From+c.Length]...)
		literals = literals[c.Literals:]
	}
	made = append(made, literals...)
	d.Sum = recipe.Sum(made)
	n := File(name, string(made))
	n.Streams = []Stream{{Len: len(made), Delta: &d, From: from}}
	return n
}

// Deflate gives the parameters of the recipe that makes a stream with breaks by a
// model, and the content it is made from.
func Deflate(made []byte, breaks []recipe.Break, m deflate.Model) (d *recipe.Deflate, content []byte, err error) {
	var plain []byte
	from := 0
	for i, b := range breaks {
		at := int(b.At)
		for _, before := range breaks[:i] {
			at += len(before.Octets)
		}
		plain = append(plain, made[from:at]...)
		from = at + len(b.Octets)
	}
	plain = append(plain, made[from:]...)
	var out bytes.Buffer
	s, err := deflate.Survey(bytes.NewReader(plain), &out, deflate.Limits{})
	if err != nil {
		return nil, nil, err
	}
	content = out.Bytes()
	stream, input := bytes.NewReader(plain), bytes.NewReader(content)
	r := &deflate.Recipe{Layout: s.Layout, Model: m}
	for i := range s.Parts {
		c, err := deflate.PredictPart(stream, input, s, i, m, deflate.Limits{Effort: math.MaxInt32})
		if err != nil {
			return nil, nil, err
		}
		r.Corrections = append(r.Corrections, c)
	}
	d = &recipe.Deflate{Breaks: breaks, Stream: r}
	n, err := d.SetSums(bytes.NewReader(made))
	if err == nil && n != int64(len(made)) {
		err = io.ErrUnexpectedEOF
	}
	return d, content, err
}
