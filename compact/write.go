package compact

import (
	"bufio"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
)

// output is the archive that is written.
type output struct {
	*job
	w      *bufio.Writer
	off    int64
	header format.Header

	// Of the segment that is written.
	next  uint64
	rows  []format.IndexFrame
	olds  []uint64 // what blocks behind top block and record were before
	parts []part   // of the index
	last  *format.Trailer
}

// part is an index that is not yet part of another.
type part struct {
	first   uint64
	tops    []topOf // the blocks that are new
	olds    []uint64
	rows    []format.IndexFrame
	trailer int64
}

// topOf are the hashes of a top block and the record behind it, and how many
// blocks of the part come before them.
type topOf struct {
	at        int
	top, snap format.Hash
}

func (p *part) blocks() uint64 { return uint64(len(p.olds) + 2*len(p.tops)) }

// number gives all blocks that are written their numbers: of each state the top
// block, the record and the metadata that no earlier one has, and behind those
// of the first one all data.
func (j *job) number(copied, packed []uint32) {
	next := uint64(0)
	for i, v := range j.kept {
		v.first = next
		next += 2
		for _, old := range v.meta {
			j.nums[old] = next
			next++
		}
		if i > 0 {
			continue
		}
		for _, k := range copied {
			f := &j.frames[k]
			f.first = next
			next += uint64(f.there)
		}
		for _, k := range packed {
			j.live[k].num = next
			next++
		}
	}
}

// dataNumber gives the number under which a data block is written.
func (j *job) dataNumber(old uint64) uint64 {
	b := &j.live[j.nums[old]-1]
	f := &j.frames[b.frame]
	if !f.copied {
		return b.num
	}
	i := uint32(old - f.row.First)
	before, _ := slices.BinarySearch(f.absent, i)
	return f.first + uint64(i) - uint64(before)
}

// renumbered gives a metadata block in stored form, with the numbers of now.
func (j *job) renumbered(old uint64) ([]byte, error) {
	n, err := j.a.Node(old)
	if err != nil {
		return nil, err
	}
	c := n.Clone()
	if j.names != nil {
		if c, err = j.names.node(&n); err != nil {
			return nil, err
		}
	}
	for _, x := range c.Refs() {
		if x.Kind == format.RefBlock {
			x.Num = j.dataNumber(x.Num)
		} else {
			x.Num = j.nums[j.first(x.Num)]
		}
	}
	b := c.AppendTo(nil, format.Stored, j.nums[old])
	if len(b) > format.MaxMetaBlock {
		return nil, damagedBlock(old, "with its new numbers it would have %d bytes, more than a block may", len(b))
	}
	return b, nil
}

// sum gives the hash under which a block is written.
func (j *job) sum(old uint64) (format.Hash, error) {
	if j.names == nil {
		return j.a.Hash(old)
	}
	if h, ok := j.names.nodes[old]; ok {
		return h, nil
	}
	return j.sums[j.nums[old]-1], nil
}

// records makes snapshot records and top blocks, and the header.
func (o *output) records(copied []uint32) error {
	for _, v := range o.kept {
		s := *v.Snapshot()
		root := s.Root.Ref
		if o.names != nil {
			root.Hash, s.Content = o.names.of(&root), v.content
			if v.original != nil {
				s.Original = o.names.of(&v.original.Ref)
			}
		}
		s.Root.Ref = format.Ref{Kind: root.Kind, Num: o.nums[o.first(root.Num)], Hash: root.Hash}
		s.Parents = make([]format.Ref, len(v.after))
		for i, k := range v.after {
			s.Parents[i] = format.Ref{Num: o.kept[k].first + 1, Hash: o.kept[k].hash}
		}
		v.hash = o.to.Sum(s.AppendTo(nil, format.Canonical, 0))
		v.record = s.AppendTo(nil, format.Stored, v.first+1)
		t := format.Top{Snapshot: v.hash, Root: root.Hash, Content: s.Content, Span: s.Root.Size}
		v.top = t.AppendTo(nil)
		v.topSum = o.to.Sum(v.top)
	}
	old := o.a.Header()
	o.header = format.Header{
		Major: format.VersionMajor, Minor: format.VersionMinor, Flags: format.FlagAsCreated, Hash: o.to,
		Chunker: old.Chunker, Preset: o.preset, Ignorable: old.Ignorable, Unknown: old.Unknown,
	}
	if old.Layout != nil || o.o.Layout != nil {
		o.header.Layout = &o.layout
	}
	if len(o.kept) > 1 {
		o.header.Flags = 0
	}
	b, err := o.header.AppendTo([]byte("vtd archive id\n"))
	if err != nil {
		return err
	}
	b = append(b, o.kept[len(o.kept)-1].topSum[:]...)
	for _, k := range copied {
		h, err := o.head(&o.frames[k].row)
		if err != nil {
			return err
		}
		b = append(b, h.Hash[:]...)
	}
	id := o.to.Sum(b)
	copy(o.header.ID[:], id[:])
	return nil
}

