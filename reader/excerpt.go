package reader

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/vtdarchive/vtd/format/codec"
)

// excerpts knows which blocks of frames are going to be read soon where there is no room
// for the frames: who loads one of them keeps these blocks of it alone. A file that is
// made of parts of many frames, as are several versions in one, needs some of each frame
// in every stretch of it: without excerpts each of these would be decoded whole, and
// drive out others, for a few blocks.
type excerpts struct {
	mu sync.Mutex
	of map[uint64]bitset // by the first block of a frame
}

// maxExcerpts bounds for how many frames blocks are known: who wanted those of others
// may have gone.
const maxExcerpts = aheadFrames

// chooseExcerpts picks those of which there is going to be an excerpt: all that there is
// no room for as a whole, rather those of which little is needed.
func (a *Archive) chooseExcerpts(frames []aheadFrame) {
	room := a.frames.room()
	byNeed := make([]*aheadFrame, len(frames))
	for i := range frames {
		byNeed[i] = &frames[i]
		room -= frames[i].need
	}
	slices.SortStableFunc(byNeed, func(x, y *aheadFrame) int { return cmp.Compare(y.need, x.need) })
	for _, t := range byNeed {
		rest := int64(t.row.RawLen) - t.need
		if t.excerpt = rest > room; !t.excerpt {
			room -= rest
		}
	}
}

// want notes which blocks of frames are needed.
func (x *excerpts) want(frames []aheadFrame) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.of == nil {
		x.of = make(map[uint64]bitset)
	}
	for first := range x.of {
		if len(x.of)+len(frames) <= maxExcerpts {
			break
		}
		delete(x.of, first)
	}
	for i := range frames {
		if t := &frames[i]; t.excerpt {
			x.of[t.row.First] = t.blocks
		}
	}
}

// take gives the blocks of a frame that are wanted, if block i is one of them. Then they
// are not wanted any more.
func (x *excerpts) take(first uint64, i uint32) bitset {
	x.mu.Lock()
	defer x.mu.Unlock()
	blocks := x.of[first]
	if blocks == nil || int(i/64) >= len(blocks) || !blocks.has(i) {
		return nil
	}
	delete(x.of, first)
	return blocks
}

// keep wants those blocks of an excerpt that nobody has read yet: it has to make room, or
// is going to be loaded again, for other blocks.
func (x *excerpts) keep(f *frame) {
	if f.read == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	blocks := x.of[f.row.First]
	if len(blocks) != len(f.read) {
		if len(x.of) >= maxExcerpts {
			return
		}
		blocks = newBits(len(f.left))
		x.of[f.row.First] = blocks
	}
	for i := range f.left {
		if i := uint32(i); f.isLeft(i) && !f.read.has(i) {
			blocks.set(i)
		}
	}
}

// loadExcerpt loads those blocks of a frame that are wanted of it, if the one that it is
// loaded for is one of them; otherwise, and where it has damage, it gives nil.
func (a *Archive) loadExcerpt(f *frame, stored []byte, num uint64) *frame {
	blocks := a.excerpts.take(f.row.First, uint32(num-f.row.First))
	if blocks == nil || len(blocks) != len(f.good) { // the index may tell another number
		return nil
	}
	l := a.loadPart(f, stored, math.MaxInt64, blocks.has) // it has nothing to spare
	if l != nil {
		l.read = newBits(len(f.head.Lengths))
	}
	return l
}

// loadPart decodes a frame past the cache and gives what is to be kept of it; where it
// has damage, nil.
func (a *Archive) loadPart(f *frame, stored []byte, leftOut int64, keep func(i uint32) bool) *frame {
	a.aside <- struct{}{}
	defer func() { <-a.aside }()
	room, _ := a.scratch.Get().(*[]byte)
	if room == nil || cap(*room) < int(f.row.RawLen) {
		b := newLarge(int(f.row.RawLen))
		room = &b
	}
	defer a.scratch.Put(room)
	raw, err := codec.Decode(*room, f.row.Codec, stored, int(f.row.RawLen))
	if err != nil {
		return nil
	}
	f.raw.Store(&raw)
	defer f.raw.Store(nil)
	return f.only(leftOut, keep)
}
