package format

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

var (
	le         = binary.LittleEndian
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

func crc32c(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// Zigzag maps signed to unsigned so that small magnitudes stay small.
func zigzag(v int64) uint64   { return uint64(v<<1) ^ uint64(v>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

func appendUvarint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }
func appendSvarint(b []byte, v int64) []byte  { return appendUvarint(b, zigzag(v)) }

// appendDelta writes v relative to prev, modulo 2^64.
func appendDelta(b []byte, v, prev uint64) []byte { return appendSvarint(b, int64(v-prev)) }

func appendString(b []byte, s string) []byte {
	return append(appendUvarint(b, uint64(len(s))), s...)
}

// cursor reads a block front to back. After the first failure every read
// gives zero and the failure stays, so that callers check once.
type cursor struct {
	b    []byte
	text string // the end of it is b, if share was called
	bad  string
	lack bool // what is bad is that this program lacks something
}

func (c *cursor) fail(msg string) {
	if c.bad == "" {
		c.bad = msg
	}
	c.b = nil
}

// lacks is fail for what a later version may allow.
func (c *cursor) lacks(msg string) {
	c.lack = c.lack || c.bad == ""
	c.fail(msg)
}

// err turns a failure into an error about a metadata block.
func (c *cursor) err(structure string, self uint64) error {
	e := damagedBlock(structure, self, "%s", c.bad)
	if c.lack {
		e.Class = ErrUnsupported
	}
	return e
}

func (c *cursor) u8() byte {
	if len(c.b) == 0 {
		c.fail("ends early")
		return 0
	}
	v := c.b[0]
	c.b = c.b[1:]
	return v
}

// uvarint reads a canonical LEB128 number: no more bytes than it needs.
func (c *cursor) uvarint() uint64 {
	if len(c.b) > 0 && c.b[0] < 0x80 {
		v := uint64(c.b[0])
		c.b = c.b[1:]
		return v
	}
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		if n == 0 {
			c.fail("ends inside a number")
		} else {
			c.fail("a number above 64 bits")
		}
		return 0
	}
	if c.b[n-1] == 0 {
		c.fail("an over-long number")
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) svarint() int64            { return unzigzag(c.uvarint()) }
func (c *cursor) delta(prev uint64) uint64  { return prev + uint64(c.svarint()) }
func (c *cursor) count(limit uint64) uint64 { return c.bounded(limit, "a count above its limit") }

func (c *cursor) bounded(limit uint64, msg string) uint64 {
	v := c.uvarint()
	if v > limit {
		c.fail(msg)
		return 0
	}
	return v
}

// take returns the next n bytes without copying.
func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.fail("ends early")
		return nil
	}
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) hash() (h Hash) {
	copy(h[:], c.take(HashSize))
	return h
}

func (c *cursor) str(limit uint64) string { return string(c.take(c.count(limit))) }

// cstr reads bytes up to a NUL.
func (c *cursor) cstr(limit int) string {
	i := bytes.IndexByte(c.b[:min(len(c.b), limit+1)], 0)
	if i < 0 {
		if len(c.b) > limit {
			c.fail("a name above its limit")
		} else {
			c.fail("ends inside a name")
		}
		return ""
	}
	var s string
	if c.text != "" {
		at := len(c.text) - len(c.b)
		s = c.text[at : at+i]
	} else {
		s = string(c.b[:i])
	}
	c.b = c.b[i+1:]
	return s
}

// share makes what cstr gives parts of one string: one allocation for a column
// of names, and not one for each.
func (c *cursor) share() { c.text = string(c.b) }

func (c *cursor) done() {
	if len(c.b) != 0 {
		c.fail("bytes left over")
	}
}

// Times are written as the difference, in nanoseconds, from the time before:
// a number of up to 96 bits, zigzagged and in LEB128.

type int96 struct{ hi, lo uint64 } // two's complement, 128 bits

func nanos(t Time) int96 {
	hi, lo := bits.Mul64(uint64(t.Sec), 1e9)
	if t.Sec < 0 {
		hi -= 1e9 // signed times unsigned: correct for the sign bit of Sec
	}
	lo, carry := bits.Add64(lo, uint64(t.Nsec), 0)
	return int96{hi + carry, lo}
}

func (a int96) sub(b int96) int96 {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	hi, _ := bits.Sub64(a.hi, b.hi, borrow)
	return int96{hi, lo}
}

func (a int96) add(b int96) int96 {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(a.hi, b.hi, carry)
	return int96{hi, lo}
}

// time turns nanoseconds back into a Time; ok is false where they do not fit.
func (a int96) time() (t Time, ok bool) {
	neg := int64(a.hi) < 0
	if neg {
		a = int96{}.sub(a)
	}
	if a.hi >= 1e9 { // |seconds| would pass 2^64
		return t, false
	}
	sec, nsec := bits.Div64(a.hi, a.lo, 1e9)
	if sec > 1<<63 || (sec == 1<<63 && (!neg || nsec != 0)) {
		return t, false
	}
	t = Time{Sec: int64(sec), Nsec: uint32(nsec)}
	if neg {
		t.Sec = -t.Sec
		if nsec != 0 {
			t.Sec--
			t.Nsec = 1e9 - uint32(nsec)
		}
	}
	return t, true
}

func appendInt96(b []byte, v int96) []byte {
	sign := uint64(int64(v.hi) >> 63)
	hi, lo := (v.hi<<1|v.lo>>63)^sign, (v.lo<<1)^sign
	for hi != 0 || lo >= 0x80 {
		b = append(b, byte(lo)|0x80)
		lo = lo>>7 | hi<<57
		hi >>= 7
	}
	return append(b, byte(lo))
}

func (c *cursor) int96() (v int96) {
	var hi, lo uint64
	for shift := uint(0); ; shift += 7 {
		x := c.u8()
		if shift > 98 || (x == 0 && shift > 0) {
			c.fail("an over-long time")
			return int96{}
		}
		d := uint64(x & 0x7f)
		if shift < 64 {
			lo |= d << shift
			if shift > 57 {
				hi |= d >> (64 - shift)
			}
		} else {
			hi |= d << (shift - 64)
		}
		if x < 0x80 {
			break
		}
	}
	sign := -(lo & 1)
	return int96{(hi >> 1) ^ sign, (lo>>1 | hi<<63) ^ sign}
}
