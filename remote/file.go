package remote

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/vtdarchive/vtd/reader"
)

// File is a file on a server. It is a reader.Source and safe for concurrent
// use.
type File struct {
	c      *client
	cancel context.CancelCauseFunc
	is     version

	mu    sync.Mutex
	pages map[int64]*page // those that are there or arriving
	bound int             // how many of them are kept
	clock uint64
	runs  []run
	last  run // the last request made without a plan
}

// page is a piece of the file. done is closed when b or err is set.
type page struct {
	b    []byte
	err  error
	done chan struct{}
	used uint64 // by clock, when last
}

// Size is the length of the file in bytes.
func (f *File) Size() int64 { return f.is.size }

// Requests is how many requests were made so far.
func (f *File) Requests() int64 { return f.c.requests.Load() }

// Close ends what is under way. Reads after it fail with fs.ErrClosed.
func (f *File) Close() error {
	f.cancel(fs.ErrClosed)
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.pages)
	f.c.http.CloseIdleConnections()
	return nil
}

// WillRead says what is going to be read, instead of what was said before.
// Nothing is fetched until some of it is.
func (f *File) WillRead(ranges []reader.Range) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs = plan(ranges, f.is.size)
}

// ReadAt reads from the file. Errors do not name it.
func (f *File) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off > f.is.size {
		return 0, io.EOF
	}
	want := b[:min(int64(len(b)), f.is.size-off)]
	n := 0
	// So many pages at a time that they are not dropped before they are copied.
	for n < len(want) {
		at := off + int64(n)
		k := min(len(want)-n, maxGrown)
		got, err := f.readPages(want[n:n+k], at)
		if n += got; err != nil {
			return n, err
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *File) readPages(b []byte, off int64) (n int, err error) {
	for _, p := range f.need(off/pageSize, (off+int64(len(b))-1)/pageSize+1) {
		select {
		case <-p.done:
		case <-f.c.ctx.Done():
			return n, context.Cause(f.c.ctx)
		}
		if p.err != nil {
			return n, p.err
		}
		at := off + int64(n)
		n += copy(b[n:], p.b[at%pageSize:])
	}
	return n, nil
}

// need gives pages, which are there or arriving.
func (f *File) need(first, end int64) []*page {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clock++
	for i := first; i < end; i++ {
		if f.pages[i] != nil {
			f.readOn(i)
			continue
		}
		stop := i + 1
		for stop < end && f.pages[stop] == nil {
			stop++
		}
		f.start(f.runFor(run{i, stop}))
	}
	out := make([]*page, 0, end-first)
	for i := first; i < end; i++ {
		p := f.pages[i]
		if p == nil { // a run that was planned ends before it
			f.start(run{i, i + 1})
			p = f.pages[i]
		}
		p.used = f.clock
		out = append(out, p)
	}
	f.drop()
	return out
}

// runFor widens a run: to what is planned, or when what came before it was
// asked for last.
func (f *File) runFor(r run) run {
	if i := planned(f.runs, r.first); i >= 0 {
		f.ahead(i)
		return run{r.first, max(f.runs[i].end, r.end)}
	}
	if r.first == f.last.end {
		r.end = max(r.end, r.first+min(2*(f.last.end-f.last.first), maxGrown/pageSize))
	}
	r.end = min(r.end, (f.is.size+pageSize-1)/pageSize)
	f.last = r
	return r
}

// readOn has the next planned requests made when a page of one is read.
func (f *File) readOn(i int64) {
	if k := planned(f.runs, i); k >= 0 {
		f.ahead(k)
	}
}

func (f *File) ahead(k int) {
	for _, r := range f.runs[min(k+1, len(f.runs)):min(k+1+runsAhead, len(f.runs))] {
		f.start(r)
	}
}

// start fetches those pages of a run that are not there.
func (f *File) start(r run) {
	for i := r.first; i < r.end; {
		if f.pages[i] != nil {
			i++
			continue
		}
		var got []*page
		first := i
		for ; i < r.end && f.pages[i] == nil; i++ {
			p := &page{done: make(chan struct{}), used: f.clock}
			f.pages[i] = p
			got = append(got, p)
		}
		go f.fetch(first, got)
	}
}

// drop lets go of the pages that were used longest ago.
func (f *File) drop() {
	for len(f.pages) > f.bound {
		oldest, at := ^uint64(0), int64(-1)
		for i, p := range f.pages {
			select {
			case <-p.done:
				if p.used < oldest || p.used == oldest && i < at {
					oldest, at = p.used, i
				}
			default:
			}
		}
		if at < 0 || oldest == f.clock {
			return // all that is left is arriving, or wanted now
		}
		for i, p := range f.pages {
			if p.used == oldest {
				select {
				case <-p.done:
					delete(f.pages, i)
				default:
				}
			}
		}
	}
}

// fetch gets pages that lie together, each as soon as it has arrived.
func (f *File) fetch(first int64, pages []*page) {
	try := attempts{c: f.c}
	for len(pages) > 0 {
		n, err := f.fetchSome(first, pages)
		first, pages = first+int64(n), pages[n:]
		if err == nil {
			continue
		}
		if err = try.again(err, n > 0); err == nil {
			continue
		}
		if cause := context.Cause(f.c.ctx); cause != nil {
			err = cause
		}
		f.mu.Lock()
		for i, p := range pages {
			p.err = err
			if f.pages[first+int64(i)] == p {
				delete(f.pages, first+int64(i)) // a read tried again asks again
			}
			close(p.done)
		}
		f.mu.Unlock()
		return
	}
}

// fetchSome makes one request; it gives how many pages arrived.
func (f *File) fetchSome(first int64, pages []*page) (n int, err error) {
	off := first * pageSize
	end := min(off+int64(len(pages))*pageSize, f.is.size)
	a, err := f.c.request(fmt.Sprintf("bytes=%d-%d", off, end-1), &f.is)
	if err != nil {
		return 0, err
	}
	defer a.close()
	if a.off != off || a.off+a.n > end {
		return 0, fmt.Errorf("%w: asked for %d to %d, it answers with %d bytes from %d", ErrNoRanges, off, end-1, a.n, a.off)
	}
	for n < len(pages) {
		b := make([]byte, min(pageSize, end-off))
		if a.n < off-a.off+int64(len(b)) { // a server may answer with less
			if n == 0 {
				return n, &passing{err: io.ErrUnexpectedEOF}
			}
			return n, nil
		}
		if _, err := a.read(b, f.c.o.Stall); err != nil {
			return n, err
		}
		pages[n].b = b
		close(pages[n].done)
		off += int64(len(b))
		n++
	}
	return n, nil
}
