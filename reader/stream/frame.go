package stream

import (
	"errors"
	"fmt"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// Frame is a data frame. Its stored bytes matched their hash.
type Frame struct {
	Offset int64 // of the head, in the archive
	Head   *format.FrameHead
	Raw    []byte // the blocks, one after the other; valid until Release

	r      *Reader
	stored []byte
	held   int64 // of the budget
}

// Release gives the frame's memory back.
func (f *Frame) Release() {
	f.r.bufs.put(f.Raw)
	f.Raw = nil
	f.free(f.held)
}

func (f *Frame) free(n int64) {
	f.held -= n
	f.r.budget.Release(n)
}

// cost is what a frame takes of the budget: a single one may always pass.
func (s *Reader) cost(stored, raw uint32) (int64, int64) {
	st, ra := int64(stored), int64(raw)
	if st+ra > s.opts.Memory {
		ra = max(0, s.opts.Memory-st)
		st = min(st, s.opts.Memory)
	}
	return st, ra
}

// work checks, decodes and hashes frames until the producer is done.
func (s *Reader) work() {
	for {
		select {
		case sl, ok := <-s.jobs:
			if !ok {
				return
			}
			s.decode(sl)
			close(sl.done)
			s.pending.Done()
		case <-s.ctx.Done():
			return
		}
	}
}

// decode completes the event of a frame: with its bytes, or with what is wrong.
func (s *Reader) decode(sl *slot) {
	f := sl.ev.Frame
	raw, err := s.open(f.Head, f.Offset, f.stored, s.bufs.get(int(f.Head.RawLen)))
	s.bufs.put(f.stored)
	st, _ := s.cost(f.Head.Stored, f.Head.RawLen)
	f.stored = nil
	f.free(st)
	if err != nil {
		f.free(f.held)
		sl.ev = Event{Damage: &Damage{err, f.Head.First, f.Head.End()}}
		return
	}
	f.Raw = raw
	sums := make([]format.Hash, len(f.Head.Lengths))
	at := 0
	for i, n := range f.Head.Lengths {
		if n > 0 {
			sums[i] = s.header.Hash.Sum(raw[at : at+int(n)])
			at += int(n)
		}
	}
	s.hashes.setAll(f.Head.First, sums)
}

// open checks the stored bytes of a frame and decodes them, into dst if it is
// large enough.
func (s *Reader) open(h *format.FrameHead, off int64, stored, dst []byte) ([]byte, error) {
	if sum := s.header.Hash.Sum(stored); sum != h.Hash {
		return nil, damagedFrame(h, off, "its stored bytes do not match their hash")
	}
	raw, err := codec.Decode(dst, h.Codec, stored, int(h.RawLen))
	if errors.Is(err, codec.ErrUnknown) {
		return nil, format.Unsupported("frame", off, "blocks %d to %d: %v", h.First, h.End()-1, err)
	}
	if err != nil {
		return nil, damagedFrame(h, off, "%v", err)
	}
	return raw, nil
}

func damagedFrame(h *format.FrameHead, off int64, msg string, args ...any) error {
	blocks := fmt.Sprintf("blocks %d to %d lost: ", h.First, h.End()-1)
	return format.Damaged("frame", off, "%s", blocks+fmt.Sprintf(msg, args...))
}
