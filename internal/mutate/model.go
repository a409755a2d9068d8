package mutate

import (
	"fmt"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// model is an archive taken apart: what lies change. Blocks are named by the
// numbers that they have in the original, new ones by numbers from newBlocks on;
// put gives them those of the file.
type model struct {
	head   []byte // the header
	id     format.HashID
	segs   []*segment
	tail   []byte // after the last trailer
	blocks map[uint64]*block
	added  uint64

	row func(n int, r *format.IndexFrame) // a lie about frame n
}

const newBlocks = 1 << 40

type segment struct {
	frames  []*frame
	first   uint64 // block that the index begins with
	gap     []byte // what lies before the index, where there are no frames: parity
	trailer format.Trailer
}

type frame struct {
	gap    []byte // what lies before it
	head   format.FrameHead
	stored []byte // as read; what is changed is encoded anew
	blocks []*block
	dirty  bool
}

type block struct {
	num    uint64
	frame  *frame
	absent bool
	node   any    // of a metadata block: *format.Top, *format.Snapshot, …; nil where it was not understood
	raw    []byte // of a metadata block
	length uint32
	hash   format.Hash
	state  uint8 // of hashing
	now    uint64
}

// maxTaken bounds the metadata that is decoded.
const maxTaken = 16 << 20

// take takes an archive apart. It gives nil where that is not possible.
func take(b []byte) *model {
	ps := parts(b)
	if len(ps) == 0 || ps[0].magic != format.MagicHeader {
		return nil
	}
	m := &model{head: b[:ps[0].size], id: hashOf(b), blocks: map[uint64]*block{}}
	s := &segment{}
	at, taken := ps[0].size, 0
	for _, p := range ps[1:] {
		gap := b[at:p.at]
		at = p.at + p.size + p.rest
		switch p.magic {
		case format.MagicFrame:
			f := m.frame(b, p, &taken)
			if f == nil {
				return nil
			}
			f.gap = gap
			s.frames = append(s.frames, f)
		case format.MagicIndex:
			x, err := format.ParseIndexHead(b[p.at:p.at+p.size], int64(p.at))
			if err != nil || len(gap) > 0 && len(s.frames) > 0 {
				return nil
			}
			s.first, s.gap = x.First, gap
			each(b, p, func(num uint64, h []byte) {
				if x := m.blocks[num]; x != nil {
					x.hash = format.Hash(h)
				}
			})
		case format.MagicTrailer:
			t, err := format.ParseTrailer(b[p.at:p.at+p.size], int64(p.at))
			if err != nil || len(gap) > 0 {
				return nil
			}
			s.trailer = *t
			m.segs = append(m.segs, s)
			s = &segment{}
		}
	}
	if len(m.segs) == 0 || len(s.frames) > 0 {
		return nil
	}
	m.tail = b[at:]
	return m
}

// frame takes a frame apart.
func (m *model) frame(b []byte, p part, taken *int) *frame {
	h, err := format.ParseFrameHead(b[p.at:p.at+p.size], int64(p.at))
	if err != nil || int(h.Stored) != p.rest {
		return nil
	}
	f := &frame{head: *h, stored: b[p.at+p.size:][:p.rest]}
	var raw []byte
	if h.Kind == format.FrameMetadata {
		if *taken += int(h.RawLen); *taken > maxTaken {
			return nil
		}
		if raw, err = codec.Decode(nil, h.Codec, f.stored, int(h.RawLen)); err != nil || len(raw) != int(h.RawLen) {
			return nil
		}
	}
	at := uint32(0)
	for i, n := range h.Lengths {
		x := &block{num: h.First + uint64(i), frame: f, absent: n == 0, length: n}
		if m.blocks[x.num] != nil {
			return nil
		}
		if h.Kind == format.FrameMetadata && n > 0 {
			x.raw = raw[at : at+n]
			if node, err := parseNode(x.raw, x.num); err == nil {
				x.node = node
			}
		}
		at += n
		m.blocks[x.num] = x
		f.blocks = append(f.blocks, x)
	}
	return f
}

// parseNode parses a metadata block in stored form.
func parseNode(raw []byte, num uint64) (any, error) {
	switch t := format.BlockType(raw[0]); t {
	case format.BlockTop:
		return format.ParseTop(raw, num)
	case format.BlockSnapshot:
		return format.ParseSnapshot(raw, format.Stored, num)
	case format.BlockDirLeaf:
		return format.ParseDirLeaf(raw, format.Stored, num)
	case format.BlockDirInner:
		return format.ParseDirInner(raw, format.Stored, num)
	case format.BlockIndirect:
		return format.ParseIndirect(raw, format.Stored, num)
	case format.BlockRecipe:
		return format.ParseRecipe(raw, format.Stored, num)
	default:
		return nil, fmt.Errorf("block type %d", t)
	}
}

// refsOf gives the references of a metadata block that name blocks.
func refsOf(node any) []*format.Ref {
	switch x := node.(type) {
	case *format.Snapshot:
		return x.Refs()
	case *format.DirLeaf:
		return x.Refs()
	case *format.DirInner:
		return x.Refs()
	case *format.Indirect:
		return x.Named()
	case *format.Recipe:
		return x.Named()
	}
	return nil
}

func encodeNode(node any, form format.Form, num uint64) []byte {
	switch x := node.(type) {
	case *format.Top:
		return x.AppendTo(nil)
	case *format.Snapshot:
		return x.AppendTo(nil, form, num)
	case *format.DirLeaf:
		return x.AppendTo(nil, form, num)
	case *format.DirInner:
		return x.AppendTo(nil, form, num)
	case *format.Indirect:
		return x.AppendTo(nil, form, num)
	case *format.Recipe:
		return x.AppendTo(nil, form, num)
	}
	return nil
}

// all goes through the blocks in the order of the file.
func (m *model) all(do func(*block)) {
	for _, s := range m.segs {
		for _, f := range s.frames {
			for _, x := range f.blocks {
				do(x)
			}
		}
	}
}

// nodes gives the metadata blocks of a type.
func nodes[T any](m *model) (out []*block) {
	m.all(func(x *block) {
		if _, ok := x.node.(T); ok {
			out = append(out, x)
		}
	})
	return out
}

// changed says that a block is not what it was.
func (x *block) changed() { x.frame.dirty = true }

// last gives the last segment that holds blocks.
func (m *model) last() *segment {
	at := 0
	for i, s := range m.segs {
		if len(s.frames) > 0 {
			at = i
		}
	}
	return m.segs[at]
}

// dropParity takes parity segments out, which a change of what they protect
// would belie.
func (m *model) dropParity() {
	before := map[int64]format.Trailer{}
	m.segs = slices.DeleteFunc(m.segs, func(s *segment) bool {
		t := &s.trailer
		if gone, ok := before[t.Prev]; ok {
			t.Prev = gone.Prev
		}
		if gone, ok := before[t.Base]; ok {
			t.Base = gone.Base
		}
		if len(s.frames) == 0 {
			before[t.Offset] = *t
		}
		return len(s.frames) == 0
	})
}

// add adds a metadata block, in a frame behind the last one that has metadata
// of the newest tree.
func (m *model) add(node any) *block {
	return m.put1(format.FrameMetadata, &block{node: node})
}

// addData adds the blocks of a bomb.
func (m *model) addData(b *bomb) (out []*block) {
	f := &frame{head: format.FrameHead{Kind: format.FrameData, Codec: codec.Zstd}, stored: b.stored}
	for _, sum := range b.sums[m.id] {
		x := &block{num: newBlocks + m.added, frame: f, length: b.length, hash: sum}
		m.added++
		m.blocks[x.num] = x
		f.blocks = append(f.blocks, x)
		f.head.Lengths = append(f.head.Lengths, x.length)
		out = append(out, x)
	}
	s := m.last()
	s.frames = append(s.frames, f)
	return out
}

// put1 adds a block to the last frame of new blocks of a kind.
func (m *model) put1(kind format.FrameKind, x *block) *block {
	s := m.last()
	at := 0
	for i, f := range s.frames {
		if f.head.Kind == kind {
			at = i + 1
		}
	}
	const perFrame = 256
	if at > 0 && s.frames[at-1].blocks[0].num >= newBlocks && len(s.frames[at-1].blocks) < perFrame {
		x.frame = s.frames[at-1]
	} else {
		x.frame = &frame{head: format.FrameHead{Kind: kind, Codec: codec.Stored}}
		s.frames = append(s.frames[:at:at], append([]*frame{x.frame}, s.frames[at:]...)...)
	}
	x.frame.dirty = true
	x.num = newBlocks + m.added
	m.added++
	m.blocks[x.num] = x
	x.frame.blocks = append(x.frame.blocks, x)
	return x
}
