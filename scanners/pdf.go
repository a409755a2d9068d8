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
	pdfObj       = []byte(" obj")
	pdfEndObj    = []byte("endobj")
	pdfStream    = []byte("stream")
	pdfEndStream = []byte("endstream")
	pdfLength    = []byte("/Length")
	pdfFlate     = []byte("/FlateDecode")
)

// pdfDict is how much of an object is searched for the start of its stream.
const pdfDict = 4 << 10

func scanPDF(s *Source) {
	for s.Find(pdfObj) {
		s.Skip(int64(len(pdfObj)))
		b := s.Peek(pdfDict)
		if i := bytes.Index(b, pdfEndObj); i >= 0 {
			b = b[:i]
		}
		if i := bytes.Index(b, pdfStream); i >= 0 {
			scanPDFStream(s, b, i)
		}
	}
}

// scanPDFStream sets the joints of the stream whose keyword stands at an index
// of the object b, if it is one, and moves behind its data.
func scanPDFStream(s *Source, b []byte, at int) {
	dict, rest := b[:at], b[at+len(pdfStream):]
	eol := pdfEOL(rest)
	if eol == 0 || !bytes.HasSuffix(bytes.TrimRight(dict, pdfBlanks), []byte(">>")) {
		return
	}
	length, packed := pdfDirectLength(dict), bytes.Contains(dict, pdfFlate)
	s.Skip(int64(at+len(pdfStream)) + eol)
	start := s.Offset()
	packed = packed && zlibHeader(s.Peek(2))
	switch {
	case length >= 0:
		scanPart(s, s.Offset()+length)
	case bytes.Contains(s.Peek(mediaPart), pdfEndStream):
		skipPDFStream(s)
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

// skipPDFStream moves to the end of the data of a stream whose length is not
// known: before the keyword, and the end of line before that.
func skipPDFStream(s *Source) bool {
	for {
		b := s.Peek(MaxPeek)
		if i := bytes.Index(b, pdfEndStream); i >= 0 {
			b, _ = bytes.CutSuffix(b[:i], []byte("\n"))
			b, _ = bytes.CutSuffix(b, []byte("\r"))
			s.Skip(int64(len(b)))
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
		rest := bytes.TrimLeft(dict, pdfBlanks)
		if len(rest) == len(dict) {
			continue // of a name that goes on, as in /Length1 of a font
		}
		n, digits := pdfNumber(rest)
		rest = bytes.TrimLeft(rest[digits:], pdfBlanks)
		if digits == 0 {
			return -1
		}
		// The number of an object, its generation, and R.
		if _, more := pdfNumber(rest); more > 0 {
			if rest = bytes.TrimLeft(rest[more:], pdfBlanks); len(rest) > 0 && rest[0] == 'R' {
				return -1
			}
		}
		return n
	}
}

const pdfBlanks = " \t\r\n\f\x00"

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
