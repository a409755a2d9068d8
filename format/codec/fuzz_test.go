package codec

import (
	"bytes"
	"testing"
)

func FuzzDecode(f *testing.F) {
	// frames fails when a codec has no seed.
	for _, s := range frames(f) {
		f.Add(uint8(s.id), s.stored, len(s.raw))
	}
	f.Add(uint8(LongZstd), golden(), len(goldenRaw))
	f.Add(uint8(Zstd), rle(3*zstdMaxBlock, 3), 3*zstdMaxBlock)
	f.Fuzz(func(t *testing.T, id uint8, stored []byte, rawLen int) {
		if rawLen > 1<<20 {
			rawLen &= 1<<20 - 1
		}
		compare(t, ID(id), stored, rawLen)
	})
}

func FuzzRoundTrip(f *testing.F) {
	for _, s := range frames(f) {
		f.Add(s.raw, uint8(3), true)
		f.Add(s.raw, uint8(1), false)
	}
	encoders := map[Params]*Encoder{}
	f.Fuzz(func(t *testing.T, raw []byte, level uint8, long bool) {
		p := Params{Level: MinLevel + int(level)%10, Long: long}
		if encoders[p] == nil {
			encoders[p] = mustEncoder(t, p)
		}
		id, stored := encoders[p].Encode(nil, raw)
		got, err := fillAll(id, stored, len(raw), max(1, len(raw)/3))
		if err != nil || !bytes.Equal(got, raw) {
			t.Fatalf("%v: differs, error %v", id, err)
		}
		// The finder alone, also where an Encoder would not use it.
		var fd finder
		fd.find(raw)
		out, lits := make([]byte, 0, len(raw)), fd.lits
		for _, c := range fd.copies {
			out, lits = append(out, lits[:c.literals]...), lits[c.literals:]
			for range c.length {
				out = append(out, out[len(out)-int(c.distance)])
			}
		}
		if !bytes.Equal(append(out, lits...), raw) {
			t.Fatal("copies and literals do not make the frame")
		}
	})
}
