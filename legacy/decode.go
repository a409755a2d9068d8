package legacy

import "math/bits"

// maxVarint is how many octets a number of 64 bits takes.
const maxVarint = 10

// uvarint reads a number: big-endian, seven bits an octet, the high bit set on
// all but the last. n is how many octets it has, 0 where it is cut off; why is
// what is wrong with it.
func uvarint(b []byte) (v uint64, n int, why string) {
	for i, c := range b {
		switch {
		case i == 0 && c == 0x80:
			return 0, 0, "a number is longer than need be"
		case bits.LeadingZeros64(v) < 7:
			return 0, 0, "a number has more than 64 bits"
		}
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return v, i + 1, ""
		}
	}
	return 0, 0, "it ends inside a number"
}

// cursor reads octets from front to back. The first thing wrong stays in bad,
// and everything from there on is empty.
type cursor struct {
	b     []byte
	off   int    // of b in the whole
	bad   string // what was wrong
	badAt int    // and where
}

func (c *cursor) fail(msg string) {
	if c.bad == "" {
		c.bad, c.badAt = msg, c.off
	}
	c.b = nil
}

func (c *cursor) skip(n int) []byte {
	p := c.b[:n:n]
	c.b, c.off = c.b[n:], c.off+n
	return p
}

func (c *cursor) uvarint() uint64 {
	if c.bad != "" {
		return 0
	}
	v, n, why := uvarint(c.b)
	if why != "" {
		c.fail(why)
		return 0
	}
	c.skip(n)
	return v
}

// flags reads a number of which only some bits may be set.
func (c *cursor) flags(known uint64, what string) uint64 {
	at := c.off
	v := c.uvarint()
	if v&^known != 0 {
		c.off = at
		c.fail(what + " that are not known")
		return 0
	}
	return v
}

// kind reads a number that stands for one of n kinds of something.
func (c *cursor) kind(n uint64, what string) uint64 {
	at := c.off
	v := c.uvarint()
	if v >= n {
		c.off = at
		c.fail(what + " that is not known")
		return 0
	}
	return v
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.fail("it ends inside a value")
		return nil
	}
	return c.skip(int(n))
}

// data reads a length of at most limit, and that many octets.
func (c *cursor) data(limit uint64, what string) []byte {
	n := c.uvarint()
	if n > limit {
		c.fail(what + " above its limit")
		return nil
	}
	return c.take(n)
}

// sub gives a cursor over a value just read, whose errors are those of c.
func (c *cursor) sub(p []byte) *cursor { return &cursor{b: p, off: c.off - len(p)} }

func (c *cursor) join(sub *cursor) {
	if sub.bad != "" && c.bad == "" {
		c.bad, c.badAt, c.b = sub.bad, sub.badAt, nil
	}
}

// err gives what was wrong as an error about a structure.
func (c *cursor) err(where string) error {
	if c.bad == "" {
		return nil
	}
	return damaged(where, int64(c.badAt), "%s", c.bad)
}
