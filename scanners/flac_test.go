package scanners

import (
	"slices"
	"testing"
)

func flacBlock(kind byte, data []byte) []byte {
	return slices.Concat([]byte{kind, byte(len(data) >> 16), byte(len(data) >> 8), byte(len(data))}, data)
}

// flacOf makes a file with the blocks and so many KiB of sound.
func flacOf(kib int, blocks ...[]byte) []byte {
	b := slices.Concat(flacMark, flacBlock(0, make([]byte, 34)))
	last := 4
	for _, block := range blocks {
		last = len(b)
		b = append(b, block...)
	}
	b[last] |= 0x80
	return append(b, noise(4, kib<<10)...)
}

func TestFLACJoints(t *testing.T) {
	picture := flacBlock(6, append(make([]byte, 32), slices.Concat(pngMark, noise(1, 5000))...))
	jointsAre(t, flacScanner, "no tags", flacOf(40), 42+leadIn)
	jointsAre(t, flacScanner, "tags", flacOf(40, flacBlock(4, make([]byte, 1000))), 42+1004+leadIn)
	jointsAre(t, flacScanner, "a picture", flacOf(40, picture, flacBlock(1, make([]byte, 100))), 42+36+leadIn, 42+36+5008, 42+36+5008+104+leadIn)
	jointsAre(t, flacScanner, "hardly any sound", flacOf(10))
}

func TestFLACShares(t *testing.T) {
	retagged(t, flacScanner, "other tags", flacOf(1500, flacBlock(4, noise(1, 200))), flacOf(1500, flacBlock(4, noise(2, 300))))
	retagged(t, flacScanner, "first tags", flacOf(1500), flacOf(1500, flacBlock(4, noise(2, 300)), flacBlock(1, make([]byte, 8000))))
}
