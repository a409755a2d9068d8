package scanners

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// zipEntry is a member for zipOf.
type zipEntry struct {
	data     []byte
	stored   bool
	streamed bool // its size stands behind it
}

// zipOf writes members with archive/zip.
func zipOf(t testing.TB, mtime uint32, entries ...zipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, e := range entries {
		h := &zip.FileHeader{Name: fmt.Sprintf("file%d", i), Method: zip.Deflate, Extra: binary.LittleEndian.AppendUint32([]byte("UT\x05\x00\x01"), mtime),
			CRC32: crc32.ChecksumIEEE(e.data), UncompressedSize64: uint64(len(e.data))}
		packed := e.data
		if e.stored {
			h.Method = zip.Store
		} else {
			var c bytes.Buffer
			f, _ := flate.NewWriter(&c, 6)
			f.Write(e.data)
			f.Close()
			packed = c.Bytes()
		}
		h.CompressedSize64 = uint64(len(packed))
		if e.streamed {
			h.Flags |= 8
		}
		f, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(packed)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipRaw makes a local header with a name of four octets.
func zipRaw(flags, method uint16, packed, size uint32, extra string) string {
	b := make([]byte, zipHeaderLen)
	le := binary.LittleEndian
	copy(b, zipLocal)
	b[4] = 20
	le.PutUint16(b[6:], flags)
	le.PutUint16(b[8:], method)
	le.PutUint32(b[18:], packed)
	le.PutUint32(b[22:], size)
	le.PutUint16(b[26:], 4)
	le.PutUint16(b[28:], uint16(len(extra)))
	return string(b) + "name" + extra
}

func TestZip(t *testing.T) {
	const header = zipHeaderLen + 4
	data := func(n int) string { return string(noise(uint64(n), n)) }
	central := zipCentral + string(make([]byte, 60))
	bits := func(n ...uint64) (s string) {
		for _, n := range n {
			s += string(binary.LittleEndian.AppendUint64(nil, n))
		}
		return s
	}
	bits32 := func(n ...uint32) (s string) {
		for _, n := range n {
			s += string(binary.LittleEndian.AppendUint32(nil, n))
		}
		return s
	}
	local := func(flags, method uint16, n int) string { return zipRaw(flags, method, uint32(n), uint32(n), "") }
	const all = 1<<32 - 1
	for _, c := range []struct {
		name, data string
		want       []int64
	}{
		{"one", local(0, 8, 5000) + data(5000) + central, []int64{header + 512, header + 5000}},
		{"two", local(0, 8, 5000) + data(5000) + local(0, 8, 6000) + data(6000) + central,
			[]int64{header + 512, header + 5000, 2*header + 5512, 2*header + 11000}},
		{"small ones between", local(0, 8, 5000) + data(5000) + local(0, 8, 100) + data(100) + local(0, 8, 6000) + data(6000) + central,
			[]int64{header + 512, header + 5000, 3*header + 5612, 3*header + 11100}},
		{"a larger stored one is cut exactly", local(0, 8, 5000) + data(5000) + local(0, 0, 6000) + data(6000) + local(0, 0, 5000) + data(5000) + central,
			[]int64{header + 512, header + 4488, 2*header + 5000, 2*header + 11000, 3*header + 11512, 3*header + 16000}},
		{"64 bits", zipRaw(0, 8, all, all, "\x99\x00\x01\x00x\x01\x00\x10\x00"+bits(9000, 5000)) + data(5000) + central, []int64{header + 25 + 512, header + 25 + 5000}},
		{"a descriptor", local(8, 8, 0) + data(5000) + zipDescriptor + bits32(7, 5000, 9000) + local(8, 8, 0) + data(90000) + zipDescriptor + bits32(7, 90000, 100000) + central,
			[]int64{header + 512, header + 5000, 2*header + 5528, 2*header + 95016, 2*header + 95032}},
		{"a descriptor of 64 bits", local(8, 8, 0) + data(5000) + zipDescriptor + bits32(7) + bits(5000, 9000) + central, []int64{header + 512, header + 5000, header + 5024}},
		{"a descriptor without a signature", local(8, 8, 0) + data(5000) + bits32(7, 5000, 9000) + local(8, 8, 0) + data(90000) + bits32(7) + bits(90000, 100000) + central,
			[]int64{header + 512, header + 5000, 2*header + 5524, 2*header + 95012, 2*header + 95032}},
		{"a size and a descriptor", local(8, 8, 5000) + data(5000) + zipDescriptor + bits32(7, 5000, 9000) + central, []int64{header + 512, header + 5000, header + 5016}},
		{"an archive within, streamed", local(8, 0, 0) + local(0, 8, 2000) + data(2000) + central + bits32(7, header+2000+64, 0) + central,
			[]int64{header + 512, 2*header + 2000, 2*header + 2064, 2*header + 2076}},
		{"a signature before the directory", local(0, 8, 5000) + data(5000) + "APK Sig Block 42" + data(3000) + central, []int64{header + 512, header + 5000, header + 8016}},
		{"a program in front", "#!/bin/sh\nPK\x03\x04PPK" + data(3000) + local(0, 8, 5000) + data(5000) + central, []int64{3017 + header, 3017 + header + 5000}},
		{"cut short", local(0, 8, 5000) + data(500), []int64{header + 512, header + 5000}},
		{"streamed and cut short", local(8, 8, 0) + data(100000), []int64{header + 512}},
		{"a size of 2^62", zipRaw(0, 8, all, all, "\x01\x00\x10\x00"+bits(1<<63, 1<<62-1)) + data(5000), []int64{header + 20 + 512}},
		{"a size of 2^62 and more", zipRaw(0, 8, all, all, "\x01\x00\x10\x00"+bits(5000, 1<<62+5000)) + data(5000) + central, []int64{header + 20 + 512}},
		{"no members, and a million of them", "PK\x05\x06" + string(bytes.Repeat([]byte{0xff}, 100)), nil},
		{"a program", "MZ" + data(5000), nil},
	} {
		hasJoints(t, zipScanner, c.name, []byte(c.data), c.want...)
	}
}

// TestSmallMembers: what is too small for joints is not looked into.
func TestSmallMembers(t *testing.T) {
	message := "From a Mon Jan  1 00:00:00 2024\n\n" + strings.Repeat("x", 1000)
	for _, n := range []int{jointGap - 1, jointGap} {
		var want []int64
		if n == jointGap {
			want = []int64{0}
		}
		for sc, head := range map[*Scanner]string{
			zipScanner:  zipRaw(0, 0, uint32(n), uint32(n), ""),
			arScanner:   arMagic + fmt.Sprintf("%-48s%-10d`\n", "a/", n),
			cpioScanner: "070701" + strings.Repeat("0", 48) + fmt.Sprintf("%08x", n) + strings.Repeat("0", 32) + "0000000600000000" + "12345\x00",
		} {
			got := jointsOf(t, sc, []byte(head+message[:n]))
			got = slices.DeleteFunc(got, func(j int64) bool { return j >= int64(len(head)+n) })
			for i := range got {
				got[i] -= int64(len(head))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v, %d octets: joints %v, want %v", sc, n, got, want)
			}
		}
	}
}

// A jar in which a class has changed, or which was made again, shares the
// others.
func TestZipShares(t *testing.T) {
	files := texts(200, 10<<10)
	for _, streamed := range []bool{false, true} {
		var old, changed []zipEntry
		for i, f := range files {
			e := zipEntry{data: f, streamed: streamed}
			old = append(old, e)
			if i == 100 {
				e.data = append([]byte("some more"), f...)
			}
			changed = append(changed, e)
		}
		wantNew(t, zipScanner, "a member changed", zipOf(t, 1e9, old...), zipOf(t, 1e9, changed...), 20, 35)
		wantNew(t, zipScanner, "made again", zipOf(t, 1e9, old...), zipOf(t, 2e9, old...), 80, 950)
		wantNew(t, zipScanner, "a member in front", zipOf(t, 1e9, old...), zipOf(t, 1e9, append([]zipEntry{{data: noise(999, 5000)}}, old...)...), 90, 500)
	}
}

// Stored members share with the files themselves what can be cut exactly.
func TestZipSharesStored(t *testing.T) {
	files := texts(60, 100<<10)
	var entries []zipEntry
	for _, f := range files {
		entries = append(entries, zipEntry{data: f, stored: true})
	}
	b := zipOf(t, 1e9, entries...)
	known := blocks(files...)
	with, without := newBeside(known, zipScanner, b)*100/int64(len(b)), newBeside(known, nil, b)*100/int64(len(b))
	t.Logf("%d %% new beside the tree, %d %% without the scanner", with, without)
	if with > 70 || without < 80 {
		t.Errorf("%d %% are new beside the tree, %d %% without the scanner", with, without)
	}
	wantNew(t, zipScanner, "made again", b, zipOf(t, 2e9, entries...), 20, 500)
}
