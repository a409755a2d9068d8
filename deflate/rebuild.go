package deflate

import (
	"bytes"
	"io"
)

// rebuild writes the stream that Predict was given, from its content, the model
// and the corrections. Whatever these are, it ends: with an error, or with a
// valid stream that has the content.
func rebuild(out io.Writer, content []byte, m Model, corr []byte, limits Limits) error {
	w, err := newWalker(content, m, limits)
	if err != nil {
		return err
	}
	b := &builder{walker: *w, out: bitWriter{w: out, buf: make([]byte, 0, writeSize+1024)}}
	if err := b.corr.decode(corr, len(content)); err != nil {
		return err
	}
	b.headers.b, b.fixes.b = b.corr.headers, b.corr.tokens
	b.nextHeader()
	b.nextFix()
	return b.run()
}

// A builder writes the stream that a model and corrections describe.
type builder struct {
	walker
	out     bitWriter
	block   []token
	blocks  int
	headers scanner
	fixes   scanner
	toBlock uint64 // blocks before the next record of a header
	toToken uint64 // tokens before the next record of a token
	sent    parser // for headers that were sent
	lit     [numLitAll]uint32
	dist    [32]uint32
	stable  bool // lit and dist are the static codes
}

const never = 1 << 63

// nextHeader reads where the next record of a header applies.
func (b *builder) nextHeader() {
	b.toBlock = never
	if len(b.headers.b) > 0 {
		b.toBlock = b.headers.uvarint()
	}
}

func (b *builder) nextFix() {
	b.toToken = never
	if len(b.fixes.b) > 0 {
		b.toToken = b.fixes.uvarint()
	}
}

func (b *builder) bad(msg string) error { return damagedCorrections(int64(b.pos), msg) }

// run writes all blocks.
func (b *builder) run() error {
	for {
		switch {
		case b.markers > 0 && b.corr.bare.use(b.pos):
			b.markers = 0
			continue
		case b.markers > 0:
			b.markers--
		case b.corr.flushes.use(b.pos):
			b.markerType = typeStored
		default:
			final, err := b.oneBlock()
			if err != nil {
				return err
			}
			if !final {
				continue
			}
			return b.finish()
		}
		if err := b.marker(); err != nil {
			return err
		}
	}
}

// marker writes a block without content.
func (b *builder) marker() error {
	b.tokens, b.block = 0, b.block[:0]
	clear(b.counts.lit[:])
	clear(b.counts.dist[:])
	b.counts.lit[endBlock] = 1
	return b.write(b.markerType, b.pos, false)
}

// finish writes the last bits, and checks that all corrections were used.
func (b *builder) finish() error {
	if b.out.nacc%8 == 0 && b.corr.tail != 0 || b.corr.tail>>(8-b.out.nacc%8) != 0 && b.out.nacc%8 != 0 {
		return b.bad("tail does not fit")
	}
	b.out.align(b.corr.tail)
	b.out.flush()
	if b.out.err != nil {
		return b.out.err
	}
	for _, p := range []*positions{&b.corr.flushes, &b.corr.ends, &b.corr.skips, &b.corr.bare} {
		if p.at < len(p.list) {
			return b.bad("positions left over")
		}
	}
	if b.toBlock != never || b.toToken != never || b.headers.bad || b.fixes.bad {
		return b.bad("records left over")
	}
	return nil
}

// oneBlock writes a block, and says whether it is the final one.
func (b *builder) oneBlock() (final bool, err error) {
	start := b.pos
	b.begin()
	b.block = b.block[:0]
	c := goOn
	for {
		if b.predictedEnd(c) && !b.corr.skips.use(b.pos) {
			break
		}
		if b.tokens > 0 && b.corr.flushes.here(b.pos) {
			c = goOn
			break
		}
		if b.corr.ends.use(b.pos) {
			c = goOn
			break
		}
		if b.pos == len(b.content) {
			c, final = goOn, true
			break
		}
		t, err := b.token()
		if err != nil {
			return false, err
		}
		b.block = append(b.block, t)
		c = b.accept(t)
		if b.tooMuch() {
			return false, b.effort()
		}
	}
	if err := b.write(b.plan(start), start, final); err != nil {
		return false, err
	}
	b.expectMarkers(c, b.out.position())
	return final, b.out.err
}

