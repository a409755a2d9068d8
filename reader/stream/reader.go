package stream

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/vtdarchive/vtd/format"
)

// DefaultMemory is the budget for frames on the way when Options gives none:
// room for several frames of usual size, and for one of the largest.
const DefaultMemory = 160 << 20

// ahead bounds how many events wait for the caller, for archives of tiny
// frames.
const ahead = 64

// ErrNeedsSpool says that an archive cannot be read from front to back: its
// data come before its tree, or segments were appended. A caller that reads a
// pipe copies it to a temporary file and opens that.
var ErrNeedsSpool = errors.New("the archive does not hold its tree first and cannot be read as a stream")

// Options says how a Reader works; the zero value is good.
type Options struct {
	Workers int   // goroutines that decode; 0: one for each processor
	Memory  int64 // bytes of frames on the way, stored and decoded; 0: DefaultMemory
}

// Reader reads one archive. Next and Close belong to one goroutine.
type Reader struct {
	in     *input
	header *format.Header
	opts   Options
	ctx    context.Context
	cancel context.CancelFunc

	budget *semaphore.Weighted
	bufs   buffers
	hashes hashes
	nodes  nodes

	slots   chan *slot
	jobs    chan *slot
	pending sync.WaitGroup // jobs not done
	started bool
	err     error // what Next goes on to return

	trees []*Tree // in order; the producer's
}

// Event is what Next yields: one of its fields is set.
type Event struct {
	Tree   *Tree
	Frame  *Frame
	Damage *Damage
}

// Damage is something wrong that reading survives.
type Damage struct {
	Err        error  // of class format.ErrDamaged or ErrUnsupported; says where
	First, End uint64 // the blocks lost or wrong: none when equal
}

// slot is an event on its way to the caller.
type slot struct {
	ev   Event
	err  error         // the end of the stream
	done chan struct{} // closed when ev is complete; nil when it was from the start
}

// NewReader reads the header of an archive, and no byte more. The context
// bounds all reading; errors are those of format.ParseHeader or of r.
func NewReader(ctx context.Context, r io.Reader, o Options) (*Reader, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	h, raw, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	s := &Reader{in: newInput(r, int64(len(raw))), header: h, opts: o}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.budget = semaphore.NewWeighted(o.Memory)
	s.nodes.id = h.Hash
	s.slots = make(chan *slot, ahead)
	s.jobs = make(chan *slot, ahead)
	return s, nil
}

// Header gives the archive's header.
func (s *Reader) Header() *format.Header { return s.header }

// NeedsSpool reports whether the header says that the archive cannot be read
// as a stream. Next then fails with ErrNeedsSpool.
func (s *Reader) NeedsSpool() bool { return NeedsSpool(s.header) }

// NeedsSpool reports whether an archive with this header has to be read by
// random access.
func NeedsSpool(h *format.Header) bool {
	return h.Flags&format.FlagAsCreated == 0 || h.Flags&format.FlagOnePass != 0
}

// Next gives the next event. The error is io.EOF after a complete archive; the
// caller's own when the context ends.
func (s *Reader) Next() (Event, error) {
	if s.err != nil {
		return Event{}, s.err
	}
	if s.NeedsSpool() {
		s.err = ErrNeedsSpool
		return Event{}, s.err
	}
	if !s.started {
		s.started = true
		for range s.opts.Workers {
			go s.work()
		}
		go s.produce()
	}
	var sl *slot
	select {
	case sl = <-s.slots:
	case <-s.ctx.Done():
		return Event{}, s.ctx.Err()
	}
	if sl.err != nil {
		s.err = sl.err
		return Event{}, sl.err
	}
	if sl.done != nil {
		select {
		case <-sl.done:
		case <-s.ctx.Done():
			return Event{}, s.ctx.Err()
		}
	}
	return sl.ev, nil
}

// BlockHash gives the hash computed of a data block, and whether one was.
func (s *Reader) BlockHash(num uint64) (format.Hash, bool) { return s.hashes.get(num) }

// Offset is how far the input has been read, for progress. It is safe to call
// at any time.
func (s *Reader) Offset() int64 { return s.in.offset() }

// Close ends all reading. A Read that blocks is left to return by itself.
func (s *Reader) Close() { s.cancel() }

// readHeader reads exactly the header.
func readHeader(r io.Reader) (*format.Header, []byte, error) {
	b := make([]byte, format.HeaderFixedSize)
	n, err := io.ReadFull(r, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, nil, err
	}
	size, err := format.HeaderSize(b[:n])
	if err != nil {
		return nil, nil, err
	}
	b = append(b, make([]byte, size-len(b))...)
	more, err := io.ReadFull(r, b[format.HeaderFixedSize:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, nil, err
	}
	b = b[:format.HeaderFixedSize+more]
	h, err := format.ParseHeader(b)
	return h, b, err
}
