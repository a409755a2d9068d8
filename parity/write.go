package parity

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/vtdarchive/vtd/format"
)

// Options say how work is done; the zero value is good.
type Options struct {
	// Workers is how many rows are worked on at a time, 17 MiB each at most: 0
	// is one for each processor.
	Workers int
	// Progress, if not nil, is told how many bytes more have been gone through.
	// Calls do not overlap.
	Progress func(n int64)
}

func (o *Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// New describes the set that protects a share of an archive from begin, which
// is 0 or the end of a segment, to end, which is the end of one.
func New(r io.ReaderAt, begin, end int64, share Share) (*format.ParitySet, error) {
	v := &view{r, end}
	b, ok := v.header()
	if !ok {
		return nil, format.Damaged("header", 0, "it is damaged: what is to be protected must be whole")
	}
	t := v.trailer(end-format.TrailerSize, 0)
	if t == nil || begin < 0 || begin > t.Segment {
		return nil, format.Damaged("trailer", end-format.TrailerSize, "no segment that could be protected ends here")
	}
	// What New protects need not be opened, and so not be of this version.
	hash, flags := format.HashID(b[40]), le.Uint64(b[16:])
	if !hash.Known() {
		return nil, format.Unsupported("header", 40, "hash function %d is unknown to this program", b[40])
	}
	s, err := plan(end-begin, share)
	if err != nil {
		return nil, err
	}
	s.Archive, s.Begin, s.HashID, s.Code = t.ID, begin, hash, format.ParityCauchy
	if begin == 0 {
		s.Flags = flags
	}
	head := format.ParityHead{ParitySet: s, Cells: make([]format.CellHash, s.Data)}
	sum := hash.New()
	sum.Write([]byte("vtd parity\n"))
	sum.Write(head.AppendTo(nil)[:format.ParityHeadFixedSize])
	sum.Write(t.AppendTo(nil))
	id := sum.Sum()
	copy(s.ID[:], id[:])
	return &s, nil
}

// Write writes the frames of a set to w, which may be the file that r reads. It
// gives what follows the frames at set.IndexAt(): index and trailer, for the
// caller to write when all before is safe.
func Write(ctx context.Context, r io.ReaderAt, w io.WriterAt, set *format.ParitySet, o Options) (tail []byte, err error) {
	v := &view{r, set.End()}
	t := v.trailer(set.End()-format.TrailerSize, 0)
	if t == nil {
		return nil, format.Damaged("trailer", set.End()-format.TrailerSize, "no segment that could be protected ends here")
	}
	err = eachRow(ctx, set, allRows(set), o, func(x *row, num uint32) error {
		x.num = num
		for i := range set.Data {
			if !x.readCell(v, i, 0) {
				return format.Damaged("archive", set.CellAt(i, num), "%d bytes cannot be read", set.CellLen(i, num))
			}
		}
		if err := x.encode(); err != nil {
			return err
		}
		for p := range set.Parity {
			x.seal(p)
			if err := writeAt(w, x.frames[p], set.FrameAt(p, num)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return set.Tail(t), nil
}

func writeAt(w io.WriterAt, b []byte, off int64) error {
	n, err := w.WriteAt(b, off)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}

// allRows gives the numbers of all rows of a set.
func allRows(s *format.ParitySet) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for num := range s.Rows {
			if !yield(num) {
				return
			}
		}
	}
}

// rowsMemory bounds the memory of all rows that are worked on, but for a single
// one of a set that was made elsewhere, which may take as much.
const rowsMemory = 256 << 20

// eachRow calls f for rows of a set, several at a time, each with memory for
// one.
func eachRow(ctx context.Context, s *format.ParitySet, which iter.Seq[uint32], o Options, f func(x *row, num uint32) error) error {
	g, ctx := errgroup.WithContext(ctx)
	nums := make(chan uint32)
	g.Go(func() error {
		defer close(nums)
		for num := range which {
			select {
			case nums <- num:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	var mu sync.Mutex
	fits := int(rowsMemory / (int64(s.Data)*int64(s.Cell) + int64(s.Parity)*s.FrameSize()))
	for range min(o.workers(), int(s.Rows), max(fits, 1)) {
		g.Go(func() error {
			var x *row
			for num := range nums {
				if x == nil {
					var err error
					if x, err = newRow(s); err != nil {
						return fmt.Errorf("parity code: %w", err)
					}
				}
				if err := f(x, num); err != nil {
					return err
				}
				if o.Progress != nil {
					mu.Lock()
					o.Progress(rowBytes(s))
					mu.Unlock()
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// rowBytes is what progress counts for a row.
func rowBytes(s *format.ParitySet) int64 { return int64(s.Data) * int64(s.Cell) }
