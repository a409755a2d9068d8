package extract

import (
	"context"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Archive restores a tree of an archive below a directory, which must exist.
// Only frames that hold something selected are decoded, each once, in the
// order of the file but for those of which the walk sees early that they are
// wanted. For damage and errors see [Stream].
//
// Frames go past the archive's cache.
func Archive(ctx context.Context, a *reader.Archive, t *reader.Tree, target string, o Options) (*Result, error) {
	e, err := newEngine(ctx, target, o)
	if err != nil {
		return &Result{}, err
	}
	if o.Damaged {
		e.save = func() { e.saveWrecks(a) }
	}
	f := newFetcher(e, a)
	defer f.close()
	p := newPlanner(e)
	if !a.Planned() { // else it costs journeys of its own
		p.sees = f.sees
	}
	err = p.plan(archiveTree{t, a})
	if err == nil {
		err = f.frames()
	}
	if err != nil {
		e.cancel(err)
	}
	return e.finish(nil)
}

const (
	// frameMemory bounds the stored and decoded bytes of frames on the way.
	frameMemory = 160 << 20
	// framesAhead bounds how many frames, decoded or being decoded, wait for
	// the workers: more than the memory has room for, but for tiny ones.
	framesAhead = 64
)

// fetcher decodes the frames of an archive ahead of the workers.
type fetcher struct {
	*engine
	a       *reader.Archive
	memory  *semaphore.Weighted
	bufs    *reader.Buffers
	jobs    chan func()
	running sync.WaitGroup

	// While the tree is walked: frames that are certain to be wanted.
	early []*fetched
	next  format.IndexFrame // the one after them, if Count is not 0
	seen  uint64            // bytes of it that files are made of, counted as often as they are
}

// fetched is a frame on its way through the goroutine that decodes it.
type fetched struct {
	row    format.IndexFrame
	all    bool  // decode all of it: the references are not known yet
	lo, hi int   // references to its blocks
	stored int64 // memory it takes until it is decoded
	raw    int64 // and until it is written

	read  chan struct{} // closed when frame or lost is set
	frame *reader.Frame // nil when it is lost
	lost  error

	done   chan struct{} // closed when blocks is set
	blocks *blocks
}

func newFetcher(e *engine, a *reader.Archive) *fetcher {
	f := &fetcher{engine: e, a: a, memory: semaphore.NewWeighted(frameMemory), bufs: reader.NewBuffers(frameMemory), jobs: make(chan func(), framesAhead)}
	for range runtime.GOMAXPROCS(0) {
		f.running.Go(func() {
			for do := range f.jobs {
				do()
			}
		})
	}
	f.step(0)
	return f
}

// close ends the goroutines; nobody waits for frames any more.
func (f *fetcher) close() {
	close(f.jobs)
	f.running.Wait()
}

// step looks for the first data frame from a block on.
func (f *fetcher) step(num uint64) {
	f.next, f.seen = format.IndexFrame{}, 0
	for num < f.a.Blocks() {
		row, err := f.a.SoundRow(num)
		if err != nil {
			return // for whom it may concern later
		}
		if row.Kind == format.FrameData {
			if row.First == num { // else frames overlap
				f.next = row
			}
			return
		}
		num = row.First + uint64(row.Count)
	}
}

// earlyPart is the part of a frame, as 1 in so many, that is worth decoding
// the whole.
const earlyPart = 8

// sees is told of each reference while the tree is walked. That takes one
// processor: others may begin to decode.
func (f *fetcher) sees(num, span uint64) {
	n := &f.next
	if num-n.First >= uint64(n.Count) {
		return
	}
	if f.seen += span; f.seen < uint64(n.RawLen)/earlyPart {
		return
	}
	j := f.job(*n)
	if !f.memory.TryAcquire(j.stored + j.raw) {
		f.next.Count = 0
		return
	}
	j.all = true
	f.early = append(f.early, j)
	f.jobs <- func() { f.read(j) }
	if len(f.early) == framesAhead/2 {
		f.next.Count = 0
		return
	}
	f.step(n.First + uint64(n.Count))
}

func (f *fetcher) job(row format.IndexFrame) *fetched {
	j := &fetched{row: row, read: make(chan struct{}), done: make(chan struct{})}
	j.stored, j.raw = reader.FrameCost(&row)
	j.raw = min(j.raw, frameMemory)
	j.stored = min(j.stored, frameMemory-j.raw)
	return j
}

// wanted gives the rows of the frames that are needed.
func (f *fetcher) wanted(yield func(format.IndexFrame) bool) {
	for lo := 0; lo < len(f.refs); {
		num := f.refs[lo].num
		row, err := f.a.FrameOf(num)
		if err == nil && !yield(row) {
			return
		}
		_, lo = refsOf(f.refs, num, max(row.First+uint64(row.Count), num+1))
	}
}

// frames gets all frames that are needed to the workers.
func (f *fetcher) frames() error {
	f.a.WillRead(f.wanted)
	ahead := make(chan *fetched, framesAhead)
	go func() {
		defer close(ahead)
		for _, j := range f.early {
			j.lo, j.hi = refsOf(f.refs, j.row.First, j.row.First+uint64(j.row.Count))
			if !f.send(ahead, j, func() { f.check(j) }) {
				return
			}
		}
		for lo := 0; lo < len(f.refs); {
			j := f.nextFrame(&lo)
			if j == nil {
				continue
			}
			if f.memory.Acquire(f.ctx, j.stored+j.raw) != nil || !f.send(ahead, j, func() { f.read(j); f.check(j) }) {
				return
			}
		}
	}()
	for j := range ahead {
		<-j.done
		free := func() {
			if j.frame != nil {
				j.frame.Release()
			}
			f.memory.Release(j.raw)
		}
		f.post(job{blocks: j.blocks, lo: j.lo, hi: j.hi, free: free})
	}
	return context.Cause(f.ctx)
}

// send queues a frame and what is to be done for it; false when nobody waits
// any longer.
func (f *fetcher) send(ahead chan *fetched, j *fetched, do func()) bool {
	select {
	case ahead <- j:
	case <-f.ctx.Done():
		return false
	}
	f.jobs <- do
	return true
}

// nextFrame finds the frame of reference lo and moves lo behind the last that
// needs it; nil for one that is on its way. Each reference is in one frame,
// whatever rows say.
func (f *fetcher) nextFrame(lo *int) *fetched {
	num, limit := f.refs[*lo].num, len(f.refs)
	for _, e := range f.early {
		if e.lo <= *lo && *lo < e.hi {
			*lo = e.hi
			return nil
		}
		if *lo < e.lo {
			limit = min(limit, e.lo)
		}
	}
	row, err := f.a.SoundRow(num)
	if row.Count == 0 {
		row.First, row.Count = num, 1 // its neighbours may have a frame
	}
	j := f.job(row)
	if err != nil {
		j.lost, j.stored, j.raw = err, 0, 0
	}
	_, hi := refsOf(f.refs, num, row.First+uint64(row.Count))
	j.lo, j.hi = *lo, min(hi, limit)
	*lo = j.hi
	return j
}

// read decodes a frame.
func (f *fetcher) read(j *fetched) {
	defer close(j.read)
	first, end := j.row.First, j.row.First+uint64(j.row.Count)
	if !j.all && j.lo < j.hi {
		first, end = f.refs[j.lo].num, f.refs[j.hi-1].num+1
	}
	if j.lost == nil && f.ctx.Err() == nil {
		j.frame, j.lost = f.a.ReadFrame(j.row, first, end, f.bufs)
	}
	f.memory.Release(j.stored)
}

// check takes a frame apart into the blocks that are wanted, each held against
// its hash.
func (f *fetcher) check(j *fetched) {
	defer close(j.done)
	<-j.read
	j.blocks = &blocks{first: j.row.First, lost: j.lost}
	if j.frame == nil {
		return
	}
	j.blocks.data, j.blocks.errs = make([][]byte, j.row.Count), make(map[uint64]error)
	last := j.row.First - 1
	for _, r := range f.refs[j.lo:j.hi] {
		if r.num == last {
			continue
		}
		last = r.num
		b, err := j.frame.Block(r.num)
		if err != nil {
			j.blocks.errs[r.num] = err
			continue
		}
		j.blocks.data[r.num-j.row.First] = b
	}
}
