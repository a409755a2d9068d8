package recovery

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// TestMend cuts frames, and overwrites parts of them: what comes before the
// damage is decoded as it was, nearly up to it.
func TestMend(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	raw := make([]byte, 0, 1<<20)
	for len(raw) < 1<<20-2000 { // text, noise, and repetitions for long matches
		raw = append(raw, bytes.Repeat([]byte("some text, "), rng.IntN(30))...)
		raw = append(raw, testkit.Noise(rng.Uint64(), rng.IntN(300))...)
		if at := rng.IntN(len(raw) + 1); rng.IntN(4) == 0 {
			raw = append(raw, raw[at:min(len(raw), at+500)]...)
		}
	}
	for _, long := range []bool{false, true} {
		enc, err := codec.NewEncoder(codec.Params{Level: 3, Long: long})
		if err != nil {
			t.Fatal(err)
		}
		id, stored := enc.Encode(nil, raw)
		if want := map[bool]codec.ID{false: codec.Zstd, true: codec.LongZstd}[long]; id != want {
			t.Fatalf("codec %v", id)
		}
		for k := range 40 {
			at := len(stored)/4 + rng.IntN(len(stored)*3/4)
			damaged := bytes.Clone(stored)
			if k%2 == 0 {
				damaged = damaged[:at]
			} else {
				copy(damaged[at:], testkit.Noise(uint64(k), 3000))
			}
			got := prefix(id, mend(id, damaged, len(raw)), len(raw))
			same := 0
			for same < len(got) && got[same] == raw[same] {
				same++
			}
			// A block of zstd has at most 128 KiB, and literals come before copies.
			if least := at*len(raw)/len(stored)/2 - 256<<10; same < least {
				t.Errorf("codec %v, damaged at %d of %d: %d bytes of %d are right, not %d", id, at, len(stored), same, len(raw), least)
			}
		}
		for range 2000 { // and nothing else matters
			noise := testkit.Noise(rng.Uint64(), rng.IntN(60))
			copy(noise, stored[:rng.IntN(20)])
			prefix(id, mend(id, noise, 5000), 5000)
		}
	}
}
