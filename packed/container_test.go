package packed

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// prose gives n octets that DEFLATE makes about half of.
func prose(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "%d, ", rng.IntN(100_000))
	}
	return b.Bytes()[:n]
}

func deflated(content []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 6)
	w.Write(content)
	w.Close()
	return b.Bytes()
}

func zlibbed(content []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(content)
	w.Close()
	return b.Bytes()
}

// member makes a gzip member with any header.
func member(header string, content []byte) []byte {
	return slices.Concat([]byte(header), deflated(content), make([]byte, gzipTrailer))
}

const plain = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"

// flagged gives the header of a member with flags, and what they announce.
func flagged(flags byte, more string) string {
	return plain[:3] + string(flags) + plain[4:] + more
}

func TestGzipHeaders(t *testing.T) {
	content := prose(1, 2000)
	n := len(deflated(content))
	for name, header := range map[string]string{
		"plain":            plain,
		"text":             flagged(1, ""),
		"sum":              flagged(2, "ab"),
		"nothing extra":    flagged(4, "\x00\x00"),
		"extra":            flagged(4, "\x06\x00XY\x02\x00ab"),
		"extra, no fields": flagged(4, "\x03\x00\xff\xff\xff"),
		"much extra":       flagged(4, "\xff\xff"+strings.Repeat("x", 65535)),
		"comment":          flagged(16, "a comment\x00"),
		"long comment":     flagged(16, strings.Repeat("c", 5000)+"\x00"),
		"all":              flagged(31, "\x03\x00abcname\x00comment\x00ab"),
	} {
		inside := ""
		if name == "all" {
			inside = "name"
		}
		want(t, "", member(header, content), fmt.Sprintf("gzip %d+%d %s", len(header), n, inside))
	}
	for name, header := range map[string]string{
		"a reserved flag":  flagged(32, ""),
		"another method":   plain[:2] + "\x07" + plain[3:],
		"an endless name":  flagged(8, strings.Repeat("n", 200<<10)),
		"an endless extra": flagged(4, "\xff\xff"),
	} {
		if got := walk(t, "x.gz", member(header, content)); len(got) > 0 {
			t.Errorf("%s: %q", name, names(got))
		}
	}
}

func TestGzipMembers(t *testing.T) {
	a, b := member(plain, prose(1, 2000)), member(plain, prose(2, 3000))
	empty := plain + "\x03\x00" + strings.Repeat("\x00", gzipTrailer)
	first := fmt.Sprintf("gzip 10+%d x", len(a)-18)
	second := func(at int) string { return fmt.Sprintf("gzip %d+%d x", at+10, len(b)-18) }
	join := func(parts ...any) (all []byte) {
		for _, p := range parts {
			all = fmt.Appendf(all, "%s", p)
		}
		return all
	}
	want(t, "x.gz", join(a, b), first, second(len(a)))
	want(t, "x.gz", join(a, make([]byte, 3000), b), first) // what tapes are padded with ends a file
	want(t, "x.gz", join(a, "garbage", b), first)
	want(t, "x.gz", join(a, b[:len(b)-400]), first)
	want(t, "x.gz", join(a, b[:12]), first)
	want(t, "x.gz", join(a, strings.Repeat(empty, 100_000), b), first, second(len(a)+len(empty)*100_000))
	tiny := string(member(plain, []byte("tiny")))
	want(t, "x.gz", join(tiny, a)[:len(a)/2], "gzip 10+10 x")
	if got := walk(t, "x.gz", join(strings.Repeat(tiny, MaxShort+10), b)); len(got) != MaxShort {
		t.Errorf("%d streams, of which at most %d may be short", len(got), MaxShort)
	}
}

// TestBgzip: the members of bgzip say how long they are, which lets one follow
// even if another is damaged.
func TestBgzip(t *testing.T) {
	block := func(content []byte, n int) []byte {
		header := flagged(4, "\x06\x00BC\x02\x00??")
		b := member(header, content)
		if n == 0 {
			n = len(b)
		}
		binary.LittleEndian.PutUint16(b[16:], uint16(n-1))
		return b
	}
	a, b := block(prose(1, 2000), 0), block(prose(2, 2000), 0)
	at := fmt.Sprintf("gzip %d+%d ", len(a)+18, len(b)-26)
	broken := bytes.Clone(a)
	broken[18] = 7
	want(t, "", slices.Concat(broken, b), at)
	// Lengths that cannot be are none.
	for _, n := range []int{1, 20, 65536} {
		want(t, "", slices.Concat(block(prose(1, 2000), n), b), fmt.Sprintf("gzip 18+%d ", len(a)-26), at)
	}
}

