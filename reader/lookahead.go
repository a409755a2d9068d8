package reader

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// lookAhead is what a file knows of who reads it from front to back: how far its
// pieces have been looked at, for frames to be decoded and blocks to be checked
// before they are asked for. A file made of parts of many frames comes from several
// at a time.
type lookAhead struct {
	due atomic.Int64 // from this offset on more is looked at; or one of those below

	mu   sync.Mutex
	from int64 // where sequential reading began
	seen int64 // what is before it has been looked at

	short atomic.Bool // the cache was short of room then
}

// What due may be beside an offset.
const (
	anew     = 0             // from wherever it is read on
	now      = 1             // at the next piece
	never    = math.MaxInt64 // the end has been seen
	planning = never - 1     // when that which is under way is done
)

// forget is called when reading goes on elsewhere.
func (l *lookAhead) forget() {
	if l.due.Load() != anew {
		l.due.Store(anew)
	}
}

// hurry is called by a sequential reader for a read: where the cache has become short of
// room, what was looked at before is looked at again.
func (l *lookAhead) hurry(a *Archive) {
	if !l.short.Load() && a.frames.isShort() {
		if due := l.due.Load(); due != anew && due != planning {
			l.due.CompareAndSwap(due, now)
		}
	}
}

// near is how far from the last read, of which the length is n, the next one may be. The
// kernel has many under way for who reads on and on, and they come in any order.
func (l *lookAhead) near(n int64) int64 {
	if l.due.Load() == anew {
		return 2 * n
	}
	return max(2*n, aheadNear)
}

const (
	aheadPieces = 16384     // looked at in one go
	aheadFrames = 256       // that they are in
	aheadBytes  = 32 << 20  // looked at to begin with; with what has been read it grows
	aheadChunk  = 4 << 20   // of what is checked in one go
	aheadWhole  = 16        // 1 in so many of a frame, soon to be read, makes it worth decoding
	aheadNear   = 8 << 20   // so far from one another may be reads that are under way together
	shortShare  = 2         // of the cache, as 1 in so many, is looked at where it is short of room
	shortRest   = 8         // of that, as 1 in so many, is not yet read when more is looked at
	longFile    = 8         // a file of 1 in so many of the cache, or longer, is worth excerpts
	wholeStart  = 128 << 10 // who begins by reading so much of a file is going to read on
)

// lookAhead is called by a sequential reader for each piece and the offset that
// it reads from.
func (f *File) lookAhead(p *Piece, off uint64) {
	if p.Ref.Kind == format.RefRecipe {
		f.makeAhead(p, off)
	}
	due := f.ahead.due.Load()
	if int64(off) < due || p.Offset+int64(p.Ref.Span) == f.Size() || !f.ahead.due.CompareAndSwap(due, planning) {
		return
	}
	if due == anew || f.a.ahead.slots == 0 {
		f.plan(int64(off), due == anew)
		return
	}
	f.later(true, func() { f.plan(int64(off), false) })
}

// aheadFrame is a frame that a file is going to be read from.
type aheadFrame struct {
	row    *format.IndexFrame
	first  uint64 // the first block needed that is not there
	last   uint64 // the last block needed
	need   int64  // bytes of the blocks needed
	absent bool   // a block is not there
	blocks bitset // those needed

	excerpt bool // they alone are going to be kept
}

// plan looks at pieces behind an offset, has the frames that they are in decoded
// and the blocks checked. To begin with it decodes the frame at the offset itself as
// far as it will be read: that is what the reader waits for. Where the cache is short of
// room it looks as far as there is room for what is read, which includes parts that are
// under way before the offset, and has excerpts made of frames.
func (f *File) plan(off int64, begin bool) {
	a, l := f.a, &f.ahead
	l.mu.Lock()
	if begin || off > l.seen {
		l.from, l.seen = off, off
	}
	start := l.seen
	size := min(aheadBytes+2*(off-l.from), a.opts.CacheBytes/aheadShare)
	frames, end := f.framesOf(start, start, size)
	due := off + (end-off)/2

	short := a.frames.isShort()
	l.short.Store(short)
	if short {
		size = min(aheadBytes/8+4*(off-l.from), a.opts.CacheBytes/shortShare)
		frames, end = f.framesOf(max(off-min(aheadNear, size/shortRest), l.from), start, size)
		due = end - (end-off)/shortRest
		if f.Size() >= a.opts.CacheBytes/longFile {
			a.chooseExcerpts(frames)
		}
	}
	l.seen = end
	if due = max(due, off+1); end >= f.Size() {
		due = never
	}
	l.due.CompareAndSwap(planning, due) // unless reading has gone elsewhere
	l.mu.Unlock()

	if short {
		a.excerpts.want(frames)
	}
	for i := range frames {
		t := &frames[i]
		if end < f.Size() && t.need >= int64(t.row.RawLen)/aheadWhole {
			t.last = t.row.First + uint64(t.row.Count) - 1
		}
		if i > 0 || start > off {
			// A failure is met again on reading.
			f.later(true, func() { _ = a.loadAhead(t) })
		}
	}
	for at := start; at < end; at += aheadChunk {
		f.later(false, func() { f.checkAhead(at, min(at+aheadChunk, end)) })
	}
	switch {
	case a.ahead.slots == 0:
		for i := range frames {
			_ = a.decodeTo(frames[i].row, frames[i].first, frames[i].last)
		}
	case begin && len(frames) > 0:
		_ = a.decodeTo(frames[0].row, frames[0].first, frames[0].last)
	}
}

