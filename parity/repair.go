package parity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/vtdarchive/vtd/format"
)

// Target is a file that is repaired, or made as a repaired copy.
type Target interface {
	io.ReaderAt
	io.WriterAt
}

// ErrShifted says that a file cannot be repaired where it lies.
var ErrShifted = errors.New("bytes were inserted or are missing: the file cannot be repaired in place")

// Copy writes a repaired copy to w, which is empty. What cannot be repaired is
// left as it is or, where it cannot be read or placed, zeros; the error then is
// of class format.ErrDamaged, and the rest is done.
func (y *Survey) Copy(ctx context.Context, w Target, o Options) error {
	if err := y.compose(ctx, w, o); err != nil {
		return err
	}
	return y.fix(ctx, w, o)
}

// Fix repairs a file that is as the one looked at. It writes where damage is and
// nowhere else: where it is interrupted, nothing is worse than before, and it can
// be done again.
func (y *Survey) Fix(ctx context.Context, w Target, o Options) error {
	if len(y.rep.Shifted) > 0 {
		return ErrShifted
	}
	return y.fix(ctx, w, o)
}

func (y *Survey) fix(ctx context.Context, w Target, o Options) error {
	v := &view{w, y.size}
	left := map[*surveyed]map[uint32]error{}
	for _, s := range y.sets {
		if !s.done {
			continue
		}
		left[s] = map[uint32]error{}
		for num := range s.Rows {
			if !s.whole(num) {
				left[s][num] = nil
			}
		}
	}
	// One set may make whole what another one needs.
	for {
		fixed := false
		for _, s := range y.sets {
			before := len(left[s])
			if err := s.fix(ctx, v, w, left[s], o); err != nil {
				return err
			}
			fixed = fixed || len(left[s]) < before
		}
		if !fixed {
			break
		}
	}
	rows, why := 0, error(nil)
	for _, s := range y.sets {
		if !s.done || s.inner {
			continue
		}
		for _, err := range left[s] {
			rows, why = rows+1, err
		}
		if err := s.fixTail(v, w); errors.Is(err, format.ErrDamaged) {
			rows, why = rows+1, err
		} else if err != nil {
			return err
		}
	}
	if err := y.fixHeader(v, w); err != nil {
		return err
	}
	if rows > 0 {
		return format.Damaged("archive", format.NoOffset, "not all of it can be repaired: %v", why)
	}
	if !slices.ContainsFunc(y.sets, func(s *surveyed) bool { return len(s.others) > 0 }) {
		return nil
	}
	// What one set made might not be what another one says.
	again := &Survey{v: v}
	for _, s := range y.sets {
		again.sets = append(again.sets, &surveyed{found: &found{s.ParitySet, []int64{0}, 1}})
	}
	err := again.look(ctx, Options{Workers: o.Workers})
	if err == nil && (!again.rep.Whole() || len(again.sets) < len(y.sets)) {
		err = format.Damaged("archive", format.NoOffset, "sets of parity contradict each other")
	}
	return err
}

// fix makes rows whole, as many as it can, and takes these from left.
func (s *surveyed) fix(ctx context.Context, v *view, w io.WriterAt, left map[uint32]error, o Options) error {
	var mu sync.Mutex
	nums := slices.Sorted(maps.Keys(left))
	return eachRow(ctx, &s.ParitySet, slices.Values(nums), o, func(x *row, num uint32) error {
		x.read(v, num, []int64{0})
		bad := slices.Clone(x.loc)
		err := x.rebuild()
		if !x.known && !s.can(num) {
			// What was not there is by now, as zeros perhaps.
			err = fmt.Errorf("no parity of row %d is left", num)
		}
		if err != nil {
			mu.Lock()
			defer mu.Unlock()
			left[num] = err
			return nil
		}
		for i, at := range bad {
			if at != nowhere {
				continue
			}
			if err := x.write(w, i); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		delete(left, num)
		return nil
	})
}

// write writes a cell to its place, but for hidden bytes.
func (x *row) write(w io.WriterAt, i int) error {
	if p := i - x.set.Data; p >= 0 {
		return writeAt(w, x.frames[p], x.set.FrameAt(p, x.num))
	}
	off := x.set.CellAt(i, x.num)
	return format.Protected(off, off+x.set.CellLen(i, x.num), func(from, to int64) error {
		return writeAt(w, x.cells[i][from-off:to-off], from)
	})
}

// fixTail writes the index and the trailer of the segment, which follow from
// the trailer before.
func (s *surveyed) fixTail(v *view, w io.WriterAt) error {
	before := v.trailer(s.End()-format.TrailerSize, 0)
	if before == nil {
		return format.Damaged("trailer", s.End()-format.TrailerSize, "what parity protects does not end with a trailer")
	}
	want := s.Tail(before)
	b := make([]byte, len(want))
	if v.read(b, s.IndexAt()) && bytes.Equal(b, want) {
		return nil
	}
	return writeAt(w, want, s.IndexAt())
}

// fixHeader makes flags and CRC of the header, which the code does not see.
func (y *Survey) fixHeader(v *view, w io.WriterAt) error {
	if _, ok := v.header(); ok {
		return nil
	}
	for _, s := range y.sets {
		if s.Begin != 0 {
			continue
		}
		var b [format.HeaderFixedSize]byte
		if !v.read(b[:], 0) {
			continue
		}
		flags := s.Flags
		if v.appendedTo(s.SegmentEnd()) {
			flags &^= format.FlagAsCreated
		}
		le.PutUint64(b[16:], flags)
		le.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
		return writeAt(w, b[:], 0)
	}
	return nil
}

// appendedTo tells whether more than parity follows.
func (v *view) appendedTo(off int64) bool {
	for {
		b := make([]byte, len(format.MagicFrame))
		if !v.read(b, off) {
			return false
		}
		if h := v.head(off); h != nil && h.SegmentEnd() > off {
			off = h.SegmentEnd()
			continue
		}
		return string(b) == format.MagicFrame
	}
}

// compose writes what is whole to its place in w. Where nothing is known, bytes
// go where what lies before them has gone.
func (y *Survey) compose(ctx context.Context, w io.WriterAt, o Options) error {
	at, shift := int64(0), int64(0)
	for _, x := range append(y.runs(), run{y.size, y.size, 0}) {
		if x.from > at {
			if err := y.copyRange(ctx, w, run{at, x.from, shift}, o); err != nil {
				return err
			}
		}
		if x.to <= at {
			continue
		}
		if err := y.copyRange(ctx, w, run{max(at, x.from), x.to, x.shift}, o); err != nil {
			return err
		}
		at, shift = x.to, x.shift
	}
	return nil
}

// copyRange copies a stretch, as far as it is there and can be read.
func (y *Survey) copyRange(ctx context.Context, w io.WriterAt, x run, o Options) error {
	from, to := max(x.from, -x.shift), min(x.to, y.v.size-x.shift)
	buf := make([]byte, min(max(to-from, 0), searchChunk))
	for from < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := buf[:min(int64(len(buf)), to-from)]
		if !y.v.read(b, from+x.shift) {
			y.v.readPages(b, from+x.shift)
		}
		if err := writeAt(w, b, from); err != nil {
			return err
		}
		from += int64(len(b))
		if o.Progress != nil {
			o.Progress(int64(len(b)))
		}
	}
	return nil
}
