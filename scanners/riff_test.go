package scanners

import (
	"bytes"
	"slices"
	"testing"
)

func riffPart(kind string, data ...[]byte) []byte {
	b := bytes.Join(data, nil)
	return slices.Concat([]byte(kind), le32(len(b)), b, make([]byte, len(b)&1))
}

func riffOf(kind string, parts ...[]byte) []byte {
	return riffPart("RIFF", append([][]byte{[]byte(kind)}, parts...)...)
}

func TestRIFFJoints(t *testing.T) {
	sound, format, list := noise(1, 20<<10+1), riffPart("fmt ", make([]byte, 16)), riffPart("LIST", []byte("INFOINAM\x04\x00\x00\x00Name"))
	wav := riffOf("WAVE", format, riffPart("data", sound), list)
	jointsAre(t, riffScanner, "WAV", wav, 44+leadIn, 44+20<<10+2)
	long := slices.Concat([]byte("RF64\xff\xff\xff\xffWAVE"), riffPart("ds64", make([]byte, 8), le32(len(sound)), make([]byte, 16)), []byte("data\xff\xff\xff\xff"), sound, make([]byte, 1), list)
	jointsAre(t, riffScanner, "a long WAV", long, 56+leadIn, 56+len(sound)+1)
	avi := riffOf("AVI ", riffPart("LIST", []byte("hdrl"), make([]byte, 60)), riffPart("LIST", []byte("movi"), sound), riffPart("idx1", make([]byte, 100)))
	jointsAre(t, riffScanner, "AVI", avi, 12+72+8+leadIn, 12+72+12+20<<10+2)
	webp := riffOf("WEBP", riffPart("VP8 ", sound), riffPart("XMP ", make([]byte, 100)))
	jointsAre(t, riffScanner, "WebP", webp, 20+leadIn, 20+20<<10+2)
	aiff := slices.Concat([]byte("FORM\x00\x00\x50\x30AIFFCOMM"), be32(18), make([]byte, 18), []byte("SSND"), be32(len(sound)), sound, make([]byte, 1), []byte("ID3 "), be32(10), make([]byte, 10))
	jointsAre(t, riffScanner, "AIFF", aiff, 12+26+8+leadIn, 12+26+8+len(sound)+1)
	jointsAre(t, riffScanner, "zeros before it", riffOf("WAVE", make([]byte, 16), riffPart("data", sound)))
	jointsAre(t, riffScanner, "hardly any sound", riffOf("WAVE", format, riffPart("data", make([]byte, 1000)), list))
}

func TestRIFFShares(t *testing.T) {
	sound := riffPart("data", noise(1, 1500<<10))
	retagged(t, riffScanner, "a first name", riffOf("WAVE", sound), riffOf("WAVE", riffPart("LIST", make([]byte, 40)), sound))
	retagged(t, riffScanner, "a name behind", riffOf("WAVE", sound, riffPart("LIST", noise(1, 40))), riffOf("WAVE", sound, riffPart("LIST", noise(2, 80))))
}
