package scanners

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// oggPage makes a page of a time and a number.
func oggPage(time int64, number int, data []byte) []byte {
	table := bytes.Repeat([]byte{255}, len(data)/255)
	table = append(table, byte(len(data)%255))
	b := binary.LittleEndian.AppendUint64([]byte("OggS\x00\x00"), uint64(time))
	return slices.Concat(b, le32(7), le32(number), make([]byte, 4), []byte{byte(len(table))}, table, data)
}

// oggOf makes a file with a comment and so many pages of sound.
func oggOf(comment []byte, pages int) []byte {
	b := slices.Concat(oggPage(0, 0, make([]byte, 30)), oggPage(0, 1, comment))
	for i := range pages {
		b = append(b, oggPage(int64(1000+1000*i), 2+i, noise(uint64(i), 4000))...)
	}
	return b
}

func TestOggJoints(t *testing.T) {
	b := oggOf(make([]byte, 100), 10)
	headers := 27 + 1 + 30 + 27 + 1 + 100
	jointsAre(t, oggScanner, "a file", b, headers+leadIn)
	jointsAre(t, oggScanner, "a packet that goes on", slices.Concat(oggPage(0, 0, nil), oggPage(-1, 1, make([]byte, 8000)), b), 28+27+32+8000+headers+leadIn)
	jointsAre(t, oggScanner, "hardly any sound", oggOf(make([]byte, 100), 2))
	jointsAre(t, oggScanner, "no page", append(oggPage(0, 0, nil), noise(1, 50<<10)...))
}

func TestOggShares(t *testing.T) {
	retagged(t, oggScanner, "a comment", oggOf(noise(1, 100), 400), oggOf(noise(2, 3000), 400))
}
