package deflate

// A decoder turns bits into symbols: a table looked up by the next bits, with
// a second one for long codes. An entry has the number of bits of the code in
// its low four bits and the symbol above. In an entry of the first table that
// leads to a second one, bit 31 is set, the low four bits have the number of
// bits the second is looked up by, and those above where it begins. An entry of
// zero belongs to no code.
type decoder struct {
	table []uint32
	first uint
}

const toSecond = 1 << 31

// build makes the decoder for lengths of codes. Codes that are incomplete are
// taken, those that are over-subscribed refused.
func (d *decoder) build(lengths []uint8, first uint) bool {
	var count [16]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	left, longest := 1, 0
	for n := 1; n <= 15; n++ {
		if left = left<<1 - count[n]; left < 0 {
			return false
		}
		if count[n] > 0 {
			longest = n
		}
	}
	first = min(first, uint(max(longest, 1)))
	d.first = first
	size := 1 << first
	var out [numLitAll]uint16
	codes(lengths, out[:])
	if cap(d.table) < size {
		d.table = make([]uint32, size, size+1024)
	}
	d.table = d.table[:size]
	clear(d.table)
	mask := uint32(size - 1)
	if uint(longest) > first {
		// The deepest code below each entry decides the size of its second table.
		for i, n := range lengths {
			if uint(n) > first {
				e := &d.table[uint32(out[i])&mask]
				*e = max(*e, uint32(n)-uint32(first))
			}
		}
		for i := range size {
			if n := d.table[i]; n != 0 {
				at := len(d.table)
				d.table = append(d.table, make([]uint32, 1<<n)...)
				d.table[i] = toSecond | uint32(at)<<4 | n
			}
		}
	}
	for i, n := range lengths {
		if n == 0 {
			continue
		}
		entry := uint32(i)<<4 | uint32(n)
		if uint(n) <= first {
			for at := uint32(out[i]); at <= mask; at += 1 << n {
				d.table[at] = entry
			}
			continue
		}
		e := d.table[uint32(out[i])&mask]
		at := e &^ toSecond >> 4
		for j := uint32(out[i]) >> first; j < 1<<(e&15); j += 1 << (uint(n) - first) {
			d.table[at+j] = entry
		}
	}
	return true
}

// symbol looks up the next bits. Zero bits mean that there is no such code.
func (d *decoder) symbol(acc uint64) (sym, n uint32) {
	e := d.table[acc&(1<<(d.first&15)-1)]
	if e&toSecond != 0 {
		e = d.second(e, acc)
	}
	return e >> 4, e & 15
}

// second looks up the bits behind the first table.
func (d *decoder) second(e uint32, acc uint64) uint32 {
	return d.table[uint64(e&^toSecond>>4)+acc>>(d.first&15)&(1<<(e&15)-1)]
}

// decode reads up to tokensAtOnce tokens of a coded block, none at its end.
func (p *parser) decode() error {
	if p.tokens == nil {
		p.tokens = make([]token, tokensAtOnce)
	}
	tokens := p.tokens[:tokensAtOnce]
	b := &p.bits
	lit, first := p.lit.table, uint64(1)<<(p.lit.first&15)-1
	pos := p.pos
	i := 0
	for i < len(tokens) {
		// 48 bits are enough for a match: 15 + 5 + 15 + 13.
		if b.nacc < 48 {
			b.more()
		}
		e := lit[b.acc&first]
		if e&toSecond != 0 {
			e = p.lit.second(e, b.acc)
		}
		sym, n := e>>4, e&15
		b.acc >>= n
		b.nacc -= uint(n)
		if int(b.nacc) < 0 {
			return p.fail(ErrInvalid, errEnds)
		}
		if sym < endBlock && n > 0 {
			tokens[i] = token(sym)
			i++
			pos++
			continue
		}
		if sym == endBlock {
			p.state = codedEnds
			break
		}
		if n == 0 || sym >= numLit {
			return p.fail(ErrInvalid, "no such symbol for a literal or length")
		}
		t, err := p.match(sym-257, pos)
		if err != nil {
			return err
		}
		tokens[i] = t
		i++
		pos += int64(t.Length())
	}
	if p.out != nil {
		p.out.tokens(tokens[:i], int(pos-p.pos))
	}
	p.pos = pos
	p.tokens = tokens[:i]
	return nil
}

// match reads the rest of a match at pos, of which the symbol for the length is
// 257 more than sym.
func (p *parser) match(sym uint32, pos int64) (token, error) {
	b := &p.bits
	x := uint(lenExtra[sym])
	length := uint32(lenBase[sym]) + uint32(b.acc&(1<<x-1))
	t := token(length) << 16
	if length == maxMatch && sym != 28 {
		t |= longWay
	}
	b.acc >>= x
	dsym, dn := p.dist.symbol(b.acc)
	b.acc >>= dn
	if dn == 0 || dsym >= numDist {
		if b.nacc < x+15 && b.err != nil {
			return 0, p.fail(ErrInvalid, errEnds)
		}
		return 0, p.fail(ErrInvalid, "no such symbol for a distance")
	}
	dx := uint(distExtra[dsym])
	dist := uint32(distBase[dsym]) + uint32(b.acc&(1<<dx-1))
	b.acc >>= dx
	b.nacc -= x + uint(dn) + dx
	if int(b.nacc) < 0 {
		return 0, p.fail(ErrInvalid, errEnds)
	}
	if int64(dist) > pos {
		return 0, p.fail(ErrInvalid, "a distance leads before the content")
	}
	return t | token(dist), nil
}
