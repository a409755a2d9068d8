package reader

import "github.com/vtdarchive/vtd/format"

// maxFollowed bounds how many frames are passed in search of one whose row is
// damaged, and how many rows are tried for one to begin with.
const maxFollowed = 256

// followFrames finds the frame that holds a block without its row: frames lie
// one after another, and each head says which blocks it has. It begins at the
// nearest row before that its frame agrees with.
func (a *Archive) followFrames(num uint64) (*format.IndexFrame, error) {
	p, err := a.partOfBlock(num)
	if err != nil {
		return nil, err
	}
	off := a.rowBefore(p, num)
	for range maxFollowed {
		row, err := a.rowAt(off, p.at)
		if err != nil {
			return nil, err
		}
		switch {
		case num < row.First:
			return nil, blockDamage("index", p.at, num, "no frame holds the block")
		case num < row.First+uint64(row.Count):
			return row, nil
		}
		off = frameEnd(row)
	}
	return nil, blockDamage("index", p.at, num, "too many rows of the table of frames are damaged")
}

// rowBefore gives the offset after the nearest frame before a block that has
// a right row, or where the first frame of the index part begins.
func (a *Archive) rowBefore(p *indexPart, num uint64) int64 {
	last := p.Frames // rows from here on are of no use
	for k := range p.Frames {
		if row, err := a.row(p, k); err == nil && row.First+uint64(row.Count) > num {
			last = k
			break
		}
	}
	for tries := 0; last > 0 && tries < maxFollowed; tries++ {
		last--
		row, err := a.row(p, last)
		if err == nil && row.First+uint64(row.Count) <= num {
			if _, err := a.readHead(&row); err == nil {
				return frameEnd(&row)
			}
		}
	}
	for i := range a.parts {
		if a.parts[i].end() == p.First {
			return a.parts[i].trailer.Offset + format.TrailerSize
		}
	}
	return a.headerSize
}

// rowAt makes the row of the frame that begins at an offset, or behind the parity
// segments there, and ends before another.
func (a *Archive) rowAt(off, end int64) (*format.IndexFrame, error) {
	for off < end {
		h, err := a.parityHead(off)
		if err != nil || h.End() != off {
			break
		}
		off = h.SegmentEnd()
	}
	fixed := make([]byte, format.FrameHeadFixedSize)
	if err := a.read(fixed, off, "frame head"); err != nil {
		return nil, err
	}
	size, err := format.FrameHeadSize(fixed, off)
	if err != nil {
		return nil, err
	}
	if !a.fits(off, int64(size)) {
		return nil, format.Damaged("frame head", off, "the file ends inside it")
	}
	b := make([]byte, size)
	if err := a.read(b, off, "frame head"); err != nil {
		return nil, err
	}
	head, err := format.ParseFrameHead(b, off)
	if err != nil {
		return nil, err
	}
	row := head.Row(off)
	if frameEnd(&row) > end {
		return nil, format.Damaged("frame head", off, "the frame does not end before its index")
	}
	return &row, nil
}
