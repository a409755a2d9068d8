package scanners

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// pdfOf makes a document with streams, whose lengths stand in place or in
// objects of their own.
func pdfOf(title string, direct bool, streams ...[]byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%%PDF-1.5\n1 0 obj\n<< /Title (%s) >>\nendobj\n", title)
	number := 1 + len(title)
	for _, s := range streams {
		length := itoa(len(s))
		if !direct {
			length = itoa(number+1) + " 0 R"
		}
		fmt.Fprintf(&b, "%d 0 obj\n<< /Length1 7 /Length %s >>\nstream\r\n%s\nendstream\nendobj\n", number, length, s)
		number++
		if !direct {
			fmt.Fprintf(&b, "%d 0 obj\n%d\nendobj\n", number, len(s))
			number++
		}
	}
	return []byte(b.String() + "xref\n0 0\ntrailer\n<< >>\nstartxref\n0\n%%EOF\n")
}

func TestPDFJoints(t *testing.T) {
	font, page := noise(1, 9000), noise(2, 900)
	for _, direct := range []bool{true, false} {
		b := pdfOf("title", direct, page, font, page)
		at := strings.Index(string(b), string(font))
		jointsAre(t, pdfScanner, fmt.Sprint("direct: ", direct), b, at+leadIn, at+len(font))
	}
	for _, lie := range []string{"99999999999999", "4100", "-5", "5 0", ""} {
		b := []byte("%PDF-1.5\n1 0 obj<</Length " + lie + ">>stream\n" + string(font) + "endstream endobj 2 0 obj endobj")
		jointsOf(t, pdfScanner, b)
	}
}

func TestPDFShares(t *testing.T) {
	var streams [][]byte
	for i := range 40 {
		streams = append(streams, noise(uint64(i), 20000+3000*i))
	}
	for _, direct := range []bool{true, false} {
		retagged(t, pdfScanner, "another title, other numbers", pdfOf("One", direct, streams...), pdfOf("Another", direct, streams...))
		retagged(t, pdfScanner, "pages fewer", pdfOf("One", direct, streams...), pdfOf("Another", direct, append(streams[:3:3], streams[5:]...)...))
	}
}
