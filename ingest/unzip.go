package ingest

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// Methods by which members are packed, beside those of package zip.
const (
	methodBzip2 = 12
	methodLZMA  = 14
	methodZstd  = 93
	methodXZ    = 95
)

// endMarked, of the flags of a member packed by LZMA, says that its end is
// marked in it.
const endMarked = 2

// unpackers unpack members.
var unpackers = map[uint16]func(f *zip.File, r io.Reader) (io.Reader, error){
	zip.Store:   func(_ *zip.File, r io.Reader) (io.Reader, error) { return r, nil },
	zip.Deflate: func(_ *zip.File, r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil },
	methodBzip2: func(_ *zip.File, r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil },
	methodZstd:  func(_ *zip.File, r io.Reader) (io.Reader, error) { return openZstd(r) },
	methodXZ:    func(_ *zip.File, r io.Reader) (io.Reader, error) { return xz.NewReader(r) },
	methodLZMA:  openLZMA,
}

// openLZMA makes of the head that LZMA has in a zip the one that it has by
// itself.
func openLZMA(f *zip.File, r io.Reader) (io.Reader, error) {
	var head [4 + 5]byte // version, length of what follows; properties, window
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if n := binary.LittleEndian.Uint16(head[2:]); n != 5 {
		return nil, fmt.Errorf("%d bytes of properties", n)
	}
	if window := binary.LittleEndian.Uint32(head[5:]); window > maxWindow {
		return nil, fmt.Errorf("a window of %d bytes, more than %d", window, maxWindow)
	}
	size := f.UncompressedSize64
	if f.Flags&endMarked != 0 {
		size = 1<<64 - 1
	}
	own := binary.LittleEndian.AppendUint64(bytes.Clone(head[4:]), size)
	return lzma.NewReader(io.MultiReader(bytes.NewReader(own), r))
}

// unpack opens what a member holds. Its length and sum are those in the directory of the
// file: what stands before and behind the member may say otherwise.
func unpack(f *zip.File) (io.Reader, func(), error) {
	raw, err := f.OpenRaw()
	if err != nil {
		return nil, nil, err
	}
	r, err := unpackers[f.Method](f, raw)
	if err != nil {
		return nil, nil, err
	}
	done := func() {}
	if c, ok := r.(interface{ Close() }); ok {
		done = c.Close
	}
	return &summed{r: r, left: f.UncompressedSize64, sum: crc32.NewIEEE(), want: f.CRC32}, done, nil
}

// summed holds what is read against its length and sum.
type summed struct {
	r    io.Reader
	left uint64
	sum  hash.Hash32
	want uint32
}

func (s *summed) Read(p []byte) (int, error) {
	if s.left == 0 {
		if s.sum.Sum32() != s.want {
			return 0, zip.ErrChecksum
		}
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(uint64(len(p)), s.left)])
	s.sum.Write(p[:n])
	s.left -= uint64(n)
	if err == io.EOF && s.left > 0 {
		err = io.ErrUnexpectedEOF
	} else if err == io.EOF {
		err = nil
	}
	return n, err
}

const (
	unicodePath     = 0x7075 // of an extra field: the name in UTF-8
	unicodePathHead = 5      // version, sum of the name that it stands for
	systemUnix      = 3
	systemDarwin    = 19
)

// zipName gives the name of a member: that in UTF-8 beside it, if it is the
// same.
func zipName(f *zip.File) string {
	for b := f.Extra; len(b) >= 4; {
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			break
		}
		if id == unicodePath && n > unicodePathHead && b[0] == 1 && binary.LittleEndian.Uint32(b[1:]) == crc32.ChecksumIEEE([]byte(f.Name)) {
			return string(b[unicodePathHead:n])
		}
		b = b[n:]
	}
	return f.Name
}

// hasMode says whether the permissions of a member are its own, and not made up
// for a system that has none.
func hasMode(f *zip.File) bool {
	system := f.CreatorVersion >> 8
	return system == systemUnix || system == systemDarwin
}
