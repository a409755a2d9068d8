package scanners

import (
	"encoding/binary"
	"slices"
)

// elfScanner knows programs and libraries of ELF, of 32 and 64 bits and both
// orders of octets.
//
// Joints are around large sections if the table of sections stands within the
// first MaxPeek octets, where Go's linker has it, and around large segments
// otherwise: most linkers put that table at the end, where it comes too late.
var elfScanner = &Scanner{
	Name: "elf", Title: "ELF programs and libraries: sections or segments",
	MIME:  []string{"application/x-executable", "application/x-sharedlib", "application/x-pie-executable", "application/x-elf"},
	Exts:  []string{"elf", "so"},
	sniff: func(head []byte) bool { return len(elfHeader(head)) > 0 },
	scan:  scanELF,
}

// minSection is the size from which a section or a segment of a program is worth
// joints.
const minSection = 4 << 10

// elfHeader gives the header at the start of a file, or nil.
func elfHeader(b []byte) []byte {
	if len(b) < 52 || string(b[:4]) != "\x7fELF" || b[5] != 1 && b[5] != 2 || b[6] != 1 {
		return nil
	}
	switch {
	case b[4] == 1:
		return b[:52]
	case b[4] == 2 && len(b) >= 64:
		return b[:64]
	}
	return nil
}

func scanELF(s *Source) {
	b := s.Peek(MaxPeek)
	h := elfHeader(b)
	if h == nil {
		return
	}
	var order binary.ByteOrder = binary.LittleEndian
	if h[5] == 2 {
		order = binary.BigEndian
	}
	word, counts := 4, 42 // the size of an address; where sizes and numbers of entries are
	if h[4] == 2 {
		word, counts = 8, 54
	}
	// number reads an address, or gives -1 for one that is too large or not there.
	number := func(b []byte, at int) int64 {
		if at+word > len(b) {
			return -1
		}
		if word == 4 {
			return int64(order.Uint32(b[at:]))
		}
		if n := order.Uint64(b[at:]); n < maxContent {
			return int64(n)
		}
		return -1
	}
	count := func(i int) int64 { return int64(order.Uint16(h[counts+2*i:])) }
	part := func(at, size int64) {
		if at >= 0 && size >= minSection && at < maxContent/2 && size < maxContent/2 {
			s.JointAt(at)
			s.JointAt(at + size)
		}
	}

	segments, sections := number(h, 24+word), number(h, 24+2*word)
	const load, noBits = 1, 8
	if t := elfTable(b, sections, count(2), count(3)); t != nil {
		for e := range slices.Chunk(t, int(count(2))) {
			if len(e) >= 8+4*word && order.Uint32(e[4:]) != noBits {
				part(number(e, 8+2*word), number(e, 8+3*word))
			}
		}
		return
	}
	if t := elfTable(b, segments, count(0), count(1)); t != nil {
		for e := range slices.Chunk(t, int(count(0))) {
			if order.Uint32(e) == load {
				part(number(e, word), number(e, 4*word))
			}
		}
	}
}

// elfTable gives the table of so many entries of a size at an offset, if all of it
// is in b.
func elfTable(b []byte, at, size, n int64) []byte {
	if size < 32 || n == 0 || at <= 0 || at > int64(len(b))-size*n {
		return nil
	}
	return b[at : at+size*n]
}
