package packed

import (
	"encoding/binary"

	"github.com/vtdarchive/vtd/deflate"
)

// png visits the zlib stream that lies in the chunks from the offset on, as long
// as they are IDAT: each has a length, a type, data, and a check sum. The stream
// may be cut anywhere, within its header, too, and chunks may be empty.
func (c *container) png() error {
	const head, sum = 8, 4
	b := c.peek(head)
	if len(b) < head || string(b[4:]) != "IDAT" {
		return nil
	}
	n := int64(binary.BigEndian.Uint32(b))
	c.off += head
	var (
		header  []byte
		s       = Stream{Kind: PNG, Size: -1}
		length  int64  // of the stream so far
		between []byte // since the last piece
		all     []byte // what stands between pieces, which Breaks share
	)
	for chunks := 0; chunks <= MaxBreaks; chunks++ {
		end := c.off + min(n, c.end-c.off)
		for ; len(header) < zlibHeaderLen && c.off < end; c.off++ {
			b := c.peek(1)
			if len(b) == 0 {
				return nil
			}
			header = append(header, b[0])
		}
		if c.off < end {
			if length == 0 {
				s.Offset = c.off
			} else {
				at := len(all)
				all = append(all, between...)
				s.Breaks = append(s.Breaks, Break{length, all[at:len(all):len(all)]})
			}
			between = between[:0]
			length += end - c.off
			s.Limit = end
			c.off = end
		}
		b := c.peek(sum + head)
		if len(b) < sum+head || string(b[sum+4:]) != "IDAT" {
			if zlibHeader(header) {
				s.Hints = deflate.PNGHints(header[0], header[1])
				_, err := c.try(&s)
				return err
			}
			return nil
		}
		between = append(between, b...)
		n = int64(binary.BigEndian.Uint32(b[sum:]))
		c.off += sum + head
	}
	return nil
}
