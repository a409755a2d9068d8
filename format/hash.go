package format

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"sync"

	"github.com/zeebo/blake3"
)

// Hash is the value of the archive's hash function: the name of a block.
type Hash [HashSize]byte

// String gives lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether no hash has been set.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText gives lower-case hexadecimal, for JSON.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// ParseHash reads the 64 hexadecimal digits that String writes.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 2*HashSize {
		return h, fmt.Errorf("a hash has %d hexadecimal digits, not %d", 2*HashSize, len(s))
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err
}

// ParseHashID finds a hash function by its name.
func ParseHashID(name string) (HashID, error) {
	for _, id := range []HashID{HashBLAKE3, HashSHA256} {
		if id.String() == name {
			return id, nil
		}
	}
	return 0, fmt.Errorf("unknown hash function %q: blake3 and sha256 are known", name)
}

// String gives the name of the hash function.
func (id HashID) String() string {
	switch id {
	case HashBLAKE3:
		return "blake3"
	case HashSHA256:
		return "sha256"
	}
	return fmt.Sprintf("hash-%d", uint8(id))
}

// Known reports whether this package implements the hash function.
func (id HashID) Known() bool { return id == HashBLAKE3 || id == HashSHA256 }

// Sum hashes b.
func (id HashID) Sum(b []byte) Hash {
	if id == HashSHA256 {
		return sha256.Sum256(b)
	}
	if len(b) <= chunkBLAKE3 {
		return blake3.Sum256(b)
	}
	h := hashers.Get().(*blake3.Hasher)
	defer hashers.Put(h)
	h.Reset()
	_, _ = h.Write(b) // never fails
	var sum Hash
	h.Sum(sum[:0])
	return sum
}

// chunkBLAKE3 is the length up to which BLAKE3 has no tree, nor needs the memory
// for one, which otherwise would be cleared for each hash.
const chunkBLAKE3 = 1024

var hashers = sync.Pool{New: func() any { return blake3.New() }}

// Hasher hashes a stream.
type Hasher struct{ h hash.Hash }

// New begins a stream.
func (id HashID) New() Hasher {
	if id == HashSHA256 {
		return Hasher{sha256.New()}
	}
	return Hasher{blake3.New()}
}

// Write adds b; it never fails.
func (h Hasher) Write(b []byte) (int, error) { return h.h.Write(b) }

// Sum gives the hash of what was written since New or Reset.
func (h Hasher) Sum() (out Hash) {
	h.h.Sum(out[:0])
	return out
}

// Reset begins a new stream.
func (h Hasher) Reset() { h.h.Reset() }
