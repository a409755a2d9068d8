package extract

import (
	"context"
	"errors"
	"io"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader/stream"
)

// Stream restores what comes from a stream below a directory, which must
// exist. When the archive is damaged or cut short it restores what it can and
// tells the rest through Options.Issue and the Result; the error is about the
// input, the target, or the end of the context.
func Stream(ctx context.Context, r *stream.Reader, target string, o Options) (*Result, error) {
	if r.NeedsSpool() {
		return &Result{}, stream.ErrNeedsSpool
	}
	o.Damaged = false
	e, err := newEngine(ctx, target, o)
	if err != nil {
		return &Result{}, err
	}
	// The reader has its own context: it must not outlive ours.
	stop := context.AfterFunc(e.ctx, r.Close)
	defer stop()
	cut, err := e.stream(r)
	if err != nil {
		e.cancel(err)
	}
	return e.finish(cut)
}

// stream feeds the engine until the stream ends. cut is the damage that ended
// it early.
func (e *engine) stream(r *stream.Reader) (cut, err error) {
	p := newPlanner(e)
	var last *stream.Tree
	for {
		ev, err := r.Next()
		switch {
		case err == io.EOF:
			return nil, nil
		case e.ctx.Err() != nil:
			return nil, context.Cause(e.ctx)
		case errors.Is(err, format.ErrDamaged):
			e.issue(Issue{Err: err})
			return err, nil
		case err != nil:
			return nil, err
		}
		switch {
		case ev.Tree != nil && last == nil:
			err = p.plan(streamTree{ev.Tree})
			last = ev.Tree
		case ev.Tree != nil:
			err = p.correct(last, ev.Tree, r)
			last = ev.Tree
		case ev.Frame != nil:
			e.frame(ev.Frame)
		case ev.Damage != nil:
			e.issue(Issue{Err: ev.Damage.Err})
			e.blocksLost(ev.Damage.First, ev.Damage.End, ev.Damage.Err)
		}
		if err != nil {
			return nil, err
		}
	}
}

// frame hands a frame to the workers, if any of its blocks is wanted.
func (e *engine) frame(f *stream.Frame) {
	lo, hi := refsOf(e.refs, f.Head.First, f.Head.End())
	if lo == hi {
		f.Release()
		return
	}
	b := &blocks{first: f.Head.First, data: make([][]byte, len(f.Head.Lengths))}
	at := uint32(0)
	for i, n := range f.Head.Lengths {
		if n > 0 {
			b.data[i] = f.Raw[at : at+n]
			at += n
		}
	}
	e.post(job{blocks: b, lo: lo, hi: hi, free: f.Release})
}
