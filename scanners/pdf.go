package scanners

import "bytes"

// pdfScanner knows documents of PDF.
//
// Joints are near the start and at the end of each large stream: a picture, a
// font, a page.
var pdfScanner = &Scanner{
	Name: "pdf", Title: "PDF documents: pictures, fonts and pages",
	Exts: []string{"pdf", "ai", "fdf"}, MIME: []string{"application/pdf", "application/x-pdf", "application/illustrator"},
	sniff: func(head []byte) bool { return bytes.HasPrefix(head, []byte("%PDF-")) },
	scan:  scanPDF,
	packs: true,
}

var (
	pdfEndStream = []byte("endstream")
	pdfLength    = []byte("/Length")
	pdfFlate     = []byte("/FlateDecode")
)

// The words around objects and streams.
const (
	pdfObj    = " obj"
	pdfEndObj = "endobj"
	pdfStream = "stream"
)

// pdfDict is how much of an object is searched for the start of its stream.
const pdfDict = 4 << 10

func scanPDF(s *Source) {
	stream, end := pdfWord{word: pdfStream}, pdfWord{word: pdfEndObj}
	for findPDFObj(s) {
		b := s.Peek(pdfDict)
		i := stream.index(b, s.Offset())
		if i < 0 {
			continue
		}
		if k := end.index(b, s.Offset()); k >= 0 && k < i {
			continue
		}
		scanPDFStream(s, b, i)
	}
}

// findPDFObj moves behind the next keyword that begins an object.
func findPDFObj(s *Source) bool {
	for {
		b := s.Peek(MaxPeek)
		if i := endsAt(b, 0, pdfObj); i >= 0 {
			s.Skip(int64(i + 1))
			return true
		}
		if len(b) < MaxPeek {
			return false
		}
		s.Skip(int64(len(b) - len(pdfObj) + 1))
	}
}

// pdfWord is a word that is searched for in objects one after another, each
// octet of which is looked at once, however many begin in front of it.
type pdfWord struct {
	word string
	next int64 // where it stands next if it is found, or before where it does not
	seen bool  // it is found
}

// index gives the first place of the word in b, which stands at an offset in the
// content not before that of the last call, or -1.
func (w *pdfWord) index(b []byte, off int64) int {
	if w.next < off {
		w.next, w.seen = off, false
	}
	at := int(min(w.next-off, int64(len(b))))
	if !w.seen {
		i := endsAt(b, at+len(w.word)-1, w.word)
		if w.seen = i >= 0; !w.seen {
			w.next = max(w.next, off+int64(len(b)-len(w.word)+1))
			return -1
		}
		at = i + 1 - len(w.word)
		w.next = off + int64(at)
	}
	if at+len(w.word) > len(b) {
		return -1
	}
	return at
}

// scanPDFStream moves to the keyword of a stream at an index of the object b. If
// it is one, it sets its joints and moves behind its data.
func scanPDFStream(s *Source, b []byte, at int) {
	dict, rest := b[:at], b[at+len(pdfStream):]
	eol := pdfEOL(rest)
	if eol == 0 || !bytes.HasSuffix(pdfTrim(dict), []byte(">>")) {
		s.Skip(int64(at)) // nor is it one of an object that begins before it
		return
	}
	length, packed := pdfDirectLength(dict), s.find != nil && bytes.Contains(dict, pdfFlate)
	s.Skip(int64(at+len(pdfStream)) + eol)
	start := s.Offset()
	packed = packed && zlibHeader(s.Peek(2))
	switch {
	case length >= 0:
		scanPart(s, s.Offset()+length)
	case skipShortPDFStream(s):
	default:
		s.JointAt(s.Offset() + leadIn)
		if skipPDFStream(s) {
			s.Joint()
		}
	}
	if packed {
		s.packedFrom(start, PackedZlib, s.Offset()-start, "")
	}
}

// skipShortPDFStream is skipPDFStream if that is not far, and says so.
func skipShortPDFStream(s *Source) bool {
	i := bytes.Index(s.Peek(mediaPart), pdfEndStream)
	if i >= 0 {
		s.Skip(int64(len(pdfBeforeEOL(s.Peek(i)))))
	}
	return i >= 0
}

// skipPDFStream moves to the end of the data of a stream whose length is not
// known: before the keyword, and the end of line before that.
func skipPDFStream(s *Source) bool {
	for {
		b := s.Peek(MaxPeek)
		if i := bytes.Index(b, pdfEndStream); i >= 0 {
			s.Skip(int64(len(pdfBeforeEOL(b[:i]))))
			return true
		}
		if len(b) < MaxPeek {
			s.Skip(int64(len(b)))
			return false
		}
		s.Skip(int64(len(b) - len(pdfEndStream) - 1)) // with the end of line
	}
}

// pdfDirectLength gives the length that a dictionary gives in place, or -1.
func pdfDirectLength(dict []byte) int64 {
	for {
		i := bytes.Index(dict, pdfLength)
		if i < 0 {
			return -1
		}
		dict = dict[i+len(pdfLength):]
		rest := pdfSkip(dict)
		if len(rest) == len(dict) {
			continue // of a name that goes on, as in /Length1 of a font
		}
		n, digits := pdfNumber(rest)
		rest = pdfSkip(rest[digits:])
		if digits == 0 {
			return -1
		}
		// The number of an object, its generation, and R.
		if _, more := pdfNumber(rest); more > 0 {
			if rest = pdfSkip(rest[more:]); len(rest) > 0 && rest[0] == 'R' {
				return -1
			}
		}
		return n
	}
}

// pdfBlank reports whether an octet is a blank.
func pdfBlank(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '\f', 0:
		return true
	}
	return false
}

// pdfSkip leaves the blanks at the start of b off.
func pdfSkip(b []byte) []byte {
	for len(b) > 0 && pdfBlank(b[0]) {
		b = b[1:]
	}
	return b
}

// pdfTrim leaves the blanks at the end of b off.
func pdfTrim(b []byte) []byte {
	for len(b) > 0 && pdfBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// pdfBeforeEOL leaves an end of line at the end of b off.
func pdfBeforeEOL(b []byte) []byte {
	b, _ = bytes.CutSuffix(b, []byte("\n"))
	b, _ = bytes.CutSuffix(b, []byte("\r"))
	return b
}

// pdfNumber reads a number of decimal digits, and tells how many there are.
func pdfNumber(b []byte) (n int64, digits int) {
	for digits < len(b) && digits < 15 && b[digits] >= '0' && b[digits] <= '9' {
		n = n*10 + int64(b[digits]-'0')
		digits++
	}
	return n, digits
}

// pdfEOL gives the length of the end of line that b begins with, or 0.
func pdfEOL(b []byte) int64 {
	switch {
	case bytes.HasPrefix(b, []byte("\r\n")):
		return 2
	case len(b) > 0 && (b[0] == '\n' || b[0] == '\r'):
		return 1
	}
	return 0
}
