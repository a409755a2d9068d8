package scanners

import (
	"bytes"
	"slices"
	"testing"
)

func pngPart(kind string, data []byte) []byte {
	return slices.Concat(be32(len(data)), []byte(kind), data, make([]byte, 4))
}

// pngOf makes a picture in chunks of 8 KiB, with text before and behind.
func pngOf(before, after []byte, kib int) []byte {
	parts := [][]byte{pngMark, pngPart("IHDR", make([]byte, 13)), pngPart("iTXt", before)}
	coded := noise(1, kib<<10)
	for c := range slices.Chunk(coded, 8<<10) {
		parts = append(parts, pngPart("IDAT", c))
	}
	parts = append(parts, pngPart("tEXt", after), pngPart("IEND", nil))
	return bytes.Join(parts, nil)
}

func TestPNGJoints(t *testing.T) {
	b := pngOf(make([]byte, 10), make([]byte, 10), 40)
	start := 8 + 25 + 22
	end := len(b) - 12 - 22
	jointsAre(t, pngScanner, "a picture", b, start+leadIn, end-leadIn)
	jointsAre(t, pngScanner, "a small picture", pngOf(nil, nil, 8))
	jointsAre(t, pngScanner, "zeros before it", slices.Concat(pngMark, make([]byte, 3*pngChunk), pngPart("IDAT", noise(1, 40<<10))))
	jointsAre(t, pngScanner, "cut short", b[:30<<10], start+leadIn)
}

func TestPNGShares(t *testing.T) {
	retagged(t, pngScanner, "text before", pngOf(noise(1, 10), nil, 1500), pngOf(noise(2, 3000), nil, 1500))
	retagged(t, pngScanner, "text behind", pngOf(nil, nil, 1500), pngOf(nil, noise(2, 100), 1500))
}
