package parity

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"sync"

	"github.com/vtdarchive/vtd/format"
)

// Survey is what is known of a file after all of it was held against its sets.
type Survey struct {
	v    *view
	sets []*surveyed // those that end last first
	size int64       // that the file should have
	rep  Report
}

// surveyed is a set with what was found of it.
type surveyed struct {
	*found
	done bool
	loc  []place // of each cell, shard by shard
	good []int16 // cells of each row that are whole, or helped
	// blind are the rows that have no frame left: nothing is known of their data.
	blind []bool
	tail  place
	inner bool // a set that ends later protects all of it

	others []*surveyed // that protect some of the same
}

// Look holds a file against its sets: which cells are whole, and which can be
// made again. It reads everything once.
func Look(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Survey, error) {
	y := &Survey{v: &view{r, size}}
	all, err := find(ctx, y.v, false)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		y.sets = append(y.sets, &surveyed{found: s})
	}
	if err := y.look(ctx, o); err != nil {
		return nil, err
	}
	return y, nil
}

func (y *Survey) look(ctx context.Context, o Options) error {
	// A set inside of another is asked only where that one does not suffice.
	for again := true; again; {
		for i, s := range y.sets {
			s.inner = slices.ContainsFunc(y.sets[:i], func(t *surveyed) bool { return t.Begin <= s.Begin && s.SegmentEnd() <= t.End() })
		}
		if err := y.lookAt(ctx, o, false); err != nil {
			return err
		}
		// What has not one frame to show for itself is no set.
		n := len(y.sets)
		y.sets = slices.DeleteFunc(y.sets, func(s *surveyed) bool { return s.done && !s.shown() })
		again = len(y.sets) < n
	}
	if slices.ContainsFunc(y.sets, func(s *surveyed) bool { return s.done && s.lost() }) {
		if err := y.lookAt(ctx, o, true); err != nil {
			return err
		}
		y.sets = slices.DeleteFunc(y.sets, func(s *surveyed) bool { return s.done && !s.shown() })
	}
	for _, s := range y.sets {
		for _, t := range y.sets {
			if t != s && t.Begin < s.SegmentEnd() && s.Begin < t.SegmentEnd() {
				s.others = append(s.others, t)
			}
		}
	}
	for y.help() {
	}
	y.size = y.v.size
	if len(y.sets) > 0 {
		last := y.sets[0]
		y.size = last.SegmentEnd()
		if shift, ok := last.endShift(); ok {
			y.size += max(0, y.v.size-y.size-shift)
		}
	}
	y.report()
	return nil
}

