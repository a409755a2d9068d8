package stream

import (
	"errors"

	"github.com/vtdarchive/vtd/format"
)

// parity passes over a parity frame and checks that it is whole.
func (p *producer) parity() (invalid, err error) {
	off := p.in.offset()
	size, cell, err := format.ParityHeadSize(p.in.peek(format.ParityHeadFixedSize), off)
	if err != nil {
		return err, nil
	}
	h, err := format.ParseParityHead(p.in.peek(size), off)
	if errors.Is(err, format.ErrUnsupported) {
		p.damage(err, 0, 0)
	}
	if err != nil {
		return err, nil
	}
	switch {
	case h.Archive != p.header.ID:
		return format.Damaged("parity frame", off, "it is another archive's"), nil
	case h.FrameAt(h.Shard, h.Row) != off:
		return format.Damaged("parity frame", off, "it belongs to offset %d", h.FrameAt(h.Shard, h.Row)), nil
	}
	p.in.take(size)
	p.closeTree()
	p.sealed = false
	b := p.bufs.get(cell)
	defer func() { p.bufs.put(b) }()
	if err := p.body(b, "parity frame", off); err != nil {
		return nil, err
	}
	if h.FrameHash(b) != h.Hash {
		p.damage(format.Damaged("parity frame", off, "it does not have the hash that its head says"), 0, 0)
	}
	return nil, nil
}
