package scanners

import (
	"slices"
	"testing"
)

func TestJPEGJoints(t *testing.T) {
	coded := noise(1, 30<<10)
	b := jpegOf(make([]byte, 100), coded)
	start := len(b) - len(coded) - 2
	jointsAre(t, jpegScanner, "a picture", b, start+leadIn)
	jointsAre(t, jpegScanner, "a film behind it", append(slices.Clone(b), noise(2, 5000)...), start+leadIn, len(b))
	jointsAre(t, jpegScanner, "little behind it", append(slices.Clone(b), noise(2, 500)...), start+leadIn)
	jointsAre(t, jpegScanner, "a small picture", jpegOf(make([]byte, 100), noise(1, 8<<10)))
	jointsAre(t, jpegScanner, "a large description", jpegOf(make([]byte, 60000), coded), start+59900+leadIn)
}

func TestJPEGShares(t *testing.T) {
	coded := noise(1, 1500<<10)
	retagged(t, jpegScanner, "a comment", jpegOf(noise(2, 12), coded), jpegOf(noise(3, 4000), coded))
}
