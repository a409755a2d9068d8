package mutate

import (
	"encoding/binary"
	"math/rand/v2"
)

// Script gives numbers from bytes; zeros follow its end. Small changes of the
// bytes are small changes of what they mean.
type Script struct{ Bytes []byte }

// Numbered gives the script of a number, another for each seed.
func Numbered(seed, n uint64) *Script {
	r := rand.New(rand.NewPCG(seed, n))
	b := make([]byte, 0, 64)
	for range 1 + r.IntN(7) {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return &Script{b}
}

// Byte takes the next byte.
func (s *Script) Byte() byte {
	if len(s.Bytes) == 0 {
		return 0
	}
	x := s.Bytes[0]
	s.Bytes = s.Bytes[1:]
	return x
}

// Number gives a number from 0 to n-1, from two bytes, or from four where n
// asks for them.
func (s *Script) Number(n int) int {
	if n <= 0 {
		return 0
	}
	x := uint64(s.Byte()) | uint64(s.Byte())<<8
	if n > 1<<16 {
		x |= uint64(s.Byte())<<16 | uint64(s.Byte())<<24
	}
	return int(x % uint64(n))
}

// Below gives a number from 0 to n-1, n up to 256, from one byte.
func (s *Script) Below(n int) int { return int(s.Byte()) % n }

// Done reports whether all bytes are taken.
func (s *Script) Done() bool { return len(s.Bytes) == 0 }
