package reader

import (
	"cmp"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// region is a stretch of the file that a structure takes.
type region struct {
	from, to int64
	what     string
}

// layout checks where everything lies: trailers, indexes, rows, and what is
// between. It gives the rows of the table of frames that can be used.
func (v *verifier) layout() ([]format.IndexFrame, error) {
	regions, from := v.trailers()
	rows, complete := v.rows()
	for i := range rows {
		regions = append(regions, region{rows[i].Offset, frameEnd(&rows[i]), "frame"})
	}
	v.gaps(regions, from, complete)
	return rows, v.ctx.Err()
}

// trailers checks the chain of trailers, from the newest back, and the index
// of each. It gives where they lie and the offset from which on the chain
// tells all.
func (v *verifier) trailers() (regions []region, from int64) {
	from = v.a.headerSize
	for t := v.a.trailer; ; {
		v.rep.Trailers++
		end := t.Offset + format.TrailerSize
		regions = append(regions, region{t.Offset, end, "trailer"}, region{t.Index, t.Index + t.IndexLen, "index"})
		if t.IsParity() {
			regions = append(regions, region{t.Segment, t.Index, "parity frame"})
		} else if t.Prev != 0 && v.a.header.Flags&format.FlagAsCreated != 0 {
			v.note(format.Damaged("header", 16, "it says that nothing was appended, yet there are several segments"), v.a.headerSize)
		}
		v.checkIndex(t)
		v.checkTopFrame(t)
		if t.Prev == 0 {
			if t.Segment != 0 {
				v.note(format.Damaged("trailer", t.Offset+40, "its segment, the first, begins at %d and not with the file", t.Segment), format.TrailerSize)
			}
			if t.Snapshots != 1 {
				v.note(format.Damaged("trailer", t.Offset+160, "it counts %d snapshots, and is the first", t.Snapshots), format.TrailerSize)
			}
			return regions, from
		}
		prev, err := v.a.trailerAt(t.Prev)
		if err == nil {
			err = checkPrev(t, prev)
		}
		if err != nil {
			v.note(err, format.TrailerSize)
			prev = nil
		}
		if t.IsParity() {
			v.parity(t, prev)
		}
		if prev == nil {
			return regions, t.Segment
		}
		t = prev
	}
}

// checkTopFrame checks that the index knows the top block of a trailer, and
// that it and the snapshot record have a frame to themselves.
func (v *verifier) checkTopFrame(t *format.Trailer) {
	hash, err := v.a.hashOf(t.Top)
	if err == nil && hash != t.TopHash {
		err = format.Damaged("trailer", t.Offset+96, "the hash of the top block is %v, the index says %v", t.TopHash, hash)
	}
	if err != nil {
		v.note(err, format.TrailerSize)
		return
	}
	if row, err := v.a.searchRow(t.Top); err == nil && (row.First != t.Top || row.Count != 2) {
		v.note(format.Damaged("frame", row.Offset, "top block %d and its snapshot record do not have it to themselves", t.Top), frameEnd(row)-row.Offset)
	}
}

// checkPrev holds a trailer against the one before.
func checkPrev(t, prev *format.Trailer) error {
	bad := func(at int64, msg string, args ...any) error {
		return format.Damaged("trailer", t.Offset+at, msg, args...)
	}
	end := prev.Offset + format.TrailerSize
	switch {
	case t.Segment < end:
		return bad(40, "its segment begins at %d, inside the one before, which ends at %d", t.Segment, end)
	case t.Blocks < prev.Blocks:
		return bad(80, "it counts %d blocks, the one before %d", t.Blocks, prev.Blocks)
	case t.IsParity(): // what else it says has to be as in the one before
	case t.Top < prev.Blocks:
		return bad(88, "its top block %d is of a segment before", t.Top)
	case t.Snapshots != prev.Snapshots+1:
		return bad(160, "it counts %d snapshots, the one before %d", t.Snapshots, prev.Snapshots)
	}
	return nil
}

// checkIndex holds an index against its hash.
func (v *verifier) checkIndex(t *format.Trailer) {
	h := v.a.header.Hash.New()
	buf := make([]byte, min(t.IndexLen, scanChunk))
	for off, end := t.Index, t.Index+t.IndexLen; off < end && v.ctx.Err() == nil; {
		b := buf[:min(int64(len(buf)), end-off)]
		if err := v.a.read(b, off, "index"); err != nil {
			v.note(err, t.IndexLen)
			return
		}
		h.Write(b)
		off += int64(len(b))
		v.step(int64(len(b)))
	}
	if got := h.Sum(); got != t.IndexHash {
		v.note(format.Damaged("index", t.Index, "its hash is %v; the trailer says %v", got, t.IndexHash), t.IndexLen)
	}
}

// rows reads the table of frames and holds it against the heads. Where a row
// is wrong, the frame that begins at the end of the one before stands in for
// it. complete tells that all blocks are accounted for.
func (v *verifier) rows() (rows []format.IndexFrame, complete bool) {
	complete = true
	end := v.a.headerSize // of the frame before
	for i := range v.a.parts {
		p := &v.a.parts[i]
		next := p.First
		if i > 0 {
			end = v.a.parts[i-1].trailer.Offset + format.TrailerSize
		}
		for k := range p.Frames {
			if v.ctx.Err() != nil {
				return rows, false
			}
			row, ok := v.row(p, k, next, end)
			complete = complete && ok
			if row == nil {
				continue
			}
			rows = append(rows, *row)
			next, end = row.First+uint64(row.Count), frameEnd(row)
		}
		if next != p.end() && complete {
			v.note(format.Damaged("index", p.at, "its frames end before block %d; it has %d blocks from %d", next, p.Blocks, p.First), int64(p.Size()))
			complete = false
		}
	}
	return rows, complete
}

// row checks row k of a part, which should begin with block next. The frame
// before ends at end. ok is false when blocks before the row's, or its own,
// have no frame that is known.
func (v *verifier) row(p *indexPart, k, next uint64, end int64) (row *format.IndexFrame, ok bool) {
	at := p.at + int64(p.FramesAt()) + int64(k)*format.IndexFrameSize
	r, err := v.a.row(p, k)
	parsed := err == nil
	switch {
	case parsed && r.First != next:
		err = format.Damaged("index", at+8, "the frame at %d begins with block %d where %d comes next", r.Offset, r.First, next)
	case parsed && r.Offset < end:
		err = format.Damaged("index", at, "the frame at %d begins before the end of the one before, at %d", r.Offset, end)
	case parsed:
		_, err = v.a.readHead(&r)
	}
	if err == nil {
		return &r, true
	}
	if found, lost := v.a.rowAt(end, p.at); lost == nil && found.First == next && found.First+uint64(found.Count) <= p.end() {
		if parsed && r.First == next && r.Count != found.Count { // the next row shows it, too
			err = format.Damaged("index", at, "the row says %s at %d; the frame there says %s at %d",
				describeRow(&r), r.Offset, describeRow(found), found.Offset)
		}
		v.note(err, format.IndexFrameSize)
		return found, true
	}
	switch {
	case parsed && r.First == next && r.Offset >= end:
		return &r, true // its head is damaged: the check of frames says so
	case parsed && r.First >= next && r.Offset >= end:
		v.note(err, format.IndexFrameSize)
		return &r, false
	}
	v.note(err, format.IndexFrameSize)
	return nil, false
}

// gaps finds bytes that belong to nothing, and structures that overlap.
func (v *verifier) gaps(regions []region, from int64, complete bool) {
	slices.SortFunc(regions, func(a, b region) int { return cmp.Compare(a.from, b.from) })
	at, last := v.a.headerSize, "header"
	for _, r := range regions {
		switch {
		case r.from < at:
			v.note(format.Damaged(r.what, r.from, "it begins inside the %s that ends at %d", last, at), r.to-r.from)
		case r.from > at && at >= from && complete:
			// Without all rows and trailers known, what looks like a gap may
			// hold what they describe.
			v.note(format.Damaged("index", at, "%d bytes after the %s belong to nothing", r.from-at, last), r.from-at)
		}
		if r.to > at {
			at, last = r.to, r.what
		}
	}
}
