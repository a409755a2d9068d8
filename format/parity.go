package format

// ParitySet describes a set of parity frames: which bytes of the file they
// protect, and how these are laid out as shards. All frames of a set repeat it.
//
// The protected range is cut into Data shards of Rows cells of Cell bytes each;
// Parity more shards of as many cells follow it, a frame for each cell, shard
// by shard. A row is the cells of one number of all shards.
type ParitySet struct {
	Archive       ArchiveID
	ID            [16]byte
	Begin, Length int64 // the protected range
	Data, Parity  int   // counts of shards
	Rows          uint32
	Cell          uint32 // bytes
	HashID        HashID
	Code          uint8
	Flags         uint64 // of the header, where Begin is 0
}

// CellHash is the first bytes of the hash of a cell.
type CellHash [CellHashSize]byte

// ParityHead describes one parity frame; the cell follows it.
//
//	offset size
//	0      8    magic
//	8      4    size of the head
//	12     4    bytes of a cell
//	16     16   archive id
//	32     16   id of the set
//	48     8    offset of the protected range
//	56     8    length of the protected range
//	64     2    count of data shards
//	66     2    count of parity shards
//	68     4    count of rows
//	72     2    number of the parity shard
//	74     1    hash function
//	75     1    code
//	76     4    number of the row
//	80     8    flags of the header
//	88     8    zero
//	96     32   hash of bytes 0 to 95, the hashes of cells, and the cell
//	128    16×data shards  hash of each data cell of the row
//	…      4    CRC32C of all of the head before it
type ParityHead struct {
	ParitySet
	Shard int
	Row   uint32
	Hash  Hash
	Cells []CellHash
}

// End is the offset at which the protected range ends and the frames begin.
func (s *ParitySet) End() int64 { return s.Begin + s.Length }

// HeadSize is the size of the head of each frame.
func (s *ParitySet) HeadSize() int64 {
	return ParityHeadFixedSize + int64(s.Data)*CellHashSize + 4
}

// FrameSize is the size of each frame.
func (s *ParitySet) FrameSize() int64 { return s.HeadSize() + int64(s.Cell) }

// ShardSize is how many bytes lie between a data cell and the next of its row.
func (s *ParitySet) ShardSize() int64 { return int64(s.Rows) * int64(s.Cell) }

// FrameAt is the offset of a frame in the file.
func (s *ParitySet) FrameAt(shard int, row uint32) int64 {
	return s.End() + (int64(shard)*int64(s.Rows)+int64(row))*s.FrameSize()
}

// CellAt is the offset of a data cell in the file. The range may end inside it,
// or before it.
func (s *ParitySet) CellAt(shard int, row uint32) int64 {
	return s.Begin + int64(shard)*s.ShardSize() + int64(row)*int64(s.Cell)
}

// CellLen is how many bytes of a data cell are in the range; what is not counts
// as zeros.
func (s *ParitySet) CellLen(shard int, row uint32) int64 {
	return min(max(s.End()-s.CellAt(shard, row), 0), int64(s.Cell))
}

// IndexAt is the offset of the empty index behind the frames.
func (s *ParitySet) IndexAt() int64 { return s.FrameAt(s.Parity, 0) }

// SegmentEnd is the offset behind the trailer of the segment.
func (s *ParitySet) SegmentEnd() int64 { return s.IndexAt() + ParityTailSize }

// Reach is how many bytes next to each other can be lost anywhere from the
// beginning of the range to the end of the segment, and made again: fewer than
// hit more cells of a row than there are parity shards, and fewer than hit all
// frames.
func (s *ParitySet) Reach() int64 {
	pad := int64(s.Data)*s.ShardSize() - s.Length
	frames := int64(s.Parity) * int64(s.Rows)
	return max(min(int64(s.Parity)*s.ShardSize()-int64(s.Cell)-pad+1, (frames-2)*s.FrameSize()+1), 0)
}

