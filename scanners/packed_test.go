package scanners

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// packedIn gives the places in content of which some name says what it is.
func packedIn(name string, data []byte) []Packed {
	return slices.Collect(FindPacked(bytes.NewReader(data), int64(len(data)), name, nil))
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// TestPackedKinds: what the scanners say is packed in samples.
func TestPackedKinds(t *testing.T) {
	for path, want := range map[string][]Packed{
		"gzip/members.gz":           {{PackedGzip, 0, 26928, "members"}},
		"png/noise.png":             {{PackedPNG, 77, 23220, ""}},
		"gitpack/two-commits.pack":  {{PackedGit, 0, 6406, ""}},
		"cpio/initrd.cpio":          {{PackedGzip, 6144, 1438, ""}},
		"zip/streamed.zip":          {{PackedDeflate, 51, 3478, "-"}},
		"zip/libarchive-stored.zip": nil,
		"tar/gnu.tar":               nil,
	} {
		dir, name, _ := strings.Cut(path, "/")
		b := samplesOf(t, dir)[name]
		if b == nil {
			t.Errorf("there is no %s", path)
		}
		if got := packedIn(name, b); !slices.Equal(got, want) {
			t.Errorf("%s: %v, not %v", path, got, want)
		}
	}
}

// TestPackedNames: what the content of a gzip file would be called.
func TestPackedNames(t *testing.T) {
	for name, want := range map[string]string{
		"x.tar.gz": "x.tar", "dir/x.tgz": "dir/x.tar", "x.TGZ": "x.tar", "x.svgz": "x.svg", "reads.vcf.gz": "reads.vcf",
		"log.1.gz": "log.1", "log.gz.1": "log", ".x.gz.Xy12Ab": ".x", "x.gz.part": "x", "x.gz~": "x",
		"x": "", ".gz": "", "x.dat": "", "x.gz.dat": "", "": "",
	} {
		if got := unpackedName(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
}

// TestPackedIsSure: only names that Git gives, with what Git writes, are loose
// objects.
func TestPackedIsSure(t *testing.T) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(noise(1, 500))
	w.Close()
	for name, sure := range map[string]bool{
		"objects/12/" + strings.Repeat("a0", 19): true,
		strings.Repeat("a0", 31):                 true,
		strings.Repeat("a0", 20):                 false,
		strings.Repeat("gg", 19):                 false,
		"":                                       false,
	} {
		if got := packedIn(name, b.Bytes()); (len(got) == 1) != sure {
			t.Errorf("%q: %v", name, got)
		}
	}
	if got := packedIn(strings.Repeat("a0", 19), noise(1, 500)); len(got) > 0 {
		t.Errorf("noise: %v", got)
	}
}

// halting gives less than is asked for whenever it likes.
type halting struct {
	data []byte
	rng  *rand.Rand
	read int64
}

func (h *halting) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(h.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.data[off:])
	if h.rng != nil {
		n = min(n, 1+h.rng.IntN(1<<(1+h.rng.IntN(17))))
	}
	h.read += int64(n)
	return n, nil
}

// TestPackedSuite: what is found lies in the content, in order, and does not
// depend on how that is read; also in archives, and in damaged content.
func TestPackedSuite(t *testing.T) {
	found := 0
	holds := func(name string, data []byte) {
		t.Helper()
		want := packedIn(name, data)
		at := int64(-1)
		for _, p := range want {
			if p.Offset <= at || p.Size <= 0 || p.Size > int64(len(data))-p.Offset || p.Kind < PackedGzip || p.Kind > PackedGit {
				t.Errorf("%s: %+v in %d octets, behind %d", name, p, len(data), at)
			}
			at = p.Offset
		}
		for seed := range uint64(2) {
			r := &halting{data: data, rng: rand.New(rand.NewPCG(seed, 1))}
			if got := slices.Collect(FindPacked(r, int64(len(data)), name, nil)); !slices.Equal(got, want) {
				t.Errorf("%s: %v in pieces, %v at once", name, got, want)
			}
		}
		found += len(want)
	}
	for _, sc := range all {
		for name, b := range samplesOf(t, sc.Name) {
			if sc.packs {
				for name, b := range damaged(name, b) {
					holds(name, b)
				}
			} else if got := packedIn(name, b); len(got) > 0 {
				t.Errorf("%s: %v, of a scanner that is not asked", name, got)
			}
			header := tarRaw('0', fmt.Sprintf("%011o", len(b)), func(h []byte) { copy(h, make([]byte, 100)); copy(h[:100], name) })
			front := noise(1, 100<<10)
			archive := slices.Concat(tarRaw('0', fmt.Sprintf("%011o", len(front)), nil), front, header, b, make([]byte, -len(b)&511), header, b)
			holds("x.tar", archive)
			// As in the file, and at another place.
			if sc := Choose(b, name, nil); sc == nil || !sc.packs || len(b) < tarSmall {
				continue
			}
			var want []Packed
			for _, again := range []int64{0, int64(tarBlock + (len(b)+511)&^511)} {
				for _, p := range packedIn(name, b) {
					p.Offset += int64(2*tarBlock+len(front)) + again
					want = append(want, p)
				}
			}
			if got := packedIn("x.tar", archive); !slices.Equal(got, want) {
				t.Errorf("%s: %v in an archive, not %v", name, got, want)
			}
		}
	}
	if found == 0 {
		t.Error("nothing was found")
	}
}

// FuzzFindPacked holds it to the same, and that a scanner that is not asked says
// nothing.
func FuzzFindPacked(f *testing.F) {
	seeds := 0
	for _, sc := range all {
		for name, b := range samplesOf(f, sc.Name) {
			if sc.packs {
				f.Add(name, b[:min(len(b), 20<<10)])
				seeds++
			}
		}
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		want := packedIn(name, data)
		r := &halting{data: data, rng: rand.New(rand.NewPCG(1, 1))}
		if got := slices.Collect(FindPacked(r, int64(len(data)), name, nil)); !slices.Equal(got, want) {
			t.Errorf("%v in pieces, %v at once", got, want)
		}
		for i, p := range want {
			if p.Offset < 0 || p.Size <= 0 || p.Size > int64(len(data))-p.Offset || i > 0 && p.Offset <= want[i-1].Offset {
				t.Errorf("%+v in %d octets", p, len(data))
			}
		}
	})
}

