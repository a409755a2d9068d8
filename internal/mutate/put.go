package mutate

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// bytes puts an archive together. All that is computed from other bytes is
// right, as far as it can be: a hash cannot hold itself.
func (m *model) bytes() []byte {
	m.number()
	m.hashes()
	out := append([]byte(nil), m.head...)
	var rows []format.IndexFrame
	var sums []format.Hash
	trailers := map[int64]int64{0: 0} // where they were, and are
	for _, s := range m.segs {
		begin := int64(len(out))
		if len(trailers) == 1 {
			begin = 0
		}
		for _, f := range s.frames {
			out = append(out, f.gap...)
			for _, x := range f.blocks {
				sums = append(sums, x.hash)
			}
			f.encode(m)
			head := f.head.AppendTo(nil)
			row := f.head.Row(int64(len(out)))
			if m.row != nil {
				m.row(len(rows), &row)
			}
			rows = append(rows, row)
			out = append(append(out, head...), f.stored...)
		}
		out = append(out, s.gap...)
		first := m.numOf(s.first)
		if len(s.frames) == 0 {
			first = uint64(len(sums))
		}
		index := m.index(first, sums, rows)
		t := s.trailer
		t.Index, t.IndexLen, t.IndexHash = int64(len(out)), int64(len(index)), m.id.Sum(index)
		out = append(out, index...)
		trailers[t.Offset] = int64(len(out))
		t.Offset, t.Segment = int64(len(out)), begin
		t.Prev, t.Base = moved(trailers, t.Prev), moved(trailers, t.Base)
		t.Blocks = uint64(len(sums))
		if top := m.blocks[t.Top]; top != nil {
			t.Top, t.TopHash = top.now, top.hash
		}
		out = t.AppendTo(out)
	}
	return append(out, m.tail...)
}

func moved(to map[int64]int64, at int64) int64 {
	if now, ok := to[at]; ok {
		return now
	}
	return at
}

// number numbers blocks in the order of the file.
func (m *model) number() {
	next := uint64(0)
	for _, s := range m.segs {
		for _, f := range s.frames {
			if f.head.First != next && f.head.Kind == format.FrameMetadata {
				f.dirty = true
			}
			f.head.First = next
			for _, x := range f.blocks {
				x.now, x.state = next, 0
				next++
			}
		}
	}
	// A block that names one which moved says another number.
	m.all(func(x *block) {
		for _, r := range refsOf(x.node) {
			if m.numOf(r.Num) != r.Num {
				x.changed()
			}
		}
	})
}

// numOf gives the number in the file of a block; of one that there is not, the
// number itself.
func (m *model) numOf(num uint64) uint64 {
	if x := m.blocks[num]; x != nil {
		return x.now
	}
	return num
}

// States of hashing.
const (
	unhashed = iota
	hashing  // in a circle, it keeps the hash that it had
	hashed
)

// hashes computes the hash of every metadata block from those it names.
func (m *model) hashes() {
	m.all(func(x *block) {
		if top, ok := x.node.(*format.Top); ok {
			m.top(x, top)
		}
	})
	m.all(func(x *block) { m.hash(x) })
}

// hash computes the hash of a block. It goes down on a stack of its own: trees
// may be deep.
func (m *model) hash(x *block) {
	stack := []*block{x}
	for len(stack) > 0 {
		x := stack[len(stack)-1]
		if x.node == nil || x.state == hashed {
			x.state = hashed
			stack = stack[:len(stack)-1]
			continue
		}
		refs := refsOf(x.node)
		if x.state == unhashed {
			x.state = hashing
			for _, r := range refs {
				if y := m.blocks[r.Num]; y != nil && y.state == unhashed {
					stack = append(stack, y)
				}
			}
			continue
		}
		for _, r := range refs {
			if y := m.blocks[r.Num]; y != nil {
				r.Hash = y.hash
			}
		}
		x.hash = m.id.Sum(encodeNode(x.node, format.Canonical, x.now))
		x.state = hashed
		stack = stack[:len(stack)-1]
	}
}

// top fills in what a top block says of its snapshot record.
func (m *model) top(x *block, top *format.Top) {
	record := m.blocks[x.num+1]
	if record == nil {
		return
	}
	s, ok := record.node.(*format.Snapshot)
	if !ok {
		return
	}
	m.hash(record)
	was := *top
	top.Snapshot, top.Content, top.Span = record.hash, s.Content, s.Root.Size
	if root := m.blocks[s.Root.Ref.Num]; root != nil {
		top.Root = root.hash
	}
	if top.Snapshot != was.Snapshot || top.Content != was.Content || top.Span != was.Span || top.Root != was.Root {
		x.changed()
	}
}

// encode makes the stored bytes of a frame with something new in it.
func (f *frame) encode(m *model) {
	if f.head.Kind == format.FrameMetadata && f.dirty {
		var raw []byte
		f.head.Lengths = f.head.Lengths[:0:0]
		for _, x := range f.blocks {
			b := x.raw
			if x.node != nil {
				b = m.stored(x)
			}
			if x.absent {
				b = nil
			}
			raw = append(raw, b...)
			f.head.Lengths = append(f.head.Lengths, uint32(len(b)))
		}
		f.head.Codec, f.stored = codec.Stored, raw
	}
	f.head.Stored, f.head.Hash = uint32(len(f.stored)), m.id.Sum(f.stored)
}

// stored gives the stored form of a block, with the numbers of the file.
func (m *model) stored(x *block) []byte {
	refs := refsOf(x.node)
	nums := make([]uint64, len(refs))
	for i, r := range refs {
		nums[i], r.Num = r.Num, m.numOf(r.Num)
	}
	b := encodeNode(x.node, format.Stored, x.now)
	for i, r := range refs {
		r.Num = nums[i]
	}
	return b
}

// index makes an index of the blocks from one on.
func (m *model) index(first uint64, sums []format.Hash, rows []format.IndexFrame) []byte {
	for len(rows) > 0 && rows[0].First < first {
		rows = rows[1:]
	}
	first = min(first, uint64(len(sums)))
	sums = sums[first:]
	b := format.IndexHead{First: first, Blocks: uint64(len(sums)), Frames: uint64(len(rows))}.AppendTo(nil)
	for _, h := range sums {
		b = append(b, h[:]...)
	}
	for i := range rows {
		b = rows[i].AppendTo(b)
	}
	return b
}