// token gives the next token: the one predicted, or the one recorded.
func (b *builder) token() (token, error) {
	t := b.pred.next()
	if b.toToken != 0 {
		if b.toToken != never {
			b.toToken--
		}
		return t, nil
	}
	t, err := b.fixed()
	if err != nil {
		return 0, err
	}
	b.nextFix()
	return t, nil
}

// fixed reads a token from the corrections, and checks it against the content.
func (b *builder) fixed() (token, error) {
	n := b.fixes.uvarint()
	if n == 0 && !b.fixes.bad {
		return literal(b.content[b.pos]), nil
	}
	var long token
	if n == longWayLength {
		long, n = longWay, maxMatch-2
	}
	dist := b.fixes.uvarint() + 1
	if b.fixes.bad || n > maxMatch-2 {
		return 0, b.bad("length")
	}
	length := int(n) + 2
	end := b.corr.flushes.next(len(b.content))
	if length < minMatch || length > end-b.pos {
		return 0, b.bad("length behind the end")
	}
	if dist > 32768 || dist > uint64(b.pos) {
		return 0, b.bad("distance")
	}
	from := b.pos - int(dist)
	if common(b.content[from:], b.content[b.pos:b.pos+length]) < length {
		return 0, b.bad("the content is not repeated")
	}
	return match(length, int(dist)) | long, nil
}

// write writes a block that was predicted to be of type t.
func (b *builder) write(t uint8, start int, final bool) error {
	if b.blocks++; int64(b.blocks) > int64(b.limits.MaxBlocks)+b.out.position()/8/blockOctets {
		return &Error{Class: ErrLimit, Offset: b.out.position() / 8, Msg: "too many blocks"}
	}
	var pad uint8
	var head *parser
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
			var err error
			if head, err = b.sentHeader(); err != nil {
				return err
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
	b.out.put(first, 3)
	switch {
	case t == typeStored:
		return b.writeStored(start, pad)
	case t == typeStatic:
		if !b.stable {
			b.setCodes(staticLit[:], staticDist[:])
			b.stable = true
		}
	case head != nil:
		b.out.copyBits(b.sent.block.Header, b.sent.block.HeaderBits)
		b.setCodes(head.lengths[:head.nlit], head.lengths[head.nlit:head.nlit+head.ndist])
	default:
		if b.header.nlit == 0 {
			return b.bad("no header is predicted")
		}
		b.header.write(&b.out)
		b.setCodes(b.header.lit[:b.header.nlit], b.header.dist[:b.header.ndist])
	}
	return b.writeTokens()
}

// sentHeader reads a header from the corrections.
func (b *builder) sentHeader() (*parser, error) {
	n := b.headers.uvarint()
	raw := b.headers.bytes(min(n, 1<<20)/8 + min(n%8, 1))
	p := &b.sent
	p.bits = bitReader{r: bytes.NewReader(raw), buf: p.bits.buf}
	if err := p.readHeader(); err != nil || uint64(p.block.HeaderBits) != n || !bytes.Equal(raw, p.block.Header) {
		return nil, b.bad("header")
	}
	return p, nil
}

func (b *builder) writeStored(start int, pad uint8) error {
	data := b.content[start:b.pos]
	if len(data) > 0xffff {
		return b.bad("stored block too long")
	}
	if n := b.out.nacc % 8; n == 0 && pad != 0 || pad>>(8-n) != 0 && n != 0 {
		return b.bad("padding does not fit")
	}
	b.out.align(pad)
	b.out.put(uint32(len(data)), 16)
	b.out.put(uint32(^uint16(len(data))), 16)
	b.out.align(0)
	b.out.bytes(data)
	return b.out.err
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

// writeTokens writes the symbols of the block and its end.
func (b *builder) writeTokens() error {
	for i, f := range b.counts.lit {
		if f != 0 && b.lit[i] == 0 {
			return b.bad("a symbol has no code")
		}
	}
	for i, f := range b.counts.dist {
		if f != 0 && b.dist[i] == 0 {
			return b.bad("a distance has no code")
		}
	}
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
	return out.err
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
