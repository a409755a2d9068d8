package ingest_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/ingest"
)

// TestLoneBlock: one block of zeros where there should be two ends a tar, as it
// does for tar; content that ends in zeros does not.
func TestLoneBlock(t *testing.T) {
	one := tarOf(t, tar.Header{Name: "a"})
	members := one[:1024]
	zeros, garbage := make([]byte, 512), bytes.Repeat([]byte{0x5a}, 512)
	var hollow bytes.Buffer
	w := tar.NewWriter(&hollow)
	w.WriteHeader(&tar.Header{Name: "zeros", Size: 1024, Typeflag: tar.TypeReg})
	w.Write(make([]byte, 1024))
	w.Flush()
	for _, c := range []struct {
		name   string
		b      []byte
		broken bool
		paths  []string
		issues int
	}{
		{"garbage", slices.Concat(members, zeros, garbage), false, []string{"a"}, 1},
		{"another tar", slices.Concat(members, zeros, tarOf(t, tar.Header{Name: "b"})), false, []string{"a", "b"}, 0},
		{"no zeros", slices.Concat(members, garbage), true, nil, 0},
		{"content of zeros", slices.Concat(hollow.Bytes(), garbage), true, nil, 0},
	} {
		r := read(t, bytes.NewReader(c.b), ingest.Options{})
		if c.broken != errors.Is(r.err, ingest.ErrBroken) || r.err == nil && (len(r.issues) != c.issues || !slices.Equal(r.paths(t), c.paths)) {
			t.Errorf("%s: %v, %q", c.name, r.err, r.issues)
		}
	}
}

// TestLabel: what GNU tar calls a volume is no member.
func TestLabel(t *testing.T) {
	b := tarOf(t, tar.Header{Name: "the label", Typeflag: 'V'}, tar.Header{Name: "a"})
	var notices []string
	r := read(t, bytes.NewReader(b), ingest.Options{Notice: func(s string) { notices = append(notices, s) }})
	if r.err != nil || len(r.issues) > 0 || !slices.Equal(r.paths(t), []string{"a"}) || len(notices) != 1 || !strings.Contains(notices[0], `"the label"`) {
		t.Errorf("%v, %q, %q", r.err, r.issues, notices)
	}
}

// TestSkippable: a zstd stream may begin with a frame that says nothing.
func TestSkippable(t *testing.T) {
	b := []byte("\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz")
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	b = w.EncodeAll(tarOf(t, tar.Header{Name: "a"}), b)
	if r := read(t, bytes.NewReader(b), ingest.Options{}); r.err != nil || !slices.Equal(r.paths(t), []string{"a"}) {
		t.Error(r.err)
	}
}

// TestMethods: members of zip files that newer programs pack.
func TestMethods(t *testing.T) {
	content := []byte(strings.Repeat("content of a member\n", 500))
	pack := func(open func(io.Writer) (io.WriteCloser, error)) []byte {
		var b bytes.Buffer
		w, err := open(&b)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write(content)
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	alone := pack(func(w io.Writer) (io.WriteCloser, error) { return lzma.NewWriter(w) })
	inZip := slices.Concat([]byte{9, 20, 5, 0}, alone[:5], alone[13:])
	huge := slices.Clone(inZip)
	binary.LittleEndian.PutUint32(huge[5:], 1<<31)
	members := []struct {
		name   string
		method uint16
		flags  uint16
		packed []byte
		bad    bool
	}{
		{"zstd", 93, 0, pack(func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }), false},
		{"xz", 95, 0, pack(func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }), false},
		{"lzma", 14, 2, inZip, false},
		{"lzma with a huge window", 14, 2, huge, true},
		{"ppmd", 98, 0, []byte("unknown"), true},
		{"cut", 93, 0, []byte{0x28, 0xb5}, true},
		{"longer than it says", 0, 0, append(slices.Clone(content), "more"...), false},
		{"shorter than it says", 0, 0, content[:100], true},
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: m.method, Flags: m.flags, CRC32: crc32.ChecksumIEEE(content), CompressedSize64: uint64(len(m.packed)), UncompressedSize64: uint64(len(content))}
		f, err := w.CreateRaw(h)
		if err == nil {
			_, err = f.Write(m.packed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	named := &zip.FileHeader{Name: "in another code", CRC32: 0}
	named.Extra = binary.LittleEndian.AppendUint16(nil, 0x7075)
	named.Extra = binary.LittleEndian.AppendUint16(named.Extra, 1+4+uint16(len("ünïcode")))
	named.Extra = append(binary.LittleEndian.AppendUint32(append(named.Extra, 1), crc32.ChecksumIEEE([]byte(named.Name))), "ünïcode"...)
	if _, err := w.CreateRaw(named); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := read(t, bytes.NewReader(b.Bytes()), ingest.Options{})
	if r.err != nil {
		t.Fatal(r.err)
	}
	for _, m := range members {
		e, err := r.a.Lookup(m.name)
		if m.bad {
			if err == nil {
				t.Errorf("%s: taken", m.name)
			}
			continue
		}
		if err != nil || e.Size != uint64(len(content)) || e.ContentHash(r.a.HashID()) != format.HashBLAKE3.Sum(content) || e.Perm&0o022 != 0 {
			t.Errorf("%s: %+v, %v; %q", m.name, e, err, r.issues)
		}
	}
	if _, err := r.a.Lookup("ünïcode"); err != nil {
		t.Error(err)
	}
	// Behind what unpacks it.
	if sfx := append([]byte("a program"), b.Bytes()...); !ingest.EndsAsZip(bytes.NewReader(sfx), int64(len(sfx))) || ingest.EndsAsZip(bytes.NewReader(sfx[:len(sfx)-30]), int64(len(sfx)-30)) {
		t.Error("a zip behind a program")
	}
}
