package scanners

import "bytes"

// tarScanner knows archives of tar: ustar, pax, GNU, star, Solaris and V7 ones,
// with members of any size.
//
// Joints are where a member's data begins and where it ends, so that it is cut
// like a file of its own, and within a sparse one where a hole has been left out.
var tarScanner = &Scanner{
	Name: "tar", Title: "tar archives: the data of each member",
	Exts: []string{"tar", "ova", "gem"}, MIME: []string{"application/x-tar", "application/tar"},
	sniff: func(head []byte) bool { return len(head) >= tarBlock && tarHeader(head[:tarBlock]) },
	scan:  scanTar,
	packs: true,
}

const (
	tarBlock = 512
	// tarSmall is the size below which a member is not worth blocks of its own.
	tarSmall = 1 << 10
	// tarHole is how long a hole is that is a run in the file itself.
	tarHole = 8 << 10
	// maxPieces is how many holes of a member are looked at.
	maxPieces = 1 << 16
)

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

// tarMember is what headers say of a member before its data.
type tarMember struct {
	name   string
	size   int64 // that of a pax header, or -1
	map10  bool  // the data begins with a map of what is stored
	sparse bool
	pieces tarPieces
}

// tarPieces are the pieces of a sparse member, which are stored one behind the
// other.
type tarPieces struct {
	stored, end int64   // of the pieces so far: their length, and the end of the last in the file
	joints      []int64 // where in what is stored a hole has been
	hole        int64   // where the last hole has been, or the start
	offset      int64   // of a piece whose length comes next
}

// add adds a piece by its place in the file.
func (p *tarPieces) add(off, n int64) {
	if n < 0 || n > maxContent-p.stored || off < p.end || off > maxContent {
		return
	}
	if off-p.end >= tarHole && n > 0 {
		if p.stored-p.hole >= jointGap && len(p.joints) < maxPieces {
			p.joints = append(p.joints, p.stored)
		}
		p.hole = p.stored
	}
	p.stored += n
	p.end = off + n
}

// addAll adds the pieces of the map in a header: pairs of an offset and a length
// of 12 octets each.
func (p *tarPieces) addAll(b []byte) {
	for ; len(b) >= 24; b = b[24:] {
		off, ok := tarNumber(b[:12])
		n, ok2 := tarNumber(b[12:24])
		if !ok || !ok2 {
			return
		}
		p.add(off, n)
	}
}

func scanTar(s *Source) {
	next := tarMember{size: -1}
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
		if !ok {
			return
		}
		kind := b[156]
		m := next
		switch kind {
		case 'x', 'X', 'g', 'L', 'K': // of the next member
			s.Skip(tarBlock)
			next.read(kind, s.Peek(int(min(n, MaxPeek))))
			s.SkipTo(s.Offset() + min((n+tarBlock-1)&^(tarBlock-1), maxContent-s.Offset()))
			continue
		case 'S':
			m.sparse = true
		}
		next = tarMember{size: -1}
		if m.size >= 0 {
			n = m.size
		}
		if m.name == "" {
			m.name = tarName(b[:100])
		}
		more := kind == 'S' && m.mapOf(b)
		s.Skip(tarBlock)
		for more { // the map of a sparse file goes on
			b := s.Peek(tarBlock)
			if len(b) < tarBlock {
				return
			}
			m.pieces.addAll(b[:504])
			more = b[504] != 0
			s.Skip(tarBlock)
		}
		switch {
		case kind >= '2' && kind <= '6': // nothing follows, whatever the size says
			n = 0
		case kind == '1' && n > 0:
			// Some write the data of a hard link, and some only its length.
			if b := s.Peek(tarBlock); len(b) == tarBlock && (tarHeader(b) || zero(b)) {
				n = 0
			}
		}
		if n > maxContent-s.Offset() {
			return
		}
		end := s.Offset() + n
		m.data(s, n)
		if s.Offset() > end {
			return
		}
		s.SkipTo(end)
		s.Skip(-n & (tarBlock - 1))
	}
}

