package legacy

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/zeebo/blake3"
)

// HashKind is a hash function, by the number that stands in files.
type HashKind uint8

// The hash functions of the old vt.
const (
	SHA1 HashKind = iota
	SHA256
	BLAKE3
	hashKinds
)

var hashNames = [hashKinds]string{"sha1", "sha256", "blake3"}

func (k HashKind) String() string {
	if k >= hashKinds {
		return fmt.Sprint("hash function ", uint8(k))
	}
	return hashNames[k]
}

// size is how many octets its hashes have.
func (k HashKind) size() int {
	if k == SHA1 {
		return sha1.Size
	}
	return 32
}

func (k HashKind) new() hash.Hash {
	switch k {
	case SHA1:
		return sha1.New()
	case SHA256:
		return sha256.New()
	}
	return blake3.New()
}

// digest is a value of any of the functions, with zeros behind a short one.
type digest [32]byte

// Hash names a block.
type Hash struct {
	Kind  HashKind
	value digest
}

// String gives the form that ParseHash reads.
func (h Hash) String() string {
	return h.Kind.String() + ":" + hex.EncodeToString(h.value[:h.Kind.size()])
}

// ParseHash reads the name of a function, a colon, and a value in hexadecimal.
func ParseHash(s string) (Hash, error) {
	name, value, _ := strings.Cut(s, ":")
	for k, n := range hashNames {
		if n != name {
			continue
		}
		h := Hash{Kind: HashKind(k)}
		b, err := hex.DecodeString(value)
		if err != nil || len(b) != h.Kind.size() {
			return h, fmt.Errorf("%q is not a value of %s in hexadecimal", value, name)
		}
		copy(h.value[:], b)
		return h, nil
	}
	return Hash{}, fmt.Errorf("%q has none of sha1:, sha256: and blake3: before it", s)
}

// hash reads the number of a function and a value.
func (c *cursor) hash() (h Hash) {
	h.Kind = HashKind(c.kind(uint64(hashKinds), "a hash function"))
	copy(h.value[:], c.take(uint64(h.Kind.size())))
	return h
}
