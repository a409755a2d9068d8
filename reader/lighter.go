package reader

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/vtdarchive/vtd/format"
)

// spent knows what of a frame has been read and will hardly be read again. Who
// reads files one after the other, or one that is made of parts of many frames,
// needs most blocks once, and the frame until all of them have been: versions and
// files that are alike lie together, wherever in the tree they are. What has been
// read twice is what many files have in common.
//
// It is known of a frame whether that is in the cache or not.
type spent struct {
	total  int64  // bytes of the frame
	blocks int    // of the frame
	once   bitset // blocks that a reader has come to the end of
	again  bitset // more than once, or they were missed
	bytes  atomic.Int64
	seen   atomic.Int64 // bytes of blocks that a reader has come to the end of
	common atomic.Int64 // bytes of blocks that were read again
	missed atomic.Int32 // blocks that were spent, and needed all the same
}

// Where more than 1 in commonShare of a frame is read again, a second block is
// missed, or a first one when nearly all had been read, it is not for having something
// in common: all is read once more, and what is spent is to be found out anew.
const (
	commonShare = 8
	missedAll   = 2
)

// What is known of frames takes maxSpents bytes at most: spentCost each, and two bits
// of each block. Then it begins anew.
const (
	maxSpents = 16 << 20
	spentCost = 192
)

// spents has the spent of frames, by their first blocks.
type spents struct {
	mu   sync.Mutex
	of   map[uint64]*spent
	cost int
}

// get gives that of a frame, which is going to be read for a block.
func (s *spents) get(head *format.FrameHead, first, num uint64) *spent {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.of[first]
	if x == nil || x.total != int64(head.RawLen) || x.blocks != len(head.Lengths) {
		cost := spentCost + len(head.Lengths)/4
		if s.cost += cost; s.of == nil || s.cost > maxSpents {
			s.of, s.cost = make(map[uint64]*spent), cost
		}
		n := len(head.Lengths)
		x = &spent{total: int64(head.RawLen), blocks: n, once: newBits(n), again: newBits(n)}
		s.of[first] = x
	}
	x.miss(head, first, num)
	return x
}

// miss notes that a block is needed that may be spent.
func (s *spent) miss(head *format.FrameHead, first, num uint64) {
	i := uint32(num - first)
	if num-first >= uint64(len(head.Lengths)) || !s.letGo(i) {
		return
	}
	if s.seen.Load() > s.total-s.total/commonShare {
		s.begin() // the block, too, will be read once more, and then not be missed
		return
	}
	if s.missed.Add(1) >= missedAll {
		s.begin()
	}
	if s.again.set(i) && s.once.has(i) {
		s.bytes.Add(-int64(head.Lengths[i]))
	}
}

// begin forgets what has been read.
func (s *spent) begin() {
	s.once.clear()
	s.again.clear()
	s.bytes.Store(0)
	s.seen.Store(0)
	s.common.Store(0)
	s.missed.Store(0)
}

// read notes that a reader has come to the end of block i.
func (s *spent) read(i uint32, length int64) {
	switch {
	case s.once.set(i):
		s.seen.Add(length)
		if !s.again.has(i) {
			s.bytes.Add(length)
		}
	case s.again.set(i):
		s.bytes.Add(-length)
		if s.common.Add(length) > s.total/commonShare {
			s.begin()
		}
	}
}

// letGo reports whether block i is one that a frame can do without.
func (s *spent) letGo(i uint32) bool { return s.once.has(i) && !s.again.has(i) }

// lighterBy is the least part of a frame that is worth being copied without it.
const lighterBy = 4

// spare is how many bytes the frame could do without: none before it is decoded.
func (f *frame) spare() int64 {
	raw := f.raw.Load()
	if raw == nil || f.left == nil && len(*raw) < int(f.row.RawLen) {
		return 0
	}
	n := f.spent.bytes.Load() - f.leftOut
	if n < int64(len(*raw))/lighterBy {
		return 0
	}
	return n
}

// gone stands for a block that is not left.
const gone = math.MaxUint32

// lighter is the frame without what is spent, and its cost.
func (f *frame) lighter() (*frame, int64) {
	l := f.only(f.spent.bytes.Load(), func(i uint32) bool { return !f.spent.letGo(i) })
	return l, l.cost()
}

// only is a frame that has no other of the frame's blocks than those to be kept. leftOut
// is what had been spent of it when that was decided.
func (f *frame) only(leftOut int64, keep func(i uint32) bool) *frame {
	l := &frame{row: f.row, head: f.head, starts: f.starts, good: newBits(len(f.head.Lengths)), spent: f.spent, leftOut: leftOut}
	l.left = make([]uint32, len(f.head.Lengths))
	size := uint32(0)
	for i, n := range f.head.Lengths {
		if i := uint32(i); n > 0 && f.isLeft(i) && keep(i) {
			l.left[i] = size
			size += n
		} else {
			l.left[i] = gone
		}
	}
	raw := newLarge(int(size))
	for i, at := range l.left {
		if i := uint32(i); at != gone {
			copy(raw[at:], f.rawBlock(i))
			if f.good.has(i) {
				l.good.set(i)
			}
		}
	}
	l.raw.Store(&raw)
	return l
}

// loadLighter loads a frame without what is spent, if that is enough of it; otherwise,
// and where it has damage, it gives nil.
func (a *Archive) loadLighter(f *frame, stored []byte) *frame {
	leftOut := f.spent.bytes.Load()
	if leftOut < int64(f.row.RawLen)/lighterBy {
		return nil
	}
	return a.loadPart(f, stored, leftOut, func(i uint32) bool { return !f.spent.letGo(i) })
}

// rawBlock gives block i of a frame that is decoded.
func (f *frame) rawBlock(i uint32) []byte {
	if f.left != nil {
		return f.leftBlock(i)
	}
	return (*f.raw.Load())[f.starts[i]:f.starts[i+1]]
}

// leftBlock gives block i of a lighter frame, which has it.
func (f *frame) leftBlock(i uint32) []byte {
	from := f.left[i]
	to := from + f.head.Lengths[i]
	return (*f.raw.Load())[from:to:to]
}

func (f *frame) isLeft(i uint32) bool { return f.left == nil || f.left[i] != gone }

// has reports whether a block is one of the frame's, and can be read from it.
func (f *frame) has(num uint64) bool {
	return holds(&f.row, num) && (f.isLeft(uint32(num-f.row.First)) || f.head.Lengths[num-f.row.First] == 0)
}

// isDecoded reports whether a block of the frame is decoded, and still there.
func (f *frame) isDecoded(num uint64) bool {
	raw := f.raw.Load()
	switch {
	case !f.has(num) || raw == nil:
		return false
	case f.left != nil:
		return true
	}
	return int(f.starts[num-f.row.First+1]) <= len(*raw)
}

// reload puts a frame that has a block in the place of a lighter one that has not.
func (a *Archive) reload(use *cached[uint64, *frame], num uint64) (*cached[uint64, *frame], error) {
	for !use.val.has(num) {
		f := use.val
		if !holds(&f.row, num) { // also where somebody else has loaded the other one meanwhile
			a.frames.release(use)
			return nil, blockDamage("index", f.row.Offset, num, "two frames begin with block %d", f.row.First)
		}
		f.spent.miss(f.head, f.row.First, num) // whoever loads it keeps the block
		a.excerpts.keep(f)
		a.frames.forget(use)
		var err error
		if use, err = a.useFrame(&f.row, num); err != nil {
			return nil, err
		}
	}
	return use, nil
}
