package scanners

import (
	"encoding/hex"
	"io"
	"iter"
	"path"
	"strings"
	"sync"
)

// Packed is a place in content where something is compressed with DEFLATE, as a
// scanner says. What is there may be none of it.
type Packed struct {
	Kind   Packing
	Offset int64
	Size   int64  // up to where it can reach, from there: known, or the end of the file it is in
	Name   string // what the content would be called as a file, or empty
}

// Packing says what stands where something is packed.
type Packing uint8

const (
	PackedGzip    Packing = 1 + iota // members of gzip, from the header of the first on
	PackedDeflate                    // a DEFLATE stream alone, as in zip
	PackedZlib                       // a zlib stream
	PackedPNG                        // chunks of PNG, from the first IDAT on
	PackedGit                        // a pack of Git, all of it
)

// Packed says that the n octets at the position are packed, or with n < 0 all
// from there to the end of the file, and what the content would be called, if the
// scanner knows. It reports whether that is all that is wanted; if so, marks count
// for nothing, and a scanner with nothing more that is packed may end.
func (s *Source) Packed(kind Packing, n int64, name string) bool {
	return s.packedFrom(s.pos, kind, n, name)
}

// packedFrom is Packed for what begins at or before the position.
func (s *Source) packedFrom(from int64, kind Packing, n int64, name string) bool {
	if s.find == nil {
		return false
	}
	s.called()
	end := min(s.size, s.find.size-s.origin)
	if n >= 0 && n < end-from {
		end = from + n
	}
	if end > from {
		if name == "" && kind == PackedGzip {
			name = unpackedName(s.name)
		}
		s.find.found(Packed{kind, s.origin + from, end - from, name})
	}
	return true
}

// FindPacked gives the places where content of a size is packed, in order. The
// arguments are those of Choose. Most content is only asked for its first octets;
// in a file that can hold anything packed, and in the members of archives, it is
// read in blocks, where the scanners do not skip it. A read that fails ends it.
// It needs 128 KiB of memory.
func FindPacked(r io.ReaderAt, size int64, name string, mediaType func() string) iter.Seq[Packed] {
	return func(yield func(Packed) bool) {
		if size <= window {
			return
		}
		head := make([]byte, min(size, SniffLen))
		if readFull(r, head, 0) < len(head) {
			return
		}
		f := finder{r: r, size: size, yield: yield}
		if looseObject(head, name) {
			yield(Packed{PackedZlib, 0, size, ""})
		} else if sc := Choose(head, name, mediaType); sc != nil && sc.packs {
			f.run(sc, name)
		}
	}
}

// CanPack reports whether something could be packed in content, by its first
// octets: whether FindPacked would look at more of it. The arguments are those of
// Choose.
func CanPack(head []byte, name string, mediaType func() string) bool {
	sc := Choose(head, name, mediaType)
	return sc != nil && sc.packs || looseObject(head, name)
}

// finder runs a scanner over content for what is packed in it.
type finder struct {
	r       io.ReaderAt
	size    int64
	yield   func(Packed) bool
	buf     []byte
	zeros   int  // blocks of zeros that were looked at
	solid   int  // other blocks
	ended   bool // nothing more is wanted
	outside bool // a function of the caller runs: if that panics, it is not the scanner
}

// finderBufs holds buffers of two blocks: a scanner looks at no more from where
// it stands.
var finderBufs = sync.Pool{New: func() any { return new([2 * blockSize]byte) }}

func (f *finder) run(sc *Scanner, name string) {
	buf := finderBufs.Get().(*[2 * blockSize]byte)
	defer finderBufs.Put(buf)
	f.buf = buf[:]
	s := Source{find: f, size: f.size, name: name}
	s.more = func() { f.more(&s) }
	// Whatever a scanner does, it only ends.
	defer f.recover()
	sc.scan(&s)
}

// recover is for deferring where a scanner runs; the finder may be nil.
func (f *finder) recover() {
	if f == nil || !f.outside {
		_ = recover()
	}
}

// more shows the next block of content. What lies before the block of the
// position is dropped.
func (f *finder) more(s *Source) {
	if f.ended {
		panic(gaveUp{})
	}
	if s.pos >= f.size {
		s.last = true
		return
	}
	kept := 0
	if from := s.pos &^ (blockSize - 1); from >= s.end() {
		s.base = from
	} else {
		kept = copy(f.buf, s.data[from-s.base:])
		s.base = from
	}
	at := s.base + int64(kept)
	b := f.buf[kept : kept+int(min(blockSize, f.size-at))]
	f.outside = true
	n := readFull(f.r, b, at)
	f.outside = false
	if zero(b[:n]) {
		f.zeros++
	} else {
		f.solid++
	}
	if f.zeros > maxZeros+zerosPerSolid*f.solid {
		f.ended = true
		panic(gaveUp{})
	}
	s.data, s.last = f.buf[:kept+n], n < len(b) || at+int64(n) == f.size
}

func (f *finder) found(p Packed) {
	if f.ended {
		panic(gaveUp{})
	}
	f.outside = true
	more := f.yield(p)
	f.outside = false
	if !more {
		f.ended = true
		panic(gaveUp{})
	}
}

// readFull reads as much of b as there is, and gives its length.
func readFull(r io.ReaderAt, b []byte, off int64) (n int) {
	for n < len(b) {
		k, err := r.ReadAt(b[n:], off+int64(n))
		n += k
		if err != nil || k == 0 {
			break
		}
	}
	return n
}

// zlibHeader reports whether b begins with the header of a zlib stream that needs
// no dictionary.
func zlibHeader(b []byte) bool {
	const method, windows, dictionary = 8, 7, 0x20
	return len(b) >= 2 && b[0]&15 == method && b[0]>>4 <= windows && b[1]&dictionary == 0 && (int(b[0])<<8+int(b[1]))%31 == 0
}

// looseObject tells an object that Git keeps in a file of its own, a zlib stream,
// by its name: the hash without its first two digits.
func looseObject(head []byte, name string) bool {
	const sha1, sha256 = 38, 62
	name = path.Base(name)
	if len(name) != sha1 && len(name) != sha256 || !zlibHeader(head) {
		return false
	}
	_, err := hex.DecodeString(name)
	return err == nil
}

// unpackedName gives the name of what is in a gzip file of some name, or an
// empty one if the name does not say that it is such a file.
func unpackedName(name string) string {
	name = strings.TrimRight(name, "~")
	for range 3 {
		dot := strings.LastIndexByte(name, '.')
		if dot <= 0 {
			break
		}
		ext := name[dot+1:]
		if inside, ok := gzipExts[strings.ToLower(ext)]; ok {
			return name[:dot] + inside
		}
		if !passing(ext) {
			break
		}
		name = name[:dot]
	}
	return ""
}

// gzipExts says for the extensions of gzip files what those of their content
// are.
var gzipExts = map[string]string{
	"gz": "", "bgz": "", "bgzf": "", "tgz": ".tar", "taz": ".tar", "cpgz": ".cpio",
	"svgz": ".svg", "emz": ".emf", "wmz": ".wmf",
}
