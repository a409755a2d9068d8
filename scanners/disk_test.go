package scanners

import (
	"encoding/binary"
	"slices"
	"testing"
)

// The samples have a partition with text, and one with an ext4 file system, in
// mbr.img a logical one.
func TestDiskJoints(t *testing.T) {
	const k = 1 << 10
	for name, want := range map[string][]int64{
		// The partitions are 1–5 and 9–73; lost+found and d.txt in the second.
		"mbr.img": {1 * k, 5 * k, 9 * k, 9*k + 8*k, 9*k + 20*k, 9*k + 38*k, 73 * k},
		"gpt.img": {4 * k, 8 * k, 8*k + 8*k, 8*k + 20*k, 8*k + 38*k, 72 * k},
	} {
		if got := jointsOf(t, diskScanner, samplesOf(t, "disk")[name]); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// mbr makes a table of partitions: type, start and size each.
func mbr(parts ...[3]uint32) []byte {
	b := make([]byte, sector)
	for i, p := range parts {
		e := b[446+16*i:]
		e[4] = byte(p[0])
		binary.LittleEndian.PutUint32(e[8:], p[1])
		binary.LittleEndian.PutUint32(e[12:], p[2])
	}
	b[510], b[511] = 0x55, 0xaa
	return b
}

func TestDiskTables(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		want bool
	}{
		"one":                {mbr([3]uint32{0x83, 2048, 100}), true},
		"two":                {mbr([3]uint32{0x83, 2048, 100}, [3]uint32{0xc, 2148, 100}), true},
		"protective":         {mbr([3]uint32{mbrProtective, 1, 1<<32 - 1}), true},
		"hybrid":             {mbr([3]uint32{mbrProtective, 1, 1<<32 - 1}, [3]uint32{0x83, 2048, 100}), true},
		"none":               {mbr(), false},
		"overlap":            {mbr([3]uint32{0x83, 2048, 101}, [3]uint32{0xc, 2148, 100}), false},
		"ISO 9660":           {mbr([3]uint32{0, 0, 5000}, [3]uint32{0xef, 100, 100}), false},
		"from the beginning": {mbr([3]uint32{0x17, 0, 5000}), false},
		"no size":            {mbr([3]uint32{0x83, 2048, 0}), false},
		"short":              {mbr([3]uint32{0x83, 2048, 100})[:511], false},
	} {
		if got := mbrTable(c.b); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A chain of logical partitions that goes back, or has no end, is followed no
// further.
func TestDiskChains(t *testing.T) {
	img := slices.Concat(mbr([3]uint32{5, 10, 100}), make([]byte, 9*sector),
		mbr([3]uint32{0x83, 2, 4}, [3]uint32{5, 20, 10}), make([]byte, 19*sector),
		mbr([3]uint32{0x83, 2, 4}, [3]uint32{5, 20, 10}), make([]byte, 40*sector))
	want := []int64{12 * sector, 16 * sector, 32 * sector, 36 * sector}
	if got := jointsOf(t, diskScanner, img); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A partition is cut like the file system alone.
func TestDiskShares(t *testing.T) {
	fs := extImage(noise(1, 30000), noise(2, 50000), noise(3, 90000))
	n := uint32(len(fs) / sector)
	disk := slices.Concat(mbr([3]uint32{0x83, 63, n}, [3]uint32{0x83, 63 + n, n}), noise(4, 62*sector), fs, fs)
	if got := newBytes(t, diskScanner, slices.Clone(fs), disk); got > 63*sector {
		// The older content is no disk, but an ext image: diskScanner knows it too.
		t.Errorf("%d new octets", got)
	}
}
