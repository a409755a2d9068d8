package deflate

import (
	"bytes"
	"io"
)

// predict gives what has to be stored, besides the content and the model, to
// rebuild a stream: the corrections. r gives the same stream again that s was
// inflated from. They are empty where the model predicts all of it.
func predict(r io.Reader, s *inflated, m Model, limits Limits) ([]byte, error) {
	p, err := newPrediction(r, s, m, limits)
	if err != nil {
		return nil, err
	}
	if err := p.run(len(s.content), -1); err != nil {
		return nil, err
	}
	return p.corr.encode(), nil
}

// A prediction compares a stream to what a model says.
type prediction struct {
	walker
	parser *parser
	blocks []block
	tail   uint8
	misses
	scratch bitWriter
	bits    int64 // the end of the last block
	maxCost int   // corrections above this end a trial; none if negative
}

// misses counts what a model predicted wrong.
type misses struct {
	Tokens, TokensWrong   int
	Blocks, EndsWrong     int // markers of flushes are not counted
	HeadersWrong, Flushes int
}

func newPrediction(r io.Reader, s *inflated, m Model, limits Limits) (*prediction, error) {
	w, err := newWalker(s.content, m, limits)
	if err != nil {
		return nil, err
	}
	p := &prediction{walker: *w, parser: newParser(r, limits), blocks: s.blocks, tail: s.tail}
	if !m.ownMarkers() {
		p.findFlushes()
	}
	return p, nil
}

// isMarker says whether a block is one that flushes leave.
func isMarker(b *block, t uint8) bool { return b.Empty() && !b.Final && b.Type == t }

// findFlushes takes each empty stored block for the mark of a flush, except
// behind other blocks without content.
func (p *prediction) findFlushes() {
	was := true
	for i := range p.blocks {
		b := &p.blocks[i]
		is := was && isMarker(b, typeStored)
		if is {
			p.corr.flushes.add(int(b.Start))
		}
		was = is || !b.Empty()
	}
	p.Flushes = len(p.corr.flushes.list)
}

// run compares up to a position, and then to the end of a block, or until the
// corrections cost more than maxCost.
func (p *prediction) run(to, maxCost int) error {
	p.maxCost = maxCost
	for len(p.blocks) > 0 && (p.pos < to || to == len(p.content)) {
		next := &p.blocks[0]
		p.blocks = p.blocks[1:]
		b, err := p.parser.nextBlock()
		if err != nil {
			return err
		}
		if p.markers > 0 {
			if isMarker(next, p.markerType) {
				p.markers--
				if err := p.marker(b); err != nil {
					return err
				}
				continue
			}
			p.markers = 0
			p.corr.bare.add(p.pos)
			p.EndsWrong++
		}
		if p.corr.flushes.use(p.pos) {
			p.markerType = typeStored
			if err := p.marker(b); err != nil {
				return err
			}
			continue
		}
		if err := p.oneBlock(b, next, to); err != nil {
			return err
		}
	}
	if len(p.blocks) == 0 {
		p.corr.tail = p.tail
	}
	return nil
}

// marker passes a block without content that was foreseen.
func (p *prediction) marker(b *block) error {
	if _, err := p.parser.nextTokens(); err != nil {
		return err
	}
	p.bits = b.LastBit
	p.compare(b, p.markerType)
	return nil
}

// oneBlock compares a block.
func (p *prediction) oneBlock(b, known *block, to int) error {
	p.Blocks++
	p.begin()
	end := int(known.End)
	c := goOn
	if b.Type == typeStored {
		var err error
		if c, err = p.storedTokens(end, c); err != nil {
			return err
		}
	}
	for {
		tokens, err := p.parser.nextTokens()
		if err != nil {
			return err
		}
		if len(tokens) == 0 {
			break
		}
		if c, err = p.codedTokens(tokens, end, c); err != nil {
			return err
		}
		if to < len(p.content) && p.pos >= to {
			return nil // enough of a trial
		}
	}
	p.bits = b.LastBit
	p.endOf(b, c)
	p.compare(b, p.plan(int(b.Start)))
	if p.maxCost >= 0 && p.corr.cost() > p.maxCost {
		return errCostly
	}
	return nil
}

// storedTokens follows the encoder through a stored block, in which nothing
// says what the tokens were.
func (p *prediction) storedTokens(end int, c cut) (cut, error) {
	for p.pos < end {
		p.skip(c)
		t := p.pred.next()
		right := t
		if n := end - p.pos; t.Length() > n {
			if right = literal(p.content[p.pos]); n >= minMatch {
				right = match(n, t.Distance())
			}
		}
		p.token(t, right)
		c = p.accept(right)
		if p.tooMuch() {
			return c, p.effort()
		}
	}
	return c, nil
}

// codedTokens compares tokens.
func (p *prediction) codedTokens(tokens []token, end int, c cut) (cut, error) {
	for _, right := range tokens {
		p.skip(c)
		p.token(p.pred.next(), right)
		c = p.accept(right)
		if p.sinceCheck >= 1024 {
			if p.tooMuch() {
				return c, p.effort()
			}
			if p.maxCost >= 0 && p.corr.cost() > p.maxCost {
				return c, errCostly
			}
		}
	}
	return c, nil
}

// skip notes that a block goes on where the model ends it.
func (p *prediction) skip(c cut) {
	if c != goOn {
		p.corr.skips.add(p.pos)
		p.EndsWrong++
	}
}

// token notes a token that is different.
func (p *prediction) token(t, right token) {
	p.Tokens++
	if t == right {
		p.corr.tokenGap++
		return
	}
	p.TokensWrong++
	p.corr.addToken(right)
}

// endOf compares the end of a block that has come.
func (p *prediction) endOf(b *block, c cut) {
	predicted := p.predictedEnd(c)
	switch {
	case b.Final:
		if predicted {
			p.corr.skips.add(p.pos)
			p.EndsWrong++
		}
	case predicted:
		p.expectMarkers(c, p.bits)
	case p.tokens > 0 && p.corr.flushes.here(p.pos):
	default:
		p.corr.ends.add(p.pos)
		p.EndsWrong++
	}
}

// compare compares the type and the header of a block with what was predicted.
func (p *prediction) compare(b *block, t uint8) {
	right := b.Type == t && b.Pad == 0
	kind := b.Type
	if b.Type == typeDynamic {
		p.scratch = bitWriter{buf: p.scratch.buf[:0]}
		p.header.write(&p.scratch)
		n := int(p.scratch.position())
		p.scratch.align(0)
		if n != b.HeaderBits || !bytes.Equal(p.scratch.buf, b.Header) {
			kind, right = asSent, false
		}
	}
	if right {
		p.corr.blockGap++
		return
	}
	p.HeadersWrong++
	p.corr.addHeader(kind, b.Pad, b)
}
