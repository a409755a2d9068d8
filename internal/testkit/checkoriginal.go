package testkit

import (
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// original checks what a tree was made from, and tells out of it.
func (c *checker) original(s *format.Snapshot, out *Contents) error {
	if s.Original == (format.Hash{}) {
		return nil
	}
	for num, h := range slices.Backward(c.hashes) {
		b, err := c.block(uint64(num), format.FrameMetadata)
		if h != s.Original || err != nil {
			continue
		}
		if format.BlockType(b[0]) != format.BlockDirLeaf {
			return damaged("snapshot record", format.NoOffset, "block %d is not the leaf of an original", num)
		}
		var list []Entry
		d, err := c.dir("original", uint64(num), 0, &list)
		if err != nil {
			return err
		}
		if len(d.entries) != 1 || d.entries[0].Kind != format.KindFile || d.entries[0].LinkID != 0 {
			return damaged("snapshot record", format.NoOffset, "the leaf of the original does not have one file")
		}
		if err := c.files(d, list); err != nil {
			return err
		}
		if _, _, _, err := c.totals(d, map[uint64]*linkSeen{}); err != nil {
			return err
		}
		out.Original = &list[0]
		out.Original.Path = d.entries[0].Name
		return nil
	}
	return damaged("snapshot record", format.NoOffset, "the original is not in the archive")
}
