package writer

import (
	"context"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// frameJob is one frame on its way: a worker fills and encodes it, then the
// sequencer writes it when its turn has come.
type frameJob struct {
	head  format.FrameHead
	ids   []uint32 // data blocks to be gathered
	size  int      // of the data blocks
	raw   []byte   // metadata: the blocks
	level int      // codec: 0 stores
	out   []byte
	done  chan struct{}
	err   error
}

// frameWriter writes frames in order, encoding several at once.
type frameWriter struct {
	o     *Options
	w     *countingWriter
	table *blockTable
	src   *blockSource
	rows  []format.IndexFrame
	// Figures for the summary.
	rawData, storedData, rawMeta, storedMeta int64
	absent                                   []uint32

	jobs  chan *frameJob
	order chan *frameJob
	group *errgroup.Group
	ctx   context.Context
	outs  chan []byte // of frames written, for those to come
}

type countingWriter struct {
	w   io.Writer
	off int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.off += int64(n)
	return n, err
}

// start begins a run of frames; finish ends it.
func (f *frameWriter) start(ctx context.Context) {
	f.group, f.ctx = errgroup.WithContext(ctx)
	f.jobs = make(chan *frameJob)
	// Frames in flight bound the memory: one is being written, and there are
	// as many as workers behind it, encoded or not.
	f.order = make(chan *frameJob, f.o.Threads)
	f.outs = make(chan []byte, f.o.Threads+1)
	for range f.o.Threads {
		f.group.Go(f.encodeLoop)
	}
	f.group.Go(f.writeLoop)
}

func (f *frameWriter) add(j *frameJob) error {
	j.done = make(chan struct{})
	for _, c := range []chan *frameJob{f.order, f.jobs} {
		select {
		case c <- j:
		case <-f.ctx.Done():
			return context.Cause(f.ctx)
		}
	}
	return nil
}

func (f *frameWriter) finish() error {
	close(f.order)
	close(f.jobs)
	return f.group.Wait()
}

func (f *frameWriter) encodeLoop() error {
	enc, err := codec.NewEncoder(codec.Params{Level: f.o.Level, Long: f.o.Long})
	if err != nil {
		return err
	}
	reader := f.src.reader()
	defer reader.close()
	var raw []byte // for data frames, one after the other
	for j := range f.jobs {
		raw = f.encode(enc, reader, j, raw)
		close(j.done)
		if f.ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

// encode fills and encodes a frame. It gives back the buffer for raw data, or
// the one that took its place.
func (f *frameWriter) encode(enc *codec.Encoder, reader *blockReader, j *frameJob, buf []byte) []byte {
	raw := j.raw
	if j.head.Kind == format.FrameData {
		if cap(buf) < j.size {
			buf = make([]byte, 0, max(j.size, min(f.o.DataFrame, 2*j.size)))
		}
		raw = buf[:0]
		j.head.Lengths = make([]uint32, len(j.ids))
		for i, id := range j.ids {
			n := len(raw)
			var ok bool
			if raw, ok, j.err = reader.append(f.ctx, raw, id); j.err != nil {
				return buf
			}
			if ok {
				j.head.Lengths[i] = uint32(len(raw) - n)
			}
		}
	}
	select {
	case b := <-f.outs:
		j.out = b[:0]
	default:
	}
	if j.level == 0 || len(raw) == 0 {
		j.head.Codec, j.out = codec.Stored, append(j.out, raw...)
	} else {
		j.head.Codec, j.out = enc.Encode(j.out, raw)
	}
	j.raw = nil
	j.head.Stored = uint32(len(j.out))
	j.head.Hash = f.o.Hash.Sum(j.out)
	return buf
}

func (f *frameWriter) writeLoop() error {
	var head []byte
	for j := range f.order {
		select {
		case <-j.done:
		case <-f.ctx.Done():
			return nil
		}
		if j.err != nil {
			return j.err
		}
		at := f.w.off
		head = j.head.AppendTo(head[:0])
		f.rows = append(f.rows, j.head.Row(at))
		if _, err := f.w.Write(head); err != nil {
			return err
		}
		if _, err := f.w.Write(j.out); err != nil {
			return err
		}
		stored := int64(len(head) + len(j.out))
		if j.head.Kind == format.FrameData {
			f.rawData += int64(j.head.RawLen)
			f.storedData += stored
			for i, n := range j.head.Lengths {
				if n == 0 {
					f.absent = append(f.absent, j.ids[i])
				}
			}
			f.o.progress(PhaseWrite, int64(j.head.RawLen), 0)
		} else {
			f.rawMeta += int64(j.head.RawLen)
			f.storedMeta += stored
		}
		select {
		case f.outs <- j.out:
		default:
		}
	}
	return nil
}

// data writes the frames of data blocks, numbered from first.
func (f *frameWriter) data(ids []uint32, first uint64) error {
	for len(ids) > 0 {
		n := frameLen(ids, f.table, f.o.DataFrame)
		for _, part := range splitDense(ids[:n], f.table) {
			size := 0
			for _, id := range part {
				size += int(f.table.at(id).length)
			}
			j := &frameJob{head: format.FrameHead{Kind: format.FrameData, First: first}, ids: part, size: size, level: f.o.Level}
			if err := f.add(j); err != nil {
				return err
			}
			first += uint64(len(part))
		}
		ids = ids[n:]
	}
	return nil
}

// metadata writes frames of metadata blocks, numbered from first.
func (f *frameWriter) metadata(n int, first uint64, stored func(b []byte, i int) []byte) error {
	j := &frameJob{head: format.FrameHead{Kind: format.FrameMetadata, First: first}, level: f.o.Level}
	for i := range n {
		at := len(j.raw)
		j.raw = stored(j.raw, i)
		j.head.Lengths = append(j.head.Lengths, uint32(len(j.raw)-at))
		if at > 0 && len(j.raw) > f.o.MetaFrame || len(j.head.Lengths) == format.MaxFrameBlocks {
			// The block that passed the limit goes to the next frame.
			last := append([]byte(nil), j.raw[at:]...)
			k := len(j.head.Lengths) - 1
			j.raw, j.head.Lengths = j.raw[:at], j.head.Lengths[:k]
			first += uint64(k)
			if err := f.add(j); err != nil {
				return err
			}
			j = &frameJob{head: format.FrameHead{Kind: format.FrameMetadata, First: first, Lengths: []uint32{uint32(len(last))}}, raw: last, level: f.o.Level}
		}
	}
	if n == 0 {
		return nil
	}
	return f.add(j)
}
