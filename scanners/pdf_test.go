package scanners

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
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

// TestPDFWords: the joints are those that a plain search for each object finds,
// however its words are mixed.
func TestPDFWords(t *testing.T) {
	tokens := []string{" obj", "endobj", "stream", "endstream", ">>stream\n", ">>stream\nendstream", "/Length 5000", "/Length 9 0 R", " ", ">>", strings.Repeat(" ", 1500), strings.Repeat("m", 4000), string(noise(1, 5000))}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		b := []byte("%PDF-1.5\n")
		for range 1 + rng.IntN(200) {
			b = append(b, tokens[min(rng.IntN(len(tokens)), rng.IntN(len(tokens)))]...)
		}
		var want []int64
		for at := 0; ; {
			i := bytes.Index(b[at:], []byte(" obj"))
			if i < 0 {
				break
			}
			at += i + 4
			object := b[at:min(at+pdfDict, len(b))]
			object, _, _ = bytes.Cut(object, []byte("endobj"))
			k := bytes.Index(object, []byte("stream"))
			if k < 0 || k+6 == len(object) || object[k+6] != '\n' || !bytes.HasSuffix(bytes.TrimRight(object[:k], " "), []byte(">>")) {
				continue
			}
			dict := object[:k]
			at += k + 7
			length, direct := -1, bytes.Index(dict, []byte("/Length "))
			if direct >= 0 {
				fields := bytes.FieldsFunc(dict[direct+8:], func(r rune) bool { return r < '0' || r > '9' })
				if length, _ = strconv.Atoi(string(fields[0])); length == 9 {
					length = -1
				}
			}
			end := bytes.Index(b[at:], []byte("endstream"))
			if end > 0 && b[at+end-1] == '\n' {
				end--
			}
			switch {
			case length >= 0:
				want = append(want, int64(at+leadIn), int64(at+length))
				at = min(at+length, len(b))
			case end >= 0 && bytes.Contains(b[at:min(at+mediaPart, len(b))], []byte("endstream")):
				at += end
			case end >= 0:
				want = append(want, int64(at+leadIn), int64(at+end))
				at += end
			default:
				want = append(want, int64(at+leadIn))
				at = len(b)
			}
		}
		slices.Sort(want)
		if got := jointsOf(t, pdfScanner, b); !slices.Equal(got, slices.Compact(want)) {
			t.Fatalf("joints %v, want %v, in %q", got, want, b)
		}
	}
}
