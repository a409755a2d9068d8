package recipe

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/vtdarchive/vtd/format"
)

// randomDelta makes a delta of an input, and what it makes.
func randomDelta(r *rand.Rand, input []byte) (d Delta, made []byte) {
	literals := func(n int) {
		for range n {
			b := byte(r.Uint32())
			made, d.Literals = append(made, b), append(d.Literals, b)
		}
	}
	for range 1 + r.IntN(20) {
		c := Copy{Literals: r.IntN(4), From: r.IntN(len(input))}
		c.Length = 1 + r.IntN(len(input)-c.From)
		literals(c.Literals)
		made = append(made, input[c.From:c.From+c.Length]...)
		d.Copies = append(d.Copies, c)
	}
	literals(r.IntN(10))
	d.Sum = Sum(made)
	return d, made
}

func TestDelta(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		input := make([]byte, 1+r.IntN(3000))
		for i := range input {
			input[i] = byte(r.Uint32())
		}
		d, want := randomDelta(r, input)
		x := &format.Recipe{
			Transform: format.TransformDelta, Params: d.Encode(), Length: uint64(len(want)),
			Input: format.Ref{Kind: format.RefBlock, Span: uint64(len(input))},
		}
		made, err := Parse(x)
		if err != nil {
			t.Fatal(err)
		}
		if made.Parts() != 1 || made.Size() != int64(len(want)) || made.At(made.Size()-1) != 0 || made.Model() != "delta" {
			t.Fatalf("%d parts, %d octets, %s", made.Parts(), made.Size(), made.Model())
		}
		if p := made.Part(0); p != (Part{0, int64(len(want)), 0, int64(len(input))}) {
			t.Fatalf("%+v", p)
		}
		b, err := made.Make([]byte("before"), 0, input)
		if err != nil || !bytes.Equal(b, append([]byte("before"), want...)) {
			t.Fatalf("makes %d octets, not %d: %v", len(b), len(want), err)
		}
		if _, err := made.Make(nil, 0, input[1:]); !errors.Is(err, format.ErrDamaged) {
			t.Fatalf("of an input that is too short: %v", err)
		}
		if err := made.Input(bytes.NewReader(want), new(bytes.Buffer)); !errors.Is(err, format.ErrUnsupported) {
			t.Fatalf("the input from what was made: %v", err)
		}
		// Whatever octet of the parameters is another, nothing else is made.
		i := r.IntN(len(x.Params))
		x.Params[i] ^= 1 << r.IntN(8)
		if made, err = Parse(x); err == nil {
			_, err = made.Make(nil, 0, input)
		}
		if !errors.Is(err, format.ErrDamaged) {
			t.Fatalf("with octet %d changed: %v", i, err)
		}
	}
}
