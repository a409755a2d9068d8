package deflate

import (
	"errors"
	"io"
	"sync"
)

// The types of blocks, as they are coded.
const (
	typeStored  = 0
	typeStatic  = 1
	typeDynamic = 2
)

// A block is what a stream says of a block besides its symbols.
type block struct {
	Type  uint8
	Final bool
	Pad   uint8 // the bits up to the octet boundary in a stored block; zero almost always
	Carry uint8 // the bits before FirstBit of the octet in which that is
	// Start and End are octets of the content.
	Start, End int64
	// FirstBit and LastBit are where the block begins and what follows it in the
	// stream.
	FirstBit, LastBit int64
	// Header holds, for a dynamic block, its header after the type, bit for
	// bit: the three counts, the lengths of the codes for code lengths, and the
	// code lengths as they were sent. HeaderBits is how many bits there are; the
	// rest of the last octet is zero.
	Header     []byte
	HeaderBits int
}

// empty tells a block without content.
func (b *block) empty() bool { return b.Start == b.End }

// A parser reads a stream piece by piece: nextBlock, then nextTokens until it
// gives none, and so on until the block that is Final has ended. It reads
// ahead; size says where the stream ended.
type parser struct {
	bits        bitReader
	limits      Limits
	block       block
	state       uint8 // what nextTokens is to do
	stored      int   // octets left in a stored block
	lit         decoder
	dist        decoder
	pre         decoder
	lengths     [numLitAll + 32]uint8 // of the last header: the nlit of lit, then the ndist of dist
	nlit, ndist int
	static      bool // lit and dist are those for static blocks
	pos         int64
	part        int64 // the octet of the stream in which the part begins
	blocks      int   // of the part
	tokens      []token
	header      bitWriter
	tail        uint8
	out         *inflater // gets the content, unless nil
}

const (
	betweenBlocks = iota
	inStored
	inCoded
	codedEnds // the code that ends the block was read
	blockEnded
	streamEnded
)

// tokensAtOnce is how many tokens nextTokens gives at most.
const tokensAtOnce = 4 << 10

var parsers = sync.Pool{New: func() any { return new(parser) }}

// newParser gives a parser for what begins at a bit of a stream, from octets into
// its content. r is at the octet of that bit. free gives the parser back.
func newParser(r io.Reader, bit, from int64, limits Limits) *parser {
	p := parsers.Get().(*parser)
	p.bits.reset(r, bit/8)
	p.bits.take(uint(bit % 8))
	p.limits, p.state, p.pos, p.out = limits.withDefaults(), betweenBlocks, from, nil
	p.beginPart(bit, 0)
	return p
}

func (p *parser) free() {
	p.bits.r, p.bits.err, p.out = nil, nil, nil
	parsers.Put(p)
}

// beginPart counts blocks from a bit on, behind which some have begun.
func (p *parser) beginPart(bit int64, blocks int) {
	p.part, p.blocks = bit/8, blocks
}

func (p *parser) fail(class error, msg string) error {
	if p.bits.err != nil && p.bits.err != io.EOF {
		return p.bits.err
	}
	return &Error{Class: class, Offset: p.bits.position() / 8, Msg: msg}
}

var errEnds = "the stream ends early"

// nextBlock reads the head of the next block. End and LastBit are not known
// before the block has ended. After the final block it gives io.EOF. The block
// and its Header are overwritten by the next call.
func (p *parser) nextBlock() (*block, error) {
	switch p.state {
	case inStored, inCoded, codedEnds:
		return nil, errors.New("deflate: nextBlock within a block")
	case streamEnded:
		return nil, io.EOF
	}
	octets := p.bits.position()/8 - p.part
	if p.blocks++; int64(p.blocks) > int64(p.limits.MaxBlocks)+octets/blockOctets {
		return nil, p.fail(ErrLimit, "too many blocks")
	}
	if octets > MaxPartStream {
		return nil, p.fail(ErrLimit, "too many octets without content")
	}
	p.block = block{FirstBit: p.bits.position(), Carry: p.bits.carry(), Start: p.pos}
	v, ok := p.bits.take(3)
	if !ok {
		return nil, p.fail(ErrInvalid, errEnds)
	}
	p.block.Final, p.block.Type = v&1 != 0, uint8(v>>1)
	switch p.block.Type {
	case typeStored:
		n := p.bits.nacc % 8
		pad, _ := p.bits.take(n)
		p.block.Pad = uint8(pad)
		v, ok := p.bits.take(32)
		if !ok {
			return nil, p.fail(ErrInvalid, errEnds)
		}
		if v&0xffff != ^v>>16 {
			return nil, p.fail(ErrInvalid, "length of a stored block and its complement differ")
		}
		p.stored = int(v & 0xffff)
		p.state = inStored
	case typeStatic:
		if !p.static {
			p.lit.build(staticLit[:], litBits)
			p.dist.build(staticDist[:], distBits)
			p.static = true
		}
		p.state = inCoded
	case typeDynamic:
		if err := p.readHeader(); err != nil {
			return nil, err
		}
		p.state = inCoded
	default:
		return nil, p.fail(ErrInvalid, "reserved type of block")
	}
	return &p.block, nil
}

