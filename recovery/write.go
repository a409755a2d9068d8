package recovery

import (
	"io"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// output is the archive that is written.
type output struct {
	*recovery
	w      io.Writer
	off    int64
	header format.Header
	layout format.Layout
	enc    *codec.Encoder

	next   uint64            // number
	nums   map[uint64]uint64 // of metadata blocks, by what they are known as here
	byHash map[format.Hash]uint64
	hashes []format.Hash // of the blocks of the segment
	rows   []format.IndexFrame

	all  []segmentPart
	last *format.Trailer
}

// segmentPart is what the indexes of segments have.
type segmentPart struct {
	hashes []format.Hash
	rows   []format.IndexFrame
}

// maxChain is how many indexes may stand on one another before one covers all.
const maxChain = 64

const mib = 1 << 20

// write writes the archive: a segment for each tree, the first of them with all
// data.
func (r *recovery) write(w io.Writer, vs []*version) error {
	o := &output{recovery: r, w: w, nums: map[uint64]uint64{}, byHash: map[format.Hash]uint64{}}
	o.layout = format.Layout{DataFrame: 32 * mib, MetaFrame: mib, Level: 3, Order: format.OrderPath}
	if r.s.header != nil && r.s.header.Layout != nil {
		if l := *r.s.header.Layout; l.DataFrame <= format.MaxFrameRaw && l.MetaFrame <= format.MaxFrameRaw && l.Level <= 22 {
			o.layout = l
		}
	}
	var err error
	if o.enc, err = codec.NewEncoder(codec.Params{Level: int(max(o.layout.Level, 1)), Long: o.layout.Long}); err != nil {
		return err
	}
	seen := map[uint64]bool{}
	for _, v := range vs {
		o.use(v.root.num, seen)
		if v.original != 0 {
			o.use(v.original, seen)
		}
	}
	r.opts.phase("writing", o.dataBytes())
	for i, v := range vs {
		if err := o.version(vs, i, v); err != nil {
			return err
		}
	}
	r.rep.Stored = o.off
	r.rep.ArchiveID = o.header.ID
	return nil
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

// use marks the data that a metadata block needs, with all below it.
func (o *output) use(num uint64, seen map[uint64]bool) {
	for stack := []uint64{num}; len(stack) > 0; {
		num := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[num] {
			continue
		}
		seen[num] = true
		n, err := o.node(num)
		if err != nil {
			continue // writing it will tell
		}
		for _, x := range n.refs() {
			if x.Kind != format.RefBlock {
				stack = append(stack, x.Num)
				continue
			}
			if d := o.real(x.Num); d >= madeData {
				o.extras[d-madeData].used = true
			} else if f, i := o.s.find(d); f != nil {
				f.used = true
				f.flags[i] |= flagUsed
			}
		}
	}
}

func (o *output) dataBytes() (n int64) {
	for _, f := range o.s.frames {
		if f.used {
			n += int64(f.head.Stored)
		}
	}
	for i := range o.extras {
		if o.extras[i].used {
			n += int64(o.extras[i].n)
		}
	}
	return n
}

// version writes a segment.
func (o *output) version(vs []*version, i int, v *version) error {
	begin := o.off
	first := o.next
	order, err := o.number(v, first+2)
	if err != nil {
		return err
	}
	v.out = first + 1
	afterMeta := first + 2 + uint64(len(order))
	if i == 0 {
		if err := o.numberData(afterMeta); err != nil {
			return err
		}
	}
	snap, top, err := o.record(vs, v)
	if err != nil {
		return err
	}
	topSum := o.id.Sum(top)
	if i == 0 {
		if err := o.writeHeader(topSum, len(vs) > 1); err != nil {
			return err
		}
		begin = 0
	}
	o.hashes, o.rows = nil, nil
	o.next = first
	if err := o.frame(format.FrameMetadata, []uint32{uint32(len(top)), uint32(len(snap))}, []format.Hash{topSum, v.hash}, append(top, snap...), false); err != nil {
		return err
	}
	if err := o.metadata(order); err != nil {
		return err
	}
	if i == 0 {
		if err := o.data(); err != nil {
			return err
		}
	}
	s := Snapshot{Label: v.record.Label, Block: v.out, Was: v.num, Root: v.record.Root.Ref.Hash, Whole: v.whole, Proven: v.proven, Made: v.made, Entries: v.root.count, Bytes: v.root.size}
	o.rep.Snapshots = append(o.rep.Snapshots, s)
	return o.finish(begin, first, topSum, uint64(i+1), len(vs))
}

// number numbers the metadata blocks of a tree that have no number yet, each
// node before those that it is the first to name.
func (o *output) number(v *version, next uint64) (order []uint64, err error) {
	stack := []uint64{v.root.num}
	if v.original != 0 {
		stack = []uint64{v.original, v.root.num} // the tree comes first
	}
	for len(stack) > 0 {
		num := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if _, ok := o.nums[num]; ok {
			continue
		}
		h, ok := o.sum(num)
		if !ok {
			return nil, lacking(num, "it was there and is not any more")
		}
		if as, ok := o.byHash[h]; ok {
			o.nums[num] = as
			continue
		}
		n, err := o.node(num)
		if err != nil {
			return nil, err
		}
		o.nums[num], o.byHash[h] = next, next
		next++
		order = append(order, num)
		refs := n.refs()
		for k := len(refs) - 1; k >= 0; k-- {
			if x := refs[k]; x.Kind != format.RefBlock {
				stack = append(stack, x.Num)
			}
		}
	}
	return order, o.ctx.Err()
}

// numberData numbers the data blocks that are written. Blocks of frames that
// cannot be copied as they are go to new ones.
func (o *output) numberData(next uint64) error {
	for _, f := range o.s.frames {
		if !f.used || !f.alter {
			continue
		}
		for i := range f.flags {
			if f.flags[i]&flagUsed == 0 {
				continue
			}
			b, err := o.block(f, i)
			if err != nil {
				return err
			}
			k := len(o.extras)
			at, err := o.spool.add(b)
			if err != nil {
				return err
			}
			o.extras = append(o.extras, extra{hash: f.hashes[i], at: at, n: uint32(len(b)), used: true})
			o.same[f.head.First+uint64(i)] = madeData + uint64(k)
		}
		f.used = false
	}
	for _, f := range o.s.frames {
		if f.used {
			f.order = next
			for _, n := range f.head.Lengths {
				if n > 0 {
					next++
				}
			}
		}
	}
	for i := range o.extras {
		if o.extras[i].used {
			o.extras[i].num = next
			next++
		}
	}
	return nil
}

// dataNumber gives the number under which a data block is written.
func (o *output) dataNumber(num uint64) uint64 {
	num = o.real(o.real(num))
	if num >= madeData {
		return o.extras[num-madeData].num
	}
	f, i := o.s.find(num)
	return f.order + uint64(i) - f.absentBefore(i)
}

// absentBefore counts the absent blocks among the first of a frame.
func (f *frame) absentBefore(i int) uint64 {
	if f.absent == nil {
		f.absent = make([]uint32, 0, 1)
		for k, n := range f.head.Lengths {
			if n == 0 {
				f.absent = append(f.absent, uint32(k))
			}
		}
	}
	k, _ := slices.BinarySearch(f.absent, uint32(i))
	return uint64(k)
}

// stored gives a metadata block as it is written.
func (o *output) stored(num uint64) ([]byte, error) {
	n, err := o.node(num)
	if err != nil {
		return nil, err
	}
	refs := n.refs()
	old := make([]uint64, len(refs))
	for i, x := range refs {
		old[i] = x.Num
		if x.Kind == format.RefBlock {
			x.Num = o.dataNumber(x.Num)
		} else {
			x.Num = o.nums[x.Num]
		}
	}
	b := n.append(nil, format.Stored, o.nums[num])
	for i, x := range refs { // the node stays in the cache
		x.Num = old[i]
	}
	return b, nil
}

// record makes the snapshot record and the top block of a version, in stored
// form.
func (o *output) record(vs []*version, v *version) (snap, top []byte, err error) {
	s := v.record
	root, ok := o.sum(s.Root.Ref.Num)
	if !ok {
		return nil, nil, lacking(s.Root.Ref.Num, "it was there and is not any more")
	}
	s.Root.Ref = format.Ref{Num: o.nums[s.Root.Ref.Num], Hash: root}
	s.Parents = make([]format.Ref, len(v.after))
	for i, k := range v.after {
		s.Parents[i] = format.Ref{Num: vs[k].out, Hash: vs[k].hash}
	}
	v.hash = o.id.Sum(s.AppendTo(nil, format.Canonical, 0))
	t := format.Top{Snapshot: v.hash, Root: root, Content: s.Content, Span: s.Root.Size}
	if v.top != nil {
		t.Extra = v.top.Extra
	}
	return s.AppendTo(nil, format.Stored, v.out), t.AppendTo(nil), nil
}

func (o *output) writeHeader(top format.Hash, appended bool) error {
	h := format.Header{Major: format.VersionMajor, Minor: format.VersionMinor, Flags: format.FlagAsCreated, Hash: o.id}
	if old := o.s.header; old != nil {
		h.Chunker, h.Layout, h.Preset, h.Ignorable, h.Unknown = old.Chunker, old.Layout, old.Preset, old.Ignorable, old.Unknown
	}
	if appended {
		h.Flags = 0
	}
	b, err := h.AppendTo([]byte("vtd archive id\n"))
	if err != nil {
		return err
	}
	id := o.id.Sum(append(b, top[:]...))
	copy(h.ID[:], id[:])
	o.header = h
	if b, err = h.AppendTo(nil); err != nil {
		return err
	}
	return o.put(b)
}

// finish writes the index and the trailer of a segment.
func (o *output) finish(begin int64, first uint64, top format.Hash, count uint64, of int) error {
	o.all = append(o.all, segmentPart{o.hashes, o.rows})
	parts := o.all[len(o.all)-1:]
	t := format.Trailer{ID: o.header.ID, Segment: begin, Index: o.off, Blocks: o.next, Top: first, TopHash: top, Snapshots: count}
	if o.last != nil {
		t.Prev = o.last.Offset
		if int(count) == of || count%maxChain == 0 {
			parts = o.all
		} else {
			t.Base = o.last.Offset
		}
	}
	x := format.IndexHead{}
	if t.Base != 0 {
		x.First = first
	}
	for _, p := range parts {
		x.Blocks += uint64(len(p.hashes))
		x.Frames += uint64(len(p.rows))
	}
	w := format.NewIndexWriter(o, o.id, x)
	for _, p := range parts {
		for _, h := range p.hashes {
			w.Hash(h)
		}
	}
	for _, p := range parts {
		for _, row := range p.rows {
			w.Frame(row)
		}
	}
	if err := w.Finish(&t); err != nil {
		return err
	}
	o.last = &t
	return o.put(t.AppendTo(nil))
}
