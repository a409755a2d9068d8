package mutate

import (
	"math"

	"github.com/vtdarchive/vtd/format"
)

const atHeaderFlags = 16

func snapshotLie(m *model, s *Script) bool {
	all := nodes[*format.Snapshot](m)
	x := chosen(s, all)
	if x == nil {
		return false
	}
	r := x.node.(*format.Snapshot)
	switch s.Below(9) {
	case 0:
		r.Time = format.Time{Sec: []int64{math.MinInt64, math.MaxInt64, 0}[s.Below(3)]}
	case 1:
		r.Label, r.Message, r.Tool = "\x1b]0;title\a", long(format.MaxText), "\xff\x00"
	case 2:
		r.Label = long(format.MaxText + s.Below(2))
	case 3:
		for range 1 + s.Below(format.MaxParents+1) {
			r.Parents = append(r.Parents, format.Ref{Num: chosen(s, all).num})
		}
	case 4:
		for i := range 1 + s.Number(format.MaxVector+2) {
			r.Vector = append(r.Vector, format.VectorRow{Replica: format.ReplicaID{byte(i >> 8), byte(i), 1}, Count: math.MaxUint64})
		}
	case 5:
		r.Root.Kind = format.Kind(1 + s.Below(9))
	case 6:
		r.Content[s.Below(len(r.Content))]++
	case 7:
		r.Root.Size, r.Root.Count = math.MaxUint64>>s.Below(4), math.MaxUint64>>s.Below(4)
	default:
		r.Root.Ref.Num = chosen(s, all).num
	}
	x.changed()
	return true
}

// allFrames gives every frame.
func (m *model) allFrames() (out []*frame) {
	for _, s := range m.segs {
		out = append(out, s.frames...)
	}
	return out
}

// overlap lets the index place one frame inside or on another.
func overlap(m *model, s *Script) bool {
	n := len(m.allFrames())
	if n < 2 {
		return false
	}
	from, to, shift := s.Number(n), s.Number(n), int64(s.Below(3))*int64(s.Byte())
	if from == to {
		to = (to + 1) % n
	}
	from, to = min(from, to), max(from, to)
	var row format.IndexFrame
	m.row = func(i int, r *format.IndexFrame) {
		switch i {
		case from:
			row = *r
		case to:
			if shift == 0 { // the same frame, to the letter
				first := r.First
				*r = row
				r.First = first
			} else {
				r.Offset = row.Offset + shift
			}
		}
	}
	return true
}

// rowLie changes one number in a row of the index.
func rowLie(m *model, s *Script) bool {
	n := s.Number(len(m.allFrames()))
	which, x := s.Below(6), s.Byte()
	m.row = func(i int, r *format.IndexFrame) {
		if i != n {
			return
		}
		switch which {
		case 0:
			r.First += uint64(int64(int8(x)))
		case 1:
			r.Count += uint32(x)
		case 2:
			r.RawLen = min(r.RawLen+uint32(x)*1000, format.MaxFrameRaw)
		case 3:
			r.Stored += uint32(x)
		case 4:
			r.Kind = 3 - r.Kind
		default:
			r.Codec ^= 1
		}
	}
	return true
}

// absentBlock leaves out a block that something needs.
func absentBlock(m *model, s *Script) bool {
	x := chosen(s, nodes[*format.DirLeaf](m))
	if s.Below(2) == 0 {
		x = chosen(s, nodes[*format.Indirect](m))
	}
	if x == nil || len(x.frame.blocks) < 2 {
		return false
	}
	x.absent = true
	x.changed()
	return true
}

// frameOrder moves a frame with its blocks, which get other numbers: as right
// as before, and in no order.
func frameOrder(m *model, s *Script) bool {
	seg := m.segs[s.Number(len(m.segs))]
	if len(seg.frames) < 2 {
		return false
	}
	i, k := s.Number(len(seg.frames)), s.Number(len(seg.frames))
	seg.frames[i], seg.frames[k] = seg.frames[k], seg.frames[i]
	return i != k
}
