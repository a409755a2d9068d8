package recovery

import (
	"cmp"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// stream is what belongs to one archive.
type stream struct {
	id       format.ArchiveID
	known    bool // id
	header   *format.Header
	off      int64 // of the first structure
	frames   []*frame
	indexes  []foundIndex
	trailers []foundTrailer
	parity   int     // frames of recovery data
	marks    []int64 // offsets of indexes and trailers, which end segments
}

type foundIndex struct {
	img      *image
	off, end int64
	format.IndexHead
	proven bool // it has the hash that a trailer says
}

type foundTrailer struct {
	img *image
	off int64
	*format.Trailer
}

// streams tells the archives in an image apart: each header with an id of its
// own begins one, and a trailer says whose the frames before it are.
func (m *image) streams() []*stream {
	first := &stream{}
	all, current := []*stream{first}, first
	byID := func(id format.ArchiveID) *stream {
		for _, s := range all {
			if s.known && s.id == id {
				return s
			}
		}
		return nil
	}
	for i := range m.items {
		it := &m.items[i]
		switch {
		case it.header != nil:
			switch s := byID(it.header.ID); {
			case s != nil:
				current = s
			case !current.known && len(current.frames) == 0:
			default:
				current = &stream{off: it.off}
				all = append(all, current)
			}
			current.id, current.known = it.header.ID, true
			if current.header == nil {
				current.header = it.header
			}
		case it.parity != nil:
			if !current.known {
				current.id, current.known = it.parity.Archive, true
			}
			if current.id == it.parity.Archive {
				current.parity++
			}
		case it.frame != nil:
			current.frames = append(current.frames, it.frame)
		case it.index != nil:
			current.indexes = append(current.indexes, foundIndex{img: m, off: it.off, end: it.end, IndexHead: *it.index})
			current.marks = append(current.marks, it.off)
		case it.trailer != nil:
			t := foundTrailer{m, it.off, it.trailer}
			s := byID(t.ID)
			switch {
			case s != nil && s == current:
			case s == nil && !current.known:
				current.id, current.known, s = t.ID, true, current
			default:
				if s == nil {
					s = &stream{id: t.ID, known: true, off: it.off}
					all = append(all, s)
				}
				current.hand(s, it.off-t.Offset+t.Segment)
			}
			s.trailers = append(s.trailers, t)
			s.marks = append(s.marks, it.off)
			if s != first && current == s {
				current = first // an archive inside of a file of the first one has ended
			}
		}
	}
	return all
}

// hand gives a stream what lies behind an offset.
func (s *stream) hand(to *stream, from int64) {
	if from < 0 {
		from = 0
	}
	k := len(s.frames)
	for k > 0 && s.frames[k-1].off >= from {
		k--
	}
	to.frames = append(to.frames, s.frames[k:]...)
	s.frames = s.frames[:k]
	n := len(s.indexes)
	for n > 0 && s.indexes[n-1].off >= from {
		n--
	}
	to.indexes = append(to.indexes, s.indexes[n:]...)
	s.indexes = s.indexes[:n]
}

// choose gives the archive to recover: that of an id, or the first that has
// frames.
func choose(all []*stream, id *format.ArchiveID) *stream {
	for _, s := range all {
		if id != nil && s.known && s.id == *id || id == nil && len(s.frames) > 0 {
			return s
		}
	}
	return nil
}

// merge adds what a copy of the same archive has.
func (s *stream) merge(o *stream) {
	s.frames = append(s.frames, o.frames...)
	s.indexes = append(s.indexes, o.indexes...)
	s.trailers = append(s.trailers, o.trailers...)
	if s.header == nil {
		s.header = o.header
	}
}

// number puts frames in the order of their numbers, one for each: a sound one
// before a damaged one, one that a proven index agrees with before others, and
// what comes first in the file before what comes later. It gives those that are
// left over.
func (s *stream) number() (left []*frame) {
	order := slices.Clone(s.frames)
	slices.SortStableFunc(order, func(a, b *frame) int { return cmp.Compare(a.head.First, b.head.First) })
	s.frames = s.frames[:0]
	for _, f := range order {
		k := len(s.frames) - 1
		if k < 0 || f.head.First >= s.frames[k].head.End() {
			s.frames = append(s.frames, f)
			continue
		}
		last := s.frames[k]
		worse := f
		if s.worth(f) > s.worth(last) {
			s.frames[k], worse = f, last
		}
		if last.head.First != f.head.First || last.head.Hash != f.head.Hash {
			left = append(left, worse) // else it is the same again
		}
	}
	return left
}

// worth tells how much speaks for a frame.
func (s *stream) worth(f *frame) int {
	if !f.sound {
		return 0
	}
	for i := range f.hashes {
		h, proven, ok := s.said(f.head.First + uint64(i))
		switch {
		case f.head.Lengths[i] == 0 || !ok || !proven:
		case h == f.hashes[i]:
			return 3
		default:
			return 1
		}
	}
	return 2
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// find gives the frame of a block and which of its blocks it is.
func (s *stream) find(num uint64) (f *frame, i int) {
	k, ok := slices.BinarySearchFunc(s.frames, num, func(f *frame, n uint64) int { return cmp.Compare(f.head.First, n) })
	if !ok {
		k--
	}
	if k < 0 || num >= s.frames[k].head.End() {
		return nil, 0
	}
	return s.frames[k], int(num - s.frames[k].head.First)
}
