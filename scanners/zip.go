package scanners

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// zipScanner knows zip archives, by whatever name: those of Java, Android,
// Python, of office documents and books.
//
// Joints are between members. The headers of zip are short, so a joint is either
// where the data of one ends or where that of the next begins, see parts.
var zipScanner = &Scanner{
	Name: "zip", Title: "zip archives, jar, apk, docx, odt, epub, whl: the data of each member",
	Exts: []string{"zip", "jar", "war", "ear", "aar", "apk", "aab", "ipa", "xpi", "crx", "whl", "egg", "pyz", "pex", "nupkg", "vsix",
		"docx", "xlsx", "pptx", "odt", "ods", "odp", "odg", "epub", "cbz", "kmz", "3mf", "usdz", "sb3", "xmind"},
	MIME: []string{"application/zip", "application/x-zip-compressed", "application/java-archive", "application/epub+zip", "application/vnd.android.package-archive"},
	sniff: func(head []byte) bool {
		return strings.HasPrefix(string(head[:min(4, len(head))]), zipSpan) && len(head) > 4 && zipPlausible(head[4:]) || zipPlausible(head)
	},
	scan:  scanZip,
	packs: true,
}

// Signatures of the parts of a zip archive.
const (
	zipLocal      = "PK\x03\x04"
	zipCentral    = "PK\x01\x02"
	zipDescriptor = "PK\x07\x08"
	zipSpan       = zipDescriptor // also the start of an archive in volumes
)

const zipHeaderLen = 30

// zipMember is what a local header says.
type zipMember struct {
	part
	header int64 // the length of the header
	stored bool
	packed bool // with DEFLATE
	name   string
	// described: behind the data stands a descriptor; unknown: only there is the
	// size.
	described, unknown bool
}

// zipPlausible reports whether a local header begins b.
func zipPlausible(b []byte) bool {
	if len(b) < zipHeaderLen || string(b[:4]) != zipLocal {
		return false
	}
	le := binary.LittleEndian
	method := le.Uint16(b[8:])
	return b[4] < 100 && (method <= 20 || method >= 93 && method <= 99) && le.Uint16(b[26:]) <= MaxLine
}

// zipHeader reads the local header at the start of b.
func zipHeader(b []byte) (m zipMember, ok bool) {
	if !zipPlausible(b) {
		return m, false
	}
	le := binary.LittleEndian
	flags, method := le.Uint16(b[6:]), le.Uint16(b[8:])
	packed, size := le.Uint32(b[18:]), le.Uint32(b[22:])
	name, extra := int(le.Uint16(b[26:])), int(le.Uint16(b[28:]))
	m.header = int64(zipHeaderLen + name + extra)
	if m.header > int64(len(b)) {
		return m, false
	}
	m.name = string(b[zipHeaderLen : zipHeaderLen+name])
	m.stored = method == 0 && flags&1 == 0
	m.packed = method == 8 && flags&1 == 0
	m.size = int64(packed)
	m.described = flags&8 != 0
	m.unknown = m.described && packed == 0
	// Sizes of 64 bits stand in a field of their own, those in full only.
	for x := b[zipHeaderLen+name : m.header]; packed == 1<<32-1 && len(x) >= 4; {
		id, n := le.Uint16(x), int(le.Uint16(x[2:]))
		x = x[4:]
		if n > len(x) {
			break
		}
		if v := x[:n]; id == 1 {
			if size == 1<<32-1 && len(v) >= 8 {
				v = v[8:]
			}
			if len(v) >= 8 {
				m.size = length(le.Uint64(v))
				m.unknown = m.described && m.size == 0
			}
			break
		}
		x = x[n:]
	}
	if m.stored {
		m.weight = m.size
	}
	return m, true
}

func scanZip(s *Source) {
	for !zipPlausible(s.Peek(zipHeaderLen)) { // behind a program
		s.Skip(1)
		if !s.Find([]byte(zipLocal)) {
			return
		}
	}
	var before zipMember
	var joints parts
	for {
		end := s.Offset() // of the data of the member before
		b := s.Peek(MaxPeek)
		d := before.descriptor(b)
		m, ok := zipHeader(b[d:])
		if !ok {
			break
		}
		header := int64(d) + m.header
		sought := false
		if m.unknown {
			if m.size = zipEnd(b[header:], 0); m.size < 0 {
				m.size, sought = MaxPeek, true // or more
			}
		}
		joints.next(s, end, end+header, m.part)
		s.Skip(header)
		joints.lookAhead(s, func(b []byte) (part, bool) {
			next, ok := zipHeader(b[m.descriptor(b):])
			return next.part, ok
		})
		start := s.Offset()
		switch {
		case sought:
			if !zipFindEnd(s) {
				return
			}
		case m.size > maxContent-s.Offset():
			return
		case m.stored:
			s.Member(m.size, m.name)
		default:
			s.Skip(m.size)
		}
		if m.packed {
			s.packedFrom(start, PackedDeflate, s.Offset()-start, m.name)
		}
		before = m
	}
	// A signature of Android may stand before the directory.
	s.Joint()
	if s.Find([]byte(zipCentral)) {
		s.Joint()
	}
}

// descriptor is the length of the descriptor of m, which begins b.
func (m *zipMember) descriptor(b []byte) int {
	if !m.described {
		return 0
	}
	lengths := []int{12, 20, 0}
	if bytes.HasPrefix(b, []byte(zipDescriptor)) {
		lengths = []int{16, 24}
	}
	for _, n := range lengths {
		if len(b) >= n+4 && (string(b[n:n+4]) == zipLocal || string(b[n:n+4]) == zipCentral) {
			return n
		}
	}
	return 0
}

// zipFindEnd moves to the end of data that begins at the position and whose
// length is not known, and reports whether it has one.
func zipFindEnd(s *Source) bool {
	start := s.Offset()
	for {
		b := s.Peek(MaxPeek)
		if n := zipEnd(b, s.Offset()-start); n >= 0 {
			s.SkipTo(start + n)
			return true
		}
		if len(b) < MaxPeek {
			return false
		}
		s.Skip(MaxPeek - zipBare - zipAfter)
	}
}

const (
	zipBare  = 20 // the length of the longest descriptor without a signature
	zipAfter = 24 // how much follows data at least, and the longest descriptor with one
)

// zipEnd looks for the end of data in b, which stands at an offset in the data,
// and gives its length or -1. What follows the data says how long it is, which
// makes sure.
func zipEnd(b []byte, at int64) int64 {
	le := binary.LittleEndian
	for i := 0; ; i += 2 {
		k := bytes.Index(b[i:], []byte("PK"))
		if k < 0 || len(b) < i+k+zipAfter {
			return -1
		}
		i += k
		n := at + int64(i)
		switch string(b[i : i+4]) {
		case zipDescriptor:
			if n == int64(le.Uint32(b[i+8:])) || uint64(n) == le.Uint64(b[i+8:]) {
				return n
			}
		case zipLocal, zipCentral:
			if i >= 12 && n-12 == int64(le.Uint32(b[i-8:])) {
				return n - 12
			}
			if i >= zipBare && uint64(n-zipBare) == le.Uint64(b[i-16:]) {
				return n - zipBare
			}
		}
	}
}
