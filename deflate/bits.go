package deflate

import (
	"encoding/binary"
	"io"
)

// A bitReader reads bits, the lowest of each octet first.
type bitReader struct {
	r    io.Reader
	buf  []byte
	i, n int    // what is left of buf
	acc  uint64 // bits taken from buf, the next one lowest
	nacc uint
	took int64 // octets taken from buf, and those before the first
	err  error
}

const (
	readSize = 64 << 10
	// readBefore is how many octets before those last read stay in buf, at its
	// start: as many as acc can hold.
	readBefore = 8
)

// reset begins to read r, of which before octets have been passed.
func (b *bitReader) reset(r io.Reader, before int64) {
	*b = bitReader{r: r, buf: b.buf, i: readBefore, n: readBefore, took: before}
}

// more has at least 56 bits in acc, or all that are left, the rest being zeros.
func (b *bitReader) more() {
	if b.n-b.i >= 8 {
		n := (63 - b.nacc) / 8
		b.acc |= binary.LittleEndian.Uint64(b.buf[b.i:]) << b.nacc
		b.nacc += n * 8
		b.acc &= 1<<b.nacc - 1
		b.i += int(n)
		b.took += int64(n)
		return
	}
	for b.nacc <= 56 {
		if b.i == b.n && !b.fill() {
			return
		}
		b.acc |= uint64(b.buf[b.i]) << b.nacc
		b.i++
		b.took++
		b.nacc += 8
	}
}

func (b *bitReader) fill() bool {
	if b.buf == nil {
		b.buf = make([]byte, readBefore+readSize)
	}
	copy(b.buf, b.buf[b.n-readBefore:b.n])
	b.i, b.n = readBefore, readBefore
	for tries := 0; b.err == nil && b.n == readBefore; tries++ {
		var n int
		n, b.err = b.r.Read(b.buf[readBefore:])
		if b.n += n; n == 0 && b.err == nil && tries > 100 {
			b.err = io.ErrNoProgress
		}
	}
	return b.n > readBefore
}

// take gives n ≤ 32 bits; false when there are not as many.
func (b *bitReader) take(n uint) (uint32, bool) {
	if b.nacc < n {
		if b.more(); b.nacc < n {
			return 0, false
		}
	}
	v := uint32(b.acc & (1<<n - 1))
	b.acc >>= n
	b.nacc -= n
	return v, true
}

// position is the number of bits read.
func (b *bitReader) position() int64 { return b.took*8 - int64(b.nacc) }

// carry gives those bits that were read of the octet that the next one is in.
func (b *bitReader) carry() byte {
	if b.nacc%8 == 0 {
		return 0
	}
	return b.buf[b.i-int(b.nacc/8)-1] & (1<<(8-b.nacc%8) - 1)
}

// A bitWriter writes bits, the lowest of each octet first.
type bitWriter struct {
	buf   []byte
	acc   uint64
	nacc  uint
	wrote int64 // octets moved to buf so far
}

// put writes the low n ≤ 32 bits of v, which has no others.
func (b *bitWriter) put(v uint32, n uint) {
	b.acc |= uint64(v) << b.nacc
	b.nacc += n
	if b.nacc >= 32 {
		b.buf = binary.LittleEndian.AppendUint32(b.buf, uint32(b.acc))
		b.acc >>= 32
		b.nacc -= 32
		b.wrote += 4
	}
}

// octets moves whole octets to the buffer.
func (b *bitWriter) octets() {
	for b.nacc >= 8 {
		b.buf = append(b.buf, byte(b.acc))
		b.acc >>= 8
		b.nacc -= 8
		b.wrote++
	}
}

// align does so after pad, the bits that fill the last one, was put in.
func (b *bitWriter) align(pad byte) {
	if b.nacc%8 != 0 {
		n := 8 - b.nacc%8
		b.put(uint32(pad)&(1<<n-1), n)
	}
	b.octets()
}

// bytes writes p, at the boundary of an octet.
func (b *bitWriter) bytes(p []byte) {
	b.wrote += int64(len(p))
	b.buf = append(b.buf, p...)
}

// position is the number of bits written.
func (b *bitWriter) position() int64 { return b.wrote*8 + int64(b.nacc) }
