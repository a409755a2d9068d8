package reader

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vtdarchive/vtd/format"
)

// lookAhead is what a file knows of who reads it from front to back: how far its
// pieces have been looked at, for frames to be decoded and blocks to be checked
// before they are asked for. A file made of parts of many frames comes from several
// at a time.
type lookAhead struct {
	due atomic.Int64 // from this offset on more is looked at; 0 begins anew, planning is under way

	mu   sync.Mutex
	from int64 // where sequential reading began
	seen int64 // what is before it has been looked at
}

// forget is called when reading goes on elsewhere.
func (l *lookAhead) forget() {
	if l.due.Load() != 0 {
		l.due.Store(0)
	}
}

const (
	aheadPieces = 4096     // looked at in one go
	aheadFrames = 64       // that they are in
	aheadBytes  = 16 << 20 // looked at to begin with; with what has been read it grows
	aheadChunk  = 4 << 20  // of what is checked in one go
	aheadWhole  = 16       // 1 in so many of a frame, soon to be read, makes it worth decoding
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
	if due == 0 || f.a.ahead.slots == 0 {
		f.plan(int64(off), due == 0)
		return
	}
	f.a.ahead.later(true, func() { f.plan(int64(off), false) })
}

// planning is where more is looked at while that is being done.
const planning = math.MaxInt64

// aheadFrame is a frame that a file is going to be read from.
type aheadFrame struct {
	row   *format.IndexFrame
	first uint64 // the first block needed that is not there
	last  uint64 // the last one
	need  int64  // bytes
}

// plan looks at pieces behind an offset, has the frames that they are in decoded
// and the blocks checked. To begin with it decodes the frame at the offset itself as
// far as it will be read: that is what the reader waits for.
func (f *File) plan(off int64, begin bool) {
	a, l := f.a, &f.ahead
	l.mu.Lock()
	if begin || off > l.seen {
		l.from, l.seen = off, off
	}
	start := l.seen
	size := min(aheadBytes+2*(off-l.from), a.opts.CacheBytes/aheadShare)
	frames, end := f.framesOf(start, size)
	l.seen = end
	due := int64(planning) // never
	if end < f.Size() {
		due = max(off+(end-off)/2, off+1)
	}
	l.due.CompareAndSwap(planning, due) // unless reading has gone elsewhere
	l.mu.Unlock()

	for i := range frames {
		t := &frames[i]
		if end < f.Size() && t.need >= int64(t.row.RawLen)/aheadWhole {
			t.last = t.row.First + uint64(t.row.Count) - 1
		}
		if i > 0 || start > off {
			// A failure is met again on reading.
			a.ahead.later(true, func() { _ = a.decodeAhead(t.row, t.first, t.last) })
		}
	}
	for at := start; at < end; at += aheadChunk {
		a.ahead.later(false, func() { f.checkAhead(at, min(at+aheadChunk, end)) })
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

// framesOf gives the frames that pieces from start on are in and that have to be
// decoded for them, in the order of need, and where the first piece begins that it has
// not looked at: after a number of bytes, or so much that the cache would have to make
// room.
func (f *File) framesOf(start, size int64) (frames []aheadFrame, end int64) {
	end = start
	left, room := aheadPieces, f.a.opts.CacheBytes/2
	var row *format.IndexFrame
	for p, err := range f.Pieces(start) {
		if left--; err != nil || left < 0 || p.Offset >= start+size {
			break
		}
		if p.Ref.Kind != format.RefBlock {
			end = p.Offset + int64(p.Ref.Span)
			continue
		}
		if row == nil || !holds(row, p.Ref.Num) {
			if row, err = f.a.frameOf(p.Ref.Num); err != nil || row.Kind != format.FrameData {
				break // reading will tell
			}
		}
		i := slices.IndexFunc(frames, func(t aheadFrame) bool { return t.row.First == row.First })
		if i < 0 {
			if had, ok := f.a.frames.peek(row.First); ok && had.isDecoded(p.Ref.Num) {
				end = p.Offset + int64(p.Ref.Span)
				continue
			}
			if room -= int64(row.RawLen); len(frames) == aheadFrames || room < 0 && len(frames) > 0 {
				break
			}
			i = len(frames)
			frames = append(frames, aheadFrame{row: row, first: p.Ref.Num})
		}
		t := &frames[i]
		t.last = max(t.last, p.Ref.Num)
		t.need += int64(p.Ref.Span)
		end = p.Offset + int64(p.Ref.Span)
	}
	return frames, end
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
