package export

import (
	"context"
	"io"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

const (
	// wholeFile is how large a file may be to be read before it is written.
	wholeFile = 8 << 20
	// readAhead bounds the bytes of such files in memory.
	readAhead = 64 << 20
	// queued bounds the entries that wait to be written.
	queued = 4096
)

// item is an entry on its way.
type item struct {
	path    string
	e       format.Entry
	content *content // of a file
	err     error    // about what the walk could not read
	memory  int64
}

// content is the content of a file: in memory if the file is not large.
type content struct {
	f    *reader.File
	b    []byte
	done chan struct{} // nil of a large file
	err  error
}

// wait waits until a content that is read ahead is there.
func (c *content) wait() error {
	if c.done == nil {
		return nil
	}
	<-c.done
	return c.err
}

// writeTo writes a part of the content. failed is about the content, err about
// the writer; n bytes were written before.
func (c *content) writeTo(w io.Writer, off, length int64) (n int64, failed, err error) {
	if c.b != nil {
		k, err := w.Write(c.b[off : off+length])
		return int64(k), nil, err
	}
	mark := &markWriter{w: w}
	n, err = io.CopyN(mark, io.NewSectionReader(c.f, off, length), length)
	if err != nil && mark.err == nil {
		return n, err, nil
	}
	return n, nil, err
}

// markWriter tells errors of the writer from those of the reader.
type markWriter struct {
	w   io.Writer
	err error
}

func (m *markWriter) Write(p []byte) (n int, err error) {
	n, m.err = m.w.Write(p)
	return n, m.err
}

// reading walks the tree and reads files ahead.
type reading struct {
	queue  chan *item
	ctx    context.Context
	cancel context.CancelFunc
	memory *semaphore.Weighted
	jobs   chan *content
	all    sync.WaitGroup
}

func newReading(ctx context.Context, x *exporter) *reading {
	r := &reading{queue: make(chan *item, queued), memory: semaphore.NewWeighted(readAhead), jobs: make(chan *content, queued)}
	r.ctx, r.cancel = context.WithCancel(ctx)
	workers := x.o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range workers {
		r.all.Go(func() {
			for c := range r.jobs {
				c.read(r.ctx)
			}
		})
	}
	r.all.Go(func() {
		defer close(r.queue)
		defer close(r.jobs)
		err := x.walk(func(path string, e *format.Entry, err error) error { return r.add(x, path, e, err) })
		if err != nil {
			r.put(&item{err: err})
		}
	})
	return r
}

// add queues an entry, and its content to be read.
func (r *reading) add(x *exporter, path string, e *format.Entry, err error) error {
	if err != nil {
		return r.put(&item{path: path, err: err})
	}
	it := &item{path: path, e: *e}
	if e.Kind == format.KindFile {
		f, err := x.a.ContentOf(&it.e, path)
		if err != nil {
			return err
		}
		it.content = &content{f: f}
		if e.Size <= wholeFile && e.Ref.Kind != format.RefRun {
			if err := r.memory.Acquire(r.ctx, int64(e.Size)); err != nil {
				return err
			}
			it.memory = int64(e.Size)
			it.content.done = make(chan struct{})
			r.jobs <- it.content // there is a place for each that is queued
		}
	}
	return r.put(it)
}

func (r *reading) put(it *item) error {
	select {
	case r.queue <- it:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// free gives back the memory of an entry that has been written.
func (r *reading) free(it *item) {
	it.content = nil
	r.memory.Release(it.memory)
}

// stop ends the goroutines.
func (r *reading) stop() {
	r.cancel()
	r.all.Wait()
}

func (c *content) read(ctx context.Context) {
	defer close(c.done)
	if c.err = ctx.Err(); c.err != nil {
		return
	}
	b := make([]byte, c.f.Size())
	if n, err := c.f.ReadAt(b, 0); n < len(b) {
		c.err = err
		return
	}
	c.b = b
}
