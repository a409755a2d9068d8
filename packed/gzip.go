package packed

import (
	"bytes"
	"encoding/binary"

	"github.com/vtdarchive/vtd/deflate"
)

const (
	gzipTrailer = 8 // CRC-32 and length
	// gzipHeaderMax is how long the header of a member may be: an extra field of
	// 64 KiB, and names.
	gzipHeaderMax = 256 << 10
)

// gzipHeader is what the header of a member says.
type gzipHeader struct {
	length  int64 // its own
	member  int64 // that of the whole member, as bgzip says it; or 0
	name    string
	xfl, os byte
	more    bool // it goes on
}

// readGzip reads a header as RFC 1952 has it, of which the flags may be used in
// any combination and the reserved ones not at all.
func readGzip(b []byte) (h gzipHeader, ok bool) {
	const crc, extra, name, comment = 2, 4, 8, 16 // text is 1
	if len(b) < 10 || string(b[:3]) != "\x1f\x8b\x08" || b[3] >= 32 {
		return h, false
	}
	flags := b[3]
	h.more = true
	h.xfl, h.os = b[8], b[9]
	rest := b[10:]
	if flags&extra != 0 {
		if len(rest) < 2 {
			return h, false
		}
		n := int(binary.LittleEndian.Uint16(rest))
		if rest = rest[2:]; len(rest) < n {
			return h, false
		}
		h.member = bgzfMember(rest[:n])
		rest = rest[n:]
	}
	for _, flag := range []byte{name, comment} {
		if flags&flag == 0 {
			continue
		}
		i := bytes.IndexByte(rest, 0)
		if i < 0 {
			return h, false
		}
		if flag == name {
			h.name = string(rest[:i])
		}
		rest = rest[i+1:]
	}
	if flags&crc != 0 {
		if len(rest) < 2 {
			return h, false
		}
		rest = rest[2:]
	}
	h.length, h.more = int64(len(b)-len(rest)), false
	return h, true
}

// bgzfMember gives the length that the field of bgzip in an extra field says, or
// 0.
func bgzfMember(extra []byte) int64 {
	for len(extra) >= 4 {
		n := 4 + int(binary.LittleEndian.Uint16(extra[2:]))
		if n > len(extra) {
			break
		}
		if string(extra[:4]) == "BC\x02\x00" {
			return int64(binary.LittleEndian.Uint16(extra[4:])) + 1
		}
		extra = extra[n:]
	}
	return 0
}

// gzip goes from member to member.
func (c *container) gzip(name string) error {
	for short := 0; short < MaxShort; {
		start := c.off
		b := c.peek(windowSize)
		h, ok := readGzip(b)
		for n := 4 * windowSize; h.more && n <= gzipHeaderMax; n *= 4 {
			b = c.peek(n)
			h, ok = readGzip(b)
		}
		if !ok {
			return nil
		}
		c.off += h.length
		if b = b[h.length:]; len(b) >= 2 && b[0] == 3 && b[1] == 0 { // nothing
			c.off += 2 + gzipTrailer
			continue
		}
		s := &Stream{Offset: c.off, Limit: c.end, Kind: Gzip, Name: name, Size: -1, Hints: deflate.GzipHints(h.xfl, h.os)}
		if s.Name == "" {
			s.Name = h.name
		}
		next := int64(-1)
		if n := h.member; n >= h.length+gzipTrailer && start+n <= c.end {
			next = start + n
			s.Limit = next
		}
		s.Limit -= gzipTrailer
		ok, err := c.try(s)
		switch {
		case err != nil:
			return err
		case next >= 0:
			c.off = next
		case !ok:
			return nil
		default:
			if c.off-s.Offset < MinStream {
				short++
			}
			c.off += gzipTrailer
		}
	}
	return nil
}
