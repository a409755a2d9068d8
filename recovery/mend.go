package recovery

import (
	"encoding/binary"

	"github.com/vtdarchive/vtd/format/codec"
)

// A decoder refuses a frame whose outside does not fit together before it looks
// at any of it. So what is behind the damage is replaced by something that does:
// what is before it can be decoded then, and what is not as it was does not have
// its hash.

const (
	zstdMagic    = 0xFD2FB528
	zstdMaxBlock = 128 << 10
	blockHeader  = 3
	blockRLE     = 1
)

// mend makes the outside of a frame fit that is damaged or cut.
func mend(id codec.ID, stored []byte, rawLen int) []byte {
	switch id {
	case codec.Zstd:
		return mendZstd(stored, rawLen)
	case codec.LongZstd:
		return mendLong(stored)
	}
	return stored
}

// mendLong mends the literals behind a list of copies.
func mendLong(stored []byte) []byte {
	var fields [6]uint64
	at := 0
	for i := range fields {
		v, n := binary.Uvarint(stored[at:])
		if n <= 0 || v > codec.MaxRaw {
			return stored
		}
		fields[i], at = v, at+n
	}
	literals, list := int(fields[1]), int(fields[5])
	if len(stored)-at < list+4 {
		return stored
	}
	at += list
	rest := stored[at:]
	if le.Uint32(rest) == zstdMagic {
		rest = mendZstd(rest, literals)
	} else if len(rest) < literals {
		rest = append(rest[:len(rest):len(rest)], make([]byte, literals-len(rest))...)
	}
	return append(stored[:at:at], rest...)
}

// mendZstd puts blocks of zeros behind the last block that is there.
func mendZstd(stored []byte, rawLen int) []byte {
	if len(stored) < 6 {
		return stored
	}
	at := 5 + 1<<(stored[4]>>6) // magic, descriptor, content size
	if stored[4]&0x20 == 0 {
		at++ // window
	}
	for len(stored)-at >= blockHeader {
		head := int(stored[at]) | int(stored[at+1])<<8 | int(stored[at+2])<<16
		size := head >> 3
		if size > zstdMaxBlock || head>>1&3 == 3 {
			break
		}
		if head>>1&3 == blockRLE {
			size = 1
		}
		if size > len(stored)-at-blockHeader || head&1 != 0 && at+blockHeader+size != len(stored) {
			break
		}
		at += blockHeader + size
		if head&1 != 0 {
			return stored
		}
	}
	out := append([]byte(nil), stored[:min(at, len(stored))]...)
	each := min(zstdMaxBlock, max(rawLen, 1))
	for left := rawLen; ; left -= each {
		head := each<<3 | blockRLE<<1
		if left <= each {
			head |= 1
		}
		out = append(out, byte(head), byte(head>>8), byte(head>>16), 0)
		if left <= each {
			return out
		}
	}
}
