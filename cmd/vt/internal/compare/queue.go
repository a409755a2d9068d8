package compare

import (
	"context"
	"io"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
)

// queued is what is found of one entry, once done is closed.
type queued struct {
	diffs []Difference
	done  chan struct{}
}

// hashing is a file whose content is to be hashed.
type hashing struct {
	fd   int
	size int64
	want format.Hash
	id   format.HashID
	path string
	into *queued
}

// queue hashes files on several goroutines and gives differences in the order
// in which entries were put in.
type queue struct {
	ctx     context.Context
	o       *Options
	order   chan *queued
	jobs    chan hashing
	workers sync.WaitGroup
	given   chan struct{}
}

// ahead bounds the entries between the walk and the caller, and with that the
// open files.
const ahead = 64

func newQueue(ctx context.Context, o *Options) *queue {
	q := &queue{ctx: ctx, o: o, order: make(chan *queued, ahead), jobs: make(chan hashing), given: make(chan struct{})}
	for range o.Threads {
		q.workers.Go(q.work)
	}
	go func() {
		defer close(q.given)
		for r := range q.order {
			<-r.done
			for _, d := range r.diffs {
				o.Differ(d)
			}
		}
	}()
	return q
}

// put queues what is known already.
func (q *queue) put(diffs ...Difference) {
	if len(diffs) == 0 {
		return
	}
	done := make(chan struct{})
	close(done)
	q.order <- &queued{diffs, done}
}

// hash queues what is known, to be completed by what hashing finds.
func (q *queue) hash(h hashing, diffs []Difference) {
	h.into = &queued{diffs, make(chan struct{})}
	q.order <- h.into
	q.jobs <- h
}

func (q *queue) finish() {
	close(q.jobs)
	q.workers.Wait()
	close(q.order)
	<-q.given
}

func (q *queue) work() {
	buf := make([]byte, 256<<10)
	for h := range q.jobs {
		if d, differs := q.one(h, buf); differs {
			h.into.diffs = append(h.into.diffs, d)
		}
		unix.Close(h.fd)
		close(h.into.done)
	}
}

func (q *queue) one(h hashing, buf []byte) (d Difference, differs bool) {
	sum := h.id.NewContent()
	n, err := io.CopyBuffer(sum, onlyReader{fdReader{q.ctx, h.fd, q.o.Progress}}, buf)
	q.o.Progress(0, 1)
	switch {
	case q.ctx.Err() != nil:
		return d, false
	case err != nil:
		return Difference{h.path, Failed, "", err.Error()}, true
	case n != h.size:
		return Difference{h.path, Failed, "", "it changed while it was read"}, true
	}
	if got := sum.Sum(); got != h.want {
		return Difference{h.path, Content, h.want.String(), got.String()}, true
	}
	return d, false
}

// onlyReader hides everything but Read, so that io.CopyBuffer uses its buffer.
type onlyReader struct{ io.Reader }

// fdReader reads a descriptor until the context ends.
type fdReader struct {
	ctx      context.Context
	fd       int
	progress func(bytes, files int64)
}

func (r fdReader) Read(p []byte) (int, error) {
	for {
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		n, err := unix.Read(r.fd, p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			r.progress(int64(n), 0)
			return n, nil
		}
	}
}