// Bits that the first table of each decoder is looked up by.
const (
	litBits  = 10
	distBits = 8
	preBits  = 7
)

// readHeader reads the header of a dynamic block and builds the decoders.
func (p *parser) readHeader() error {
	h := &p.header
	*h = bitWriter{buf: h.buf[:0]}
	short := false
	take := func(n uint) uint32 {
		v, ok := p.bits.take(n)
		short = short || !ok
		h.put(v, n)
		return v
	}
	nlit, ndist, npre := int(take(5))+257, int(take(5))+1, int(take(4))+4
	var pre [numPre]uint8
	for i := range npre {
		pre[preOrder[i]] = uint8(take(3))
	}
	if short {
		return p.fail(ErrInvalid, errEnds)
	}
	if !p.pre.build(pre[:], preBits) {
		return p.fail(ErrInvalid, "codes for code lengths are over-subscribed")
	}
	var lengths [numLitAll + 32]uint8
	for i := 0; i < nlit+ndist; {
		p.bits.more()
		sym, n := p.pre.symbol(p.bits.acc)
		if n == 0 || uint(n) > p.bits.nacc {
			return p.fail(ErrInvalid, "no such code for a code length")
		}
		take(uint(n))
		if sym < 16 {
			lengths[i] = uint8(sym)
			i++
			continue
		}
		var v uint8
		var times uint32
		switch sym {
		case 16:
			if i == 0 {
				return p.fail(ErrInvalid, "repetition of no code length")
			}
			v, times = lengths[i-1], 3+take(2)
		case 17:
			times = 3 + take(3)
		default:
			times = 11 + take(7)
		}
		if short {
			return p.fail(ErrInvalid, errEnds)
		}
		if i+int(times) > nlit+ndist {
			return p.fail(ErrInvalid, "too many code lengths")
		}
		for range times {
			lengths[i] = v
			i++
		}
	}
	p.nlit, p.ndist, p.lengths = nlit, ndist, lengths
	p.static = false
	if !p.lit.build(lengths[:nlit], litBits) || !p.dist.build(lengths[nlit:nlit+ndist], distBits) {
		return p.fail(ErrInvalid, "codes are over-subscribed")
	}
	p.block.HeaderBits = int(h.position())
	h.align(0)
	p.block.Header = h.buf
	return nil
}

// nextTokens gives the next symbols of the block; in a stored block there are
// none, and the content is passed. None means that the block has ended. The
// slice is overwritten by the next call.
func (p *parser) nextTokens() ([]token, error) {
	switch p.state {
	case inStored:
		if err := p.passStored(); err != nil {
			return nil, err
		}
	case inCoded:
		if err := p.decode(); err != nil {
			return nil, err
		}
		if len(p.tokens) > 0 {
			if err := p.check(); err != nil {
				return nil, err
			}
			return p.tokens, nil
		}
	case codedEnds:
	default:
		return nil, nil
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.out != nil && p.out.err != nil {
		return nil, p.out.err
	}
	p.block.End, p.block.LastBit = p.pos, p.bits.position()
	p.state = blockEnded
	if p.block.Final {
		p.state = streamEnded
		p.tail = uint8(p.bits.acc & (1<<(p.bits.nacc%8) - 1))
	}
	return nil, nil
}

// check holds the content so far against the limits.
func (p *parser) check() error {
	if p.pos > p.limits.MaxContent {
		return p.fail(ErrLimit, "too much content")
	}
	if p.pos-p.block.Start > MaxPart {
		return p.fail(ErrLimit, "too much content in a block")
	}
	if p.pos-freeRatio > p.limits.MaxRatio*(p.bits.position()/8) {
		return p.fail(ErrLimit, "too much content for the size of the stream")
	}
	return nil
}

// passStored reads what is in a stored block.
func (p *parser) passStored() error {
	b := &p.bits
	for b.nacc > 0 && p.stored > 0 {
		v, _ := b.take(8)
		if p.out != nil {
			p.out.octets([]byte{byte(v)})
		}
		p.pos++
		p.stored--
	}
	for p.stored > 0 {
		if b.i == b.n && !b.fill() {
			return p.fail(ErrInvalid, errEnds)
		}
		n := min(p.stored, b.n-b.i)
		if p.out != nil {
			p.out.octets(b.buf[b.i : b.i+n])
		}
		b.i += n
		b.took += int64(n)
		p.pos += int64(n)
		p.stored -= n
	}
	return nil
}

// size is, after the final block, the number of octets that the stream has.
func (p *parser) size() int64 { return (p.bits.position() + 7) / 8 }
