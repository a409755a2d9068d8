package reader

import (
	"iter"

	"github.com/vtdarchive/vtd/format"
)

// planIndex tells a source that wants to know that all of an index is going to
// be read, when the newest tree is going to be walked: to check the nodes of a
// tree takes the hashes of all that they refer to.
func (a *Archive) planIndex(t *format.Trailer) {
	if s, ok := a.src.(PlannedSource); ok && a.opts.WholeTree {
		s.WillRead([]Range{{t.Index, t.IndexLen}})
	}
}

// planWalk tells it all that a walk through the newest tree reads: indexes and
// frames of metadata. Where rows are damaged it tells what it can; the walk will
// find them.
func (a *Archive) planWalk() {
	if !a.opts.WholeTree {
		return
	}
	var indexes []Range
	for _, p := range a.parts {
		indexes = append(indexes, Range{p.trailer.Index, p.trailer.IndexLen})
	}
	a.plan(indexes, func(yield func(format.IndexFrame) bool) {
		for row, err := range a.Frames() {
			if err != nil || row.Kind == format.FrameMetadata && !yield(row) {
				return
			}
		}
	})
}

// Planned says whether the source is a [PlannedSource].
func (a *Archive) Planned() bool {
	_, ok := a.src.(PlannedSource)
	return ok
}

// WillRead tells a source that wants to know, a [PlannedSource], which frames
// are going to be read.
func (a *Archive) WillRead(rows iter.Seq[format.IndexFrame]) { a.plan(nil, rows) }

func (a *Archive) plan(ranges []Range, rows iter.Seq[format.IndexFrame]) {
	s, ok := a.src.(PlannedSource)
	if !ok {
		return
	}
	for row := range rows {
		end := frameEnd(&row)
		if n := len(ranges); n > 0 && ranges[n-1].Off+ranges[n-1].Len == row.Offset {
			ranges[n-1].Len = end - ranges[n-1].Off
			continue
		}
		ranges = append(ranges, Range{row.Offset, end - row.Offset})
	}
	s.WillRead(ranges)
}
