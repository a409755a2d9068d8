package parity

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

const (
	// maxShifts bounds how many places are looked at for a cell.
	maxShifts = 8
	// maxSets bounds the sets that are remembered of a file.
	maxSets = 1 << 13
	// maxWork bounds the bytes of all sets that are looked at, as a multiple of
	// those of the file: each set may protect all before it once more.
	maxWork = 32
	// maxGrowth is how many times as large as the file a set may say that the
	// file was: of more, even what parity there can be would not be enough.
	maxGrowth = 8
)

// found is a set with the distances from its place at which frames of it lie.
type found struct {
	format.ParitySet
	shifts []int64 // 0 is the first
	frames int     // how many were seen in their place
}

// Sets gives the sets of a file that may be damaged in any way, those that end
// last first. Trailers that are whole say where they are; where the chain of
// trailers is broken, the whole file is searched for parity frames.
func Sets(ctx context.Context, r io.ReaderAt, size int64) ([]format.ParitySet, error) {
	all, err := find(ctx, &view{r, size}, false)
	sets := make([]format.ParitySet, len(all))
	for i := range all {
		sets[i] = all[i].ParitySet
	}
	return sets, err
}

// find gives the sets of a file. search has it searched even where trailers say
// where they are.
func find(ctx context.Context, v *view, search bool) ([]*found, error) {
	all, ok := v.chain()
	if !ok || search {
		var err error
		if all, err = v.search(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b *found) int {
		return cmp.Or(cmp.Compare(b.SegmentEnd(), a.SegmentEnd()), cmp.Compare(b.frames, a.frames), bytes.Compare(a.ID[:], b.ID[:]))
	})
	work := int64(0)
	return slices.DeleteFunc(all, func(s *found) bool {
		total := s.SegmentEnd() - s.Begin
		if s.SegmentEnd()/maxGrowth > v.size || total/maxWork > v.size || work+total > maxWork*v.size {
			return true
		}
		work += total
		return false
	}), nil
}

// chain follows the trailers from the end of the file back to its beginning. It
// gives false if one is missing.
func (v *view) chain() (all []*found, ok bool) {
	t := v.trailer(v.size-format.TrailerSize, 0)
	for id := t; t != nil && t.ID == id.ID; t = v.trailer(t.Prev, 0) {
		if t.IndexLen == format.IndexHeadSize { // only a parity segment has an empty index
			h := v.head(t.Segment)
			if h == nil || h.End() != t.Segment || h.SegmentEnd() != t.Offset+format.TrailerSize || h.Archive != t.ID || len(all) == maxSets {
				return nil, false
			}
			all = append(all, &found{h.ParitySet, []int64{0}, 1})
		}
		if t.Prev == 0 {
			return all, true
		}
	}
	return nil, false
}

// head gives the head of the parity frame at an offset, or nil.
func (v *view) head(off int64) *format.ParityHead {
	b := make([]byte, format.ParityHeadFixedSize)
	if !v.read(b, off) {
		return nil
	}
	n, _, err := format.ParityHeadSize(b, off)
	if err != nil {
		return nil
	}
	b = append(b, make([]byte, n-len(b))...)
	if !v.read(b, off) {
		return nil
	}
	h, err := format.ParseParityHead(b, off)
	if err != nil {
		return nil
	}
	return h
}

const searchChunk = 1 << 20

// search looks for parity frames in the whole file. What is inside of other
// archives that this one holds is left out as far as can be told.
func (v *view) search(ctx context.Context) ([]*found, error) {
	sets := map[format.ParitySet]*found{}
	buf := make([]byte, searchChunk+format.ParityHeadFixedSize)
	for at := int64(0); at < v.size; at += searchChunk {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := buf[:min(int64(len(buf)), v.size-at)]
		if !v.read(b, at) {
			v.readPages(b, at)
		}
		for i := 0; i < searchChunk; i++ {
			k := bytes.Index(b[i:], []byte(format.MagicParity))
			if k < 0 || i+k >= searchChunk {
				break
			}
			i += k
			if h := v.head(at + int64(i)); h != nil {
				note(sets, h, at+int64(i))
			}
		}
	}
	return v.ours(sets), nil
}

// page is how much is given up around what a disk does not read any more.
const page = 4 << 10

// readPages fills b with what can be read of it.
func (v *view) readPages(b []byte, off int64) {
	for i := 0; i < len(b); i += page {
		if p := b[i:min(i+page, len(b))]; !v.read(p, off+int64(i)) {
			clear(p)
		}
	}
}

func note(sets map[format.ParitySet]*found, h *format.ParityHead, at int64) {
	s := sets[h.ParitySet]
	if s == nil {
		if len(sets) >= maxSets {
			return
		}
		s = &found{h.ParitySet, []int64{0}, 0}
		sets[h.ParitySet] = s
	}
	shift := at - h.FrameAt(h.Shard, h.Row)
	if shift == 0 {
		s.frames++
	} else if !slices.Contains(s.shifts, shift) && len(s.shifts) < maxShifts {
		s.shifts = append(s.shifts, shift)
	}
}

// ours picks the sets of the archive that the file is. Its id is that of the
// header, of the last trailer or, if these are gone, the one that most frames
// in their place have; else the one of the set that ends last.
func (v *view) ours(sets map[format.ParitySet]*found) (all []*found) {
	count := map[format.ArchiveID]int64{}
	for _, s := range sets {
		count[s.Archive] += int64(s.frames) << 32
		all = append(all, s)
	}
	for _, s := range sets {
		if count[s.Archive] < 1<<32 {
			count[s.Archive] = max(count[s.Archive], min(s.SegmentEnd(), 1<<32-1))
		}
	}
	if b, ok := v.header(); ok {
		count[format.ArchiveID(b[44:60])] = 1 << 62
	}
	if t := v.trailer(v.size-format.TrailerSize, 0); t != nil {
		count[t.ID] = 1 << 62
	}
	var best format.ArchiveID
	most := int64(-1)
	for id, n := range count {
		if n > most || n == most && bytes.Compare(id[:], best[:]) < 0 {
			best, most = id, n
		}
	}
	return slices.DeleteFunc(all, func(s *found) bool { return s.Archive != best })
}
