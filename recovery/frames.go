package recovery

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// frame encodes and writes a frame.
func (o *output) frame(kind format.FrameKind, lengths []uint32, hashes []format.Hash, raw []byte, encode bool) error {
	if err := o.ctx.Err(); err != nil {
		return err
	}
	head := format.FrameHead{Kind: kind, First: o.next, Lengths: lengths, Codec: codec.Stored}
	stored := raw
	if encode && o.layout.Level > 0 && len(raw) > 0 {
		head.Codec, stored = o.enc.Encode(nil, raw)
	}
	head.Stored, head.Hash = uint32(len(stored)), o.id.Sum(stored)
	return o.emit(&head, stored, hashes)
}

func (o *output) emit(head *format.FrameHead, stored []byte, hashes []format.Hash) error {
	b := head.AppendTo(nil)
	o.rows = append(o.rows, head.Row(o.off))
	o.hashes = append(o.hashes, hashes...)
	o.next = head.End()
	if err := o.put(b); err != nil {
		return err
	}
	return o.put(stored)
}

// gathering is a frame that is being filled.
type gathering struct {
	o       *output
	kind    format.FrameKind
	max     uint32 // raw bytes
	raw     []byte
	lengths []uint32
	hashes  []format.Hash
}

// add adds a block, to a frame of its own if it does not fit.
func (g *gathering) add(b []byte, h format.Hash) error {
	if len(g.raw) > 0 && len(g.raw)+len(b) > int(g.max) || len(g.lengths) == format.MaxFrameBlocks {
		if err := g.flush(); err != nil {
			return err
		}
	}
	g.raw, g.lengths, g.hashes = append(g.raw, b...), append(g.lengths, uint32(len(b))), append(g.hashes, h)
	return nil
}

// flush writes the frame.
func (g *gathering) flush() error {
	if len(g.lengths) == 0 {
		return nil
	}
	if g.kind == format.FrameData {
		g.o.opts.progress(int64(len(g.raw)))
	}
	err := g.o.frame(g.kind, g.lengths, g.hashes, g.raw, true)
	g.raw, g.lengths, g.hashes = g.raw[:0], nil, nil
	return err
}

// metadata writes metadata blocks.
func (o *output) metadata(order []uint64) error {
	g := gathering{o: o, kind: format.FrameMetadata, max: o.layout.MetaFrame}
	for _, num := range order {
		b, err := o.stored(num)
		if err != nil {
			return err
		}
		h, _ := o.sum(num)
		if err := g.add(b, h); err != nil {
			return err
		}
	}
	return g.flush()
}

// data copies the frames of data that are needed and writes new ones for what is
// in none.
func (o *output) data() error {
	for _, f := range o.s.frames {
		if !f.used {
			continue
		}
		if err := o.copyFrame(f); err != nil {
			return err
		}
	}
	g := gathering{o: o, kind: format.FrameData, max: o.layout.DataFrame}
	for i := range o.extras {
		x := &o.extras[i]
		if !x.used {
			continue
		}
		b, err := o.spool.read(x.at, x.n)
		if err != nil {
			return err
		}
		if o.id.Sum(b) != x.hash {
			return lacking(x.num, "the temporary file gives other bytes than were put into it")
		}
		if err := g.add(b, x.hash); err != nil {
			return err
		}
	}
	return g.flush()
}

// copyFrame copies the stored bytes of a frame under a head with its new
// number, without the blocks that are absent.
func (o *output) copyFrame(f *frame) error {
	if err := o.ctx.Err(); err != nil {
		return err
	}
	stored, put := buffer(int(f.head.Stored))
	defer put()
	if err := f.img.read(stored, f.off+int64(f.head.Size)); err != nil {
		return err
	}
	if o.id.Sum(stored) != f.head.Hash {
		return format.Damaged("frame", f.off, "it has changed since it was first read")
	}
	head := *f.head
	head.First, head.Lengths = f.order, nil
	var hashes []format.Hash
	for i, n := range f.head.Lengths {
		if n > 0 {
			head.Lengths = append(head.Lengths, n)
			hashes = append(hashes, f.hashes[i])
		}
	}
	o.opts.progress(int64(len(stored)))
	return o.emit(&head, stored, hashes)
}
