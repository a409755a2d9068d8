package scanners

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/vtdarchive/vtd/format"
)

// vtdSegment makes what one commit writes: a frame for each content, an index
// that also takes over what is given of an earlier one's hashes, a trailer.
func vtdSegment(hashes []byte, rows int, contents ...[]byte) []byte {
	var b []byte
	for i, c := range contents {
		b = append(b, vtdFrameOf(uint64(i), c)...)
		hashes = append(hashes, noise(uint64(len(c)), 32)...)
		rows++
	}
	head := append([]byte(format.MagicIndex), make([]byte, format.IndexHeadSize-8)...)
	binary.LittleEndian.PutUint64(head[24:], uint64(len(hashes)/format.HashSize))
	binary.LittleEndian.PutUint64(head[32:], uint64(rows))
	b = slices.Concat(b, head, hashes, noise(uint64(rows), rows*format.IndexFrameSize))
	return slices.Concat(b, []byte(format.MagicTrailer), noise(9, format.TrailerSize-8))
}

// vtdFrameOf makes a frame of 600 blocks.
func vtdFrameOf(first uint64, stored []byte) []byte {
	h := format.FrameHead{Kind: format.FrameData, First: first, Stored: uint32(len(stored)), Lengths: make([]uint32, 600)}
	return append(h.AppendTo(nil), stored...)
}

func vtdHeaderOf(flags byte) []byte {
	b := append([]byte(format.MagicHeader), make([]byte, format.HeaderFixedSize-8)...)
	b[12], b[16] = format.HeaderFixedSize, flags
	return b
}

// TestVTDNumbers holds what the scanner knows of the format against package
// format.
func TestVTDNumbers(t *testing.T) {
	if vtdMagic != format.MagicHeader || vtdFrameMagic != format.MagicFrame || vtdIndexMagic != format.MagicIndex || vtdTrailerMagic != format.MagicTrailer {
		t.Error("a magic is another")
	}
	for _, c := range [][2]int{
		{vtdHeader, format.HeaderFixedSize}, {vtdMaxHeader, format.MaxHeader}, {vtdFrameHead, format.FrameHeadFixedSize},
		{vtdMaxHead, format.MaxFrameHead}, {vtdIndexHead, format.IndexHeadSize}, {vtdHash, format.HashSize},
		{vtdIndexFrame, format.IndexFrameSize}, {vtdTrailer, format.TrailerSize},
	} {
		if c[0] != c[1] {
			t.Errorf("%d is %d in package format", c[0], c[1])
		}
	}
}

func TestVTDJoints(t *testing.T) {
	const frameHead = format.FrameHeadFixedSize + 600 + 4
	first := slices.Concat(vtdHeaderOf(1), vtdSegment(noise(3, 20*32), 0, noise(1, 20000), noise(2, 30000)))
	frame1 := int64(64)
	frame2 := frame1 + frameHead + 20000
	index := frame2 + frameHead + 30000
	end := int64(len(first))
	want := []int64{512, frame2, frame2 + frameHead, index + format.IndexHeadSize, end}
	if got := jointsOf(t, vtdScanner, first); !slices.Equal(got, want) {
		t.Errorf("joints at %d, want %d", got, want)
	}
	for name, data := range map[string][]byte{ // nothing but the joint behind the header
		"a header that is too long": append([]byte(format.MagicHeader), 0, 0, 0, 0, 0, 0, 2, 0),
		"no frame behind":           slices.Concat(vtdHeaderOf(1), noise(1, 2000)),
		"2^64-1 hashes":             slices.Concat(vtdHeaderOf(1), []byte(format.MagicIndex), bytes.Repeat([]byte{255}, 200)),
	} {
		if got := jointsOf(t, vtdScanner, data); len(got) > 1 {
			t.Errorf("%s: joints at %d", name, got)
		}
	}
}

// TestVTDAppended: what an append leaves as it is, is shared to the end, although
// the header changed; and so are the hashes that an index takes over.
func TestVTDAppended(t *testing.T) {
	hashes := noise(3, 8000*32)
	first := slices.Concat(vtdHeaderOf(1), vtdSegment(hashes, 0, noise(1, 300<<10), noise(2, 700<<10)))
	for _, c := range []struct {
		name  string
		added []byte
		times int64
	}{
		{"an index of its own", vtdSegment(nil, 0, noise(4, 9000)), 3},
		{"an index of all", vtdSegment(hashes, 2, noise(4, 9000)), 2},
	} {
		second := slices.Concat(vtdHeaderOf(0), first[format.HeaderFixedSize:], c.added)
		with, without := newBytes(t, vtdScanner, first, second), newBytes(t, nil, first, second)
		t.Logf("%s: new of %d octets, %d of them appended: %d with joints, %d without", c.name, len(second), len(c.added), with, without)
		if with*c.times > without {
			t.Errorf("%s: %d octets are new, %d without the scanner", c.name, with, without)
		}
	}
}

// TestVTDRenumbered: a frame has the same stored bytes whatever the number of its
// first block.
func TestVTDRenumbered(t *testing.T) {
	same := noise(1, 200<<10)
	before := vtdFrameOf(0, noise(2, 3000))
	older := slices.Concat(vtdHeaderOf(1), before, vtdFrameOf(7, same), vtdSegment(nil, 0, noise(5, 5000)))
	newer := slices.Concat(vtdHeaderOf(1), before, vtdFrameOf(8, same), vtdSegment(nil, 0, noise(5, 5000)))
	if got := newBytes(t, vtdScanner, older, newer); got > 2000 {
		t.Errorf("%d octets are new", got)
	}
}
