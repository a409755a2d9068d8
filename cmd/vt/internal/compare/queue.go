package compare

import (
	"context"
	"errors"
	"io"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// queued is what is found of one entry, once done is closed.
type queued struct {
	diffs []Difference
	done  chan struct{}
}

// hashing is a file whose content is to be hashed.
type hashing struct {
	fd     int
	size   int64
	sparse bool
	want   format.Hash
	id     format.HashID
	path   string
	into   *queued
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
	err := q.read(sum, h, buf)
	q.o.Progress(0, 1)
	switch {
	case q.ctx.Err() != nil:
		return d, false
	case errors.Is(err, errChanged) || errors.Is(err, fsmeta.ErrShrunk):
		return Difference{h.path, Failed, "", errChanged.Error()}, true
	case err != nil:
		return Difference{h.path, Failed, "", err.Error()}, true
	}
	if got := sum.Sum(); got != h.want {
		return Difference{h.path, Content, h.want.String(), got.String()}, true
	}
	return d, false
}

var errChanged = errors.New("it changed while it was read")

// read hashes what a file holds. Holes are not read: they may be larger than
// anything that could be.
func (q *queue) read(sum *format.ContentHasher, h hashing, buf []byte) error {
	if !h.sparse {
		n, err := io.CopyBuffer(sum, onlyReader{fdReader{q.ctx, h.fd, q.o.Progress}}, buf)
		if err == nil && n != h.size {
			err = errChanged
		}
		return err
	}
	at := int64(0)
	for x, err := range fsmeta.DataExtents(h.fd, h.size) {
		if err != nil {
			return err
		}
		sum.WriteRun(0, uint64(x.Off-at))
		if _, err := unix.Seek(h.fd, x.Off, io.SeekStart); err != nil {
			return err
		}
		n, err := io.CopyBuffer(sum, onlyReader{io.LimitReader(fdReader{q.ctx, h.fd, q.o.Progress}, x.Len)}, buf)
		if err == nil && n != x.Len {
			err = errChanged
		}
		if err != nil {
			return err
		}
		// Looking for the next extent begins where it is told to, wherever the
		// descriptor stands.
		at = x.Off + x.Len
	}
	sum.WriteRun(0, uint64(h.size-at))
	return nil
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
