package deflate

import "sync"

// RebuildPart appends part i of the stream to dst: its Octets. content is its
// Window. Whatever the corrections are, it ends, with an error or with as many
// octets as the part has; never are more appended. Separate calls may run at once,
// for one recipe too, which is one that ParseRecipe gave or would give. Errors are
// ErrCorrections, ErrEffort, ErrLimit and ErrModel.
func RebuildPart(dst, content []byte, r *Recipe, i int, limits Limits) ([]byte, error) {
	if from, to := r.Window(i); int64(len(content)) != to-from {
		return nil, r.bad(i, "content is not the window of the part")
	}
	from, to := r.Octets(i)
	b, err := newBuilder(dst, r.view(i, r.Model, content), r.Model, limits)
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
