package parity

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/vtdarchive/vtd/format"
)

// view is a file that may be damaged in any way.
type view struct {
	r    io.ReaderAt
	size int64
}

// read fills b from an offset. It gives false for bytes that are outside of the
// file, and for such as the disk does not give any more: both are damage.
func (v *view) read(b []byte, off int64) bool {
	if off < 0 || off > v.size-int64(len(b)) {
		return false
	}
	n, err := v.r.ReadAt(b, off)
	return n == len(b) && (err == nil || errors.Is(err, io.EOF))
}

// header gives the fixed part of the header, if its CRC is right.
func (v *view) header() (b [format.HeaderFixedSize]byte, ok bool) {
	return b, v.read(b[:], 0) && headerSealed(b[:])
}

var le = binary.LittleEndian

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func headerSealed(b []byte) bool {
	return crc32.Checksum(b[:60], castagnoli) == le.Uint32(b[60:])
}

// trailer gives the trailer at an offset, read from elsewhere where bytes are
// shifted.
func (v *view) trailer(off, shift int64) *format.Trailer {
	b := make([]byte, format.TrailerSize)
	if off < 0 || !v.read(b, off+shift) {
		return nil
	}
	t, err := format.ParseTrailer(b, off)
	if err != nil {
		return nil
	}
	return t
}