// later is that of readAhead, unless reading has gone elsewhere meanwhile.
func (f *File) later(urgent bool, do func()) {
	f.a.ahead.later(urgent, func() {
		if f.ahead.due.Load() != anew {
			do()
		}
	})
}

// loadAhead loads a frame, or an excerpt of it.
func (a *Archive) loadAhead(t *aheadFrame) error {
	if !t.excerpt {
		return a.decodeAhead(t.row, t.first, t.last)
	}
	use, err := a.useFrameOf(t.row, t.first)
	if err == nil {
		a.frames.release(use)
	}
	return err
}

// framesOf gives the frames that have to be decoded for the pieces from an offset on, in
// the order of need, and where the first piece begins that it has not looked at: so many
// bytes behind start, or earlier.
func (f *File) framesOf(from, start, size int64) (frames []aheadFrame, end int64) {
	end = start
	left, i := aheadPieces, -1
	for p, err := range f.Pieces(from) {
		if left--; err != nil || left < 0 || p.Offset >= start+size {
			break
		}
		if p.Ref.Kind == format.RefBlock {
			if i < 0 || !holds(frames[i].row, p.Ref.Num) {
				row, err := f.a.frameOf(p.Ref.Num)
				if err != nil || row.Kind != format.FrameData {
					break // reading will tell
				}
				i = slices.IndexFunc(frames, func(t aheadFrame) bool { return t.row.First == row.First })
				if i >= 0 && !holds(frames[i].row, p.Ref.Num) {
					break // two rows begin with one block: reading will tell
				}
				if i < 0 {
					if i = len(frames); i == aheadFrames {
						break
					}
					frames = append(frames, aheadFrame{row: row, blocks: newBits(int(row.Count))})
				}
			}
			frames[i].add(f.a, &p.Ref)
		}
		end = max(end, min(p.Offset+int64(p.Ref.Span), start+size)) // a hole may be of any length
	}
	return slices.DeleteFunc(frames, func(t aheadFrame) bool { return !t.absent }), end
}

// add notes that a block is needed.
func (t *aheadFrame) add(a *Archive, ref *format.Ref) {
	if t.row.Codec == codec.Stored { // its blocks are read one by one
		return
	}
	had, ok := a.frames.peek(t.row.First)
	if !ok || !had.isDecoded(ref.Num) {
		if !t.absent {
			t.first, t.absent = ref.Num, true
		}
	} else if had.left == nil {
		return
	}
	if t.blocks.set(uint32(ref.Num - t.row.First)) {
		t.last = max(t.last, ref.Num)
		t.need += int64(ref.Span)
	}
}

// checkAhead holds the blocks of a range against their hashes, but for those that
// the reader has come to.
func (f *File) checkAhead(from, to int64) {
	h := hold{a: f.a}
	defer h.release()
	c := cursor{f: f}
	for from = max(from, f.last.Load()); from < to; from = max(from, f.last.Load()) {
		p, err := c.piece(uint64(from))
		if err != nil || f.a.frames.isShort() || f.a.ahead.isClosed() {
			return
		}
		from = p.Offset + int64(p.Ref.Span)
		if p.Ref.Kind == format.RefBlock {
			// A failure is met again on reading.
			if _, err := h.block(p.Ref.Num, &p.Ref.Hash); err != nil {
				return
			}
		}
	}
}
