package scanners

import (
	"encoding/binary"
	"slices"
	"testing"
)

// The sample is linked by GNU ld. Its table of sections is at the end, but the
// file is small enough for it to be seen. One section is large.
func TestELFJoints(t *testing.T) {
	if got, want := jointsOf(t, elfScanner, samplesOf(t, "elf")["small"]), []int64{0x2000, 0x56d0}; !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// elfFile makes a file of segments, or of sections with the table of them in
// front: offset and size of each.
func elfFile(wide bool, order binary.ByteOrder, sections bool, parts ...[2]uint64) []byte {
	b := make([]byte, 4096)
	copy(b, "\x7fELF\x01\x01\x01")
	word, counts, size := 4, 42, 32
	put := func(at int, v uint64) { order.PutUint32(b[at:], uint32(v)) }
	if wide {
		b[4], word, counts, size = 2, 8, 54, 56
		put = func(at int, v uint64) { order.PutUint64(b[at:], v) }
	}
	if order == binary.ByteOrder(binary.BigEndian) {
		b[5] = 2
	}
	table, offset, length := 24+word, word, 4*word
	if sections {
		table, offset, length, counts = 24+2*word, 8+2*word, 8+3*word, counts+4
		if size = 40; wide {
			size = 64
		}
	}
	put(table, 128)
	order.PutUint16(b[counts:], uint16(size))
	order.PutUint16(b[counts+2:], uint16(len(parts)))
	for i, p := range parts {
		at := 128 + i*size
		if sections {
			order.PutUint32(b[at+4:], 1)
		} else {
			order.PutUint32(b[at:], 1)
		}
		put(at+offset, p[0])
		put(at+length, p[1])
	}
	return b
}

func TestELFTables(t *testing.T) {
	for _, wide := range []bool{false, true} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			for _, sections := range []bool{false, true} {
				b := elfFile(wide, order, sections, [2]uint64{4096, 8192}, [2]uint64{12288, 100}, [2]uint64{16384, 50000}, [2]uint64{1 << 31, 1 << 31})
				want := []int64{4096, 12288, 16384, 66384, 1 << 31, 1 << 32}
				if got := jointsOf(t, elfScanner, b); !slices.Equal(got, want) {
					t.Errorf("wide %v, %v, sections %v: %d, want %d", wide, order, sections, got, want)
				}
				if sc := Choose(b, "", nil); sc != elfScanner {
					t.Errorf("wide %v, %v: %v is chosen", wide, order, sc)
				}
			}
		}
	}
}

// What has been stripped of its last sections is the same up to these, and what
// lies behind a section that has changed is the same.
func TestELFShares(t *testing.T) {
	text, rodata, debug := noise(1, 300000), noise(2, 200000), noise(3, 250000)
	older := slices.Concat(elfFile(true, binary.LittleEndian, true, [2]uint64{4096, 300000}, [2]uint64{304096, 200000}, [2]uint64{504096, 250000}), text, rodata, debug)
	newer := slices.Concat(elfFile(true, binary.LittleEndian, true, [2]uint64{4096, 300000}, [2]uint64{304096, 200000}), noise(4, 300000), rodata)
	if with, without := newBytes(t, elfScanner, older, newer), newBytes(t, nil, older, newer); with != 304096 || with >= without {
		t.Errorf("%d new octets, %d without the scanner", with, without)
	}
}
