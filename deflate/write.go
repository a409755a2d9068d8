package deflate

import "bytes"

// marker writes a block without content.
func (b *builder) marker() error {
	b.tokens, b.block = 0, b.block[:0]
	clear(b.counts.lit[:])
	clear(b.counts.dist[:])
	b.counts.lit[endBlock] = 1
	return b.write(b.markerType, b.pos, false)
}

// write writes a block that was predicted to be of type t.
func (b *builder) write(t uint8, start int, final bool) error {
	if b.blocks++; int64(b.blocks) > int64(b.limits.MaxBlocks)+b.out.position()/8/blockOctets {
		return &Error{Class: ErrLimit, Offset: b.out.position() / 8, Msg: "too many blocks"}
	}
	var pad uint8
	sent := false
	if b.toBlock == 0 {
		kind := b.headers.octet()
		if kind&asPadded != 0 {
			if pad = b.headers.octet(); pad == 0 || kind&3 != asStored {
				return b.bad("padding")
			}
		}
		if kind > asPadded|3 {
			return b.bad("kind of block")
		}
		if t = kind & 3; t == asSent {
			t = typeDynamic
			if sent = true; !b.sentHeader() {
				return b.bad("header")
			}
		}
		if b.headers.bad {
			return b.bad("records of headers cut short")
		}
		b.nextHeader()
	} else if b.toBlock != never {
		b.toBlock--
	}
	first := uint32(t) << 1
	if final {
		first |= 1
	}
	if b.most-b.out.position() < 3 {
		return b.tooLong()
	}
	b.out.put(first, 3)
	switch {
	case t == typeStored:
		return b.writeStored(start, pad)
	case t == typeStatic:
		if !b.stable {
			b.setCodes(staticLit[:], staticDist[:])
			b.stable = true
		}
		return b.writeTokens(nil, 0)
	case sent:
		p := b.sent
		b.setCodes(p.lengths[:p.nlit], p.lengths[p.nlit:p.nlit+p.ndist])
		return b.writeTokens(p.block.Header, p.block.HeaderBits)
	}
	if b.header.nlit == 0 {
		return b.bad("no header is predicted")
	}
	b.scratch = bitWriter{buf: b.scratch.buf[:0]}
	b.header.write(&b.scratch)
	n := b.scratch.position()
	b.scratch.align(0)
	b.setCodes(b.header.lit[:b.header.nlit], b.header.dist[:b.header.ndist])
	return b.writeTokens(b.scratch.buf, int(n))
}

func (b *builder) tooLong() error { return b.bad("the part is longer than it should be") }

// sentHeader reads a header from the corrections.
func (b *builder) sentHeader() bool {
	n := b.headers.uvarint()
	raw := b.headers.bytes(min(n, 1<<20)/8 + min(n%8, 1))
	if b.sent == nil {
		b.sent = newParser(nil, 0, 0, b.limits)
	}
	p := b.sent
	p.bits.reset(bytes.NewReader(raw), 0)
	return p.readHeader() == nil && uint64(p.block.HeaderBits) == n && bytes.Equal(raw, p.block.Header)
}

func (b *builder) writeStored(start int, pad uint8) error {
	data := b.content[start:b.pos]
	if len(data) > 0xffff {
		return b.bad("stored block too long")
	}
	if n := b.out.nacc % 8; n == 0 && pad != 0 || pad>>(8-n) != 0 && n != 0 {
		return b.bad("padding does not fit")
	}
	if (b.out.position()+7)/8*8+32+int64(len(data))*8 > b.most {
		return b.tooLong()
	}
	b.out.align(pad)
	b.out.put(uint32(len(data)), 16)
	b.out.put(uint32(^uint16(len(data))), 16)
	b.out.align(0)
	b.out.bytes(data)
	return nil
}

// setCodes makes the codes: the code in the low half, its length above.
func (b *builder) setCodes(lit, dist []uint8) {
	b.stable = false
	var code [numLitAll]uint16
	set := func(to []uint32, lengths []uint8) {
		clear(to)
		codes(lengths, code[:])
		for i, n := range lengths {
			if n != 0 {
				to[i] = uint32(n)<<16 | uint32(code[i])
			}
		}
	}
	set(b.lit[:], lit)
	set(b.dist[:], dist)
}

// writeTokens writes the header, if there is one, the symbols of the block and its
// end.
func (b *builder) writeTokens(head []byte, headBits int) error {
	b.counts.lit[endBlock] = 1
	need := int64(headBits)
	for i, f := range b.counts.lit {
		n := int64(b.lit[i] >> 16)
		if f != 0 && n == 0 {
			return b.bad("a symbol has no code")
		}
		if i > endBlock {
			n += int64(lenExtra[i-endBlock-1])
		}
		need += int64(f) * n
	}
	for i, f := range b.counts.dist {
		n := int64(b.dist[i] >> 16)
		if f != 0 && n == 0 {
			return b.bad("a distance has no code")
		}
		need += int64(f) * (n + int64(distExtra[i]))
	}
	if need > b.most-b.out.position() {
		return b.tooLong()
	}
	b.out.copyBits(head, headBits)
	out := &b.out
	for _, t := range b.block {
		if t < 256 {
			c := b.lit[t]
			out.put(c&0xffff, uint(c>>16))
			continue
		}
		sym, extra, x := t.lengthSymbol()
		c := b.lit[sym]
		n := uint(c >> 16)
		out.put(c&0xffff|extra<<n, n+uint(x))
		dist := t.Distance()
		ds := distCode(dist)
		c = b.dist[ds]
		n = uint(c >> 16)
		out.put(c&0xffff|uint32(dist-int(distBase[ds]))<<n, n+uint(distExtra[ds]))
	}
	c := b.lit[endBlock]
	out.put(c&0xffff, uint(c>>16))
	return nil
}

// copyBits writes the first n bits of p.
func (b *bitWriter) copyBits(p []byte, n int) {
	for ; n >= 8; n -= 8 {
		b.put(uint32(p[0]), 8)
		p = p[1:]
	}
	if n > 0 {
		b.put(uint32(p[0])&(1<<n-1), uint(n))
	}
}
