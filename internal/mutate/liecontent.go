package mutate

import (
	"bytes"
	"math"
	"sync"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// indirect gives a list of contents.
func (m *model) indirect(s *Script) (*block, *format.Indirect) {
	x := chosen(s, nodes[*format.Indirect](m))
	if x == nil {
		return nil, nil
	}
	x.changed()
	return x, x.node.(*format.Indirect)
}

func wrongSpan(m *model, s *Script) bool {
	_, x := m.indirect(s)
	if x == nil {
		return false
	}
	r := &x.Refs[s.Number(len(x.Refs))]
	spans := []uint64{0, 1, r.Span + 1, r.Span - 1, r.Span * 2, format.MaxSpan, math.MaxUint64, math.MaxUint64 - r.Span + 1, format.MaxDataBlock + 1}
	r.Span = spans[s.Below(len(spans))]
	return true
}

func indirectCycle(m *model, s *Script) bool {
	b, x := m.indirect(s)
	if x == nil {
		return false
	}
	r := &x.Refs[s.Number(len(x.Refs))]
	*r = format.Ref{Kind: format.RefIndirect, Span: max(r.Span, 1), Num: b.num}
	if s.Below(2) == 0 {
		for i := range x.Refs {
			x.Refs[i] = *r
		}
		x.Level = 1 + s.Below(format.MaxNodeLevel+1)
	}
	return true
}

func wrongLevel(m *model, s *Script) bool {
	_, x := m.indirect(s)
	if x == nil {
		return false
	}
	x.Level = s.Below(format.MaxNodeLevel + 3)
	return true
}

// indirectTower puts lists above lists, each naming the one below it again and
// again: a few blocks, and a file of exabytes.
func indirectTower(m *model, s *Script) bool {
	_, e := m.entry(s, isFile)
	if e == nil || e.Size == 0 {
		return false
	}
	width, height := 2+s.Below(60), 1+s.Below(format.MaxNodeLevel+1)
	r := e.Ref
	if r.Kind == format.RefIndirect {
		r = format.Ref{Kind: format.RefRun, Octet: 'x', Span: 1}
	}
	for level := range height {
		x := &format.Indirect{Level: level + 1}
		for range width {
			x.Refs = append(x.Refs, r)
		}
		r = format.Ref{Kind: format.RefIndirect, Span: r.Span * uint64(width), Num: m.add(x).num}
	}
	e.Ref, e.Size = r, r.Span
	return true
}

// otherBlock lets a reference name another block of the archive, or none.
func otherBlock(m *model, s *Script) bool {
	var all []*block
	m.all(func(x *block) {
		if len(refsOf(x.node)) > 0 {
			all = append(all, x)
		}
	})
	x := chosen(s, all)
	if x == nil {
		return false
	}
	refs := refsOf(x.node)
	r := refs[s.Number(len(refs))]
	switch s.Below(4) {
	case 0:
		r.Num = math.MaxUint64 - uint64(s.Byte())
	case 1:
		r.Num = uint64(len(m.blocks)) + uint64(s.Byte())
	default:
		var nums []uint64
		m.all(func(y *block) { nums = append(nums, y.num) })
		r.Num = nums[s.Number(len(nums))]
	}
	x.changed()
	return true
}

// runBomb lets a file be a run of exabytes.
func runBomb(m *model, s *Script) bool {
	_, e := m.entry(s, isFile)
	if e == nil {
		return false
	}
	spans := []uint64{1 << 30, 1 << 40, format.MaxSpan, format.MaxSpan + 1, math.MaxUint64, math.MaxInt64}
	span := spans[s.Below(len(spans))]
	run := format.Ref{Kind: format.RefRun, Octet: s.Byte() % 2, Span: span}
	e.Ref, e.Size = run, span
	if s.Below(2) == 0 {
		x := &format.Indirect{Level: 1}
		for range 2 + s.Below(100) {
			x.Refs = append(x.Refs, run)
		}
		e.Size = span * uint64(len(x.Refs))
		e.Ref = format.Ref{Kind: format.RefIndirect, Span: e.Size, Num: m.add(x).num}
	}
	h := m.id.NewContent()
	h.WriteRun(run.Octet, min(e.Size, format.MaxSpan))
	e.Content = h.Sum()
	return true
}

// bomb is a frame of four blocks, each one octet again and again.
type bomb struct {
	length uint32 // of a block
	sums   map[format.HashID][]format.Hash
	stored []byte
}

func newBomb(length uint32) func() *bomb {
	return sync.OnceValue(func() *bomb {
		b := &bomb{length: length, sums: map[format.HashID][]format.Hash{}}
		var raw []byte
		for i := range format.MaxFrameRaw / format.MaxDataBlock {
			block := bytes.Repeat([]byte{byte(i)}, int(length))
			raw = append(raw, block...)
			for _, id := range []format.HashID{format.HashBLAKE3, format.HashSHA256} {
				b.sums[id] = append(b.sums[id], id.Sum(block))
			}
		}
		if z, err := codec.NewCompressor(codec.MinLevel); err == nil {
			b.stored = z.Compress(nil, raw)
		}
		return b
	})
}

// The largest frame that there is, in the fewest bytes, and one that costs less
// to read.
var largeBomb, smallBomb = newBomb(format.MaxDataBlock), newBomb(1 << 16)

// zstdBomb lets a file name the blocks of a bomb many times.
func zstdBomb(m *model, s *Script) bool {
	_, e := m.entry(s, isFile)
	if e == nil || m.head[atHeaderFlags]&byte(format.FlagOnePass) != 0 {
		return false
	}
	b := smallBomb()
	if s.Below(128) == 0 {
		b = largeBomb()
	}
	blocks := m.addData(b)
	x := &format.Indirect{Level: 1}
	for i := range 2 + s.Below(200) {
		x.Refs = append(x.Refs, format.Ref{Kind: format.RefBlock, Span: uint64(b.length), Num: blocks[i%len(blocks)].num})
	}
	e.Size = uint64(b.length) * uint64(len(x.Refs))
	e.Ref = format.Ref{Kind: format.RefIndirect, Span: e.Size, Num: m.add(x).num}
	return true
}

// recipe gives a recipe.
func (m *model) recipe(s *Script) (*block, *format.Recipe) {
	x := chosen(s, nodes[*format.Recipe](m))
	if x == nil {
		return nil, nil
	}
	x.changed()
	return x, x.node.(*format.Recipe)
}

func recipeLie(m *model, s *Script) bool {
	_, x := m.recipe(s)
	if x == nil {
		return false
	}
	values := []uint64{0, 1, x.Length + 1, x.Length * 2, format.MaxSpan, math.MaxUint64, 1 << 32, format.MaxRecipeFree + 256*x.Length}
	v := values[s.Below(len(values))]
	switch s.Below(5) {
	case 0:
		x.Length = v
	case 1:
		x.Input.Span = v
	case 2: // an input that costs nothing to name
		x.Input = format.Ref{Kind: format.RefRun, Octet: s.Byte(), Span: min(v, format.MaxRecipeFree+format.MaxRecipeRatio*x.Length)}
	case 3:
		if len(x.Params) > 0 {
			x.Params[s.Number(len(x.Params))] ^= 1 << s.Below(8)
		}
	default:
		x.Transform = format.Transform(s.Byte())
	}
	return true
}

// recipeCycle lets a recipe be made of itself, directly or through a list.
func recipeCycle(m *model, s *Script) bool {
	b, x := m.recipe(s)
	if x == nil {
		return false
	}
	self := format.Ref{Kind: format.RefRecipe, Span: x.Length, Num: b.num}
	x.Input = self
	if s.Below(2) == 0 {
		list := &format.Indirect{Level: 1}
		for range 2 + s.Below(50) {
			list.Refs = append(list.Refs, self)
		}
		x.Input = format.Ref{Kind: format.RefIndirect, Span: x.Length * uint64(len(list.Refs)), Num: m.add(list).num}
	}
	return true
}
