package scanners

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
	"testing"
)

// gzipOf compresses pieces of content: each is a member, or all are flushed into
// one.
func gzipOf(t testing.TB, members bool, pieces ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for _, p := range pieces {
		w.Write(p)
		if !members {
			w.Flush()
			continue
		}
		w.Close()
		w.Reset(&b)
	}
	if !members {
		w.Close()
	}
	return b.Bytes()
}

// bgzfOf compresses content as bgzip does.
func bgzfOf(content []byte) []byte {
	var out []byte
	le := binary.LittleEndian
	for piece := range slices.Chunk(content, 0xff00) {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, 6)
		w.Write(piece)
		w.Close()
		out = append(out, "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x06\x00BC\x02\x00"...)
		out = le.AppendUint16(out, uint16(bgzfMin+b.Len()-1))
		out = append(out, b.Bytes()...)
		out = le.AppendUint32(out, crc32.ChecksumIEEE(piece))
		out = le.AppendUint32(out, uint32(len(piece)))
	}
	return out
}

func TestGzip(t *testing.T) {
	const header = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
	data := func(n int) string { return string(noise(uint64(n), n)) }
	for _, c := range []struct {
		name, data    string
		joints, hints []int64
	}{
		{"one", header + data(5000), nil, nil},
		{"two", header + data(5000) + header + data(5000), []int64{5010}, nil},
		{"small ones", header + data(100) + header + data(100) + header + data(4000) + header, []int64{4230}, []int64{110, 220}},
		{"too near", header + data(5000) + gzipFlush + data(59) + gzipFlush + data(60) + gzipFlush + data(9), []int64{5014}, []int64{5141}},
		{"on an edge", header + data(65536-13) + header + data(3000) + gzipFlush, []int64{65533}, nil},
		{"nearly a header", header + data(3000) + "\x1f\x8b\x08\x20\x00\x00\x00\x00\x00\x03" + "\x1f\x8b\x08\x00\x00\x00\x00\x00\x01\x03" + "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x20" + data(100), nil, nil},
		{"flushed", header + data(5000) + gzipFlush + data(100) + gzipFlush + data(3000) + gzipFlush + data(8), []int64{5014}, []int64{5118}},
		{"flushed on an edge", header + data(65536-12) + gzipFlush + data(200) + gzipFlush + data(9), []int64{65538}, []int64{65742}},
		{"flushed at the end of a member", header + data(3000) + gzipFlush + data(8) + header + data(3000), []int64{3022}, nil},
		{"something else", data(5000), nil, nil},
	} {
		joints, hints := marksOf(t, gzipScanner, []byte(c.data))
		if !slices.Equal(joints, c.joints) || !slices.Equal(hints, c.hints) {
			t.Errorf("%s: joints %v, hints %v, want %v, %v", c.name, joints, hints, c.joints, c.hints)
		}
	}
	var at int64
	var want []int64
	b := bgzfOf(prose(300<<10, 1))
	for at < int64(len(b)) {
		at += bgzfSize(b[at:])
		want = append(want, at)
	}
	hasJoints(t, gzipScanner, "bgzf", b, want...)
}

func TestGzipHeader(t *testing.T) {
	for _, c := range []struct {
		b  string
		n  int
		ok bool
	}{
		{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10, true},
		{"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03name\x00data", 15, true},
		{"\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\x03\x03\x00xyzname\x00comment\x00ccdata", 30, true},
		{"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03name", 0, true},
		{"\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\x03\xff\xff", 0, true},
		{"\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\x03\xff", 0, true},
		{"\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x03", 0, false},
		{"\x1f\x8b\x08", 0, false},
		{"", 0, false},
	} {
		if n, ok := GzipHeader([]byte(c.b)); n != c.n || ok != c.ok {
			t.Errorf("%q: %d, %v", c.b, n, ok)
		}
	}
	content := []byte("some content")
	b := gzipOf(t, true, content)
	n, _ := GzipHeader(b)
	if got, err := io.ReadAll(flate.NewReader(bytes.NewReader(b[n:]))); err != nil || !bytes.Equal(got, content) {
		t.Errorf("behind the header is %q, %v", got, err)
	}
}

// prose gives text that DEFLATE makes half as long.
func prose(n int, seed uint64) []byte {
	b := noise(seed, n)
	for i := range b {
		b[i] = "etaoinshrdlucmfw"[b[i]&15]
	}
	return b
}

// Members and what is flushed where the content says so are shared, whatever
// comes before.
func TestGzipShares(t *testing.T) {
	var pieces, changed [][]byte
	for i := range 300 {
		p := prose(4000+i*7919%8000, uint64(i))
		pieces = append(pieces, p)
		if i%50 == 20 {
			p = append([]byte("more"), p...)
		}
		changed = append(changed, p)
	}
	for _, members := range []bool{true, false} {
		wantNew(t, gzipScanner, "a few pieces changed", gzipOf(t, members, pieces...), gzipOf(t, members, changed...), 120, 300)
	}
	text := prose(3<<20, 1)
	other := bytes.Clone(text)
	for i := range 6 {
		other[i*400000+1000] = 'X'
	}
	wantNew(t, gzipScanner, "octets changed, bgzf", bgzfOf(text), bgzfOf(other), 160, 200)
	// What says nothing of itself is cut as ever.
	plain := gzipOf(t, true, text)
	if with, without := scanned(DefaultParams, gzipScanner, plain), scanned(DefaultParams, nil, plain); !slices.Equal(with, without) {
		t.Errorf("a plain file is cut into %d spans, not %d", len(with), len(without))
	}
}
