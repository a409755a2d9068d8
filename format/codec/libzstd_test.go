//go:build libzstd

package codec

import (
	"bytes"
	"testing"

	"github.com/DataDog/zstd"
)

// Each backend's frames are read by this package and by the C library.
func TestCrossBackend(t *testing.T) {
	if Backend() != "libzstd" {
		t.Fatal(Backend())
	}
	text := source(t, 10<<20)
	for _, raw := range [][]byte{text[:1], text[:1000], text[:100<<10], text, make([]byte, 1<<20), noise(1, 300<<10)} {
		for _, level := range []int{MinLevel, 3, 9, MaxLevel} {
			if level == MaxLevel && len(raw) > 1<<20 {
				raw = raw[:1<<20]
			}
			c, err := NewCompressor(level)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []Compressor{c, newPure(level)} {
				stored := c.Compress(nil, raw)
				if room := c.Compress(make([]byte, 3, len(raw)+len(raw)/8+1000), raw); !bytes.Equal(room[3:], stored) {
					t.Errorf("%T, level %d: frame depends on the room there is", c, level)
				}
				got, err := Decode(nil, Zstd, stored, len(raw))
				if err != nil || !bytes.Equal(got, raw) {
					t.Errorf("%T, level %d, %d bytes: error %v", c, level, len(raw), err)
				}
				got, err = fillAll(Zstd, stored, len(raw), max(1, len(raw)/4))
				if err != nil || !bytes.Equal(got, raw) {
					t.Errorf("%T, level %d, %d bytes: Partial error %v", c, level, len(raw), err)
				}
				got, err = zstd.Decompress(nil, stored)
				if err != nil || !bytes.Equal(got, raw) {
					t.Errorf("%T, level %d, %d bytes: libzstd error %v", c, level, len(raw), err)
				}
			}
		}
	}
}
