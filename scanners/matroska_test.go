package scanners

import (
	"bytes"
	"slices"
	"testing"
)

// ebml makes an element with a size of 8 octets.
func ebml(id string, data ...[]byte) []byte {
	b := bytes.Join(data, nil)
	return slices.Concat([]byte(id), []byte{1, 0, 0, 0}, be32(len(b)), b)
}

func clusterOf(time, kib int) []byte {
	blocks := [][]byte{ebml("\xE7", be32(time))}
	for i := range kib / 8 {
		blocks = append(blocks, ebml("\xA3", noise(uint64(i*7+kib), 8<<10-9)))
	}
	return ebml("\x1F\x43\xB6\x75", blocks...)
}

var mkvHead = ebml("\x1A\x45\xDF\xA3", make([]byte, 20))

func TestMatroskaJoints(t *testing.T) {
	info := ebml("\x15\x49\xA9\x66", make([]byte, 300))
	cues, cluster, small := ebml("\x1C\x53\xBB\x6B", make([]byte, 200)), clusterOf(0, 80), clusterOf(1, 40)
	segment := func(parts ...[]byte) []byte { return slices.Concat(mkvHead, ebml("\x18\x53\x80\x67", parts...)) }
	first := len(mkvHead) + 12 + len(info)
	block := 12 + 13 // from the start of a cluster to its first block
	b := segment(info, cluster, cluster, small, cues)
	second, last := first+len(cluster), first+2*len(cluster)+len(small)
	want := []int{first, first + block + leadIn, second, second + block + leadIn, last}
	jointsAre(t, matroskaScanner, "clusters", b, want...)
	unknown := slices.Concat(mkvHead, []byte("\x18\x53\x80\x67\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), b[len(mkvHead)+12:])
	jointsAre(t, matroskaScanner, "a segment of unknown size", unknown, want...)
	live := bytes.Clone(b)
	for _, at := range []int{first, second} {
		copy(live[at+4:], "\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF")
	}
	jointsAre(t, matroskaScanner, "clusters of unknown size", live, first+block+leadIn, last)
	file := func(n int) []byte {
		return ebml("\x61\xA7", ebml("\x46\x6E", []byte("font.ttf")), ebml("\x46\x5C", noise(1, n)))
	}
	attached := ebml("\x19\x41\xA4\x69", file(9000), file(900))
	data := first + 12 + 10 + 10 + 8 + 10
	jointsAre(t, matroskaScanner, "attached files", segment(info, attached, small, cues), data+leadIn, data+9000,
		first+len(attached)+block+leadIn, first+len(attached)+len(small))
	jointsAre(t, matroskaScanner, "a lying size", slices.Concat(mkvHead, []byte("\x18\x53\x80\x67\x01\x7F\xFF\xFF\xFF\xFF\xFF\xFF\x01\xFF"), make([]byte, 5000)))
}

func TestMatroskaShares(t *testing.T) {
	film := func(title string, time int) []byte {
		parts := [][]byte{ebml("\x15\x49\xA9\x66", []byte(title))}
		for i := range 6 {
			parts = append(parts, clusterOf(time+i, 304+i*8))
		}
		return slices.Concat(mkvHead, ebml("\x18\x53\x80\x67", parts...), ebml("\x12\x54\xC3\x67", []byte(title)))
	}
	retagged(t, matroskaScanner, "a title", film("One", 0), film("One that is longer", 0))
	retagged(t, matroskaScanner, "another start", film("One", 0), film("One", 1000))
}
