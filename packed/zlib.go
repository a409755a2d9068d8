package packed

import "github.com/vtdarchive/vtd/deflate"

const (
	zlibHeaderLen = 2
	zlibTrailer   = 4 // Adler-32
)

// zlibHeader reports whether b begins with the header of a zlib stream that needs
// no dictionary: RFC 1950.
func zlibHeader(b []byte) bool {
	const deflated, windows, dictionary = 8, 7, 0x20
	return len(b) >= zlibHeaderLen && b[0]&15 == deflated && b[0]>>4 <= windows && b[1]&dictionary == 0 && (int(b[0])<<8+int(b[1]))%31 == 0
}

// zlib visits the zlib stream at the offset, and moves behind its trailer.
func (c *container) zlib(kind Kind, size int64) (ok bool, err error) {
	b := c.peek(zlibHeaderLen)
	if !zlibHeader(b) {
		return false, nil
	}
	hints := deflate.ZlibHints(b[0], b[1])
	c.off += zlibHeaderLen
	ok, err = c.try(&Stream{Offset: c.off, Limit: c.end - zlibTrailer, Kind: kind, Size: size, Hints: hints})
	c.off += zlibTrailer
	return ok, err
}
