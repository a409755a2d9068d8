package format

import "github.com/vtdarchive/vtd/format/codec"

// IndexHead begins an index; the hash of every block it covers and the table
// of frames follow.
//
//	offset size
//	0      8    magic
//	8      4    size of the head: 48
//	12     4    zero
//	16     8    number of the first block covered
//	24     8    count of blocks
//	32     8    count of frames
//	40     4    zero
//	44     4    CRC32C of bytes 0 to 43
//	48     32×blocks  hashes, in the order of numbers
//	…      40×frames  table of frames
type IndexHead struct {
	First, Blocks, Frames uint64
}

// AppendTo writes the head of the index.
func (x IndexHead) AppendTo(b []byte) []byte {
	start := len(b)
	b = append(b, MagicIndex...)
	b = le.AppendUint32(b, IndexHeadSize)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, x.First)
	b = le.AppendUint64(b, x.Blocks)
	b = le.AppendUint64(b, x.Frames)
	b = le.AppendUint32(b, 0)
	return le.AppendUint32(b, crc32c(b[start:]))
}

// Size is the length of the whole index in bytes.
func (x IndexHead) Size() uint64 {
	return IndexHeadSize + x.Blocks*HashSize + x.Frames*IndexFrameSize
}

// FramesAt is the offset of the table of frames from the start of the index.
func (x IndexHead) FramesAt() uint64 { return IndexHeadSize + x.Blocks*HashSize }

// ParseIndexHead reads the head of an index. off is its place in the file.
func ParseIndexHead(b []byte, off int64) (IndexHead, error) {
	const where = "index"
	if len(b) < IndexHeadSize {
		return IndexHead{}, Damaged(where, off, "the file ends inside its head")
	}
	if string(b[:8]) != MagicIndex {
		return IndexHead{}, Damaged(where, off, "no index begins here")
	}
	if crc := crc32c(b[:44]); crc != le.Uint32(b[44:]) {
		return IndexHead{}, Damaged(where, off, "CRC32C is %08x, bytes give %08x", le.Uint32(b[44:]), crc)
	}
	x := IndexHead{le.Uint64(b[16:]), le.Uint64(b[24:]), le.Uint64(b[32:])}
	if le.Uint32(b[8:]) != IndexHeadSize || le.Uint32(b[12:]) != 0 || le.Uint32(b[40:]) != 0 {
		return IndexHead{}, Damaged(where, off+8, "reserved bytes are not zero")
	}
	// 2^55 blocks of 32 bytes are beyond any file: no sum below overflows.
	if x.First > 1<<55 || x.Blocks > 1<<55 || x.Frames > x.Blocks || (x.Frames == 0) != (x.Blocks == 0) {
		return IndexHead{}, Damaged(where, off+16, "%d frames cannot hold %d blocks from %d", x.Frames, x.Blocks, x.First)
	}
	return x, nil
}

// IndexFrame is one row of the table of frames.
//
//	offset size
//	0      8    offset of the frame's head in the file
//	8      8    number of its first block
//	16     4    count of blocks
//	20     4    size of the head
//	24     4    stored length
//	28     4    raw length
//	32     1    kind
//	33     1    codec
//	34     6    zero
type IndexFrame struct {
	Offset   int64
	First    uint64
	Count    uint32
	HeadSize uint32
	Stored   uint32
	RawLen   uint32
	Kind     FrameKind
	Codec    codec.ID
}

// AppendTo writes the row.
func (f *IndexFrame) AppendTo(b []byte) []byte {
	b = le.AppendUint64(b, uint64(f.Offset))
	b = le.AppendUint64(b, f.First)
	b = le.AppendUint32(b, f.Count)
	b = le.AppendUint32(b, f.HeadSize)
	b = le.AppendUint32(b, f.Stored)
	b = le.AppendUint32(b, f.RawLen)
	return append(b, byte(f.Kind), byte(f.Codec), 0, 0, 0, 0, 0, 0)
}

// ParseIndexFrame reads a row; off is its place in the file.
func ParseIndexFrame(b []byte, off int64) (IndexFrame, error) {
	const where = "index"
	if len(b) < IndexFrameSize {
		return IndexFrame{}, Damaged(where, off, "the file ends inside the table of frames")
	}
	f := IndexFrame{
		Offset: int64(le.Uint64(b)), First: le.Uint64(b[8:]), Count: le.Uint32(b[16:]), HeadSize: le.Uint32(b[20:]),
		Stored: le.Uint32(b[24:]), RawLen: le.Uint32(b[28:]), Kind: FrameKind(b[32]), Codec: codec.ID(b[33]),
	}
	switch {
	case f.Kind != FrameMetadata && f.Kind != FrameData:
		return f, Unsupported(where, off+32, "frame kind %d is unknown", b[32])
	case b[34]|b[35]|b[36]|b[37]|b[38]|b[39] != 0:
		return f, Damaged(where, off+34, "reserved bytes are not zero")
	case f.Offset < HeaderFixedSize || f.Offset > MaxSpan:
		return f, Damaged(where, off, "no frame can lie at %d", f.Offset)
	case f.HeadSize < FrameHeadFixedSize+5 || f.HeadSize > MaxFrameHead:
		return f, Damaged(where, off+20, "head size %d is not between %d and %d", f.HeadSize, FrameHeadFixedSize+5, MaxFrameHead)
	case f.Stored > MaxFrameStored || f.RawLen > MaxFrameRaw || f.Count == 0 || f.Count > MaxFrameBlocks || f.First > 1<<56:
		return f, Damaged(where, off, "a length or count of frame at %d is above its limit", f.Offset)
	}
	return f, nil
}

// Row makes the index row of a frame at an offset.
func (f *FrameHead) Row(offset int64) IndexFrame {
	return IndexFrame{offset, f.First, uint32(len(f.Lengths)), f.Size, f.Stored, f.RawLen, f.Kind, f.Codec}
}
