package compact

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/scanners"
)

// unpack puts the blocks in use of the frames that are not copied into a
// temporary file: they are going to be read in another order.
func (j *job) unpack() error {
	if j.to != j.id {
		j.sums = make([]format.Hash, len(j.live))
	}
	if j.packBytes == 0 {
		return nil
	}
	f, err := disk.Temporary(j.o.TempDir)
	if err != nil {
		return spoolError(err)
	}
	j.spool = f
	j.o.phase("reading", j.packBytes)
	bufs := reader.NewBuffers(128 << 20)
	sketched := j.layout.Order == format.OrderFamilies
	var sketcher scanners.Sketcher
	at := int64(0)
	for i := range j.frames {
		x := &j.frames[i]
		if x.copied {
			continue
		}
		if err := j.ctx.Err(); err != nil {
			return err
		}
		end := x.row.First + uint64(x.row.Count)
		frame, err := j.a.ReadFrame(x.row, x.row.First, end, bufs)
		if err != nil {
			return err
		}
		for num := x.row.First; num < end; num++ {
			if j.nums[num] == 0 {
				continue
			}
			b := &j.live[j.nums[num]-1]
			data, err := frame.Block(num)
			if err != nil {
				return err
			}
			if sketched {
				sketcher.Reset()
				sketcher.Write(data)
				b.sketch, b.hasSk = sketcher.Sum()
			}
			if j.to != j.id {
				j.sums[j.nums[num]-1] = j.to.Sum(data)
			}
			if _, err := f.WriteAt(data, at); err != nil {
				return spoolError(err)
			}
			b.at = at
			at += int64(len(data))
			j.o.progress(int64(len(data)))
		}
		frame.Release()
	}
	return nil
}

// spoolError says of what goes wrong with the temporary file that it does.
func spoolError(err error) error {
	return fmt.Errorf("temporary file for what is packed anew (TMPDIR says where it is): %w", err)
}

// work is a frame on its way: encoded by a goroutine of its own, written in its
// turn.
type work struct {
	head   format.FrameHead
	raw    []byte   // of metadata
	blocks []uint32 // data
	size   int
	store  bool // as it is
	out    []byte
	done   chan struct{}
	err    error
}

// encode runs what makes frames, encodes them several at a time and hands
// them on in their order.
func (j *job) encode(fill func(add func(*work) error) error, emit func(*work) error) error {
	threads := j.o.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	threads = min(threads, 64)
	group, ctx := errgroup.WithContext(j.ctx)
	jobs, order := make(chan *work), make(chan *work, threads)
	for range threads {
		group.Go(func() error {
			enc, err := codec.NewEncoder(codec.Params{Level: int(max(j.layout.Level, 1)), Long: j.layout.Long})
			if err != nil {
				return err
			}
			var raw []byte
			for w := range jobs {
				raw = j.encodeOne(enc, w, raw)
				close(w.done)
				if ctx.Err() != nil {
					return nil
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		for w := range order {
			select {
			case <-w.done:
			case <-ctx.Done():
				return nil
			}
			if w.err != nil {
				return w.err
			}
			if err := emit(w); err != nil {
				return err
			}
		}
		return nil
	})
	err := fill(func(w *work) error {
		w.done = make(chan struct{})
		for _, c := range []chan *work{order, jobs} {
			select {
			case c <- w:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	close(jobs)
	close(order)
	if e := group.Wait(); e != nil {
		return e
	}
	if err == nil {
		err = j.ctx.Err()
	}
	return err
}

// encodeOne fills and encodes a frame. It gives back the buffer for raw data.
func (j *job) encodeOne(enc *codec.Encoder, w *work, buf []byte) []byte {
	raw := w.raw
	if w.head.Kind == format.FrameData {
		if cap(buf) < w.size {
			buf = make([]byte, w.size)
		}
		raw = buf[:0]
		for _, k := range w.blocks {
			b := &j.live[k]
			n := len(raw)
			raw = raw[:n+int(b.length)]
			if err := readSpool(j.spool, raw[n:], b.at); err != nil {
				w.err = err
				return buf
			}
			if h, err := j.a.Hash(b.old); err != nil || j.id.Sum(raw[n:]) != h {
				w.err = spoolError(fmt.Errorf("it gives other bytes than were put into it, or the index does: %w", format.ErrDamaged))
				return buf
			}
			w.head.Lengths = append(w.head.Lengths, b.length)
		}
	}
	if w.store || j.layout.Level == 0 {
		w.head.Codec, w.out = codec.Stored, append(w.out, raw...)
	} else {
		w.head.Codec, w.out = enc.Encode(w.out, raw)
	}
	w.raw = nil
	w.head.Stored, w.head.Hash = uint32(len(w.out)), j.to.Sum(w.out)
	return buf
}

func readSpool(f *os.File, b []byte, at int64) error {
	if _, err := f.ReadAt(b, at); err != nil {
		return spoolError(err)
	}
	return nil
}
