package scanners

import "bytes"

// tarScanner knows archives of tar: ustar, pax, GNU and V7 ones, with members
// of any size.
//
// Joints are where a member's data begins and where it ends, so that it is cut
// like a file of its own.
var tarScanner = &Scanner{
	Name: "tar", Title: "tar archives: the data of each member",
	Exts: []string{"tar", "ova"}, MIME: []string{"application/x-tar", "application/tar"},
	sniff: func(head []byte) bool { return len(head) >= tarBlock && tarHeader(head[:tarBlock]) },
	scan:  scanTar,
}

const tarBlock = 512

// tarHeader reports whether a block is the header of a member: its checksum,
// with the octets of the checksum itself taken as blanks, as unsigned or as
// signed numbers.
func tarHeader(b []byte) bool {
	want, ok := tarNumber(b[148:156])
	if !ok || b[0] == 0 && b[156] != 'x' && b[156] != 'g' {
		return false
	}
	var unsigned, signed int64
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	return want == unsigned || want == signed
}

// tarNumber reads a number of a header: octal digits, with blanks and zero
// octets around, or base 256 after a first octet of 0x80.
func tarNumber(b []byte) (n int64, ok bool) {
	if b[0] == 0x80 {
		for _, c := range b[1:] {
			if n >= 1<<54 {
				return 0, false
			}
			n = n<<8 | int64(c)
		}
		return n, true
	}
	b = bytes.Trim(b, " \x00")
	for _, c := range b {
		if c < '0' || c > '7' || n >= 1<<58 {
			return 0, false
		}
		n = n<<3 | int64(c-'0')
	}
	return n, len(b) > 0
}

func scanTar(s *Source) {
	size := int64(-1) // that a pax header gives the next member
	for {
		b := s.Peek(tarBlock)
		if len(b) < tarBlock {
			return
		}
		if !tarHeader(b) {
			// Padding at the end of one archive, which another may follow; or
			// what this is not about.
			if len(bytes.TrimLeft(b, "\x00")) != 0 {
				return
			}
			s.Skip(tarBlock)
			continue
		}
		n, ok := tarNumber(b[124:136])
		kind := b[156]
		gnu := b[257] == 'u' && string(b[257:265]) == "ustar  \x00"
		more := gnu && kind == 'S' && b[482] != 0
		if !ok {
			return
		}
		switch kind {
		case '1', '2', '3', '4', '5', '6': // no data follows, whatever the size says
			n = 0
		case 'x', 'g', 'L', 'K', 'X', 'N', 'V', 'M':
		default:
			if size >= 0 {
				n = size
			}
			size = -1
		}
		s.Skip(tarBlock)
		for more { // the map of a sparse file goes on
			b := s.Peek(tarBlock)
			if len(b) < tarBlock {
				return
			}
			more = b[504] != 0
			s.Skip(tarBlock)
		}
		if kind == 'x' {
			size = paxSize(s.Peek(int(min(n, MaxPeek))))
		}
		if kind != 'x' && kind != 'g' && kind != 'L' && kind != 'K' && n > 0 {
			s.Joint()
			s.Skip(n)
			s.Joint()
			s.Skip(-n & (tarBlock - 1))
			continue
		}
		s.Skip((n + tarBlock - 1) &^ (tarBlock - 1))
	}
}

// paxSize finds the size in the records of a pax header, or gives -1.
func paxSize(b []byte) int64 {
	size := int64(-1)
	for len(b) > 0 {
		// Each record is its length in decimal digits, a blank, name=value, and a
		// line feed.
		n, i := 0, 0
		for ; i < len(b) && i < 6 && b[i] >= '0' && b[i] <= '9'; i++ {
			n = n*10 + int(b[i]-'0')
		}
		if i == 0 || n <= i+1 || n > len(b) || b[i] != ' ' {
			return size
		}
		if v, ok := bytes.CutPrefix(b[i+1:n-1], []byte("size=")); ok {
			size = 0
			for _, c := range v {
				if c < '0' || c > '9' || size > 1<<58 {
					return -1
				}
				size = size*10 + int64(c-'0')
			}
		}
		b = b[n:]
	}
	return size
}
