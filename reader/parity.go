package reader

import (
	"bytes"
	"cmp"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/vtdarchive/vtd/format"
)

// Parity gives what the archive has of recovery data, in the order of the file,
// as the first frame of each parity segment describes it. It follows all
// trailers, and reads nothing else.
func (a *Archive) Parity() (sets []format.ParitySet, err error) {
	for t := a.trailer; ; {
		if t.IsParity() {
			h, err := a.parityHead(t.Segment)
			if err != nil {
				return nil, a.named(err)
			}
			sets = append(sets, h.ParitySet)
		}
		if t.Prev == 0 {
			slices.Reverse(sets)
			return sets, nil
		}
		if t, err = a.trailerAt(t.Prev); err != nil {
			return nil, a.named(err)
		}
	}
}

// parityHead reads the head of a parity frame.
func (a *Archive) parityHead(off int64) (*format.ParityHead, error) {
	b := make([]byte, format.ParityHeadFixedSize)
	if err := a.read(b, off, "parity frame"); err != nil {
		return nil, err
	}
	n, _, err := format.ParityHeadSize(b, off)
	if err != nil {
		return nil, err
	}
	b = append(b, make([]byte, n-len(b))...)
	if err := a.read(b, off, "parity frame"); err != nil {
		return nil, err
	}
	return format.ParseParityHead(b, off)
}

// parity checks a parity segment: every frame, that its trailer follows from
// the one before, and, unless fast, that what it protects has not changed.
func (v *verifier) parity(t, before *format.Trailer) {
	set, err := v.paritySet(t)
	if err != nil {
		v.note(err, t.Index-t.Segment)
		return
	}
	if before != nil && !bytes.Equal(set.Tail(before)[format.IndexHeadSize:], t.AppendTo(nil)) {
		v.note(format.Damaged("trailer", t.Offset, "it does not repeat the trailer before it, at %d, as that of a parity segment does", before.Offset), format.TrailerSize)
	}
	p := &parityCheck{v: v, set: set}
	g, ctx := errgroup.WithContext(v.ctx)
	g.SetLimit(v.opts.Workers)
	for row := range set.Rows {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			p.row(row)
			return v.ctx.Err()
		})
	}
	_ = g.Wait() // the verifier looks at the context itself
	slices.SortFunc(p.changed, func(a, b region) int { return cmp.Compare(a.from, b.from) })
	for i := 0; i < len(p.changed); {
		r := p.changed[i]
		for i++; i < len(p.changed) && p.changed[i].from == r.to; i++ {
			r.to = p.changed[i].to
		}
		v.note(format.Damaged("protected range", r.from, "%d bytes are not those that parity was made of", r.to-r.from), r.to-r.from)
	}
}

// paritySet finds the first frame of a parity segment whose head is whole and
// in its place.
func (v *verifier) paritySet(t *format.Trailer) (*format.ParitySet, error) {
	h, first := v.a.parityHead(t.Segment)
	if first == nil {
		if first = parityPlace(h, t, t.Segment); first == nil {
			return &h.ParitySet, nil
		}
	}
	buf := make([]byte, scanChunk)
	for at := t.Segment; at < t.Index && v.ctx.Err() == nil; {
		b := buf[:min(int64(len(buf)), t.Index-at)]
		if err := v.a.read(b, at, "parity frame"); err != nil {
			return nil, err
		}
		i := bytes.Index(b, []byte(format.MagicParity))
		if i < 0 {
			at += max(1, int64(len(b)-len(format.MagicParity)+1))
			continue
		}
		at += int64(i)
		if h, err := v.a.parityHead(at); err == nil && parityPlace(h, t, at) == nil {
			return &h.ParitySet, nil
		}
		at++
	}
	return nil, first
}

// parityPlace checks that a frame fits the segment of a trailer and its place
// there.
func parityPlace(h *format.ParityHead, t *format.Trailer, at int64) error {
	switch {
	case h.Archive != t.ID:
		return format.Damaged("parity frame", at+16, "it belongs to another archive")
	case h.End() != t.Segment || h.IndexAt() != t.Index:
		return format.Damaged("parity frame", at+48, "frames from %d to %d are not the segment from %d to %d", h.End(), h.IndexAt(), t.Segment, t.Index)
	case h.FrameAt(h.Shard, h.Row) != at:
		return format.Damaged("parity frame", at+72, "it belongs to offset %d", h.FrameAt(h.Shard, h.Row))
	}
	return nil
}

// parityCheck is the check of one segment.
type parityCheck struct {
	v       *verifier
	set     *format.ParitySet
	changed []region // under v.mu
}

// row checks the frames of a row and, unless fast, its data cells.
func (p *parityCheck) row(num uint32) {
	s, v := p.set, p.v
	var cells []format.CellHash
	buf := make([]byte, s.FrameSize())
	for shard := range s.Parity {
		off := s.FrameAt(shard, num)
		h, err := p.frame(buf, shard, num)
		if err == nil && cells != nil && !slices.Equal(h.Cells, cells) {
			err = format.Damaged("parity frame", off+format.ParityHeadFixedSize, "its hashes of cells are not those of the frames before it in row %d", num)
		}
		if err != nil {
			v.note(err, s.FrameSize())
			continue
		}
		cells = h.Cells
		v.step(s.FrameSize())
	}
	if v.opts.Fast || cells == nil {
		return
	}
	for i := range s.Data {
		if v.ctx.Err() != nil {
			return
		}
		b, n, off := buf[:s.Cell], s.CellLen(i, num), s.CellAt(i, num)
		clear(b[n:])
		if n == 0 {
			continue
		}
		if err := v.a.read(b[:n], off, "protected range"); err != nil {
			v.note(err, n)
			continue
		}
		format.HideUnprotected(b[:n], off)
		if sum := s.HashID.Sum(b); format.CellHash(sum[:format.CellHashSize]) != cells[i] {
			v.mu.Lock()
			p.changed = append(p.changed, region{from: off, to: off + n})
			v.mu.Unlock()
		}
	}
}

// frame reads and checks one frame.
func (p *parityCheck) frame(buf []byte, shard int, num uint32) (*format.ParityHead, error) {
	off := p.set.FrameAt(shard, num)
	if err := p.v.a.read(buf, off, "parity frame"); err != nil {
		return nil, err
	}
	h, err := format.ParseParityHead(buf, off)
	switch {
	case err != nil:
		return nil, err
	case h.ParitySet != *p.set || h.Shard != shard || h.Row != num:
		return nil, format.Damaged("parity frame", off, "it is not the one of row %d and parity shard %d of its set", num, shard)
	case h.FrameHash(buf[h.HeadSize():]) != h.Hash:
		return nil, format.Damaged("parity frame", off, "it does not have the hash that its head says")
	}
	return h, nil
}