func (y *Survey) lookAt(ctx context.Context, o Options, inner bool) error {
	for _, s := range y.sets {
		if s.inner == inner && !s.done {
			if err := s.look(ctx, y.v, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// look reads all cells of a set.
func (s *surveyed) look(ctx context.Context, v *view, o Options) error {
	s.done = true
	n := (s.Data + s.Parity) * int(s.Rows)
	s.loc, s.good, s.blind = make([]place, n), make([]int16, s.Rows), make([]bool, s.Rows)
	var mu sync.Mutex
	err := eachRow(ctx, &s.ParitySet, allRows(&s.ParitySet), o, func(x *row, num uint32) error {
		x.read(v, num, s.shifts)
		mu.Lock()
		defer mu.Unlock()
		for i, at := range x.loc {
			s.loc[i*int(s.Rows)+int(num)] = at
			if at != nowhere {
				s.good[num]++
			}
		}
		s.blind[num] = !x.known
		return nil
	})
	s.tail = s.findTail(v)
	return err
}

// findTail looks for the index and the trailer of the segment. Where the
// trailer before is damaged, they count as whole if they say what they must.
func (s *surveyed) findTail(v *view) place {
	b := make([]byte, format.ParityTailSize)
	for _, beforeAt := range s.shifts {
		before := v.trailer(s.End()-format.TrailerSize, beforeAt)
		for k, shift := range s.shifts {
			if !v.read(b, s.IndexAt()+shift) {
				continue
			}
			t, err := format.ParseTrailer(b[format.IndexHeadSize:], s.IndexAt()+format.IndexHeadSize)
			if before == nil && err == nil && t.ID == s.Archive && t.Prev == s.End()-format.TrailerSize {
				like := *t
				like.Offset = t.Prev
				before = &like
			}
			if before != nil && bytes.Equal(b, s.Tail(before)) {
				return place(k)
			}
		}
	}
	return nowhere
}

// shown tells whether any frame of the set is whole.
func (s *surveyed) shown() bool { return slices.Contains(s.blind, false) }

// can tells whether a row can be made whole.
func (s *surveyed) can(num uint32) bool {
	if int(s.good[num]) < s.Data {
		return false
	}
	if s.blind[num] {
		for i := range s.Data {
			if s.loc[i*int(s.Rows)+int(num)] == nowhere {
				return false
			}
		}
	}
	return true
}

// whole tells whether all cells of a row are.
func (s *surveyed) whole(num uint32) bool {
	for i := int(num); i < len(s.loc); i += int(s.Rows) {
		if s.loc[i] < 0 {
			return false
		}
	}
	return true
}

// lost tells whether any row cannot be made whole.
func (s *surveyed) lost() bool {
	for num := range s.Rows {
		if !s.can(num) {
			return true
		}
	}
	return false
}

// endShift is how far what follows the segment was shifted: it is known where
// the end of the segment is whole, or nothing else is shifted.
func (s *surveyed) endShift() (int64, bool) {
	if s.tail != nowhere {
		return s.shifts[s.tail], true
	}
	return 0, !slices.ContainsFunc(s.loc, func(at place) bool { return at > 0 })
}

// extent is where cell i of loc lies in the file as it should be.
func (s *surveyed) extent(i int) (from, to int64) {
	shard, num := i/int(s.Rows), uint32(i%int(s.Rows))
	if shard >= s.Data {
		at := s.FrameAt(shard-s.Data, num)
		return at, at + s.FrameSize()
	}
	at := s.CellAt(shard, num)
	return at, at + s.CellLen(shard, num)
}

// help looks for cells of rows that cannot be made whole which other sets make.
// It gives false when there are none.
func (y *Survey) help() (more bool) {
	for _, s := range y.sets {
		if !s.done || len(s.others) == 0 {
			continue
		}
		for i, at := range s.loc {
			num := uint32(i % int(s.Rows))
			if at != nowhere || s.can(num) {
				continue
			}
			if from, to := s.extent(i); s.isHelped(from, to) {
				s.loc[i] = helped
				s.good[num]++
				more = true
			}
		}
	}
	return more
}

// isHelped tells whether another set makes a stretch whole.
func (s *surveyed) isHelped(from, to int64) bool {
	return slices.ContainsFunc(s.others, func(t *surveyed) bool {
		return t.done && t.Begin <= from && to <= t.SegmentEnd() && t.wholeOrCan(from, to)
	})
}

// wholeOrCan tells whether a stretch inside of the set is whole or can be made
// so.
func (s *surveyed) wholeOrCan(from, to int64) bool {
	for i := s.cellOf(from); i < len(s.loc); i++ {
		at, _ := s.extent(i)
		if at >= to {
			return true
		}
		if s.loc[i] == nowhere && !s.can(uint32(i%int(s.Rows))) {
			return false
		}
	}
	return true // what lies behind the frames can always be made
}

// cellOf is the number in loc of the cell at an offset inside of the set.
func (s *surveyed) cellOf(off int64) int {
	if off < s.End() {
		return int((off - s.Begin) / int64(s.Cell))
	}
	return s.Data*int(s.Rows) + int((off-s.End())/s.FrameSize())
}

// run is a stretch of the file as it should be that was found whole at a shift.
type run struct{ from, to, shift int64 }

// runs gives what was found whole, in the order of the file.
func (y *Survey) runs() (all []run) {
	for _, s := range y.sets {
		if !s.done {
			continue
		}
		add := func(at place, from, to int64) {
			if at < 0 || from == to {
				return
			}
			shift := s.shifts[at]
			if n := len(all); n > 0 && all[n-1].to == from && all[n-1].shift == shift {
				all[n-1].to = to
				return
			}
			all = append(all, run{from, to, shift})
		}
		for i, at := range s.loc {
			from, to := s.extent(i)
			add(at, from, to)
		}
		add(s.tail, s.IndexAt(), s.SegmentEnd())
	}
	slices.SortFunc(all, func(a, b run) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	return all
}
