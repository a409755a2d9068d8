package stream

import (
	"cmp"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// maxDiffers bounds how many blocks that differ from the index are told one by
// one; what differs that often is the index.
const maxDiffers = 1 << 16

// indexCheck is what comparing an index with the frames has shown.
type indexCheck struct {
	at      int64
	first   uint64
	sum     format.Hash // of the index as it came
	size    uint64
	rows    error                  // the first row that is wrong
	differs []uint64               // data blocks whose hash is another
	meta    map[uint64]format.Hash // hashes it has for metadata blocks
}

// readIndex reads an index to its end and compares the hashes of data blocks.
// Those that were lost get theirs from it, so that the tree above them can
// still be checked.
func (p *producer) readIndex() (invalid, err error) {
	off := p.in.offset()
	head, err := format.ParseIndexHead(p.in.peek(format.IndexHeadSize), off)
	if err != nil {
		return err, nil
	}
	if head.First+head.Blocks != p.next {
		return format.Damaged("index", off, "it ends with block %d, the frames with %d", head.First+head.Blocks, p.next), nil
	}
	p.sealed = false
	p.closeTree()
	p.pending.Wait()
	x := &indexCheck{at: off, first: head.First, size: head.Size(), meta: make(map[uint64]format.Hash)}
	for _, num := range p.nodes.numbers() {
		x.meta[num] = format.Hash{}
	}
	sum := p.header.Hash.New()
	sum.Write(p.in.peek(format.IndexHeadSize))
	p.in.take(format.IndexHeadSize)
	buf := make([]byte, 1024*format.HashSize)
	for num, left := head.First, head.Blocks; left > 0; {
		n := min(left, uint64(len(buf)/format.HashSize))
		b := buf[:n*format.HashSize]
		if err := p.body(b, "index", off); err != nil {
			return nil, err
		}
		sum.Write(b)
		for ; len(b) > 0; b = b[format.HashSize:] {
			x.compare(p.Reader, num, format.Hash(b[:format.HashSize]))
			num++
		}
		left -= n
		if p.ctx.Err() != nil {
			return nil, p.ctx.Err()
		}
	}
	row := buf[:format.IndexFrameSize]
	for range head.Frames {
		at := p.in.offset()
		if err := p.body(row, "index", off); err != nil {
			return nil, err
		}
		sum.Write(row)
		if err := p.compareRow(row, at); err != nil && x.rows == nil {
			x.rows = err
		}
		if p.ctx.Err() != nil {
			return nil, p.ctx.Err()
		}
	}
	x.sum = sum.Sum()
	p.index = x
	return nil, nil
}

// compareRow holds a row of the table of frames against the frame that came.
// One that was lost is known from the gap it left.
func (p *producer) compareRow(b []byte, at int64) error {
	want, err := format.ParseIndexFrame(b, at)
	if err != nil {
		return err
	}
	i, ok := slices.BinarySearchFunc(p.rows, want.First, func(r format.IndexFrame, first uint64) int { return cmp.Compare(r.First, first) })
	if ok && p.rows[i] != want {
		return format.Damaged("index", at, "it says something else about the frame of block %d than that itself", want.First)
	}
	return nil
}

func (x *indexCheck) compare(s *Reader, num uint64, want format.Hash) {
	if _, ok := x.meta[num]; ok {
		x.meta[num] = want
		return
	}
	have, ok := s.hashes.get(num)
	switch {
	case !ok:
		s.hashes.set(num, want)
	case have != want && len(x.differs) < maxDiffers:
		x.differs = append(x.differs, num)
	}
}
