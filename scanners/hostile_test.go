package scanners

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

// hostile gives content that is made to keep a scanner busy: as many things to
// look at in as few octets as the format has, or things that each lead to the same
// octets.
func hostile() []hostileCase {
	from := "From a Mon Jan 1 00:00:00 2024\n"
	pdf := "%PDF-1.4\n"
	gzip := "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
	matroska := "\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff"
	ftyp := "\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"
	// As many extents as there can be, of no octets each, in as many items.
	iloc := "\x00\x00\xff\xe8iloc\x00\x00\x00\x00\x00\x00\xff\xff" + strings.Repeat("\x00\x00\x00\x00\xff\xff", 10908)
	chosen := lineChosen(4)
	return []hostileCase{
		{"legacy", "", "\x00\x00"},
		{"tar", "", string(tarRaw('x', "200000", nil)) + paxRecord("GNU.sparse.map="+strings.Repeat("0,", 32756)) + "\x00\x00"},
		{"zip", "", "PK\x03\x04" + strings.Repeat("\x00", 26)},
		{"zip", "PK\x03\x04\x14\x00\x08\x00\x08\x00" + strings.Repeat("\x00", 20), "PK"},
		{"ar", arMagic, "a.mbox/         0           0     0     644     66        `\n" + strings.Repeat("\n", 66)},
		{"gzip", gzip, "\x1f"},
		{"gzip", gzip, "\x00\x00\xff\xff"},
		{"matroska", matroska, "\xec\x80"},
		{"pdf", pdf, " obj"},
		{"pdf", pdf, " obj stream"},
		{"pdf", pdf, " obj/Length 0>>stream\n"},
		{"pdf", pdf, strings.Repeat(" obj", 500) + strings.Repeat(" ", 2000) + "stream"},
		{"mp4", ftyp, iloc},
		{"mp4", ftyp, "\x00\x00\x00\x08udta"},
		{"mp4", ftyp, "\x00\x00\x00\x08data"},
		{"gitpack", "PACK\x00\x00\x00\x02\x00\x00\x00\x01\x3f\x78\x9c", "\xbf\xff\x7f\x78\x9c"},
		{"mbox", "", from + "\n"},
		{"mbox", from + "a:\n", " \n"},
		{"mbox", from + "Content-Type: multipart/mixed; boundary=a\n\n\n", "--a\n"},
		{"mbox", from, "\n\nFrom " + strings.Repeat("a ", 250)},
		{"mbox", "", from + "Content-Type:multipart/" + strings.Repeat(";", 4000) + "\n\n\n"},
		{"mail", "", "a:\n"},
		{"lines", "", "\n"},
		{"lines", "", chosen},
		{"json", "", chosen},
		{"json", "", ",{"},
	}
}

type hostileCase struct{ scanner, head, again string }

// content gives n octets.
func (c hostileCase) content(n int) []byte {
	return append([]byte(c.head), bytes.Repeat([]byte(c.again), n/len(c.again)+1)...)[:n]
}

// lineChosen gives a line of n octets whose repetitions are all chosen.
func lineChosen(n int) string {
	for i := range uint64(1 << 40) {
		line := append(append(binary.LittleEndian.AppendUint64(nil, i), "an ordinary line"...)[:n-1], '\n')
		if around := bytes.Repeat(line, 2*textAround/n); bytes.IndexByte(line, '\n') == n-1 && chosen(around, int64(n)) {
			return string(line)
		}
	}
	return ""
}

// TestHostile: no content takes much longer than any other. The bound is a
// hundred times what it takes.
func TestHostile(t *testing.T) {
	for _, c := range hostile() {
		data, begun := c.content(1<<20), time.Now()
		scanned(DefaultParams, ByName(c.scanner), data)
		if d := time.Since(begun); d > time.Second {
			t.Errorf("%s: %q and so on: %v for a MiB", c.scanner, c.again[:min(20, len(c.again))], d)
		}
	}
}

// BenchmarkHostile measures reading and cutting of the same content.
func BenchmarkHostile(b *testing.B) {
	for _, c := range hostile() {
		b.Run(c.scanner, func(b *testing.B) {
			data := c.content(4 << 20)
			b.SetBytes(int64(len(data)))
			s := NewSplitter(DefaultParams, func(Span, []byte) error { return nil })
			for b.Loop() {
				s.Reset(ByName(c.scanner))
				s.Write(data)
				s.Close()
			}
		})
	}
}
