package testkit

import (
	"bytes"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// parity checks a parity segment, whose trailer comes after another.
func (c *checker) parity(t, before *format.Trailer) error {
	first, err := format.ParseParityHead(c.file[t.Segment:t.Index], t.Segment)
	switch {
	case err != nil:
		return err
	case first.Archive != t.ID:
		return damaged("parity frame", t.Segment, "it belongs to another archive")
	case first.End() != t.Segment || first.IndexAt() != t.Index:
		return damaged("parity frame", t.Segment, "its set is not this segment")
	case !bytes.Equal(first.Tail(before), c.file[t.Index:t.Offset+format.TrailerSize]):
		return damaged("trailer", t.Offset, "it does not repeat the trailer before")
	}
	set := first.ParitySet
	tables := map[uint32][]format.CellHash{}
	for at := t.Segment; at < t.Index; at += set.FrameSize() {
		h, err := format.ParseParityHead(c.file[at:t.Index], at)
		if err != nil {
			return err
		}
		if h.ParitySet != set || set.FrameAt(h.Shard, h.Row) != at {
			return damaged("parity frame", at, "it does not belong here")
		}
		if h.FrameHash(c.file[at+set.HeadSize():at+set.FrameSize()]) != h.Hash {
			return damaged("parity frame", at, "it does not have its hash")
		}
		if table := tables[h.Row]; table != nil && !slices.Equal(table, h.Cells) {
			return damaged("parity frame", at, "it has other hashes of cells than the frame before")
		}
		tables[h.Row] = h.Cells
	}
	file := slices.Clone(c.file[:set.End()])
	format.HideUnprotected(file, 0)
	for row, table := range tables {
		for i := range table {
			cell := make([]byte, set.Cell)
			if at := set.CellAt(i, row); at < set.End() {
				copy(cell, file[at:])
			}
			if sum := c.header.Hash.Sum(cell); !bytes.Equal(sum[:format.CellHashSize], table[i][:]) {
				return damaged("protected range", set.CellAt(i, row), "a cell does not have its hash")
			}
		}
	}
	return nil
}
