package reader

import (
	"errors"
	"slices"
	"testing"

	"github.com/vtdarchive/vtd/format"
)

// headOf is the head of a frame of blocks that are 1000 bytes long each.
func headOf(first uint64, blocks int) *format.FrameHead {
	lengths := slices.Repeat([]uint32{1000}, blocks)
	return &format.FrameHead{First: first, RawLen: uint32(1000 * blocks), Lengths: lengths}
}

// Where two frames begin with the same block, one may be loaded while the other is
// about to be loaded once more.
func TestReloadOther(t *testing.T) {
	a := &Archive{}
	a.frames = newCache[uint64](1<<20, (*frame).close)
	use := func(head *format.FrameHead, lighter bool) *cached[uint64, *frame] {
		f := &frame{row: head.Row(0), head: head, starts: blockStarts(head), good: newBits(len(head.Lengths))}
		f.spent = a.spents.get(head, head.First, head.First)
		raw := make([]byte, head.RawLen)
		f.raw.Store(&raw)
		if lighter {
			f.spent.read(7, 1000)
			f, _ = f.lighter()
		}
		it, err := a.frames.get(head.First, func() (*frame, int64, error) { return f, f.cost(), nil })
		if err != nil {
			t.Fatal(err)
		}
		return it
	}
	long := use(headOf(5, 10), true)
	a.frames.clear()
	a.frames.release(use(headOf(5, 3), false))
	if _, err := a.reload(long, 12); !errors.Is(err, format.ErrDamaged) {
		t.Errorf("error %v", err)
	}
	for _, it := range a.frames.items {
		if it.pins != 0 {
			t.Errorf("%d pins", it.pins)
		}
	}
}
