package codec

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestRoundTrip(t *testing.T) {
	encoders := []*Encoder{
		mustEncoder(t, Params{Level: 1}),
		mustEncoder(t, Params{Level: 1, Long: true}),
		mustEncoder(t, Params{Level: 3, Long: true, MinGain: 50}),
		mustEncoder(t, Params{Level: 7, Long: true}),
		mustEncoder(t, Params{Level: 19}),
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := mixture(t)
		for _, e := range encoders {
			prefix := []byte("prefix")
			id, stored := e.Encode(prefix, raw)
			if string(stored[:6]) != "prefix" {
				t.Fatalf("%v: dst was not kept", id)
			}
			stored = stored[6:]
			if len(stored) > len(raw) {
				t.Fatalf("%v: %d bytes became %d", id, len(raw), len(stored))
			}
			got, err := Decode(nil, id, stored, len(raw))
			if err != nil {
				t.Fatalf("%v: %v", id, err)
			}
			if !bytes.Equal(got, raw) {
				t.Fatalf("%v: round trip differs", id)
			}
		}
	})
}

// Frames large enough for the stream of a Partial, and for copies over more
// than one window of the smallest encoder.
func TestRoundTripLarge(t *testing.T) {
	text := source(t, 3<<20)
	for name, raw := range map[string][]byte{
		"text":      text,
		"versions":  bytes.Join([][]byte{text, text[1<<10 : 2<<20], noise(1, 100), text[1<<20:]}, nil),
		"noise":     noise(2, 2<<20),
		"two noise": bytes.Repeat(noise(3, 1<<20), 2),
		"zeros":     make([]byte, 2<<20),
		"period":    bytes.Repeat(noise(4, 100), 20000),
	} {
		for _, long := range []bool{false, true} {
			id, stored := mustEncoder(t, Params{Level: 3, Long: long}).Encode(nil, raw)
			got, err := Decode(make([]byte, 0, len(raw)), id, stored, len(raw))
			if err != nil || !bytes.Equal(got, raw) {
				t.Errorf("%s, %v: differs, error %v", name, id, err)
			}
			got, err = fillAll(id, stored, len(raw), len(raw)/7)
			if err != nil || !bytes.Equal(got, raw) {
				t.Errorf("%s, %v: Partial differs, error %v", name, id, err)
			}
		}
	}
}

func TestChoice(t *testing.T) {
	text := source(t, 2<<20)
	random := noise(5, 2<<20)
	// Text in a twentieth of a frame, in one place.
	mixed := bytes.Join([][]byte{random[:1<<20], text[:100<<10], random[1<<20:]}, nil)
	for name, c := range map[string]struct {
		p    Params
		raw  []byte
		want ID
		most int
	}{
		"empty":              {Params{Level: 3, Long: true}, nil, Stored, 0},
		"one byte":           {Params{Level: 3, Long: true}, []byte{1}, Stored, 1},
		"text":               {Params{Level: 3}, text, Zstd, len(text) / 3},
		"noise":              {Params{Level: 3, Long: true}, random, Stored, len(random)},
		"mixed":              {Params{Level: 3, Long: true}, mixed, Zstd, len(random) + 40<<10},
		"mixed, more wanted": {Params{Level: 3, MinGain: 10}, mixed, Stored, len(mixed)},
		"noise twice":        {Params{Level: 3, Long: true}, bytes.Repeat(random, 2), LongZstd, len(random) + 100},
		"text twice":         {Params{Level: 3, Long: true}, bytes.Repeat(text, 2), LongZstd, len(text) / 3},
	} {
		id, stored := mustEncoder(t, c.p).Encode(nil, c.raw)
		if id != c.want || len(stored) > c.most {
			t.Errorf("%s: %v in %d bytes, want %v in at most %d", name, id, len(stored), c.want, c.most)
		}
	}
}

// The output depends on nothing but the input. Thousands of frames bring the
// pure encoder past the point where it starts to count positions anew.
func TestDeterministic(t *testing.T) {
	text := source(t, 1<<20)
	inputs := [][]byte{text, text[:100], noise(1, 5000), bytes.Repeat(text[:200<<10], 3), text[300<<10 : 700<<10], text[100:9000]}
	for _, level := range []int{1, 3, 7, 12} {
		p := Params{Level: level, Long: true}
		var want [][]byte
		for _, raw := range inputs {
			_, stored := mustEncoder(t, p).Encode(nil, raw)
			want = append(want, stored)
		}
		e := mustEncoder(t, p)
		r := rand.New(rand.NewPCG(7, 7))
		for n := range 2200 {
			i := r.IntN(len(inputs))
			if n%100 != 0 && len(inputs[i]) > 10000 {
				i = 1
			}
			if _, got := e.Encode(nil, inputs[i]); !bytes.Equal(got, want[i]) {
				t.Fatalf("level %d: frame %d, of input %d, depends on those before", level, n, i)
			}
		}
	}
}

func TestParams(t *testing.T) {
	for _, p := range []Params{{}, {Level: 23}, {Level: -1}, {Level: 3, MinGain: -1}, {Level: 3, MinGain: 100}} {
		if _, err := NewEncoder(p); err == nil {
			t.Errorf("%+v accepted", p)
		}
	}
	e := mustEncoder(t, Params{Level: 1})
	defer func() {
		if recover() == nil {
			t.Error("a frame longer than MaxRaw accepted")
		}
	}()
	e.Encode(nil, make([]byte, MaxRaw+1))
}
