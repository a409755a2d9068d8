package deflate

import (
	"bytes"
	"io"
	"math"
)

// PredictPart gives what has to be stored of part i, besides the content and the
// model, to rebuild it: its corrections. They are empty where the model predicts all
// of it. stream and content have at their starts what Survey read and wrote. Separate
// calls may run at once if the readers allow it. Errors are ErrInvalid, where the
// stream is not the one of s, ErrEffort, and ErrModel, or come from the readers.
func PredictPart(stream, content io.ReaderAt, s *Stream, i int, m Model, limits Limits) ([]byte, error) {
	from, to := s.Window(i, m)
	window := make([]byte, to-from)
	if err := readAt(content, window, from); err != nil {
		return nil, err
	}
	part, err := readSection(stream, &s.Layout, i, math.MaxInt64, limits)
	if err != nil {
		return nil, err
	}
	defer part.free()
	p, err := newPrediction(part, s.view(i, m, window), m, limits)
	if err != nil {
		return nil, err
	}
	defer p.pred.free()
	if err := p.run(math.MaxInt, -1); err != nil {
		return nil, err
	}
	return p.corr.encode(p.at), nil
}

// readAt fills b from an offset of r.
func readAt(r io.ReaderAt, b []byte, offset int64) error {
	if n, err := r.ReadAt(b, offset); n < len(b) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

// A prediction compares a part of a stream to what a model says.
type prediction struct {
	walker
	part    *section
	scratch bitWriter
	bits    int64 // the end of the last block
	// Corrections above maxCost end a trial, none if negative; and so do steps, at maxSteps.
	maxCost  int
	maxSteps int64
	toSteps  int // tokens before these are looked at
}

func newPrediction(part *section, v view, m Model, limits Limits) (*prediction, error) {
	w, err := newWalker(v, m, limits)
	if err != nil {
		return nil, err
	}
	p := &prediction{walker: w, part: part, maxSteps: math.MaxInt64}
	if !m.ownMarkers() {
		p.findFlushes()
	}
	return p, nil
}

// isMarker says whether a block is one that flushes leave.
func (b *sectionBlock) isMarker(t uint8) bool { return b.empty && !b.final && b.kind == t }

// findFlushes takes each empty stored block for the mark of a flush, except
// behind other blocks without content.
func (p *prediction) findFlushes() {
	was := true
	for i := range p.part.blocks {
		b := &p.part.blocks[i]
		is := was && b.isMarker(typeStored)
		if pos := p.at + int(b.end); is && pos <= len(p.content) { // a trial sees less
			p.corr.flushes.add(pos)
		}
		was = is || !b.empty
	}
}

// run compares up to a position, or until the corrections cost more than maxCost,
// or else all of the part.
func (p *prediction) run(to, maxCost int) error {
	p.maxCost = maxCost
	for i := range p.part.blocks {
		b := &p.part.blocks[i]
		if p.markers > 0 {
			if b.isMarker(p.markerType) {
				p.markers--
				p.marker(i)
				continue
			}
			p.markers = 0
			p.corr.bare.add(p.pos)
		}
		if p.corr.flushes.use(p.pos) {
			p.markerType = typeStored
			p.marker(i)
			continue
		}
		if err := p.oneBlock(i, to); err != nil {
			return err
		}
		if p.pos >= to {
			return nil
		}
	}
	if p.markers > 0 {
		p.corr.bare.add(p.pos)
	}
	p.corr.tail = p.part.tail
	return nil
}

// marker passes a block without content that was foreseen.
func (p *prediction) marker(i int) {
	p.bits = p.part.blocks[i].lastBit
	p.compare(i, p.markerType)
}

// oneBlock compares a block, or the start of one that goes on behind to.
func (p *prediction) oneBlock(i, to int) error {
	b := &p.part.blocks[i]
	p.begin()
	start := p.pos
	c, err := goOn, error(nil)
	if b.kind == typeStored {
		c, err = p.storedTokens(p.at+int(b.end), to, c)
	} else {
		c, err = p.codedTokens(p.part.tokensOf(i), to, c)
	}
	if err != nil || p.pos >= to {
		return err
	}
	p.bits = b.lastBit
	p.endOf(i, c)
	p.compare(i, p.plan(start))
	if p.tooMuchNow() {
		return p.effort()
	}
	return p.tooCostly()
}

// tooCostly ends a trial.
func (p *prediction) tooCostly() error {
	if p.maxCost >= 0 && p.corr.cost() > p.maxCost {
		return errCostly
	}
	return nil
}

// storedTokens follows the encoder through a stored block, in which nothing
// says what the tokens were.
func (p *prediction) storedTokens(end, to int, c cut) (cut, error) {
	for p.pos < min(end, to) {
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
		if p.stops() {
			return c, errSteps
		}
	}
	return c, nil
}

// codedTokens compares tokens.
func (p *prediction) codedTokens(tokens []token, to int, c cut) (cut, error) {
	for _, right := range tokens {
		p.skip(c)
		p.token(p.pred.next(), right)
		c = p.accept(right)
		if p.sinceCheck >= 1024 {
			if p.tooMuch() {
				return c, p.effort()
			}
			if err := p.tooCostly(); err != nil {
				return c, err
			}
		}
		if p.stops() {
			return c, errSteps
		}
		if p.pos >= to {
			break
		}
	}
	return c, nil
}

// stops says whether a trial has taken its steps.
func (p *prediction) stops() bool {
	if p.toSteps++; p.toSteps < 16 || p.maxSteps == math.MaxInt64 {
		return false
	}
	p.toSteps = 0
	return p.steps() >= p.maxSteps
}

// skip notes that a block goes on where the model ends it.
func (p *prediction) skip(c cut) {
	if c != goOn {
		p.corr.skips.add(p.pos)
	}
}

// token notes a token that is different.
func (p *prediction) token(t, right token) {
	if t == right {
		p.corr.tokenGap++
		return
	}
	p.corr.addToken(right)
}

// endOf compares the end of block i, which has come.
func (p *prediction) endOf(i int, c cut) {
	predicted := p.predictedEnd(c)
	switch {
	case p.part.blocks[i].final:
		if predicted {
			p.corr.skips.add(p.pos)
		}
	case predicted:
		p.expectMarkers(c, p.bits)
	case p.tokens > 0 && p.corr.flushes.here(p.pos):
	case p.tokens > 0 && i == len(p.part.blocks)-1: // the end of the part
	default:
		p.corr.ends.add(p.pos)
	}
}

// compare compares the type and the header of block i with what was predicted.
func (p *prediction) compare(i int, t uint8) {
	b := &p.part.blocks[i]
	right := b.kind == t && b.pad == 0
	kind := b.kind
	header := p.part.headerOf(i)
	if kind == typeDynamic {
		p.scratch = bitWriter{buf: p.scratch.buf[:0]}
		p.header.write(&p.scratch)
		n := p.scratch.position()
		p.scratch.align(0)
		if n != int64(b.headerBits) || !bytes.Equal(p.scratch.buf, header) {
			kind, right = asSent, false
		}
	}
	if right {
		p.corr.blockGap++
		return
	}
	p.corr.addHeader(kind, b.pad, header, int(b.headerBits))
}