// write writes the archive.
func (o *output) write(copied, packed []uint32) error {
	if err := o.records(copied); err != nil {
		return err
	}
	b, err := o.header.AppendTo(nil)
	if err == nil {
		err = o.put(b)
	}
	if err != nil {
		return err
	}
	o.o.phase("writing", o.copyBytes+o.packBytes)
	for i, v := range o.kept {
		begin := o.off
		if i == 0 {
			begin = 0
		}
		o.next, o.rows, o.olds = v.first, nil, nil
		err := o.encode(func(add func(*work) error) error { return o.metadata(v, add) }, o.emit)
		if err == nil && i == 0 {
			err = o.data(copied, packed)
		}
		if err == nil {
			err = o.finish(begin, i)
		}
		if err != nil {
			return err
		}
	}
	return disk.WriteError("write", o.path, o.w.Flush())
}

func (o *output) put(b []byte) error {
	_, err := o.Write(b)
	return err
}

// Write adds to the archive.
func (o *output) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	o.off += int64(n)
	return n, err
}

// emit writes a frame.
func (o *output) emit(w *work) error {
	w.head.First = o.next
	head := w.head.AppendTo(nil)
	o.rows = append(o.rows, w.head.Row(o.off))
	o.next = w.head.End()
	for _, k := range w.blocks {
		o.olds = append(o.olds, o.live[k].old)
	}
	if err := o.put(head); err != nil {
		return err
	}
	if w.head.Kind == format.FrameData {
		o.rep.Written++
		o.o.progress(int64(w.size))
	}
	return o.put(w.out)
}

// metadata makes the metadata frames of a state.
func (o *output) metadata(v *version, add func(*work) error) error {
	head := format.FrameHead{Kind: format.FrameMetadata, Lengths: []uint32{uint32(len(v.top)), uint32(len(v.record))}}
	if err := add(&work{head: head, raw: slices.Concat(v.top, v.record), store: true}); err != nil {
		return err
	}
	w := &work{head: format.FrameHead{Kind: format.FrameMetadata}}
	flush := func() error {
		if len(w.head.Lengths) == 0 {
			return nil
		}
		err := add(w)
		w = &work{head: format.FrameHead{Kind: format.FrameMetadata}}
		return err
	}
	for _, old := range v.meta {
		b, err := o.renumbered(old)
		if err != nil {
			return err
		}
		if len(w.raw) > 0 && len(w.raw)+len(b) > int(o.layout.MetaFrame) || len(w.head.Lengths) == format.MaxFrameBlocks-1 {
			if err := flush(); err != nil {
				return err
			}
		}
		w.raw, w.head.Lengths = append(w.raw, b...), append(w.head.Lengths, uint32(len(b)))
	}
	return flush()
}

// data copies frames and packs what is not in them.
func (o *output) data(copied, packed []uint32) error {
	o.olds = append(o.olds, o.kept[0].meta...)
	var buf []byte
	for _, k := range copied {
		if err := o.ctx.Err(); err != nil {
			return err
		}
		f := &o.frames[k]
		head, err := o.head(&f.row)
		if err == nil {
			buf, err = o.stored(&f.row, head, buf)
		}
		if err != nil {
			return err
		}
		lengths := head.Lengths[:0]
		for i, n := range head.Lengths {
			if n > 0 {
				lengths = append(lengths, n)
				o.olds = append(o.olds, f.row.First+uint64(i))
			}
		}
		head.Lengths, head.First = lengths, o.next
		b := head.AppendTo(nil)
		o.rows = append(o.rows, head.Row(o.off))
		o.next = head.End()
		if err := o.put(b); err != nil {
			return err
		}
		if err := o.put(buf); err != nil {
			return err
		}
		o.o.progress(int64(len(buf)))
	}
	return o.encode(func(add func(*work) error) error {
		w := &work{head: format.FrameHead{Kind: format.FrameData}}
		for i, k := range packed {
			n := int(o.live[k].length)
			if len(w.blocks) > 0 && w.size+n > int(o.layout.DataFrame) || len(w.blocks) == format.MaxFrameBlocks {
				if err := add(w); err != nil {
					return err
				}
				w = &work{head: format.FrameHead{Kind: format.FrameData}}
			}
			w.blocks, w.size = packed[i-len(w.blocks):i+1], w.size+n
		}
		if len(w.blocks) == 0 {
			return nil
		}
		return add(w)
	}, o.emit)
}
