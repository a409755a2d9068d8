package packed

import (
	"compress/flate"
	"encoding/binary"
	"io"
)

const (
	gitHeader    = 12      // of a pack: mark, version, number of objects
	gitTrailer   = 20      // of a pack: its hash, or a part of a longer one
	gitObjectMax = 10 + 32 // the longest header of an object, but for a zlib header
	// gitSmall is the length from which content is worth a visit: less of it makes
	// no stream of MinStream octets even if it is stored.
	gitSmall = MinStream - 5
)

// git goes through a pack from object to object: each has a header, which gives
// the length of the content but not that of the zlib stream behind it.
func (c *container) git() error {
	b := c.peek(gitHeader)
	if len(b) < gitHeader || string(b[:4]) != "PACK" {
		return nil
	}
	if v := binary.BigEndian.Uint32(b[4:]); v != 2 && v != 3 {
		return nil
	}
	c.end -= gitTrailer
	c.off += gitHeader
	for count := binary.BigEndian.Uint32(b[8:]); count > 0; count-- {
		n, size := gitObject(c.peek(gitObjectMax + zlibHeaderLen))
		if n == 0 {
			return nil
		}
		c.off += int64(n)
		if size < gitSmall {
			if !c.passSmall(size) {
				return c.err
			}
		} else if ok, err := c.zlib(Git, size); !ok {
			return err
		}
	}
	return nil
}

// gitObject gives the length of the header of an object, up to its zlib stream,
// and that of the object's content; or 0 if b does not begin with one.
func gitObject(b []byte) (n int, size int64) {
	const commit, tag, byOffset, byHash = 1, 4, 6, 7
	n, ok := gitVarint(b)
	if !ok {
		return 0, 0
	}
	size = int64(b[0] & 15)
	for i, c := range b[1:n] {
		size |= int64(c&0x7f) << (4 + 7*i)
	}
	switch kind := b[0] >> 4 & 7; {
	case kind >= commit && kind <= tag:
	case kind == byOffset:
		k, ok := gitVarint(b[n:])
		if n += k; !ok {
			return 0, 0
		}
	case kind == byHash: // of 20 octets or 32
		if n += 20; n < len(b) && !zlibHeader(b[n:]) {
			n += 12
		}
	default:
		return 0, 0
	}
	if n >= len(b) || !zlibHeader(b[n:]) {
		return 0, 0
	}
	return n, size
}

// gitVarint gives the length of a number of at most 9 octets, of which all but
// the last have the top bit set.
func gitVarint(b []byte) (n int, ok bool) {
	for n < min(len(b), 9) {
		n++
		if b[n-1]&0x80 == 0 {
			return n, true
		}
	}
	return 0, false
}

// passSmall moves behind a zlib stream whose content is short and of known length,
// and reports whether there is one.
func (c *container) passSmall(size int64) bool {
	c.off += zlibHeaderLen
	in := octets{c}
	if c.inflater == nil {
		c.inflater = flate.NewReader(in)
	} else if c.inflater.(flate.Resetter).Reset(in, nil) != nil {
		return false
	}
	n, err := io.ReadFull(c.inflater, c.small[:size+1]) // one more is too much
	c.off += zlibTrailer
	return int64(n) == size && (err == io.EOF || err == io.ErrUnexpectedEOF)
}

// octets reads a container octet by octet.
type octets struct{ *container }

func (o octets) ReadByte() (byte, error) {
	b := o.peek(1)
	if len(b) == 0 {
		return 0, errShort
	}
	o.off++
	return b[0], nil
}

func (o octets) Read(p []byte) (int, error) {
	n := copy(p, o.peek(min(len(p), windowSize)))
	if n == 0 && len(p) > 0 {
		return 0, errShort
	}
	o.off += int64(n)
	return n, nil
}
