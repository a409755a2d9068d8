package deflate

import (
	"bytes"
	"sync"
)

// RebuildPart appends part i of the stream to dst: its Octets. content is its
// Window. Whatever the corrections are, it ends, with an error or with as many
// octets as the part has; never are more appended. Separate calls may run at once,
// for one recipe too. Errors are ErrCorrections, ErrEffort, ErrLimit and ErrModel.
func RebuildPart(dst, content []byte, r *Recipe, i int, limits Limits) ([]byte, error) {
	if from, to := r.Window(i); int64(len(content)) != to-from {
		return nil, r.bad(i, "content is not the window of the part")
	}
	from, to := r.Octets(i)
	b, err := newBuilder(dst, r.view(i, content), r.Model, limits)
	if err != nil {
		return nil, err
	}
	defer b.free()
	b.most = (to - from) * 8
	b.out.put(uint32(r.Parts[i].Carry), uint(r.Parts[i].Bit%8))
	var next *Part
	if i+1 < len(r.Parts) {
		next = &r.Parts[i+1]
		b.most += next.Bit % 8
	}
	if err := b.run(r.Corrections[i]); err != nil {
		return nil, err
	}
	if err := b.finish(next); err != nil {
		return nil, err
	}
	return b.out.buf, nil
}

// A builder writes the stream that a model and corrections describe.
type builder struct {
	walker
	out     bitWriter
	most    int64 // bits that out may have
	block   []token
	blocks  int
	headers scanner
	fixes   scanner
	toBlock uint64  // blocks before the next record of a header
	toToken uint64  // tokens before the next record of a token
	sent    *parser // for headers that were sent
	lit     [numLitAll]uint32
	dist    [32]uint32
	stable  bool      // lit and dist are the static codes
	scratch bitWriter // a header that was predicted
}

const never = 1 << 63

var builders = sync.Pool{New: func() any { return new(builder) }}

func newBuilder(dst []byte, v view, m Model, limits Limits) (*builder, error) {
	w, err := newWalker(v, m, limits)
	if err != nil {
		return nil, err
	}
	b := builders.Get().(*builder)
	*b = builder{walker: w, out: bitWriter{buf: dst}, block: b.block[:0], scratch: b.scratch}
	return b, nil
}

// free gives back what can be used again.
func (b *builder) free() {
	b.pred.free()
	if b.sent != nil {
		b.sent.free()
	}
	block := b.block
	if cap(block) > 1<<16 {
		block = nil // the block was of unusual size
	}
	*b = builder{block: block, scratch: b.scratch}
	builders.Put(b)
}

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

func (b *builder) bad(msg string) error {
	return damagedCorrections(b.from+int64(b.pos-b.at), msg)
}

// run writes all blocks.
func (b *builder) run(corr []byte) error {
	if err := b.corr.decode(corr, b.at, b.end); err != nil {
		return err
	}
	b.headers.b, b.fixes.b = b.corr.headers, b.corr.tokens
	b.nextHeader()
	b.nextFix()
	for {
		switch {
		case b.markers > 0 && b.corr.bare.use(b.pos):
			b.markers = 0
			continue
		case b.markers > 0:
			b.markers--
		case b.corr.flushes.use(b.pos):
			b.markerType = typeStored
		case b.pos == b.end && !b.last && !b.corr.ends.here(b.pos):
			return nil
		default:
			final, err := b.oneBlock()
			if err != nil || final {
				return err
			}
			continue
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

// finish writes the last bits, and checks that all corrections were used and the
// part has the size that it should have. next is the part behind it, if any.
func (b *builder) finish(next *Part) error {
	over := b.out.nacc % 8
	if next == nil {
		if over == 0 && b.corr.tail != 0 || b.corr.tail>>(8-over) != 0 && over != 0 {
			return b.bad("tail does not fit")
		}
		b.out.align(b.corr.tail)
	} else {
		b.out.octets()
		if b.corr.tail != 0 || uint(next.Bit%8) != over || next.Carry != byte(b.out.acc) {
			return b.bad("the bits at the end of the part are others")
		}
	}
	if b.out.position() != b.most {
		return b.bad("the part is too short")
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
		if b.pos == b.end {
			c, final = goOn, b.last
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
	if b.tooMuchNow() {
		return false, b.effort()
	}
	return final, nil
}

// token gives the next token: the one predicted, or the one recorded.
func (b *builder) token() (token, error) {
	t := b.pred.next()
	if b.toToken != 0 {
		if b.toToken != never {
			b.toToken--
		}
		if t.Length() > b.end-b.pos {
			return 0, b.bad("a token goes on behind the part")
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
	end := b.corr.flushes.next(b.end)
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
