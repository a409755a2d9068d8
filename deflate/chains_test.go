package deflate_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
)

// TestChains: a search that goes through the shortest of many chains finds what one
// through the encoder's own does.
func TestChains(t *testing.T) {
	var pairs, dots []byte
	r := numbers(5)
	for len(pairs) < 50_000 {
		pairs = append(pairs, byte('0'+r()>>7&1))
	}
	for len(dots) < 60_000 {
		dots = append(append(dots, make([]byte, r()%300)...), byte(r()), byte(r()%3))
	}
	contents := map[string][]byte{
		"text": text(100_000, 4), "again": bytes.Repeat(text(9_000, 6), 8), "pairs": pairs, "runs": dots,
		"chains": hostile(50_000), "noise": noise(40_000, 7), "mixed": bytes.Join([][]byte{pairs[:40_000], text(40_000, 8), dots[:40_000], pairs[:30_000], noise(100, 3), text(70_000, 8)}, nil),
	}
	var models []deflate.Model
	for _, level := range []int{6, 9} {
		models = append(models, deflate.ZlibModel(level), deflate.GzipModel(level), deflate.PigzModel(level))
		for _, window := range []uint8{9, 12} {
			models = append(models, deflate.Model{Family: deflate.Zlib, Version: 1, Level: uint8(level), Window: window, Memory: 5, Strategy: deflate.Filtered})
		}
	}
	for name, content := range contents {
		for _, m := range models {
			t.Run(fmt.Sprintf("%s/%s", name, m), func(t *testing.T) {
				t.Parallel()
				got, err := deflate.Encode(content, m, patient)
				if err != nil {
					t.Fatal(err)
				}
				want, err := deflate.EncodeByChains(content, m, patient)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Error("another stream")
				}
			})
		}
	}
}
