package fuzz

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"go/build"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/scanners"
	"github.com/vtdarchive/vtd/writer"
)

// badStream is a file with a stream that is wrong, or meant to do harm.
type badStream struct {
	name    string
	content []byte
	recipes int // of those that there are to be at least; -1: none
}

const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03"

// member is a member of a gzip file around a stream.
func member(stream, content []byte) []byte {
	b := append([]byte(gzipHeader), stream...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(content))
	return binary.LittleEndian.AppendUint32(b, uint32(len(content)))
}

func gz(t testing.TB, content []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	must(t, err)
	_, err = w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// words is content that shrinks.
func words(seed uint64, n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "entry %d of %d: %x\n", i, seed, testkit.Noise(seed*7919+uint64(i), 4))
	}
	return b.Bytes()[:n]
}

// pdf puts a zlib stream where a document has one.
func pdf(stream []byte) []byte {
	return fmt.Appendf(nil, "%%PDF-1.4\n1 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\nendobj\n", len(stream), stream)
}

func withDictionary(t testing.TB, content, dictionary []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevelDict(&b, 9, dictionary)
	must(t, err)
	_, err = w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// zip64 makes a zip file of a stream, with sizes of 64 bits.
func zip64(name string, stream, content []byte) []byte {
	const version, method = 45, 8
	extra := binary.LittleEndian.AppendUint16(nil, 1)
	extra = binary.LittleEndian.AppendUint16(extra, 16)
	extra = binary.LittleEndian.AppendUint64(extra, uint64(len(content)))
	extra = binary.LittleEndian.AppendUint64(extra, uint64(len(stream)))
	common := binary.LittleEndian.AppendUint16(nil, version)
	common = append(common, 0, 0, method, 0, 0, 0, 0x21, 0x58)
	common = binary.LittleEndian.AppendUint32(common, crc32.ChecksumIEEE(content))
	common = append(common, "\xff\xff\xff\xff\xff\xff\xff\xff"...)
	common = binary.LittleEndian.AppendUint16(common, uint16(len(name)))
	common = binary.LittleEndian.AppendUint16(common, uint16(len(extra)))
	b := append([]byte("PK\x03\x04"), common...)
	b = append(append(append(b, name...), extra...), stream...)
	at := len(b)
	b = append(append(b, "PK\x01\x02\x2d\x03"...), common...)
	b = append(b, make([]byte, 14)...) // comment, disk, attributes, offset
	b = append(append(b, name...), extra...)
	n := len(b) - at
	b = append(b, "PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = binary.LittleEndian.AppendUint32(b, uint32(at))
	return append(b, 0, 0)
}

// bomb is a gzip file of many times 16 MiB of zeros.
func bomb(t testing.TB, times int) []byte {
	t.Helper()
	const size = 16 << 20
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	must(t, err)
	zeros := make([]byte, size)
	var lengths [3]int
	for i := range lengths { // from the second on all are the same
		_, err = w.Write(zeros)
		must(t, err)
		must(t, w.Flush())
		lengths[i] = b.Len()
	}
	first, again := b.Bytes()[:lengths[1]], b.Bytes()[lengths[1]:lengths[2]]
	out := append([]byte(gzipHeader), first...)
	out = append(out, bytes.Repeat(again, times-2)...)
	return append(out, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0) // check sums are nobody's business
}

// quine is the zip file that has itself as its member, of the tests of archive/zip.
func quine(t testing.TB) []byte {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(build.Default.GOROOT, "src/archive/zip/reader_test.go"))
	if err != nil {
		t.Log(err)
		return nil
	}
	_, dump, _ := strings.Cut(string(source), "func rZipBytes() []byte {\n\ts := `\n")
	dump, _, ok := strings.Cut(dump, "`")
	if !ok {
		t.Fatal("there is no rZipBytes in archive/zip any more")
	}
	var out []byte
	for _, line := range strings.Split(strings.TrimSpace(dump), "\n") {
		for _, x := range strings.Fields(line)[1:] {
			b, err := hex.DecodeString(x)
			must(t, err)
			out = append(out, b...)
		}
	}
	r, err := zip.NewReader(bytes.NewReader(out), int64(len(out)))
	must(t, err)
	in, err := r.File[0].Open()
	must(t, err)
	var content bytes.Buffer
	_, err = content.ReadFrom(in)
	must(t, err)
	if !bytes.Equal(content.Bytes(), out) {
		t.Fatal("it is not its own content")
	}
	return out
}

// badStreams are files with streams of all kinds that are wrong or hostile.
func badStreams(t testing.TB) []badStream {
	t.Helper()
	text := words(1, 40_000)
	whole := gz(t, text, 6)
	stream := whole[len(gzipHeader) : len(whole)-8]
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0x10
	wrongSum := bytes.Clone(whole)
	wrongSum[len(wrongSum)-6] ^= 1

	nested := words(2, 3000)
	for i := range 10 {
		nested = gz(t, append(words(uint64(i), 700), nested...), []int{0, 6}[i%2])
	}
	var inTar bytes.Buffer
	for tw, i := tar.NewWriter(&inTar), 0; i < 2; i++ {
		must(t, tw.WriteHeader(&tar.Header{Name: "bad.gz", Mode: 0o644, Size: int64(len(flipped))}))
		_, err := tw.Write(flipped)
		must(t, err)
		must(t, tw.Flush())
	}
	var members, nothing []byte
	var many bytes.Buffer
	z := zip.NewWriter(&many)
	for i := range 3000 {
		tiny := words(uint64(i%40), 150+i%300)
		w, err := z.Create(fmt.Sprint("member", i))
		must(t, err)
		_, err = w.Write(tiny)
		must(t, err)
		if i < 1000 {
			members = append(members, gz(t, tiny, 1+i%9)...)
			nothing = append(nothing, gz(t, nil, 1+i%9)...)
		}
	}
	must(t, z.Close())
	var flushes bytes.Buffer
	w, err := flate.NewWriter(&flushes, 6)
	must(t, err)
	for range 2000 {
		must(t, w.Flush())
	}
	must(t, w.Close())

	period := func(n int, pattern string) []byte { return bytes.Repeat([]byte(pattern), n/len(pattern)) }
	chains := period(200_000, "aaaa??")
	for i := 4; i < len(chains)-1; i += 6 {
		copy(chains[i:], testkit.Noise(uint64(i), 2))
	}
	pairs := testkit.Noise(3, 200_000)
	for i := range pairs {
		pairs[i] = pairs[i]&1 | 'a'&^1
	}
	block := func(bits ...byte) []byte { return member(append(bits, testkit.Noise(9, 600)...), nil) }
	return []badStream{
		{"quine.zip", quine(t), 0},
		{"quine.tar.gz", gz(t, quine(t), 6), 0},
		{"whole.gz", whole, 1},
		{"flipped.gz", flipped, 0},
		{"wrong-sum.gz", wrongSum, 1},
		{"truncated.gz", whole[:len(whole)/2], -1},
		{"no-trailer.gz", whole[:len(whole)-8], 0},
		{"header.gz", []byte(gzipHeader), -1},
		{"garbage-behind.gz", append(bytes.Clone(whole), testkit.Noise(4, 5000)...), 0},
		{"garbage-before.gz", append(testkit.Noise(5, 5000), whole...), 0},
		{"garbage-between.gz", append(append(bytes.Clone(whole), testkit.Noise(6, 77)...), whole...), 0},
		{"zeros-behind.gz", append(bytes.Clone(whole), make([]byte, 10_000)...), 1},
		{"dictionary.pdf", pdf(withDictionary(t, text, text[:2000])), -1},
		{"far-distance.gz", member([]byte("\x4b\x4c\x4a\x06\x06\x00"+strings.Repeat("\x02\x07\x03", 200)), nil), -1},
		{"stored.gz", gz(t, text, 0), 0},
		{"nothing.gz", nothing, -1},
		{"flushes.gz", member(flushes.Bytes(), nil), -1},
		{"reserved.gz", block(0x07), -1},
		{"reserved-later.gz", member(append(append([]byte{}, stream[:len(stream)-4]...), 0xff, 0xff, 0xff, 0xff), text), -1},
		// Dynamic blocks of 257 and 1 codes, of which the 19 lengths of lengths are all 1,
		// 0, or 7.
		{"over-subscribed.gz", block(0x05, 0x00, 0xfe, 0x49, 0x92, 0x24, 0x49, 0x92, 0x24), -1},
		{"no-codes.gz", block(0x05, 0xe0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00), -1},
		{"incomplete.gz", block(0x05, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), -1},
		{"one-letter.gz", gz(t, period(60_000, "a"), 9), 0},
		{"periods.gz", gz(t, append(period(100_000, "abcabcabd"), period(100_000, "ab")...), 9), 0},
		{"chains.gz", gz(t, chains, 9), 0},
		{"two-letters.gz", gz(t, pairs, 9), 0},
		{"bomb.gz", bomb(t, 64), -1},
		{"bomb-twice.gz", gz(t, bomb(t, 64), 9), 0},
		{"nested.gz", nested, 0},
		{"nested.tar", inTar.Bytes(), 0},
		{"members.gz", members, 0},
		{"many.zip", many.Bytes(), 0},
		{"zip64.zip", zip64("a.txt", stream, text), 1},
	}
}

// TestBadStreams: whatever a stream is like, its file is stored, found sound, and
// restored as it was. All are in one archive, and those for which a recipe pays
// also in one of their own: it does not pay where others hold the same octets.
func TestBadStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("it inflates a GB")
	}
	cases := badStreams(t)
	store := func(cases []badStream) map[string]int {
		base := scratch(t)
		source := filepath.Join(base, "source")
		must(t, os.Mkdir(source, 0o755))
		for _, c := range cases {
			must(t, os.WriteFile(filepath.Join(source, c.name), c.content, 0o644))
		}
		o, err := options(source, "default")
		must(t, err)
		o.Recipes, o.Level, o.Threads, o.Chunks, o.DataFrame = writer.RecipesAlways, 7, 2, scanners.DefaultParams, 1<<20
		found := map[string]int{}
		o.OnRecipes = func(path string, models map[string]int) {
			for _, n := range models {
				found[path] += n
			}
		}
		roundTrip(t, base, source, o)
		return found
	}
	found := store(cases)
	for _, c := range cases {
		if c.recipes > 0 {
			maps.Copy(found, store([]badStream{c}))
		}
		if n := found[c.name]; n < c.recipes || n > 0 && c.recipes < 0 {
			t.Errorf("%s: %d recipes, want %d", c.name, n, c.recipes)
		}
	}
	t.Log(found)
}
