package stream

import (
	"errors"
	"io"

	"github.com/vtdarchive/vtd/format"
)

// producer reads structures in order and queues events. What it needs beyond
// the Reader's own fields is its alone.
type producer struct {
	*Reader
	next    uint64              // number of the block that comes next
	rows    []format.IndexFrame // of the frames that came
	version *Tree               // the tree whose metadata are arriving
	index   *indexCheck
	sealed  bool // a trailer came last
}

// produce runs on its own goroutine until the input ends or the Reader is
// closed.
func (s *Reader) produce() {
	defer close(s.jobs)
	p := producer{Reader: s}
	err := p.run()
	if err == nil {
		err = io.EOF
	}
	s.queue(&slot{err: err})
}

// queue hands an event to the caller; false when nobody waits any longer.
func (s *Reader) queue(sl *slot) bool {
	select {
	case s.slots <- sl:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (p *producer) damage(err error, first, end uint64) bool {
	return p.queue(&slot{ev: Event{Damage: &Damage{err, first, end}}})
}

// run reads one structure after the other. Where none begins it looks for the
// next one and reports what it passed over.
func (p *producer) run() error {
	lost := int64(-1) // where the bytes begin that are no structure
	var why error
	for {
		start := p.in.offset()
		invalid, err := p.structure()
		if err != nil {
			return err
		}
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		if invalid == nil {
			if lost >= 0 {
				if !p.damage(format.Damaged("archive", lost, "%d bytes are no part of it and were skipped: %v", start-lost, why), 0, 0) {
					return p.ctx.Err()
				}
				lost = -1
			}
			continue
		}
		if invalid == io.EOF {
			return p.end(lost, start)
		}
		if lost < 0 {
			lost, why = start, invalid
		}
		if !p.in.seek() {
			return p.end(lost, p.in.offset())
		}
	}
}

// end closes the archive at the end of the input.
func (p *producer) end(lost, at int64) error {
	if err := p.in.failure(); err != nil {
		return err
	}
	if p.sealed {
		if lost >= 0 {
			p.damage(format.Damaged("archive", lost, "%d bytes follow its end", at-lost), 0, 0)
		}
		return nil
	}
	p.closeTree()
	return format.Damaged("archive", at, "the input ends before the archive does: no trailer")
}

// structure reads what begins here. invalid says why nothing does, io.EOF that
// the input ends; err ends all reading.
func (p *producer) structure() (invalid, err error) {
	b := p.in.peek(8)
	if len(b) == 0 {
		return io.EOF, nil
	}
	switch string(b) {
	case format.MagicFrame:
		return p.frame()
	case format.MagicIndex:
		return p.readIndex()
	case format.MagicTrailer:
		return p.readTrailer()
	case format.MagicParity:
		return p.parity()
	}
	return format.Damaged("archive", p.in.offset(), "no frame, index or trailer begins here"), nil
}

func (p *producer) frame() (invalid, err error) {
	off := p.in.offset()
	size, err := format.FrameHeadSize(p.in.peek(format.FrameHeadFixedSize), off)
	if err != nil {
		return err, nil
	}
	h, err := format.ParseFrameHead(p.in.peek(size), off)
	if errors.Is(err, format.ErrUnsupported) {
		p.damage(err, 0, 0)
	}
	if err != nil {
		return err, nil
	}
	if h.First < p.next {
		// A frame of an archive inside this one, or a repetition.
		return format.Damaged("frame", off, "block %d comes again", h.First), nil
	}
	p.in.take(size)
	if h.First > p.next {
		gap := format.Damaged("frame", off, "blocks %d to %d before it are missing", p.next, h.First-1)
		if !p.damage(gap, p.next, h.First) {
			return nil, p.ctx.Err()
		}
	}
	p.next, p.sealed = h.End(), false
	p.rows = append(p.rows, h.Row(off))
	if h.Kind == format.FrameMetadata {
		return nil, p.metadata(h, off)
	}
	p.closeTree()
	return nil, p.data(h, off)
}

// data queues a data frame for the workers.
func (p *producer) data(h *format.FrameHead, off int64) error {
	st, ra := p.cost(h.Stored, h.RawLen)
	if err := p.budget.Acquire(p.ctx, st+ra); err != nil {
		return err
	}
	f := &Frame{Offset: off, Head: h, r: p.Reader, stored: p.bufs.get(int(h.Stored)), held: st + ra}
	if err := p.body(f.stored, "frame", off); err != nil {
		f.free(f.held)
		return err
	}
	sl := &slot{ev: Event{Frame: f}, done: make(chan struct{})}
	p.pending.Add(1)
	select {
	case p.jobs <- sl:
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
	if !p.queue(sl) {
		return p.ctx.Err()
	}
	return nil
}

// body reads the bytes of a structure that began at off.
func (p *producer) body(dst []byte, what string, off int64) error {
	if p.in.read(dst) == len(dst) {
		return nil
	}
	if err := p.in.failure(); err != nil {
		return err
	}
	p.closeTree()
	return format.Damaged("archive", p.in.offset(), "the input ends inside the %s that begins at %d", what, off)
}

// metadata keeps a metadata frame. One that begins with a top block begins a
// tree version.
func (p *producer) metadata(h *format.FrameHead, off int64) error {
	stored := make([]byte, h.Stored)
	if err := p.body(stored, "frame", off); err != nil {
		return err
	}
	raw, err := p.open(h, off, stored, nil)
	if err == nil {
		err = p.nodes.add(h, stored, raw)
	}
	if err != nil {
		p.damage(err, h.First, h.End())
		return nil
	}
	if format.BlockType(raw[0]) != format.BlockTop {
		return nil
	}
	p.closeTree()
	t, err := newTree(&p.nodes, h)
	if err != nil {
		p.damage(err, h.First, h.End())
		return nil
	}
	p.version = t
	return nil
}

// closeTree yields the tree whose metadata are complete.
func (p *producer) closeTree() {
	if p.version == nil {
		return
	}
	t := p.version
	p.version = nil
	p.trees = append(p.trees, t)
	p.queue(&slot{ev: Event{Tree: t}})
}

// readTrailer checks a segment against its trailer.
func (p *producer) readTrailer() (invalid, err error) {
	off := p.in.offset()
	t, err := format.ParseTrailer(p.in.peek(format.TrailerSize), off)
	if err != nil {
		return err, nil
	}
	if t.ID != p.header.ID {
		return format.Damaged("trailer", off, "it is another archive's"), nil
	}
	p.in.take(format.TrailerSize)
	p.closeTree()
	p.checkSegment(t)
	p.index, p.sealed = nil, true
	return nil, nil
}
