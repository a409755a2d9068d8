package codec

import "encoding/binary"

const (
	sampleCount = 256
	sampleSize  = 256
	// minSampled is the shortest input worth sampling; what is shorter is
	// compressed to see.
	minSampled = 16 * sampleSize
	// sampleSkew is the sum of the squares of the octet counts of one sample
	// from which the input counts as compressible. Random octets give 511 with
	// a standard deviation of 23, text and code several thousand.
	sampleSkew = 900
)

// compressible reports whether zstd could shrink src, from small samples spread
// evenly over it, 64 KiB in all. One sample that looks like text is enough, so
// that text among incompressible data is found; a slight skew of all octets, or
// groups of four that come again, are taken from all samples together. A
// stretch has to make up a hundredth of src to be hit for certain, and several
// hundredths to matter.
func compressible(src []byte) bool {
	if len(src) < minSampled {
		return true
	}
	n := min(sampleCount, len(src)/sampleSize)
	var total [256]int
	var seen [4096]uint32
	again := 0
	for i := range n {
		at := i * (len(src) - sampleSize) / (n - 1)
		s := src[at : at+sampleSize]
		var count [256]int
		skew := 0
		for _, c := range s {
			// (k+1)² is k² + 2k + 1.
			skew += 2*count[c] + 1
			count[c]++
			total[c]++
		}
		if skew >= sampleSkew {
			return true
		}
		for p := range len(s) - 3 {
			v := binary.LittleEndian.Uint32(s[p:])
			slot := &seen[v*2654435761>>20]
			if *slot == v {
				again++
			}
			*slot = v
		}
	}
	size, skew := n*sampleSize, 0
	for _, c := range total {
		skew += c * c
	}
	// Evenly spread octets give size + size²/256; an eighth more is where
	// Huffman coding begins to gain a few per cent. Groups of four octets do
	// not come again by chance.
	even := size + size*size/256
	return skew >= even+even/8 || again >= size/64
}