// Tail is the index and the trailer behind the frames. before is the trailer
// that the protected range ends with.
func (s *ParitySet) Tail(before *Trailer) []byte {
	b := IndexHead{First: before.Blocks}.AppendTo(nil)
	t := *before
	t.Prev, t.Base = before.Offset, before.Offset
	if before.IsParity() { // so that chains do not grow with every parity segment
		t.Base = before.Base
	}
	t.Segment, t.Index, t.IndexLen = s.End(), s.IndexAt(), IndexHeadSize
	t.Offset, t.IndexHash = s.IndexAt()+IndexHeadSize, s.HashID.Sum(b)
	return t.AppendTo(b)
}

// IsParity reports whether the trailer is that of a parity segment: its index
// covers no block, which no other does.
func (t *Trailer) IsParity() bool { return t.IndexLen == IndexHeadSize }

// unprotected are the bytes of the header that the first append changes, flags
// and CRC: they count as zeros in a protected range.
var unprotected = [...][2]int64{{16, 24}, {60, 64}}

// HideUnprotected makes zeros of what counts as such in b, which lies at an
// offset in the file.
func HideUnprotected(b []byte, off int64) {
	for _, u := range unprotected {
		from, to := max(u[0]-off, 0), min(u[1]-off, int64(len(b)))
		if from < to {
			clear(b[from:to])
		}
	}
}

// Protected calls f for the parts of a stretch of the file that do not count as
// zeros.
func Protected(off, end int64, f func(from, to int64) error) error {
	for _, u := range unprotected {
		if to := min(u[0], end); off < to {
			if err := f(off, to); err != nil {
				return err
			}
		}
		off = max(off, u[1])
	}
	if off >= end {
		return nil
	}
	return f(off, end)
}

// AppendTo writes the head.
func (h *ParityHead) AppendTo(b []byte) []byte {
	start := len(b)
	b = append(b, MagicParity...)
	b = le.AppendUint32(b, uint32(h.HeadSize()))
	b = le.AppendUint32(b, h.Cell)
	b = append(b, h.Archive[:]...)
	b = append(b, h.ID[:]...)
	b = le.AppendUint64(b, uint64(h.Begin))
	b = le.AppendUint64(b, uint64(h.Length))
	b = le.AppendUint16(b, uint16(h.Data))
	b = le.AppendUint16(b, uint16(h.Parity))
	b = le.AppendUint32(b, h.Rows)
	b = le.AppendUint16(b, uint16(h.Shard))
	b = append(b, byte(h.HashID), h.Code)
	b = le.AppendUint32(b, h.Row)
	b = le.AppendUint64(b, h.Flags)
	b = le.AppendUint64(b, 0)
	b = append(b, h.Hash[:]...)
	for i := range h.Cells {
		b = append(b, h.Cells[i][:]...)
	}
	return le.AppendUint32(b, crc32c(b[start:]))
}

// FrameHash computes the hash of a frame with this head and a cell.
func (h *ParityHead) FrameHash(cell []byte) Hash {
	b := h.AppendTo(make([]byte, 0, h.HeadSize()))
	sum := h.HashID.New()
	sum.Write(b[:96])
	sum.Write(b[ParityHeadFixedSize : len(b)-4])
	sum.Write(cell)
	return sum.Sum()
}

// ParityHeadSize tells from the first ParityHeadFixedSize bytes how long the
// head is, and how long the cell.
func ParityHeadSize(b []byte, off int64) (head, cell int, err error) {
	const where = "parity frame"
	if len(b) < ParityHeadFixedSize {
		return 0, 0, Damaged(where, off, "the file ends inside its head")
	}
	if string(b[:8]) != MagicParity {
		return 0, 0, Damaged(where, off, "no parity frame begins here")
	}
	size, n := le.Uint32(b[8:]), le.Uint32(b[12:])
	switch data := int64(le.Uint16(b[64:])); {
	case data < 1 || data >= MaxParityShards || int64(size) != ParityHeadFixedSize+data*CellHashSize+4:
		return 0, 0, Damaged(where, off+8, "size %d is not that of a head with %d data shards", size, data)
	case n < 1 || n > MaxParityCell:
		return 0, 0, Damaged(where, off+12, "cells of %d bytes are not between 1 and %d", n, MaxParityCell)
	}
	return int(size), int(n), nil
}

