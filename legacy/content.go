package legacy

import (
	"context"
	"fmt"
)

// Sink takes content.
type Sink interface {
	// Write takes octets; they are its own until it returns.
	Write(p []byte) (int, error)
	// Hole takes n zeros.
	Hole(n uint64) error
}

// Content gives what a reference stands for.
func (s *Store) Content(ctx context.Context, r Ref, to Sink) error {
	w := content{ctx: ctx, s: s, to: to, take: NoSpan, work: new(work)}
	return w.walk(r, 0)
}

// Bytes gives what a reference stands for, at most MaxData.
func (s *Store) Bytes(ctx context.Context, r Ref) ([]byte, error) {
	var b buffer
	err := s.Content(ctx, r, &b)
	return b, err
}

type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	if len(*b)+len(p) > MaxData {
		return 0, fmt.Errorf("content of more than %d octets%w", MaxData, class{ErrDamaged})
	}
	*b = append(*b, p...)
	return len(p), nil
}

func (b *buffer) Hole(n uint64) error {
	if n > MaxData {
		return fmt.Errorf("content of more than %d octets%w", MaxData, class{ErrDamaged})
	}
	_, err := b.Write(make([]byte, n))
	return err
}

// content is a walk through references. Only a part of what they stand for may
// be wanted.
type content struct {
	ctx  context.Context
	s    *Store
	to   Sink
	work *work
	drop uint64 // octets to leave out
	take uint64 // octets to give then
}

// work is what a walk has cost, with the parts that it takes of others.
type work struct {
	refs         int    // met
	got, yielded uint64 // octets of blocks, and of content taken from them
}

// get gives a block, unless that would be more work than the content is worth.
func (w *content) get(h Hash) ([]byte, error) {
	b, err := w.s.Get(w.ctx, h)
	if err != nil {
		return nil, err
	}
	if w.work.got += uint64(len(b)); w.work.got > WorkFree+WorkFactor*w.work.yielded {
		return nil, fmt.Errorf("its blocks name each other so that it takes too long to read%w", class{ErrDamaged})
	}
	return b, nil
}

// want gives which part of the next n octets is to be given.
func (w *content) want(n uint64) (from, to uint64) {
	from = min(w.drop, n)
	w.drop -= from
	to = from + min(w.take, n-from)
	if w.take != NoSpan {
		w.take -= to - from
	}
	return from, to
}

func (w *content) write(b []byte) error {
	from, to := w.want(uint64(len(b)))
	if from == to {
		return nil
	}
	if _, inner := w.to.(passing); !inner {
		w.work.yielded += to - from
	}
	_, err := w.to.Write(b[from:to])
	return err
}

func (w *content) walk(r Ref, level int) error {
	if w.work.refs++; w.work.refs > MaxRefs {
		return fmt.Errorf("more than %d references%w", MaxRefs, class{ErrDamaged})
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.take == 0 || r.Kind != RefIndirect && r.Kind != RefPart && r.Span <= w.drop {
		w.want(r.Span) // none of it
		return nil
	}
	switch r.Kind {
	case RefHash:
		b, err := w.get(r.Hash)
		if err == nil && uint64(len(b)) != r.Span {
			err = fmt.Errorf("block %v has %d octets, the reference to it says %d%w", r.Hash, len(b), r.Span, class{ErrDamaged})
		}
		if err != nil {
			return err
		}
		return w.write(b)
	case RefRun:
		return w.run(r)
	case RefLiteral:
		return w.write(r.Bytes)
	case RefPart:
		part := content{ctx: w.ctx, s: w.s, to: passing{w}, work: w.work, drop: r.Offset, take: r.Span}
		err := part.walk(*r.Of, level)
		if err == nil && part.take > 0 {
			err = fmt.Errorf("a part goes beyond the end of its whole%w", class{ErrDamaged})
		}
		return err
	default:
		return w.indirect(r, level)
	}
}

// run gives a repetition, of zeros as a hole.
func (w *content) run(r Ref) error {
	from, to := w.want(r.Span)
	n := to - from
	if r.Octet == 0 {
		return w.to.Hole(n)
	}
	piece := make([]byte, min(n, 64<<10))
	for i := range piece {
		piece[i] = r.Octet
	}
	for ; n > 0; n -= min(n, uint64(len(piece))) {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if _, err := w.to.Write(piece[:min(n, uint64(len(piece)))]); err != nil {
			return err
		}
	}
	return nil
}

func (w *content) indirect(r Ref, level int) error {
	if level == MaxLevels {
		return fmt.Errorf("blocks of references lie in each other beyond %d levels%w", MaxLevels, class{ErrDamaged})
	}
	b, err := w.get(r.Hash)
	if err == nil && len(b) > MaxRefBlock {
		err = fmt.Errorf("block %v has %d octets of references, above the limit of %d%w", r.Hash, len(b), MaxRefBlock, class{ErrDamaged})
	}
	if err != nil {
		return err
	}
	// All are read before any is followed: their spans must add up, or else
	// the octets would not be those meant. They are not kept: in memory they take
	// many times the room.
	sum := uint64(0)
	c := cursor{b: b}
	for len(c.b) > 0 {
		at := c.off
		next := c.ref(0)
		if sum += next.Span; c.bad == "" && (next.Span == 0 || sum > MaxSpan) {
			c.off = at
			c.fail("a span of 0, or spans above their limit")
		}
	}
	if err := c.err(fmt.Sprintf("block %v", r.Hash)); err != nil {
		return err
	}
	if r.Span != NoSpan && sum != r.Span {
		return fmt.Errorf("the references of block %v have spans of %d octets, the reference to it says %d%w", r.Hash, sum, r.Span, class{ErrDamaged})
	}
	for c = (cursor{b: b}); len(c.b) > 0 && w.take > 0; {
		if err := w.walk(c.ref(0), level+1); err != nil {
			return err
		}
	}
	return nil
}

// passing takes what a part stands for to those who want the part.
type passing struct{ w *content }

func (p passing) Write(b []byte) (int, error) { return len(b), p.w.write(b) }

func (p passing) Hole(n uint64) error { return p.w.run(Ref{Kind: RefRun, Span: n}) }