// TestPackedSkips: what scanners skip is not read, nor is anything but its head
// of what can hold nothing packed.
func TestPackedSkips(t *testing.T) {
	gz := zipped(noise(1, 3000))
	archive := tarOf(t, tar.FormatUSTAR, 0, noise(2, 8<<20), gz, noise(3, 8<<20))
	r := &halting{data: archive}
	found := slices.Collect(FindPacked(r, int64(len(archive)), "", nil))
	if len(found) != 1 || found[0].Offset != 8<<20+2*tarBlock || r.read > 8*blockSize {
		t.Errorf("%v, for which %d octets were read", found, r.read)
	}
	for name, data := range map[string][]byte{"noise": noise(1, 1<<20), "x.go": bytes.Repeat([]byte("package x\n"), 1<<16), "zeros": make([]byte, 1<<20)} {
		r := &halting{data: data}
		if found := slices.Collect(FindPacked(r, int64(len(data)), name, nil)); len(found) > 0 || r.read > SniffLen || CanPack(data[:SniffLen], name, nil) {
			t.Errorf("%s: %v, for which %d octets were read", name, found, r.read)
		}
	}
}

// holes is content of nothing but zeros behind a start.
type holes struct {
	start []byte
	reads int
}

func (h *holes) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(h.start)) {
		copy(p, h.start[off:])
	}
	h.reads++
	return len(p), nil
}

