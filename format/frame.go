package format

import "github.com/vtdarchive/vtd/format/codec"

// FrameHead describes one frame; the stored bytes follow it.
//
//	offset size
//	0      8    magic
//	8      1    kind
//	9      1    codec
//	10     2    zero
//	12     4    size of the head, with block lengths and CRC
//	16     8    number of the first block
//	24     4    count of blocks
//	28     4    raw length: the sum of the block lengths
//	32     4    stored length
//	36     4    zero
//	40     32   hash of the stored bytes
//	72     …    length of each block, uvarint
//	…      4    CRC32C of all of the head before it
type FrameHead struct {
	Kind    FrameKind
	Codec   codec.ID
	First   uint64 // number of the first block
	RawLen  uint32
	Stored  uint32
	Hash    Hash     // of the stored bytes
	Lengths []uint32 // raw length of each block; 0 marks an absent one
	Size    uint32   // of the head itself
}

// AppendTo writes the head and sets Size and RawLen.
func (f *FrameHead) AppendTo(b []byte) []byte {
	start := len(b)
	b = append(b, make([]byte, FrameHeadFixedSize)...)
	f.RawLen = 0
	for _, n := range f.Lengths {
		b = appendUvarint(b, uint64(n))
		f.RawLen += n
	}
	f.Size = uint32(len(b) - start + 4)
	p := b[start:]
	copy(p, MagicFrame)
	p[8], p[9] = byte(f.Kind), byte(f.Codec)
	le.PutUint32(p[12:], f.Size)
	le.PutUint64(p[16:], f.First)
	le.PutUint32(p[24:], uint32(len(f.Lengths)))
	le.PutUint32(p[28:], f.RawLen)
	le.PutUint32(p[32:], f.Stored)
	copy(p[40:], f.Hash[:])
	return le.AppendUint32(b, crc32c(p))
}

// FrameHeadSize tells from the first FrameHeadFixedSize bytes how long the
// head is. off is the position of b in the file, for errors.
func FrameHeadSize(b []byte, off int64) (int, error) {
	const where = "frame head"
	if len(b) < FrameHeadFixedSize {
		return 0, Damaged(where, off, "the file ends inside it")
	}
	if string(b[:8]) != MagicFrame {
		return 0, Damaged(where, off, "no frame begins here")
	}
	size := le.Uint32(b[12:])
	if size < FrameHeadFixedSize+5 || size > MaxFrameHead {
		return 0, Damaged(where, off+12, "size %d is not between %d and %d", size, FrameHeadFixedSize+5, MaxFrameHead)
	}
	return int(size), nil
}

// ParseFrameHead reads a whole head, as long as FrameHeadSize says.
func ParseFrameHead(b []byte, off int64) (*FrameHead, error) {
	const where = "frame head"
	size, err := FrameHeadSize(b, off)
	if err != nil {
		return nil, err
	}
	if len(b) < size {
		return nil, Damaged(where, off, "the file ends inside it")
	}
	b = b[:size]
	if crc := crc32c(b[:size-4]); crc != le.Uint32(b[size-4:]) {
		return nil, Damaged(where, off, "CRC32C is %08x, bytes give %08x", le.Uint32(b[size-4:]), crc)
	}
	f := &FrameHead{
		Kind: FrameKind(b[8]), Codec: codec.ID(b[9]), Size: uint32(size),
		First: le.Uint64(b[16:]), RawLen: le.Uint32(b[28:]), Stored: le.Uint32(b[32:]),
	}
	copy(f.Hash[:], b[40:])
	count := le.Uint32(b[24:])
	switch {
	case f.Kind != FrameMetadata && f.Kind != FrameData:
		return nil, Unsupported(where, off+8, "frame kind %d is unknown", b[8])
	case le.Uint16(b[10:]) != 0 || le.Uint32(b[36:]) != 0:
		return nil, Damaged(where, off+10, "reserved bytes are not zero")
	case count == 0 || count > MaxFrameBlocks:
		return nil, Damaged(where, off+24, "%d blocks are not between 1 and %d", count, MaxFrameBlocks)
	case f.RawLen > MaxFrameRaw:
		return nil, Damaged(where, off+28, "raw length %d is above %d", f.RawLen, MaxFrameRaw)
	case f.Stored > MaxFrameStored:
		return nil, Damaged(where, off+32, "stored length %d is above %d", f.Stored, MaxFrameStored)
	case f.First+uint64(count) < f.First || f.First+uint64(count) > MaxSpan:
		return nil, Damaged(where, off+16, "block numbers pass the largest there can be")
	}
	limit, c, sum := uint64(MaxDataBlock), cursor{b: b[FrameHeadFixedSize : size-4]}, uint64(0)
	if uint64(count) > uint64(len(c.b)) {
		return nil, Damaged(where, off+24, "%d blocks have only %d bytes of lengths", count, len(c.b))
	}
	f.Lengths = make([]uint32, count)
	for i := range f.Lengths {
		n := c.bounded(limit, "a block length above its limit")
		f.Lengths[i] = uint32(n)
		sum += n
	}
	c.done()
	if c.bad != "" {
		return nil, Damaged(where, off+FrameHeadFixedSize, "block lengths: %s", c.bad)
	}
	if sum != uint64(f.RawLen) {
		return nil, Damaged(where, off+28, "raw length is %d, block lengths sum to %d", f.RawLen, sum)
	}
	return f, nil
}

// End is the number after the frame's last block.
func (f *FrameHead) End() uint64 { return f.First + uint64(len(f.Lengths)) }
