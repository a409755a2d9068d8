package scanners

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// cpioScanner knows archives of cpio: the portable formats newc, crc and odc, and
// the old binary one in both orders.
//
// Joints are between members; see parts.
var cpioScanner = &Scanner{
	Name: "cpio", Title: "cpio archives, initramfs: the data of each member",
	Exts: []string{"cpio"}, MIME: []string{"application/x-cpio"},
	sniff: func(head []byte) bool {
		_, ok := cpioHeader(head)
		return ok
	},
	scan:  scanCpio,
	packs: true,
}

// cpioMember is what a header says.
type cpioMember struct {
	header  int64 // length with the name, and what aligns the data
	size    int64
	padding int64 // behind the data
	name    string
}

// cpioNear is how much is looked at for a header with its name.
const cpioNear = 110 + MaxLine

// cpioHeader reads the header at the start of b.
func cpioHeader(b []byte) (m cpioMember, ok bool) {
	if len(b) < 26 {
		return m, false
	}
	var fixed, name, align int64
	switch string(b[:6]) {
	case "070701", "070702":
		if len(b) < 110 || !digits(b[6:110], 16) {
			return m, false
		}
		fixed, align = 110, 4
		m.size, name = cpioNumber(b[54:62], 16), cpioNumber(b[94:102], 16)
	case "070707":
		if len(b) < 76 || !digits(b[6:76], 8) {
			return m, false
		}
		fixed, align = 76, 1
		m.size, name = cpioNumber(b[65:76], 8), cpioNumber(b[59:65], 8)
	default:
		// Numbers of 16 bits in the order of the machine; of two of them the
		// first is the higher.
		var order binary.ByteOrder = binary.LittleEndian
		if order.Uint16(b) != 0o70707 {
			order = binary.BigEndian
		}
		if order.Uint16(b) != 0o70707 {
			return m, false
		}
		if kind := order.Uint16(b[6:]) >> 12; 1<<kind&(1<<0|1<<1|1<<2|1<<4|1<<6|1<<8|1<<10|1<<12) == 0 {
			return m, false
		}
		fixed, align = 26, 2
		m.size = int64(order.Uint16(b[22:]))<<16 | int64(order.Uint16(b[24:]))
		name = int64(order.Uint16(b[20:]))
	}
	// The name ends with a zero octet, and has no other.
	if name < 2 || name > MaxLine || fixed+min(name, SniffLen/2) > int64(len(b)) {
		return m, false
	}
	if end := bytes.IndexByte(b[fixed:min(fixed+name, int64(len(b)))], 0); end >= 0 && int64(end) != name-1 || end < 0 && fixed+name <= int64(len(b)) || end == 0 {
		return m, false
	}
	m.name = string(b[fixed:min(fixed+name-1, int64(len(b)))])
	m.header = (fixed + name + align - 1) / align * align
	m.padding = (align - m.size%align) % align
	return m, true
}

// digits reports whether b holds digits of a base only, 8 or 16.
func digits(b []byte, base byte) bool {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '7':
		case base == 16 && (c == '8' || c == '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'):
		default:
			return false
		}
	}
	return true
}

// cpioNumber reads digits that have been looked at.
func cpioNumber(b []byte, base int) int64 {
	n, _ := strconv.ParseInt(string(b), base, 62)
	return n
}

func scanCpio(s *Source) {
	var joints parts
	end, padding := s.Offset(), int64(0) // of the member before
	for {
		b := s.Peek(int(padding) + cpioNear)
		b = b[min(int(padding), len(b)):]
		m, ok := cpioHeader(b)
		if !ok {
			break
		}
		joints.next(s, end, end+padding+m.header, part{m.size, m.size})
		s.Skip(padding + m.header)
		joints.lookAhead(s, func(b []byte) (part, bool) {
			next, ok := cpioHeader(b[min(int(m.padding), len(b)):])
			return part{next.size, next.size}, ok
		})
		s.Member(m.size, m.name)
		end, padding = s.Offset(), m.padding
		if m.name != "TRAILER!!!" {
			continue
		}
		// Another archive may follow, after zeros.
		s.Skip(padding)
		if !cpioSkipZeros(s) {
			return
		}
		end, padding = s.Offset(), 0
	}
	// What the kernel is given may go on with a compressed archive.
	if s.Offset() > 0 {
		s.Joint()
		s.Member(maxContent-s.Offset(), "")
	}
}

// cpioSkipZeros moves behind zeros, and reports whether anything is there.
func cpioSkipZeros(s *Source) bool {
	for {
		b := s.Peek(512)
		if len(b) == 0 {
			return false
		}
		if rest := bytes.TrimLeft(b, "\x00"); len(rest) > 0 {
			s.Skip(int64(len(b) - len(rest)))
			return true
		}
		s.Skip(int64(len(b)))
	}
}