// chunked makes a picture, as far as Walk looks at it, of a zlib stream in chunks of
// lengths that recur.
func chunked(stream []byte, lengths ...int) []byte {
	var b bytes.Buffer
	chunk := func(kind string, data []byte) {
		binary.Write(&b, binary.BigEndian, uint32(len(data)))
		b.WriteString(kind)
		b.Write(data)
		b.WriteString("sum!")
	}
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk("IHDR", make([]byte, 13))
	for i := 0; len(stream) > 0; i++ {
		n := min(lengths[i%len(lengths)], len(stream))
		chunk("IDAT", stream[:n])
		stream = stream[n:]
	}
	chunk("fdAT", append([]byte("\x00\x00\x00\x01"), zlibbed(prose(1, 3000))...))
	chunk("IEND", nil)
	return b.Bytes()
}

func TestPNGChunks(t *testing.T) {
	content := prose(1, 5000)
	stream := zlibbed(content)
	n := int64(len(stream) - zlibHeaderLen - zlibTrailer)
	for _, lengths := range [][]int{{len(stream)}, {1}, {2}, {3}, {0, 1}, {1, 0, 0, 7}, {2, 100}, {100, 0}, {len(stream) - 2, 1}, {len(stream) - 4, 4}} {
		b := chunked(stream, lengths...)
		list := walk(t, "x.png", b)
		if len(list) != 1 || list[0].length != n || !bytes.Equal(list[0].content, content) {
			t.Errorf("chunks of %d: %q", lengths, names(list))
			continue
		}
		// The picture goes together again.
		s := list[0]
		picture, at := bytes.Clone(b[:s.Offset]), int64(0)
		raw := stream[zlibHeaderLen : zlibHeaderLen+n]
		for _, k := range s.Breaks {
			if k.At < n {
				picture = slices.Concat(picture, raw[at:k.At], k.Bytes)
				at = k.At
			}
		}
		picture = append(picture, raw[at:]...)
		if int64(len(picture)) != s.End(n) || !bytes.HasPrefix(b, picture) {
			t.Errorf("chunks of %d: pieces and breaks do not make the picture", lengths)
		}
	}
}

func TestPNGLies(t *testing.T) {
	stream := zlibbed(prose(1, 5000))
	b := chunked(stream, len(stream))
	at := bytes.Index(b, []byte("IDAT"))
	for _, length := range []uint32{0, 1, uint32(len(stream)) - 10, 1 << 31, 1<<32 - 1} {
		c := bytes.Clone(b)
		binary.BigEndian.PutUint32(c[at-4:], length)
		list := walk(t, "x.png", c)
		// A length beyond the end leaves the stream whole.
		if whole := length >= uint32(len(stream)); whole != (len(list) == 1) {
			t.Errorf("a chunk of %d: %q", length, names(list))
		}
	}
	other := bytes.Clone(b)
	other[at+4] = 0x79
	want(t, "x.png", other)
	long := zlibbed(prose(1, 4*MaxBreaks))
	if list := walk(t, "x.png", chunked(long, 1)); len(list) > 0 {
		t.Errorf("a picture in %d chunks: %q", len(long), names(list))
	}
}

// pack makes a pack of Git of objects, of which each has its header.
func pack(count uint32, objects ...[]byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), count)
	return slices.Concat(b, slices.Concat(objects...), make([]byte, gitTrailer))
}

// object makes one of a kind, with what the header has besides the size.
func object(kind byte, size int64, base string, content []byte) []byte {
	b := []byte{kind<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		b[len(b)-1] |= 0x80
		b = append(b, byte(size&0x7f))
	}
	return slices.Concat(b, []byte(base), zlibbed(content))
}

