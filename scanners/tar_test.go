package scanners

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// tarOf writes members with archive/tar.
func tarOf(t testing.TB, format tar.Format, mtime int64, files ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i, f := range files {
		h := &tar.Header{Name: fmt.Sprintf("dir/file%d-%d", i, len(f)), Mode: 0o644, Size: int64(len(f)), Format: format, ModTime: time.Unix(mtime, 0)}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarRaw makes a header of its fields, and its checksum.
func tarRaw(kind byte, size string, more func(b []byte)) []byte {
	b := make([]byte, tarBlock)
	copy(b, "name")
	copy(b[124:136], size)
	b[156] = kind
	if more != nil {
		more(b)
	}
	tarSum(b)
	return b
}

func tarSum(b []byte) {
	sum := 0
	copy(b[148:], "        ")
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
}

func paxRecord(s string) string {
	n := len(s) + 3
	for len(fmt.Sprintf("%d %s\n", n, s)) != n {
		n++
	}
	return fmt.Sprintf("%d %s\n", n, s)
}

func TestTar(t *testing.T) {
	pad := func(s string) []byte { return append([]byte(s), make([]byte, -len(s)&511)...) }
	data := func(n int) []byte { return pad(string(noise(1, n))) }
	pax := func(records ...string) []byte {
		var s string
		for _, r := range records {
			s += paxRecord(r)
		}
		return slices.Concat(tarRaw('x', fmt.Sprintf("%011o", len(s)), nil), pad(s))
	}
	gnu := func(b []byte) { copy(b[257:], "ustar  \x00") }
	entry := func(b []byte, at int, off, n int64) { copy(b[at:], fmt.Sprintf("%011o\x00%011o\x00", off, n)) }
	base256 := func(top byte, n ...byte) string {
		b := make([]byte, 12)
		copy(b[12-len(n):], n)
		b[0] = top
		return string(b)
	}
	end := make([]byte, 2*tarBlock)
	for _, c := range []struct {
		name string
		data [][]byte
		want []int64
	}{
		{"one member", [][]byte{tarRaw('0', "00000002750", nil), data(1512), end}, []int64{512, 2024}},
		{"old, and padded with blanks", [][]byte{tarRaw(0, "      2750 ", nil), data(1512), end}, []int64{512, 2024}},
		{"small members have none", [][]byte{tarRaw('0', "00000000764", nil), data(500), tarRaw('0', "00000002750", nil), data(1512)}, []int64{1536, 3048}},
		{"an archive after another", [][]byte{tarRaw('0', "00000002750", nil), data(1512), end, tarRaw('0', "00000002750", nil), data(1512)}, []int64{512, 2024, 3584, 5096}},
		{"size in base 256", [][]byte{tarRaw('0', base256(0x80, 5, 0xe8), nil), data(1512)}, []int64{512, 2024}},
		{"negative size", [][]byte{tarRaw('0', base256(0xff, 5, 0xe8), nil), data(1512)}, nil},
		{"size of 2^63", [][]byte{tarRaw('0', base256(0x80, 0x80, 0, 0, 0, 0, 0, 0, 0), nil), data(1512)}, nil},
		{"size of 2^61", [][]byte{tarRaw('0', base256(0x80, 0x20, 0, 0, 0, 0, 0, 0, 0), nil), data(1512)}, []int64{512, 512 + 1<<61}},
		{"size of a pax header", [][]byte{pax("path=x", "size=1512"), tarRaw('0', "00000000000", nil), data(1512)}, []int64{1536, 3048}},
		{"Solaris", [][]byte{slices.Concat(tarRaw('X', "00000000015", nil), pad(paxRecord("size=1512"))), tarRaw('0', "0", nil), data(1512)}, []int64{1536, 3048}},
		{"pax size of a link is not the next member's", [][]byte{pax("size=999"), tarRaw('2', "0", nil), tarRaw('0', "00000002750", nil), data(1512)}, []int64{2048, 3560}},
		{"pax with wrong lengths", [][]byte{slices.Concat(tarRaw('x', "00000000010", nil), pad("9999 size=7\n")), tarRaw('0', "00000002750", nil), data(1512)}, []int64{1536, 3048}},
		{"long name", [][]byte{tarRaw('L', "00000002000", gnu), data(1024), tarRaw('0', "00000002750", gnu), data(1512)}, []int64{2048, 3560}},
		{"directory with a size", [][]byte{tarRaw('5', "00000002750", nil), tarRaw('0', "00000002750", nil), data(1512)}, []int64{1024, 2536}},
		{"hard link with a size", [][]byte{tarRaw('1', "00000002750", nil), tarRaw('0', "00000002750", nil), data(1512)}, []int64{1024, 2536}},
		{"hard link with data", [][]byte{tarRaw('1', "00000002750", nil), data(1512), tarRaw('0', "00000002750", nil), data(1512)}, []int64{512, 2024, 2560, 4072}},
		{"hard link at the end", [][]byte{tarRaw('1', "00000002750", nil), end}, nil},
		{"sparse, GNU", [][]byte{tarRaw('S', "00000004000", func(b []byte) {
			gnu(b)
			entry(b, 386, 0, 1024)
			entry(b, 410, 1<<20, 512)
			entry(b, 434, 1<<20+4096, 0)
		}), data(2048)}, []int64{512, 1536, 2560}},
		{"sparse, star", [][]byte{tarRaw('S', "00000004000", func(b []byte) {
			copy(b[508:], "tar\x00")
			entry(b, 356, 0, 1024)
			entry(b, 380, 1<<20, 1024)
		}), data(2048)}, []int64{512, 1536, 2560}},
		{"sparse, GNU, with a longer map", [][]byte{tarRaw('S', "00000004000", func(b []byte) { gnu(b); b[482] = 1 }), func() []byte {
			b := make([]byte, 512)
			entry(b, 0, 0, 512)
			entry(b, 24, 4096, 512) // too near for a run
			entry(b, 48, 1<<30, 1024)
			return b
		}(), data(2048)}, []int64{1024, 2048, 3072}},
		{"sparse, pax 0.0", [][]byte{pax("GNU.sparse.offset=0", "GNU.sparse.numbytes=512", "GNU.sparse.offset=65536", "GNU.sparse.numbytes=1536"), tarRaw('0', "00000004000", nil), data(2048)}, []int64{1536, 2048, 3584}},
		{"sparse, pax 0.1", [][]byte{pax("GNU.sparse.map=0,512,65536,1536"), tarRaw('0', "00000004000", nil), data(2048)}, []int64{1536, 2048, 3584}},
		{"sparse, pax 1.0", [][]byte{pax("GNU.sparse.major=1", "GNU.sparse.minor=0"), tarRaw('0', "00000005000", nil), pad("2\n0\n512\n65536\n1536\n"), data(2048)}, []int64{1536, 2048, 2560, 4096}},
		{"sparse with a map that has no end", [][]byte{pax("GNU.sparse.major=1"), tarRaw('0', "00000002000", nil), pad("9999999\n" + strings.Repeat("1\n", 200)), data(5000)}, []int64{1536, 2560}},
		{"no checksum", [][]byte{make([]byte, 100), data(1512)}, nil},
	} {
		hasJoints(t, tarScanner, c.name, bytes.Join(c.data, nil), c.want...)
	}
}

// The archive of a tree adds little more than its headers to the tree, and one
// made later, when nothing but times have changed, no more to that.
func TestTarShares(t *testing.T) {
	files := texts(60, 100<<10)
	known, total := blocks(files...), 0
	for _, f := range files {
		total += len(f)
	}
	for _, format := range []tar.Format{tar.FormatUSTAR, tar.FormatPAX, tar.FormatGNU} {
		b := tarOf(t, format, 1700000000, files...)
		if n, headers := newBeside(known, tarScanner, b), int64(len(b)-total); n > headers {
			t.Errorf("%v: %d octets are new beside the tree, %d are headers and padding", format, n, headers)
		}
		wantNew(t, tarScanner, "touched, "+format.String(), b, tarOf(t, format, 1800000000, files...), 10, 700)
		wantNew(t, tarScanner, "a member in front, "+format.String(), b, tarOf(t, format, 1700000000, append([][]byte{noise(99, 3000)}, files...)...), 10, 700)
	}
}

// A sparse member shares its pieces with the file.
func TestTarSharesSparse(t *testing.T) {
	a, b, c := noise(1, 40<<10), noise(2, 300<<10), noise(3, 20<<10)
	file := slices.Concat(a, make([]byte, 64<<10), b, make([]byte, 128<<10), c)
	var header bytes.Buffer
	m := "3\n0\n40960\n106496\n307200\n544768\n20480\n"
	header.WriteString(paxRecord("GNU.sparse.major=1") + paxRecord("GNU.sparse.minor=0"))
	records := header.Len()
	archive := slices.Concat(tarRaw('x', fmt.Sprintf("%011o", records), nil), header.Bytes(), make([]byte, -records&511),
		tarRaw('0', fmt.Sprintf("%011o", 512+len(a)+len(b)+len(c)), nil), []byte(m), make([]byte, -len(m)&511), a, b, c)
	if n := newBeside(blocks(file), tarScanner, archive); n > 2048 {
		t.Errorf("%d octets are new beside the file", n)
	}
}
