package reader

import "github.com/vtdarchive/vtd/format"

// IndexPart is one of the indexes that together say where all blocks are.
type IndexPart struct {
	format.IndexHead
	Offset  int64           // of the index in the file
	Trailer *format.Trailer // behind it
}

// IndexParts gives the parts of the index, in ascending order of the blocks
// that they cover.
func (a *Archive) IndexParts() []IndexPart {
	out := make([]IndexPart, len(a.parts))
	for i, p := range a.parts {
		out[i] = IndexPart{p.IndexHead, p.at, p.trailer}
	}
	return out
}

// Absent gives the numbers of the blocks that were promised and are not there,
// and of those in frames whose heads are damaged. It reads the heads of all
// frames.
func (a *Archive) Absent() ([]uint64, error) {
	var out []uint64
	for row, err := range a.Frames() {
		if err != nil {
			return nil, err
		}
		head, err := a.readHead(&row)
		if err != nil && classOf(err) == nil {
			return nil, a.named(err)
		}
		for i := range row.Count {
			if err != nil || head.Lengths[i] == 0 {
				out = append(out, row.First+uint64(i))
			}
		}
	}
	return out, nil
}
