package fuzz

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/vtdarchive/vtd/format"
)

// maxChanges bounds how often an archive is changed: what many changes break,
// few of them break, too.
const maxChanges = 12

// script reads numbers from the bytes that a fuzzer gives; zeros follow its
// end. Small changes of the bytes are small changes of what they mean.
type script struct{ b []byte }

func (s *script) byte() byte {
	if len(s.b) == 0 {
		return 0
	}
	x := s.b[0]
	s.b = s.b[1:]
	return x
}

// number gives one of 65536 numbers, spread over 0 to n-1.
func (s *script) number(n int) int {
	if n <= 0 {
		return 0
	}
	x := int(s.byte()) | int(s.byte())<<8
	if n > 1<<16 {
		return x * (n >> 16)
	}
	return x % n
}

// below gives a number from 0 to n-1, n up to 256.
func (s *script) below(n int) int { return int(s.byte()) % n }

func (s *script) done() bool { return len(s.b) == 0 }

// mutated changes an archive as a script says: damage of every sort, and lies
// that all CRCs and hashes around them agree with.
func mutated(b []byte, s *script) []byte {
	b = bytes.Clone(b)
	for n := 0; n < maxChanges && !s.done() && len(b) > 0; n++ {
		b = changes[s.below(len(changes))](b, s)
	}
	return b[:min(len(b), maxInput)]
}

// changes are the things that can be done to an archive.
var changes = []func(b []byte, s *script) []byte{
	flipBit, setByte, cutEnd, cutRange, swapRanges, copyRange, doubleRange, insertNoise,
	lieInField, lieInField, lieInField, lieInField, // where most is to be found
	lieInContent, lieInHash, swapFrames, doubleStructure,
	func(b []byte, s *script) []byte { return sealed(b, sealCRC) },
	func(b []byte, s *script) []byte { return sealed(b, sealTree) },
}

func flipBit(b []byte, s *script) []byte {
	b[s.number(len(b))] ^= 1 << s.below(8)
	return b
}

func setByte(b []byte, s *script) []byte {
	b[s.number(len(b))] = s.byte()
	return b
}

func cutEnd(b []byte, s *script) []byte { return b[:s.number(len(b))] }

// span gives a range of the file: mostly a short one.
func span(b []byte, s *script) (from, to int) {
	from = s.number(len(b))
	n := 1 + int(s.byte())
	if n > 200 {
		n = (n - 199) * 64
	}
	return from, min(from+n, len(b))
}

func cutRange(b []byte, s *script) []byte {
	from, to := span(b, s)
	return append(b[:from], b[to:]...)
}

func swapRanges(b []byte, s *script) []byte {
	from, to := span(b, s)
	at := s.number(len(b))
	n := min(to-from, len(b)-at)
	x, y := bytes.Clone(b[from:from+n]), bytes.Clone(b[at:at+n])
	copy(b[from:], y)
	copy(b[at:], x)
	return b
}

func copyRange(b []byte, s *script) []byte {
	from, to := span(b, s)
	copy(b[s.number(len(b)):], bytes.Clone(b[from:to]))
	return b
}

func doubleRange(b []byte, s *script) []byte {
	from, to := span(b, s)
	return insert(b, s.number(len(b)+1), b[from:to])
}

func insertNoise(b []byte, s *script) []byte {
	noise := make([]byte, 1+s.below(64))
	for i := range noise {
		noise[i] = s.byte()
	}
	return insert(b, s.number(len(b)+1), noise)
}

func insert(b []byte, at int, what []byte) []byte {
	out := make([]byte, 0, len(b)+len(what))
	return append(append(append(out, b[:at]...), what...), b[at:]...)
}

// choose gives one of the structures of the file.
func choose(b []byte, s *script) (part, bool) {
	ps := parts(b)
	if len(ps) == 0 {
		return part{}, false
	}
	return ps[s.number(len(ps))], true
}

// lieInField changes a number in a header, frame head, index or trailer, and
// seals it: nothing but the number is wrong.
func lieInField(b []byte, s *script) []byte {
	p, ok := choose(b, s)
	if !ok {
		return b
	}
	field := b[p.at+8 : p.at+p.size] // after the magic number
	if p.magic == format.MagicIndex {
		field = b[p.at+8 : p.at+p.size+p.rest]
	}
	width := 1 << s.below(4)
	if len(field) < width {
		return b
	}
	at := s.number(len(field))
	if s.below(4) > 0 {
		at = at / width * width // as fields lie
	}
	if at+width > len(field) {
		return b
	}
	field = field[at : at+width]
	var old [8]byte
	copy(old[:], field)
	binary.LittleEndian.PutUint64(old[:], lie(binary.LittleEndian.Uint64(old[:]), s, len(b)))
	copy(field, old[:])
	return sealed(b, sealCRC)
}

// lie gives another number for one.
func lie(x uint64, s *script, size int) uint64 {
	switch s.below(12) {
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
		return x ^ 1<<s.below(64)
	case 8:
		return uint64(s.number(size)) // an offset
	case 9:
		return uint64(s.below(32)) // a number of a block, a kind, a codec
	case 10:
		return x * 2
	}
	return x + uint64(int8(s.byte()))
}

// lieInContent changes stored bytes and the hash of them in the frame's head.
func lieInContent(b []byte, s *script) []byte {
	p, ok := choose(b, s)
	if !ok || p.magic != format.MagicFrame || p.rest == 0 {
		return b
	}
	stored := b[p.at+p.size:][:p.rest]
	stored[s.number(len(stored))] ^= 1 + s.byte()
	return sealed(b, sealCRC)
}

// lieInHash lets an index give the hash of one block to another.
func lieInHash(b []byte, s *script) []byte {
	p, ok := choose(b, s)
	if !ok || p.magic != format.MagicIndex {
		return b
	}
	var hashes [][]byte
	each(b, p, func(_ uint64, h []byte) { hashes = append(hashes, h) })
	if len(hashes) == 0 {
		return b
	}
	copy(hashes[s.number(len(hashes))], hashes[s.number(len(hashes))])
	return sealed(b, sealCRC)
}

// swapFrames exchanges two frames with all that they say of themselves; when
// the next byte says so, each takes the other's place in the order of blocks.
func swapFrames(b []byte, s *script) []byte {
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
	if s.below(2) == 1 {
		const atFirst = 16
		a, c := u64(first, atFirst), u64(second, atFirst)
		binary.LittleEndian.PutUint64(first[atFirst:], c)
		binary.LittleEndian.PutUint64(second[atFirst:], a)
	}
	between := b[x.at+len(first) : y.at]
	out := bytes.Join([][]byte{b[:x.at], second, between, first, b[y.at+len(second):]}, nil)
	return sealed(out, sealCRC)
}

// doubleStructure puts a copy of a structure between others or at the end.
func doubleStructure(b []byte, s *script) []byte {
	x, ok := choose(b, s)
	y, _ := choose(b, s)
	if !ok {
		return b
	}
	at := y.at
	if s.below(2) == 1 {
		at = len(b)
	}
	return insert(b, at, bytes.Clone(b[x.at:x.at+x.size+x.rest]))
}
