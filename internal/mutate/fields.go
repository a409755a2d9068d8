package mutate

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/vtdarchive/vtd/format"
)

// choose gives one of the structures of the file.
func choose(b []byte, s *Script) (part, bool) {
	ps := parts(b)
	if len(ps) == 0 {
		return part{}, false
	}
	return ps[s.Number(len(ps))], true
}

// lieInField changes a number in a header, frame head, index or trailer, and
// seals it: nothing but the number is wrong.
func lieInField(b []byte, s *Script) []byte {
	p, ok := choose(b, s)
	if !ok {
		return b
	}
	field := b[p.at+8 : p.at+p.size] // after the magic number
	if p.magic == format.MagicIndex {
		field = b[p.at+8 : p.at+p.size+p.rest]
	}
	width := 1 << s.Below(4)
	if len(field) < width {
		return b
	}
	at := s.Number(len(field))
	if s.Below(4) > 0 {
		at = at / width * width // as fields lie
	}
	if at+width > len(field) {
		return b
	}
	field = field[at : at+width]
	var old [8]byte
	copy(old[:], field)
	binary.LittleEndian.PutUint64(old[:], otherNumber(binary.LittleEndian.Uint64(old[:]), s, len(b)))
	copy(field, old[:])
	return Sealed(b, SealCRC)
}

// otherNumber gives another number for one.
func otherNumber(x uint64, s *Script, size int) uint64 {
	switch s.Below(12) {
	case 0:
		return 0
	case 1:
		return 1
	case 2:
		return x + 1
	case 3:
		return x - 1
	case 4:
		return math.MaxUint64
	case 5:
		return math.MaxInt64
	case 6:
		return 1<<32 - 1
	case 7:
		return x ^ 1<<s.Below(64)
	case 8:
		return uint64(s.Number(size)) // an offset
	case 9:
		return uint64(s.Below(32)) // a number of a block, a kind, a codec
	case 10:
		return x * 2
	}
	return x + uint64(int8(s.Byte()))
}

// lieInContent changes stored bytes and the hash of them in the frame's head.
func lieInContent(b []byte, s *Script) []byte {
	p, ok := choose(b, s)
	if !ok || p.magic != format.MagicFrame || p.rest == 0 {
		return b
	}
	stored := b[p.at+p.size:][:p.rest]
	stored[s.Number(len(stored))] ^= 1 + s.Byte()
	return Sealed(b, SealCRC)
}

// lieInHash lets an index give the hash of one block to another.
func lieInHash(b []byte, s *Script) []byte {
	p, ok := choose(b, s)
	if !ok || p.magic != format.MagicIndex {
		return b
	}
	var hashes [][]byte
	each(b, p, func(_ uint64, h []byte) { hashes = append(hashes, h) })
	if len(hashes) == 0 {
		return b
	}
	copy(hashes[s.Number(len(hashes))], hashes[s.Number(len(hashes))])
	return Sealed(b, SealCRC)
}

// swapFrames exchanges two frames with all that they say of themselves; when
// the next byte says so, each takes the other's place in the order of blocks.
func swapFrames(b []byte, s *Script) []byte {
	x, ok := choose(b, s)
	y, _ := choose(b, s)
	if !ok || x.at == y.at || x.magic != format.MagicFrame || y.magic != format.MagicFrame {
		return b
	}
	if x.at > y.at {
		x, y = y, x
	}
	whole := func(p part) []byte { return bytes.Clone(b[p.at : p.at+p.size+p.rest]) }
	first, second := whole(x), whole(y)
	if s.Below(2) == 1 {
		const atFirst = 16
		a, c := u64(first, atFirst), u64(second, atFirst)
		binary.LittleEndian.PutUint64(first[atFirst:], c)
		binary.LittleEndian.PutUint64(second[atFirst:], a)
	}
	between := b[x.at+len(first) : y.at]
	out := bytes.Join([][]byte{b[:x.at], second, between, first, b[y.at+len(second):]}, nil)
	return Sealed(out, SealCRC)
}

// doubleStructure puts a copy of a structure between others or at the end.
func doubleStructure(b []byte, s *Script) []byte {
	x, ok := choose(b, s)
	y, _ := choose(b, s)
	if !ok {
		return b
	}
	at := y.at
	if s.Below(2) == 1 {
		at = len(b)
	}
	return insert(b, at, bytes.Clone(b[x.at:x.at+x.size+x.rest]))
}