func TestGitPack(t *testing.T) {
	const blob, offset, reference = 3, 6, 7
	large, small := prose(1, 2000), []byte("small")
	n := len(deflated(large))
	a := object(blob, 2000, "", large)
	at := func(before ...[]byte) string {
		return fmt.Sprintf("git %d+%d ", gitHeader+len(slices.Concat(before...))+len(a)-n-zlibTrailer, n)
	}
	s, empty := object(blob, 5, "", small), object(blob, 0, "", nil)
	byOffset := object(offset, 5, "\x81\x05", small)
	byHash, byLong := object(reference, 5, strings.Repeat("h", 20), small), object(reference, 5, strings.Repeat("h", 32), small)
	before := [][]byte{a, s, empty, byOffset, byHash, byLong, empty}
	want(t, "x.pack", pack(8, append(before, a)...), at(), at(before...))
	want(t, "x.pack", pack(1<<32-1, a, s, a), at(), at(a, s))
	want(t, "x.pack", pack(1, a, a), at())
	for what, bad := range map[string][]byte{
		"kind":        object(5, 5, "", small),
		"size":        object(blob, 4, "", small),
		"size, more":  object(blob, 6, "", small),
		"large size":  object(blob, 1<<60, "", small),
		"long size":   append(bytes.Repeat([]byte{0xb0}, 30), s...),
		"long offset": object(offset, 5, strings.Repeat("\x81", 30), small),
		"stream":      []byte("\x35\x78\x9c\xff\xff\xff"),
	} {
		if got := names(walk(t, "x.pack", pack(3, a, bad, a))); len(got) != 1 {
			t.Errorf("behind a wrong %s: %q", what, got)
		}
	}
}

// TestNested: what is packed in members of archives.
func TestNested(t *testing.T) {
	var gz bytes.Buffer
	zw := gzip.NewWriter(&gz)
	zw.Write(prose(1, 4000))
	zw.Close()
	picture := chunked(zlibbed(prose(2, 4000)), 700)
	var z bytes.Buffer
	in := zip.NewWriter(&z)
	for _, f := range []struct {
		name   string
		method uint16
		data   []byte
	}{{"a.txt", zip.Deflate, prose(3, 4000)}, {"b.txt.gz", zip.Store, gz.Bytes()}, {"c.png", zip.Store, picture}} {
		w, _ := in.CreateHeader(&zip.FileHeader{Name: f.name, Method: f.method})
		w.Write(f.data)
	}
	in.Close()
	var b bytes.Buffer
	out := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		data []byte
	}{{"x/one.tar.gz", gz.Bytes()}, {"two.png", picture}, {"three.jar", z.Bytes()}, {"text.gz", prose(4, 4000)}, {"objects/ab/" + strings.Repeat("9f", 19), zlibbed(prose(5, 4000))}} {
		out.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data))})
		out.Write(f.data)
	}
	out.Close()
	var got []string
	for _, s := range walk(t, "all.tar", b.Bytes()) {
		got = append(got, fmt.Sprint(s.Kind, " ", s.Name, " ", len(s.content)))
	}
	want := []string{"gzip x/one.tar 4000", "png  4000", "zip a.txt 4000", "gzip b.txt 4000", "png  4000", "zlib  4000"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

// TestPDF: streams with a length of their own, one that stands elsewhere, one
// that is wrong.
func TestPDF(t *testing.T) {
	stream := zlibbed(prose(1, 3000))
	n := len(stream) - zlibHeaderLen - zlibTrailer
	for dict, found := range map[string]bool{
		fmt.Sprintf("<</Filter/FlateDecode/Length %d>>", len(stream)): true,
		"<</Filter[/FlateDecode]/Length 9 0 R>>":                      true,
		"<</Filter/FlateDecode/Length 999999999>>":                    true,
		"<</Filter/FlateDecode/Length 300>>":                          false,
		"<</Filter/LZWDecode/Length 9 0 R>>":                          false,
	} {
		head := "%PDF-1.4\n1 0 obj\n" + dict + "stream\n"
		b := fmt.Appendf(nil, "%s%s\nendstream\nendobj\ntrailer <<>>\n", head, stream)
		if !found {
			want(t, "", b)
			continue
		}
		want(t, "", b, fmt.Sprintf("zlib %d+%d ", len(head)+zlibHeaderLen, n))
	}
}
