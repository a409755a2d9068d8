package scanners

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// legacyData makes a record: text is compressed, noise is not.
func legacyData(data []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(data)
	w.Close()
	flags := byte(0)
	if z.Len() < len(data)*9/10 {
		flags, data = 1, z.Bytes()
	}
	n := []byte{byte(len(data) & 0x7f)}
	for l := len(data) >> 7; l > 0; l >>= 7 {
		n = append([]byte{byte(l&0x7f | 0x80)}, n...)
	}
	return slices.Concat([]byte{flags}, n, data)
}

func TestLegacyJoints(t *testing.T) {
	text := legacyData([]byte(strings.Repeat("a line of some text\n", 300)))
	data := slices.Concat(text, legacyData(noise(1, 600)), legacyData(noise(2, 100)), legacyData(noise(3, 511)), legacyData(noise(4, 512)), legacyData(noise(5, 9000)))
	at := int64(len(text))
	want := []int64{at, at + 603 + 102 + 514, at + 603 + 102 + 514 + 515}
	if got := jointsOf(t, legacyScanner, data); !slices.Equal(got, want) {
		t.Errorf("joints at %d, want %d", got, want)
	}
	for name, data := range map[string]string{
		"a length of 2^42 octets": "0081808080808000",
		"an over-long one":        "0080848000",
		"other flags":             "0284",
		"nothing":                 "",
		"a length cut short":      "0081",
	} {
		b, err := hex.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		if got := jointsOf(t, legacyScanner, b); len(got) > 0 {
			t.Errorf("%s: joints at %d", name, got)
		}
	}
}

func TestLegacySniff(t *testing.T) {
	compressed := legacyData([]byte(strings.Repeat("a line of some text\n", 300)))
	for _, c := range []struct {
		name string
		head []byte
		want bool
	}{
		{"a compressed record", compressed, true},
		{"one behind others", slices.Concat(legacyData(noise(1, 200)), legacyData(noise(2, 600)), compressed), true},
		{"the head of a long one", append([]byte("\x01\xff\x7f\x78\x9c\xed"), noise(3, 1000)...), true},
		{"something else behind one", append(legacyData([]byte(strings.Repeat("a line of some text\n", 30))), "something else"...), false},
		{"zeros", make([]byte, 1024), false},
		{"ones", bytes.Repeat([]byte{1}, 1024), false},
		{"an icon", []byte("\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00"), false},
		{"a font", []byte("\x00\x01\x00\x00\x00\x0f\x00\x80\x00\x03\x00\x70GDEF"), false},
		{"MP4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00"), false},
		{"compressed otherwise", append([]byte("\x01\xff\x7f\x1f\x8b\x08"), noise(3, 1000)...), false},
		{"only short noise", slices.Concat(legacyData(noise(1, 200)), legacyData(noise(2, 600)), legacyData(noise(3, 600))), false},
	} {
		if got := legacyRecords(c.head[:min(len(c.head), SniffLen)]); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 64)
	const tries = 1 << 20
	taken := 0
	for range tries {
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		b[0] &= 1
		if legacyRecords(b) {
			taken++
		}
	}
	if taken > 16 {
		t.Errorf("noise that begins with 0 or 1 is taken for records %d times in %d", taken, tries)
	}
}

// TestLegacyShared: two stores that hold the same blocks in another order, and
// some of their own.
func TestLegacyShared(t *testing.T) {
	var records [][]byte
	for i := range 200 {
		records = append(records, legacyData(noise(uint64(i), 500+(i*7919)%8000)))
	}
	store := func(order []int, own uint64) (b []byte) {
		for i, r := range order {
			b = append(b, records[r]...)
			if i%10 == 0 {
				b = append(b, legacyData(noise(own+uint64(i), 3000))...)
			}
		}
		return b
	}
	rng := rand.New(rand.NewPCG(3, 4))
	older, newer := store(rng.Perm(200), 1000), store(rng.Perm(200), 2000)
	with, without := newBytes(t, legacyScanner, older, newer), newBytes(t, nil, older, newer)
	t.Logf("new of %d octets: %d with joints, %d without", len(newer), with, without)
	if with*3 > without {
		t.Errorf("%d octets are new, %d without the scanner", with, without)
	}
}
