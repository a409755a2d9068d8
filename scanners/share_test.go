package scanners

import (
	"crypto/sha256"
	"testing"
)

// newBytes gives how many octets of content lie in chunks that its older
// version has not, cut with a scanner or with nil.
func newBytes(t testing.TB, sc *Scanner, older, newer []byte) int64 {
	t.Helper()
	known := make(map[[32]byte]bool)
	for s := range Split(DefaultParams, sc, older) {
		known[sha256.Sum256(older[s.Offset:s.Offset+s.Length])] = true
	}
	total := int64(0)
	for s := range Split(DefaultParams, sc, newer) {
		if s.Run {
			continue
		}
		if h := sha256.Sum256(newer[s.Offset : s.Offset+s.Length]); !known[h] {
			known[h] = true
			total += s.Length
		}
	}
	return total
}