// ParseParityHead reads a whole head, as long as ParityHeadSize says. Whether
// it lies where its set says, and whether its cell has its hash, is not checked.
func ParseParityHead(b []byte, off int64) (*ParityHead, error) {
	const where = "parity frame"
	size, cell, err := ParityHeadSize(b, off)
	if err != nil {
		return nil, err
	}
	if len(b) < size {
		return nil, Damaged(where, off, "the file ends inside its head")
	}
	b = b[:size]
	if crc := crc32c(b[:size-4]); crc != le.Uint32(b[size-4:]) {
		return nil, Damaged(where, off, "CRC32C is %08x, bytes give %08x", le.Uint32(b[size-4:]), crc)
	}
	h := &ParityHead{
		ParitySet: ParitySet{
			Begin: int64(le.Uint64(b[48:])), Length: int64(le.Uint64(b[56:])),
			Data: int(le.Uint16(b[64:])), Parity: int(le.Uint16(b[66:])), Rows: le.Uint32(b[68:]), Cell: uint32(cell),
			HashID: HashID(b[74]), Code: b[75], Flags: le.Uint64(b[80:]),
		},
		Shard: int(le.Uint16(b[72:])), Row: le.Uint32(b[76:]),
	}
	copy(h.Archive[:], b[16:])
	copy(h.ID[:], b[32:])
	copy(h.Hash[:], b[96:])
	shard := h.ShardSize()
	switch {
	case h.Code != ParityCauchy:
		return nil, Unsupported(where, off+75, "code %d is unknown to this program", h.Code)
	case !h.HashID.Known():
		return nil, Unsupported(where, off+74, "hash function %d is unknown to this program", b[74])
	case h.Parity < 1 || h.Data+h.Parity > MaxParityShards:
		return nil, Damaged(where, off+66, "%d data and %d parity shards are not at least 1 and at most %d", h.Data, h.Parity, MaxParityShards)
	case cell < h.Data:
		return nil, Damaged(where, off+12, "cells of %d bytes are too short for %d shards", cell, h.Data)
	case h.Rows < 1 || h.Rows > MaxParityRows:
		return nil, Damaged(where, off+68, "%d rows are not between 1 and %d", h.Rows, MaxParityRows)
	case h.Begin < 0 || h.Begin > MaxSpan || h.Begin > 0 && h.Begin < HeaderFixedSize+TrailerSize:
		return nil, Damaged(where, off+48, "a range at %d begins at no segment", h.Begin)
	case h.Length < TrailerSize || h.Length > int64(h.Data)*shard || h.Length <= int64(h.Data-1)*shard || h.SegmentEnd() > MaxSpan:
		return nil, Damaged(where, off+56, "%d bytes are not what %d shards of %d bytes hold", h.Length, h.Data, shard)
	case h.Shard >= h.Parity || h.Row >= h.Rows:
		return nil, Damaged(where, off+72, "cell %d of parity shard %d is not in a set of %d rows and %d such shards", h.Row, h.Shard, h.Rows, h.Parity)
	case h.Flags&^knownFlags != 0 || h.Flags == knownFlags || h.Begin != 0 && h.Flags != 0:
		return nil, Damaged(where, off+80, "flags %#x cannot be the header's", h.Flags)
	case le.Uint64(b[88:]) != 0:
		return nil, Damaged(where, off+88, "reserved bytes are not zero")
	}
	h.Cells = make([]CellHash, h.Data)
	for i := range h.Cells {
		copy(h.Cells[i][:], b[ParityHeadFixedSize+i*CellHashSize:])
	}
	return h, nil
}
