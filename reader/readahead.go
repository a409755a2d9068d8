package reader

import (
	"sync"
	"sync/atomic"

	"github.com/vtdarchive/vtd/format"
)

// readAhead decodes the frame after the one being read, on another core, when
// frames are read in the order in which they lie.
type readAhead struct {
	recent atomic.Pointer[format.IndexFrame] // row last found
	last   atomic.Pointer[format.IndexFrame] // data frame last read from

	slots int // frames decoded ahead at a time

	mu     sync.Mutex
	busy   int
	urgent []func() // what waits for a slot
	queue  []func() // what waits until nothing urgent does
	bytes  int64    // raw length of the frames being decoded
	closed bool
	wg     sync.WaitGroup
}

// touch tells that a data frame is read from. Coming from the frame just
// before it means that the next will be wanted, too.
func (r *readAhead) touch(a *Archive, row *format.IndexFrame) {
	last := r.last.Load()
	if last != nil && last.First == row.First {
		return
	}
	r.last.Store(row)
	if last != nil && last.First+uint64(last.Count) == row.First {
		r.start(a, row.First+uint64(row.Count))
	}
}

// start begins to decode the frame that holds a block, unless it is there,
// others have the slots, or it would take too much of the cache.
func (r *readAhead) start(a *Archive, num uint64) {
	if num < a.Blocks() {
		// A failure is met again by whoever needs the frame.
		r.run(func() { _ = a.decodeWhole(num) })
	}
}

// run does something on another processor, and reports whether it does: not if
// others have the slots.
func (r *readAhead) run(do func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.busy >= r.slots {
		return false
	}
	r.work(do)
	return true
}

// maxQueued bounds what waits for a slot.
const maxQueued = 256

// later is run that waits for a slot, behind what is as urgent. What is too much is
// left out.
func (r *readAhead) later(urgent bool, do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	queue := &r.queue
	if urgent {
		queue = &r.urgent
	}
	switch {
	case r.closed || r.slots == 0:
	case r.busy < r.slots:
		r.work(do)
	case len(*queue) < maxQueued:
		*queue = append(*queue, do)
	}
}

// work takes a slot for something, and for what waits until nothing does.
func (r *readAhead) work(do func()) {
	r.busy++
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		for do != nil {
			do()
			do = r.next()
		}
	}()
}

// next gives what has waited longest, or frees the slot.
func (r *readAhead) next() (do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, queue := range []*[]func(){&r.urgent, &r.queue} {
		if q := *queue; len(q) > 0 {
			do, q[0], *queue = q[0], nil, q[1:]
			return do
		}
	}
	r.busy--
	return nil
}

// wait ends read-ahead and waits for what is under way.
func (r *readAhead) wait() {
	r.mu.Lock()
	r.closed, r.urgent, r.queue = true, nil, nil
	r.mu.Unlock()
	r.wg.Wait()
}

// aheadShare is the part of the cache that what is decoded ahead may take, or
// further than it is needed.
const aheadShare = 2

// decodeWhole puts the frame of a data block into the cache, decoded to its
// end, unless the cache is short of room.
func (a *Archive) decodeWhole(num uint64) error {
	row, err := a.searchRow(num)
	if err != nil || a.frames.has(row.First) {
		return err
	}
	return a.decodeAhead(row, num, row.First+uint64(row.Count)-1)
}

// decodeAhead is decodeTo unless the cache is short of room.
func (a *Archive) decodeAhead(row *format.IndexFrame, first, last uint64) error {
	if a.frames.isShort() || !a.ahead.take(int64(row.RawLen), a.opts.CacheBytes/aheadShare) {
		return nil
	}
	defer a.ahead.take(-int64(row.RawLen), a.opts.CacheBytes/aheadShare)
	return a.decodeTo(row, first, last)
}

// take counts the raw bytes of a frame among those being decoded ahead, unless
// that makes more than limit: they would drive out of the cache what is used.
func (r *readAhead) take(n, limit int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n > 0 && r.bytes+n > limit {
		return false
	}
	r.bytes += n
	return true
}

// decodeTo decodes a data frame at once from a block that is needed to another, which
// is faster than block by block, unless the frame takes too much of the cache.
func (a *Archive) decodeTo(row *format.IndexFrame, first, last uint64) error {
	if row.Kind != format.FrameData || int64(row.RawLen) > a.opts.CacheBytes/aheadShare || a.frames.isShort() {
		return nil
	}
	use, err := a.useFrameOf(row, first)
	if err != nil {
		return err
	}
	defer a.frames.release(use)
	f := use.val
	if f.blocks != nil || f.left != nil || !holds(&f.row, last) { // there is nothing to decode
		return nil
	}
	_, grown, err := f.bytes(0, f.starts[last-f.row.First+1])
	if grown {
		a.recost(use)
	}
	return err
}

// recost tells the cache what a frame holds now.
func (a *Archive) recost(use *cached[uint64, *frame]) {
	use.val.mu.Lock()
	defer use.val.mu.Unlock()
	a.frames.recost(use, use.val.cost())
}

// isClosed reports whether the archive is being closed.
func (r *readAhead) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}
