package scanners

import (
	"encoding/binary"
	"slices"
	"testing"
)

// peFile makes a file with the table of sections in front: offset and size of
// each.
func peFile(symbols uint32, parts ...[2]uint32) []byte {
	b := make([]byte, 4096)
	copy(b, "MZ")
	b[0x3c] = 128
	h := b[128:]
	copy(h, "PE\x00\x00")
	le := binary.LittleEndian
	le.PutUint16(h[6:], uint16(len(parts)))
	le.PutUint32(h[12:], symbols)
	le.PutUint16(h[20:], 240)
	for i, p := range parts {
		le.PutUint32(h[24+240+40*i+16:], p[1])
		le.PutUint32(h[24+240+40*i+20:], p[0])
	}
	return b
}

func TestPEJoints(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		want []int64
	}{
		{peFile(0, [2]uint32{4096, 8192}, [2]uint32{12288, 512}, [2]uint32{12800, 4096}), []int64{4096, 12288, 12800, 16896}},
		{peFile(70000, [2]uint32{4096, 8192}, [2]uint32{0, 5000}), []int64{4096, 12288, 70000}},
		{peFile(0, [2]uint32{1<<32 - 1, 1<<32 - 1}), []int64{1<<32 - 1, 1<<33 - 2}},
		{peFile(0)[:60], nil},
	} {
		if got := jointsOf(t, peScanner, c.b); !slices.Equal(got, c.want) {
			t.Errorf("%d, want %d", got, c.want)
		}
	}
	if sc := Choose(peFile(0), "", nil); sc != peScanner {
		t.Errorf("%v is chosen", sc)
	}
}

func TestPEShares(t *testing.T) {
	text, data := noise(1, 300000), noise(2, 200000)
	head := func(n uint32) []byte { return peFile(0, [2]uint32{4096, n}, [2]uint32{4096 + n, 200000}) }
	older := slices.Concat(head(300000), text, data)
	newer := slices.Concat(head(302048), noise(3, 302048), data)
	if with, without := newBytes(t, peScanner, older, newer), newBytes(t, nil, older, newer); with != 4096+302048 || with >= without {
		t.Errorf("%d new octets, %d without the scanner", with, without)
	}
}
