package scanners

import (
	"bytes"
	"strings"
)

// arScanner knows archives of ar: static libraries, and packages of Debian.
//
// Joints are between members; see parts.
var arScanner = &Scanner{
	Name: "ar", Title: "ar archives, deb packages, static libraries: the data of each member",
	Exts: []string{"a", "ar", "deb", "udeb", "ddeb", "rlib"}, MIME: []string{"application/x-archive", "application/vnd.debian.binary-package"},
	sniff: func(head []byte) bool {
		return bytes.HasPrefix(head, []byte(arMagic)) && (len(head) < arHeaderLen+len(arMagic) || arEnd(head[len(arMagic):]))
	},
	scan:  scanAr,
	packs: true,
}

const (
	arMagic     = "!<arch>\n" // thin archives have another, and no data
	arHeaderLen = 60
)

// arEnd reports whether the header at the start of b ends as one.
func arEnd(b []byte) bool { return string(b[58:arHeaderLen]) == "`\n" }

// arMember is what a header says.
type arMember struct {
	header int64 // length, with what aligns it
	part
	name string
}

// arHeader reads the header at the start of b, or after an octet that aligns it.
func arHeader(b []byte) (m arMember, ok bool) {
	if len(b) > arHeaderLen && b[0] == '\n' {
		m.header = 1
	}
	h := b[m.header:]
	if len(h) < arHeaderLen || !arEnd(h) {
		return m, false
	}
	n := decimal(bytes.TrimRight(h[48:58], " "))
	m.name = strings.TrimRight(string(h[:16]), " /")
	m.header += arHeaderLen
	// BSD puts a long name before the data, and counts it in.
	if digits, long := strings.CutPrefix(m.name, "#1/"); long {
		l := decimal([]byte(digits))
		if l < 0 || l > MaxLine || l > n || m.header+l > int64(len(b)) {
			return m, false
		}
		m.name = strings.TrimRight(string(b[m.header:m.header+l]), "\x00")
		m.header += l
		n -= l
	}
	m.part = part{n, n}
	return m, n >= 0
}

func scanAr(s *Source) {
	if string(s.Peek(len(arMagic))) != arMagic {
		return
	}
	s.Skip(int64(len(arMagic)))
	var joints parts
	for {
		m, ok := arHeader(s.Peek(1 + arHeaderLen + MaxLine))
		if !ok {
			return
		}
		end := s.Offset() // of the data before
		joints.next(s, end, end+m.header, m.part)
		s.Skip(m.header)
		joints.lookAhead(s, func(b []byte) (part, bool) {
			next, ok := arHeader(b)
			return next.part, ok
		})
		s.Member(m.size, m.name)
	}
}
