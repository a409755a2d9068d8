package deflate

import "math/bits"

// A token is one symbol of a block: a literal, or a match of a length 3…258 at
// a distance 1…32768. Bits 0–15 hold the literal or the distance, bits 16–24
// the length, which is 0 in a literal. Bit 31 marks the length 258 that is
// coded as symbol 284 with 31 as its extra bits, and not as symbol 285.
type token uint32

const longWay token = 1 << 31

// Literal gives the token for one octet.
func literal(b byte) token { return token(b) }

// Match gives the token for a repetition.
func match(length, distance int) token { return token(length)<<16 | token(distance) }

// Length is the number of octets that the token stands for.
func (t token) Length() int {
	if n := int(t>>16) & 0x1ff; n != 0 {
		return n
	}
	return 1
}

// IsMatch tells a match from a literal.
func (t token) IsMatch() bool { return t>>16&0x1ff != 0 }

// Distance is the distance of a match.
func (t token) Distance() int { return int(t & 0xffff) }

// Byte is the octet of a literal.
func (t token) Byte() byte { return byte(t) }

const (
	minMatch = 3
	maxMatch = 258

	numLit    = 286 // symbols for literals, the end, and lengths
	numDist   = 30
	numLitAll = 288 // what a header can declare
	numPre    = 19
	endBlock  = 256
)

// preOrder is the order in which the lengths of the codes for code lengths
// are sent.
var preOrder = [numPre]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

var preExtra = [numPre]uint8{16: 2, 17: 3, 18: 7}

var (
	lenBase   [29]uint16
	lenExtra  [29]uint8
	distBase  [numDist]uint16
	distExtra [numDist]uint8
	lenCode   [maxMatch + 1]uint8 // length → number of its symbol beyond 257
	distCodes [512]uint8          // see distCode

	staticLit  [numLitAll]uint8
	staticDist [32]uint8
)

func init() {
	length := minMatch
	for i := range 28 {
		if i >= 8 {
			lenExtra[i] = uint8(i/4 - 1)
		}
		lenBase[i] = uint16(length)
		for range 1 << lenExtra[i] {
			if length < maxMatch {
				lenCode[length] = uint8(i)
			}
			length++
		}
	}
	lenBase[28], lenCode[maxMatch] = maxMatch, 28
	dist := 1
	for i := range numDist {
		if i >= 4 {
			distExtra[i] = uint8(i/2 - 1)
		}
		distBase[i] = uint16(dist)
		for range 1 << distExtra[i] {
			if dist <= 256 {
				distCodes[dist-1] = uint8(i)
			} else {
				distCodes[256+(dist-1)>>7] = uint8(i)
			}
			dist++
		}
	}
	for i := range staticLit {
		switch {
		case i < 144:
			staticLit[i] = 8
		case i < 256:
			staticLit[i] = 9
		case i < 280:
			staticLit[i] = 7
		default:
			staticLit[i] = 8
		}
	}
	for i := range staticDist {
		staticDist[i] = 5
	}
}

// distCode gives the symbol for a distance.
func distCode(dist int) int {
	if dist <= 256 {
		return int(distCodes[(dist-1)&0xff])
	}
	return int(distCodes[256+(dist-1)>>7&0xff])
}

// lengthSymbol gives the symbol, the extra bits and their number for the
// length of a match.
func (t token) lengthSymbol() (sym int, extra uint32, n uint8) {
	length := int(t>>16) & 0x1ff
	if t&longWay != 0 {
		return 284, 31, 5
	}
	c := lenCode[length]
	return 257 + int(c), uint32(length) - uint32(lenBase[c]), lenExtra[c]
}

// codes assigns the canonical codes for lengths, each with its bits reversed
// into the order in which they are sent.
func codes(lengths []uint8, out []uint16) {
	var next [17]int
	for _, n := range lengths {
		next[n+1]++
	}
	next[1] = 0
	for n := 2; n <= 16; n++ {
		next[n] = (next[n] + next[n-1]) << 1
	}
	// next[n] is now twice the first code of length n-1, that is, the first of n.
	for i, n := range lengths {
		if n != 0 {
			out[i] = bits.Reverse16(uint16(next[n])) >> (16 - n)
			next[n]++
		}
	}
}
