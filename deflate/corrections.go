package deflate

import "encoding/binary"

// corrections are where a stream differs from what a model predicts.
type corrections struct {
	// Positions in what the part sees of the content. flushes are where the encoder was told to flush:
	// the block, if there is one, ends, its encoder saw no further, and an
	// empty stored block follows. ends are where a block ends that was not
	// predicted to. At skips it goes on although it was. At bare the blocks
	// without content that were predicted to follow do not.
	flushes, ends, skips, bare positions
	headers                    []byte // a record for each block whose type, padding or header is different
	tokens                     []byte // a record for each token that is different
	tail                       uint8  // the bits after the last block

	blockGap, tokenGap uint64 // how many were right since the last record
}

// positions is a list of positions in the content, in order.
type positions struct {
	list []int
	at   int // those before this have been used
}

// here says whether the next one is pos.
func (p *positions) here(pos int) bool { return p.at < len(p.list) && p.list[p.at] == pos }

// use takes the next one if it is pos.
func (p *positions) use(pos int) bool {
	if p.here(pos) {
		p.at++
		return true
	}
	return false
}

// next gives the next one, or otherwise what is passed.
func (p *positions) next(none int) int {
	if p.at < len(p.list) {
		return p.list[p.at]
	}
	return none
}

func (p *positions) add(pos int) { p.list = append(p.list, pos) }

// What a record of a header says of the type. Bit 2 is set where padding
// follows.
const (
	asStored  = typeStored
	asStatic  = typeStatic
	asDynamic = typeDynamic // with the header that the model predicts
	asSent    = 3           // dynamic, with a header that follows
	asPadded  = 4
)

func (c *corrections) addHeader(kind, pad uint8, header []byte, bits int) {
	c.headers = binary.AppendUvarint(c.headers, c.blockGap)
	c.blockGap = 0
	if pad != 0 {
		kind |= asPadded
	}
	c.headers = append(c.headers, kind)
	if pad != 0 {
		c.headers = append(c.headers, pad)
	}
	if kind&3 == asSent {
		c.headers = binary.AppendUvarint(c.headers, uint64(bits))
		c.headers = append(c.headers, header...)
	}
}

// longWayLength stands for the length 258 coded in the unusual way.
const longWayLength = maxMatch - 1

func (c *corrections) addToken(t token) {
	c.tokens = binary.AppendUvarint(c.tokens, c.tokenGap)
	c.tokenGap = 0
	switch {
	case !t.IsMatch():
		c.tokens = append(c.tokens, 0)
		return
	case t&longWay != 0:
		c.tokens = binary.AppendUvarint(c.tokens, longWayLength)
	default:
		c.tokens = binary.AppendUvarint(c.tokens, uint64(t.Length()-2))
	}
	c.tokens = binary.AppendUvarint(c.tokens, uint64(t.Distance()-1))
}

// cost is roughly the length when encoded.
func (c *corrections) cost() int {
	return 3*(len(c.ends.list)+len(c.skips.list)+len(c.bare.list)) + len(c.headers) + len(c.tokens)
}

// The bits of the first octet say which parts follow, in this order. The
// tokens, if there are any, take the rest.
const (
	hasFlushes = 1 << iota
	hasEnds
	hasSkips
	hasBare
	hasTail
	hasHeaders
	hasTokens
)

// encode gives the corrections of a part that begins at a position as they are
// recorded: nothing if there are none.
func (c *corrections) encode(at int) []byte {
	out := []byte{0}
	for i, p := range []*positions{&c.flushes, &c.ends, &c.skips, &c.bare} {
		if len(p.list) == 0 {
			continue
		}
		out[0] |= 1 << i
		out = binary.AppendUvarint(out, uint64(len(p.list)))
		last := at
		for _, pos := range p.list {
			out = binary.AppendUvarint(out, uint64(pos-last))
			last = pos
		}
	}
	if c.tail != 0 {
		out[0] |= hasTail
		out = append(out, c.tail)
	}
	if len(c.headers) > 0 {
		out[0] |= hasHeaders
		out = binary.AppendUvarint(out, uint64(len(c.headers)))
		out = append(out, c.headers...)
	}
	if len(c.tokens) > 0 {
		out[0] |= hasTokens
		out = append(out, c.tokens...)
	}
	if out[0] == 0 {
		return nil
	}
	return out
}

// scanner reads numbers from corrections.
type scanner struct {
	b   []byte
	bad bool
}

func (s *scanner) uvarint() uint64 {
	v, n := binary.Uvarint(s.b)
	if n <= 0 || n > 1 && s.b[n-1] == 0 { // only the shortest form
		s.bad, s.b = true, nil
		return 0
	}
	s.b = s.b[n:]
	return v
}

func (s *scanner) octet() byte {
	if len(s.b) == 0 {
		s.bad = true
		return 0
	}
	v := s.b[0]
	s.b = s.b[1:]
	return v
}

func (s *scanner) bytes(n uint64) []byte {
	if n > uint64(len(s.b)) {
		s.bad = true
		n = 0
	}
	v := s.b[:n:n]
	s.b = s.b[n:]
	return v
}

// decode reads what encode made, for a part from at to end.
func (c *corrections) decode(b []byte, at, end int) error {
	if len(b) == 0 {
		return nil
	}
	bad := func(msg string) error { return &Error{Class: ErrCorrections, Content: true, Msg: msg} }
	s := scanner{b: b}
	has := s.octet()
	if has == 0 || has > 2*hasTokens-1 {
		return bad("unknown parts")
	}
	for i, p := range []*positions{&c.flushes, &c.ends, &c.skips, &c.bare} {
		if has&(1<<i) == 0 {
			continue
		}
		n := s.uvarint()
		if n == 0 || n > uint64(len(s.b)) {
			return bad("number of positions")
		}
		p.list = make([]int, n)
		last := at
		for j := range p.list {
			d := s.uvarint()
			if d > uint64(end-last) {
				return bad("position behind the content")
			}
			last += int(d)
			p.list[j] = last
		}
	}
	if has&hasTail != 0 {
		if c.tail = s.octet(); c.tail == 0 {
			return bad("tail without bits")
		}
	}
	if has&hasHeaders != 0 {
		if c.headers = s.bytes(s.uvarint()); len(c.headers) == 0 {
			return bad("no headers")
		}
	}
	if has&hasTokens != 0 {
		if c.tokens = s.b; len(c.tokens) == 0 {
			return bad("no tokens")
		}
	} else if len(s.b) > 0 {
		return bad("too much")
	}
	if s.bad {
		return bad("cut short")
	}
	return nil
}
