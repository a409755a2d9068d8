package scanners

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// expand turns a few octets into content worth cutting: pairs of a length and
// what to put there, so that the fuzzer can reach runs and long chunks.
func expand(recipe []byte) []byte {
	var data []byte
	for len(recipe) >= 2 && len(data) < 64<<10 {
		n, kind := int(recipe[0]), recipe[1]
		recipe = recipe[2:]
		switch {
		case kind < 64: // a repetition; 509 to 512 with an odd kind, around the least run
			if kind&1 != 0 {
				n = 509 + n%4
			}
			data = append(data, bytes.Repeat([]byte{kind >> 4}, n)...)
		case kind < 128:
			data = append(data, bytes.Repeat([]byte{0}, 16*n)...)
		case kind < 192:
			data = append(data, noise(uint64(kind), 16*n)...)
		default:
			n = min(n, len(recipe))
			data = append(data, recipe[:n]...)
			recipe = recipe[n:]
		}
	}
	return data
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte{}, uint8(0), uint64(0))
	f.Add([]byte{200, 150, 0, 1, 100, 151, 255, 64, 7, 150}, uint8(0), uint64(1))
	f.Add([]byte{255, 64, 255, 64, 3, 0, 3, 16, 1, 17, 2, 17, 3, 17}, uint8(1), uint64(2))
	f.Add([]byte{255, 130, 255, 131, 255, 132, 255, 133, 3, 1, 255, 134, 2, 33, 1, 64}, uint8(2), uint64(3))
	f.Add(append([]byte{60, 255}, "sixty octets or so that the fuzzer may turn into what it likes"...), uint8(3), uint64(4))
	params := []Params{
		tiny,
		{Min: 64, Target: 64, Max: 64, RunMin: 512},
		{Min: 100, Target: 1024, Max: 3000, RunMin: 513},
		{Min: 2048, Target: 4096, Max: 4096, RunMin: 700},
	}
	f.Fuzz(func(t *testing.T, recipe []byte, which uint8, pieces uint64) {
		p, data := params[int(which)%len(params)], expand(recipe)
		want := slices.Collect(Split(p, nil, data))
		checkSpans(t, p, data, want)
		if ref := reference(p, data); !slices.Equal(want, ref) {
			t.Fatalf("Split yields\n%v, the rule says\n%v", want, ref)
		}
		var got []Span
		s := newTight(p, func(s Span, chunk []byte) error {
			if !s.Run && !bytes.Equal(chunk, data[s.Offset:s.Offset+s.Length]) {
				t.Fatalf("%+v comes with octets that are not its own", s)
			}
			got = append(got, s)
			return nil
		})
		r := rand.New(rand.NewPCG(pieces, 0))
		longest := 1 + int(pieces%3000)
		err := feedIn(s, data, func() int { return 1 + r.IntN(longest) }, func() bool { return r.IntN(2) == 0 })
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Splitter hands out\n%v, Split\n%v", got, want)
		}
	})
}
