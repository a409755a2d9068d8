package format

// Trailer ends a segment: the last valid one of a file says what it holds.
//
//	offset size
//	0      8    magic
//	8      4    size of the trailer: 192
//	12     4    zero
//	16     16   archive id
//	32     8    offset of this trailer in the file
//	40     8    offset at which its segment begins
//	48     8    offset of the index
//	56     8    length of the index
//	64     8    offset of the trailer before, 0 for none
//	72     8    offset of the base trailer, 0 for none
//	80     8    count of blocks in the file
//	88     8    number of the top block
//	96     32   hash of the top block
//	128    32   hash of the index
//	160    8    count of snapshots in the file
//	168    20   zero
//	188    4    CRC32C of bytes 0 to 187
//
// The base trailer is the one whose index covers the blocks below this
// index's first; its own base goes on from there.
type Trailer struct {
	ID        ArchiveID
	Offset    int64
	Segment   int64
	Index     int64
	IndexLen  int64
	Prev      int64
	Base      int64
	Blocks    uint64
	Top       uint64
	TopHash   Hash
	IndexHash Hash
	Snapshots uint64
}

// AppendTo writes the trailer.
func (t *Trailer) AppendTo(b []byte) []byte {
	start := len(b)
	b = append(b, MagicTrailer...)
	b = le.AppendUint32(b, TrailerSize)
	b = le.AppendUint32(b, 0)
	b = append(b, t.ID[:]...)
	for _, v := range []int64{t.Offset, t.Segment, t.Index, t.IndexLen, t.Prev, t.Base} {
		b = le.AppendUint64(b, uint64(v))
	}
	b = le.AppendUint64(b, t.Blocks)
	b = le.AppendUint64(b, t.Top)
	b = append(b, t.TopHash[:]...)
	b = append(b, t.IndexHash[:]...)
	b = le.AppendUint64(b, t.Snapshots)
	b = append(b, make([]byte, 20)...)
	return le.AppendUint32(b, crc32c(b[start:]))
}

// ParseTrailer reads a trailer found at off.
func ParseTrailer(b []byte, off int64) (*Trailer, error) {
	const where = "trailer"
	if len(b) < TrailerSize {
		return nil, Damaged(where, off, "the file ends inside it")
	}
	if string(b[:8]) != MagicTrailer {
		return nil, Damaged(where, off, "no trailer begins here")
	}
	if crc := crc32c(b[:188]); crc != le.Uint32(b[188:]) {
		return nil, Damaged(where, off, "CRC32C is %08x, bytes give %08x", le.Uint32(b[188:]), crc)
	}
	i64 := func(at int) int64 { return int64(le.Uint64(b[at:])) }
	t := &Trailer{
		Offset: i64(32), Segment: i64(40), Index: i64(48), IndexLen: i64(56), Prev: i64(64), Base: i64(72),
		Blocks: le.Uint64(b[80:]), Top: le.Uint64(b[88:]), Snapshots: le.Uint64(b[160:]),
	}
	copy(t.ID[:], b[16:])
	copy(t.TopHash[:], b[96:])
	copy(t.IndexHash[:], b[128:])
	for _, v := range b[168:188] {
		if v != 0 {
			return nil, Damaged(where, off+168, "reserved bytes are not zero")
		}
	}
	if le.Uint32(b[8:]) != TrailerSize || le.Uint32(b[12:]) != 0 {
		return nil, Damaged(where, off+8, "size or reserved bytes are wrong")
	}
	switch {
	case t.Offset != off:
		return nil, Damaged(where, off+32, "it says that it lies at %d", t.Offset)
	case t.Segment < 0 || t.Segment > t.Index || t.Index < HeaderFixedSize || t.IndexLen < IndexHeadSize ||
		t.IndexLen > off || t.Index != off-t.IndexLen:
		return nil, Damaged(where, off+40, "segment at %d and index at %d of %d bytes do not lie before it",
			t.Segment, t.Index, t.IndexLen)
	case t.Prev < 0 || t.Prev >= off || t.Base < 0 || t.Base >= off:
		return nil, Damaged(where, off+64, "it names a trailer that does not lie before it")
	case t.Top >= t.Blocks || t.Blocks > 1<<56:
		return nil, Damaged(where, off+88, "top block %d of %d blocks", t.Top, t.Blocks)
	}
	return t, nil
}
