package scanners

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// stretch is a stretch of data that repeats one octet and cannot be made
// longer at either side.
type stretch struct{ start, end int }

// uniform reports whether all octets of b, at least 16 of them, are the same.
// Nearly all data is turned down at the first eight.
func uniform(b []byte) bool {
	first := binary.LittleEndian.Uint64(b)
	if first != bits.RotateLeft64(first, 8) {
		return false
	}
	if binary.LittleEndian.Uint64(b[len(b)-8:]) != first {
		return false
	}
	return bytes.Equal(b[1:], b[:len(b)-1])
}

// leading returns how many octets at the start of b are octet.
func leading(b []byte, octet byte) int {
	const step = 1 << 10
	n := 0
	if len(b) >= 2*step && b[0] == octet && uniform(b[:step]) {
		// What repeats the uniform stretch before it goes on repeating.
		n = step
		for len(b)-n >= step && bytes.Equal(b[n:n+step], b[n-step:n]) {
			n += step
		}
	}
	for n < len(b) && b[n] == octet {
		n++
	}
	return n
}

// around returns the stretch that holds data[at], looking no further back than
// low.
func around(data []byte, low, at int) stretch {
	octet, start := data[at], at
	for start > low && data[start-1] == octet {
		start--
	}
	return stretch{start, at + leading(data[at:], octet)}
}
