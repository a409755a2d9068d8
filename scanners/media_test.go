package scanners

import (
	"encoding/binary"
	"slices"
	"testing"
)

// retagged holds that of a newer version of a file less than 2 % is new, and
// less than with the rolling cut alone.
func retagged(t *testing.T, sc *Scanner, what string, older, newer []byte) {
	t.Helper()
	for _, b := range [][]byte{older, newer} {
		if got := Choose(b, "", nil); got != sc {
			t.Fatalf("%s: %v is chosen", what, got)
		}
	}
	got, rolling := newBytes(t, sc, older, newer), newBytes(t, nil, older, newer)
	share := func(n int64) float64 { return 100 * float64(n) / float64(len(newer)) }
	t.Logf("%s: %.2f %% new, %.2f %% with the rolling cut alone", what, share(got), share(rolling))
	if share(got) >= 2 || got >= rolling {
		t.Errorf("%s: %.2f %% of it is new, %.2f %% with the rolling cut alone", what, share(got), share(rolling))
	}
}

// jointsAre compares the joints of content with those that are expected.
func jointsAre(t *testing.T, sc *Scanner, what string, data []byte, want ...int) {
	t.Helper()
	var got []int
	for _, j := range jointsOf(t, sc, data) {
		got = append(got, int(j))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: joints at %v, want %v", what, got, want)
	}
}

func be32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
func le32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }

// jpegOf makes a picture of JPEG with an application segment and coded data.
func jpegOf(app, coded []byte) []byte {
	coded = slices.Clone(coded)
	for i := range coded {
		if coded[i] == 0xFF {
			coded[i] = 0
		}
	}
	b := []byte{0xFF, 0xD8, 0xFF, 0xE1}
	b = slices.Concat(binary.BigEndian.AppendUint16(b, uint16(2+len(app))), app)
	b = append(b, 0xFF, 0xDB, 0, 67)
	b = append(b, make([]byte, 65)...)
	b = append(b, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0)
	return slices.Concat(b, coded, jpegEnd)
}

// A cover is cut alike in a file of its own and in what it is put into.
func TestCover(t *testing.T) {
	cover := jpegOf(noise(1, 900), noise(2, 150<<10))
	head := slices.Concat([]byte("\x00image/jpeg\x00\x03cover\x00"), cover)
	audio := mp3Of(30, 3)
	for what, b := range map[string][]byte{
		"ID3":  slices.Concat(id3Of(id3Text("TIT2", "Some title"), id3Text("APIC", string(head))), audio),
		"FLAC": flacOf(10, flacBlock(6, slices.Concat(be32(3), be32(10), []byte("image/jpeg"), make([]byte, 24), cover))),
		"MP4":  slices.Concat(box("ftyp", []byte("M4A \x00\x00\x00\x00")), box("moov", box("udta", box("meta", make([]byte, 4), box("ilst", box("covr", box("data", make([]byte, 8), cover))))))),
		"Matroska": slices.Concat(ebml("\x1A\x45\xDF\xA3", nil), ebml("\x18\x53\x80\x67", ebml("\x19\x41\xA4\x69",
			ebml("\x61\xA7", ebml("\x46\x6E", []byte("cover.jpg")), ebml("\x46\x5C", cover))))),
		"PDF": []byte("%PDF-1.5\n1 0 obj <</Length " + itoa(len(cover)) + ">> stream\n" + string(cover) + "\nendstream endobj\n"),
	} {
		sc := Choose(b, "", nil)
		known := make(map[string]bool)
		for s := range Split(DefaultParams, sc, b) {
			known[string(b[s.Offset:s.Offset+s.Length])] = true
		}
		missing := int64(0)
		for s := range Split(DefaultParams, jpegScanner, cover) {
			if !known[string(cover[s.Offset:s.Offset+s.Length])] {
				missing += s.Length
			}
		}
		if missing > 2<<10 {
			t.Errorf("in %s: %d octets of %d are not those of the file", what, missing, len(cover))
		}
	}
}