// data sets the joints of a member whose data, of n octets, begins at the
// position.
func (m *tarMember) data(s *Source, n int64) {
	if n < tarSmall {
		return
	}
	s.Joint()
	end := s.Offset() + n
	s.JointAt(end)
	if !m.sparse {
		s.Member(n, m.name)
		return
	}
	if m.map10 {
		if !m.readMap(s, end) {
			return
		}
		s.Joint()
	}
	for _, at := range m.pieces.joints {
		if at < end-s.Offset() {
			s.JointAt(s.Offset() + at)
		}
	}
}

// read takes over what the data of an extended header says.
func (m *tarMember) read(kind byte, b []byte) {
	switch kind {
	case 'L':
		m.name = tarName(b)
	case 'x', 'X':
		m.readPax(b)
	}
}

// tarName reads a name that ends at a zero octet, or the end of it if it is long.
func tarName(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b[max(0, len(b)-255):])
}

// readPax reads the records of a pax header. Each is its length in decimal
// digits, a blank, name=value, and a line feed.
func (m *tarMember) readPax(b []byte) {
	for len(b) > 0 {
		n, i := 0, 0
		for ; i < len(b) && i < 6 && b[i] >= '0' && b[i] <= '9'; i++ {
			n = n*10 + int(b[i]-'0')
		}
		if i == 0 || n <= i+1 || n > len(b) || b[i] != ' ' {
			return
		}
		name, value, _ := bytes.Cut(b[i+1:n-1], []byte("="))
		switch string(name) {
		case "size":
			m.size = decimal(value)
		case "path", "GNU.sparse.name":
			m.name = tarName(value)
		case "GNU.sparse.major":
			m.map10 = string(value) == "1"
			m.sparse = true
		case "GNU.sparse.offset":
			m.pieces.offset = decimal(value)
		case "GNU.sparse.numbytes":
			m.sparse = true
			m.pieces.add(m.pieces.offset, decimal(value))
		case "GNU.sparse.map":
			m.sparse = true
			for len(value) > 0 {
				var off, n int64
				off, value = nextDecimal(value, ',')
				n, value = nextDecimal(value, ',')
				m.pieces.add(off, n)
			}
		}
		b = b[n:]
	}
}

// mapOf reads the map in the header of a sparse member, and reports whether it
// goes on behind it.
func (m *tarMember) mapOf(b []byte) (more bool) {
	switch {
	case string(b[257:265]) == "ustar  \x00":
		m.pieces.addAll(b[386:482])
		return b[482] != 0
	case string(b[508:512]) == "tar\x00":
		m.pieces.addAll(b[356:452])
		return b[355] != 0
	}
	return false
}

// readMap reads the map that stands before the data of a member, moves behind
// it, and reports whether it is one: numbers, each in a line, of pieces, and of the
// offset and the length of each, and then zeros to the end of the block.
func (m *tarMember) readMap(s *Source, end int64) bool {
	at := s.Offset()
	start := at
	var b []byte // from at on
	number := func() (n int64) {
		if len(b) < tarBlock { // more than a number needs
			s.SkipTo(at)
			b = s.Peek(MaxPeek)
		}
		n, rest := nextDecimal(b, '\n')
		at += int64(len(b) - len(rest))
		b = rest
		return n
	}
	count := number()
	for left := count; left > 0; left-- {
		off, n := number(), number()
		if off < 0 || n < 0 || at > end {
			return false
		}
		m.pieces.add(off, n)
	}
	s.SkipTo(at + -(at-start)&(tarBlock-1))
	return count >= 0 && s.Offset() <= end
}

// nextDecimal reads a number that ends at an octet, or with b, and gives what is
// behind that octet. The number is -1 if it is none.
func nextDecimal(b []byte, end byte) (n int64, rest []byte) {
	for i, c := range b {
		switch {
		case c == end && i > 0:
			return n, b[i+1:]
		case c < '0' || c > '9' || i >= maxDecimal:
			_, rest, _ = bytes.Cut(b[i:], []byte{end})
			return -1, rest
		}
		n = n*10 + int64(c-'0')
	}
	if len(b) == 0 {
		n = -1
	}
	return n, nil
}

// maxDecimal is how many digits a number has at most, which is below 2^60.
const maxDecimal = 18

// decimal reads a number in decimal digits, or gives -1.
func decimal(b []byte) int64 {
	if len(b) == 0 || len(b) > maxDecimal {
		return -1
	}
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