// TestPackedProtection: whatever scanners do, the search ends, and what the
// caller does is his.
func TestPackedProtection(t *testing.T) {
	h := &holes{start: tarOf(t, tar.FormatUSTAR, 0, noise(1, 3000))}
	if found := slices.Collect(FindPacked(h, 1<<50, "x.tar", nil)); len(found) > 0 || h.reads > maxZeros+2*zerosPerSolid {
		t.Errorf("%v, in %d reads", found, h.reads)
	}
	gz := zipped(noise(1, 3000))
	choose := chooseScanner
	defer func() { chooseScanner = choose }()
	inside := func(scan func(*Source)) []Packed {
		chooseScanner = func([]byte, string, func() string) *Scanner { return &Scanner{scan: scan, packs: true} }
		return packedIn("", tarOf(t, tar.FormatUSTAR, 0, gz, gz))
	}
	for name, scan := range map[string]func(*Source){
		"panics": func(s *Source) { s.Packed(PackedZlib, -1, ""); panic("oh") },
		"hangs": func(s *Source) {
			s.Packed(PackedZlib, -1, "")
			for {
				s.Peek(1)
			}
		},
		"skips back":     func(s *Source) { s.Packed(PackedZlib, 1<<62, ""); s.Skip(-1) },
		"goes too far":   func(s *Source) { s.Packed(PackedZlib, -1, ""); s.Skip(1 << 40); s.Packed(PackedZlib, 9, ""); s.Peek(9) },
		"says it is all": func(s *Source) { s.Packed(PackedZlib, 1<<62, ""); s.Packed(PackedZlib, 0, "") },
	} {
		want := []Packed{{PackedZlib, tarBlock, int64(len(gz)), ""}, {PackedZlib, tarBlock + int64(len(gz)+511)&^511 + tarBlock, int64(len(gz)), ""}}
		if found := inside(scan); !slices.Equal(found, want) {
			t.Errorf("a member's scanner %s: %v, not %v", name, found, want)
		}
	}
	chooseScanner = choose
	archive := tarOf(t, tar.FormatUSTAR, 0, gz, gz, gz)
	count := 0
	for range FindPacked(bytes.NewReader(archive), int64(len(archive)), "", nil) {
		if count++; count == 2 {
			break
		}
	}
	if count != 2 {
		t.Errorf("%d before the break", count)
	}
	func() {
		defer func() {
			if r := recover(); r != "of the caller" {
				t.Errorf("the caller's panic became %v", r)
			}
		}()
		for range FindPacked(bytes.NewReader(archive), int64(len(archive)), "", nil) {
			panic("of the caller")
		}
	}()
	failing := &failingAt{bytes.NewReader(archive), 100 << 10}
	if found := slices.Collect(FindPacked(failing, 1<<40, "", nil)); len(found) > 3 {
		t.Errorf("%v, where reading fails", found)
	}
}

type failingAt struct {
	r   io.ReaderAt
	end int64
}

func (f *failingAt) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.end {
		return 0, errors.New("failed")
	}
	return f.r.ReadAt(p, off)
}

// TestPackedZip: entries that are stored, encrypted, or packed otherwise are
// none.
func TestPackedZip(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range []uint16{zip.Deflate, zip.Store, zip.Deflate} {
		f, _ := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprint("of ", m), Method: m})
		f.Write(bytes.Repeat([]byte("some text, "), 5000))
	}
	w.Close()
	data := b.Bytes()
	if found := packedIn("", data); len(found) != 2 || found[0].Name != "of 8" {
		t.Errorf("%v", found)
	}
	data[6] |= 1
	if found := packedIn("", data); len(found) != 1 {
		t.Errorf("%v, of which the first is encrypted", found)
	}
}

func BenchmarkFindPacked(b *testing.B) {
	gz := zipped(noise(1, 100<<10))
	var files [][]byte
	for i := range 320 {
		files = append(files, noise(uint64(i), 100<<10), gz)
	}
	bulk := make([]byte, 32<<20)
	for name, data := range map[string][]byte{
		"tar":  tarOf(b, tar.FormatUSTAR, 0, files...),
		"bulk": tarOf(b, tar.FormatUSTAR, 0, bulk, bulk),
		"none": []byte(manual1K()),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				for range FindPacked(bytes.NewReader(data), int64(len(data)), "", nil) {
				}
			}
		})
	}
}
