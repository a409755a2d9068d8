package reader

import (
	"errors"
	"iter"

	"github.com/vtdarchive/vtd/format"
)

// indexPart is one of the indexes that together cover all blocks.
type indexPart struct {
	format.IndexHead
	at      int64 // offset of the index in the file
	trailer *format.Trailer
}

func (p *indexPart) end() uint64 { return p.First + p.Blocks }

// pageSize is the unit in which index bytes are read: neighbours in number
// are mostly wanted together. A multiple of neither hashes nor rows, so what
// straddles two pages is put together.
const pageSize = 4 << 10

// indexBytes copies bytes of an index out of cached pages.
func (a *Archive) indexBytes(dst []byte, off int64) error {
	for len(dst) > 0 {
		key := off / pageSize
		page, err := a.pages.get(key, func() ([]byte, int64, error) {
			// Not into a torn tail: an append may cut that off at any time.
			n := min(pageSize, a.size-a.torn-key*pageSize)
			if n <= 0 {
				return nil, 0, format.Damaged("index", off, "the file ends inside it")
			}
			b := make([]byte, n)
			return b, n, a.read(b, key*pageSize, "index")
		})
		if err != nil {
			return err
		}
		b := page.val
		a.pages.release(page)
		from := off - key*pageSize
		if from >= int64(len(b)) {
			return format.Damaged("index", off, "the file ends inside it")
		}
		n := copy(dst, b[from:])
		dst, off = dst[n:], off+int64(n)
	}
	return nil
}

// partOfBlock finds the index part that covers a block.
func (a *Archive) partOfBlock(num uint64) (*indexPart, error) {
	for i := len(a.parts) - 1; i >= 0; i-- {
		if p := &a.parts[i]; num >= p.First && num < p.end() {
			return p, nil
		}
	}
	return nil, blockDamage("block", format.NoOffset, num, "the archive has only %d blocks", a.Blocks())
}

// Hash gives the hash of a block as the index has it.
func (a *Archive) Hash(num uint64) (format.Hash, error) {
	h, err := a.hashOf(num)
	return h, a.named(err)
}

func (a *Archive) hashOf(num uint64) (h format.Hash, err error) {
	p, err := a.partOfBlock(num)
	if err != nil {
		return h, err
	}
	err = a.indexBytes(h[:], p.at+format.IndexHeadSize+int64(num-p.First)*format.HashSize)
	return h, err
}

// row reads and checks row i of a part's table of frames.
func (a *Archive) row(p *indexPart, i uint64) (format.IndexFrame, error) {
	var b [format.IndexFrameSize]byte
	off := p.at + int64(p.FramesAt()) + int64(i)*format.IndexFrameSize
	if err := a.indexBytes(b[:], off); err != nil {
		return format.IndexFrame{}, err
	}
	return a.parseRow(p, b[:], off)
}

func (a *Archive) parseRow(p *indexPart, b []byte, off int64) (format.IndexFrame, error) {
	row, err := format.ParseIndexFrame(b, off)
	if err != nil {
		return row, err
	}
	switch {
	case row.First < p.First || row.First+uint64(row.Count) > p.end():
		return row, format.Damaged("index", off+8, "the frame at %d has blocks that the index does not cover", row.Offset)
	case row.Offset < a.headerSize || frameEnd(&row) > p.at:
		return row, format.Damaged("index", off, "the frame at %d does not lie between header and index", row.Offset)
	}
	return row, nil
}

func frameEnd(f *format.IndexFrame) int64 { return f.Offset + int64(f.HeadSize) + int64(f.Stored) }

// FrameOf gives the row of the frame that holds a block.
func (a *Archive) FrameOf(num uint64) (format.IndexFrame, error) {
	row, err := a.frameOf(num)
	if err != nil {
		return format.IndexFrame{}, a.named(err)
	}
	return *row, nil
}

func (a *Archive) frameOf(num uint64) (*format.IndexFrame, error) {
	if row := a.ahead.recent.Load(); row != nil && holds(row, num) {
		return row, nil
	}
	row, err := a.searchRow(num)
	if err == nil {
		a.ahead.recent.Store(row)
	}
	return row, err
}

// searchRow finds the row of a block in the table of frames. Where the table
// is damaged, the frame is looked for at the end of the one before.
func (a *Archive) searchRow(num uint64) (*format.IndexFrame, error) {
	p, err := a.partOfBlock(num)
	if err != nil {
		return nil, err
	}
	row, err := a.bisectRows(p, num)
	if err != nil && classOf(err) != nil {
		if found, lost := a.followFrames(num); lost == nil {
			return found, nil
		}
	}
	return row, err
}

func (a *Archive) bisectRows(p *indexPart, num uint64) (*format.IndexFrame, error) {
	lo, hi := uint64(0), p.Frames // the row is one of these
	for lo < hi {
		mid := lo + (hi-lo)/2
		row, err := a.row(p, mid)
		switch {
		case err != nil:
			return nil, err
		case num < row.First:
			hi = mid
		case num >= row.First+uint64(row.Count):
			lo = mid + 1
		default:
			return &row, nil
		}
	}
	return nil, blockDamage("index", p.at+int64(p.FramesAt()), num,
		"the table of frames is out of order: no frame holds the block")
}

// Frames gives the rows of all frames in the order of their blocks, which is
// their order in the file. It reads the table of frames, 40 bytes a frame.
func (a *Archive) Frames() iter.Seq2[format.IndexFrame, error] {
	return func(yield func(format.IndexFrame, error) bool) {
		for i := range a.parts {
			p := &a.parts[i]
			next := p.First
			for k := range p.Frames {
				row, err := a.row(p, k)
				if err == nil && row.First != next {
					err = format.Damaged("index", p.at+int64(p.FramesAt()+k*format.IndexFrameSize)+8,
						"the frame at %d begins with block %d, the one before ends with %d", row.Offset, row.First, int64(next)-1)
				}
				if !yield(row, a.named(err)) || err != nil {
					return
				}
				next += uint64(row.Count)
			}
			if next != p.end() {
				yield(format.IndexFrame{}, a.named(format.Damaged("index", p.at, "its frames end with block %d, not %d", int64(next)-1, int64(p.end())-1)))
				return
			}
		}
	}
}

// blockDamage makes an error about a block; off is where its frame lies.
func blockDamage(structure string, off int64, num uint64, msg string, args ...any) *format.Error {
	e := format.Damaged(structure, off, msg, args...)
	e.Block = int64(num)
	return e
}

// classOf gives the class of package format that an error belongs to, or nil.
func classOf(err error) error {
	for _, class := range []error{format.ErrNotArchive, format.ErrUnsupported, format.ErrDamaged} {
		if errors.Is(err, class) {
			return class
		}
	}
	return nil
}
