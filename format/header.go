package format

import (
	"fmt"
	"slices"
)

// ArchiveID tells archives apart: every trailer carries its archive's.
type ArchiveID [ArchiveIDSize]byte

// Chunker is the recorded way in which file content was cut into blocks.
type Chunker struct {
	Algorithm                uint8 // ChunkerGear, ChunkerScanners or ChunkerJoints
	Min, Target, Max, RunMin uint32
	LiteralMax               uint32 // files up to this many bytes are literals
}

// Layout records how frames were asked for; no reader depends on it.
type Layout struct {
	DataFrame, MetaFrame uint32 // raw bytes at which a frame is closed
	Level                uint8  // zstd level
	Long                 bool   // long-match stage
	Order                uint8  // OrderPath, OrderFamilies
}

// Header is what an archive begins with.
//
//	offset size
//	0      8    magic
//	8      2    major version
//	10     2    minor version
//	12     4    size of the header with its extension
//	16     8    flags
//	24     8    ignorable features, a bit each
//	32     8    read-only-compatible features, a bit each
//	40     1    hash function
//	41     3    zero
//	44     16   archive id
//	60     4    CRC32C of bytes 0 to 59
//	64     …    extension records: type 2, length 2, bytes; in ascending order of type
//	…      4    CRC32C of the extension records; absent with them
type Header struct {
	Major, Minor uint16
	Flags        uint64
	Ignorable    uint64
	ReadOnly     uint64
	Hash         HashID
	ID           ArchiveID

	Features []string // incompatible features, sorted
	Chunker  *Chunker
	Layout   *Layout
	Preset   string
	Unknown  []ExtRecord // records of types this package does not know
}

// ExtRecord is one record of the header's extension.
type ExtRecord struct {
	Type uint16
	Data []byte
}

// AppendTo writes the header.
func (h *Header) AppendTo(b []byte) ([]byte, error) {
	start := len(b)
	b = append(b, make([]byte, HeaderFixedSize)...)
	ext := b[len(b):]
	for _, r := range h.records() {
		if len(r.Data) > 0xFFFF {
			return nil, fmt.Errorf("header extension record %d: %d bytes are above 65535", r.Type, len(r.Data))
		}
		ext = le.AppendUint16(ext, r.Type)
		ext = le.AppendUint16(ext, uint16(len(r.Data)))
		ext = append(ext, r.Data...)
	}
	if len(ext) > 0 {
		ext = le.AppendUint32(ext, crc32c(ext))
	}
	b = append(b, ext...)
	if len(b)-start > MaxHeader {
		return nil, fmt.Errorf("header of %d bytes is above %d", len(b)-start, MaxHeader)
	}
	p := b[start:]
	copy(p, MagicHeader)
	le.PutUint16(p[8:], h.Major)
	le.PutUint16(p[10:], h.Minor)
	le.PutUint32(p[12:], uint32(len(p)))
	le.PutUint64(p[16:], h.Flags)
	le.PutUint64(p[24:], h.Ignorable)
	le.PutUint64(p[32:], h.ReadOnly)
	p[40] = byte(h.Hash)
	copy(p[44:], h.ID[:])
	le.PutUint32(p[60:], crc32c(p[:60]))
	return b, nil
}

func (h *Header) records() []ExtRecord {
	var rs []ExtRecord
	for _, f := range h.Features {
		rs = append(rs, ExtRecord{ExtFeature, []byte(f)})
	}
	if c := h.Chunker; c != nil {
		d := []byte{c.Algorithm}
		for _, v := range []uint32{c.Min, c.Target, c.Max, c.RunMin, c.LiteralMax} {
			d = le.AppendUint32(d, v)
		}
		rs = append(rs, ExtRecord{ExtChunker, d})
	}
	if l := h.Layout; l != nil {
		d := le.AppendUint32(nil, l.DataFrame)
		d = le.AppendUint32(d, l.MetaFrame)
		d = append(d, l.Level, 0, l.Order)
		if l.Long {
			d[9] = 1
		}
		rs = append(rs, ExtRecord{ExtLayout, d})
	}
	if h.Preset != "" {
		rs = append(rs, ExtRecord{ExtPreset, []byte(h.Preset)})
	}
	rs = append(rs, h.Unknown...)
	slices.SortStableFunc(rs, func(a, b ExtRecord) int { return int(a.Type) - int(b.Type) })
	return rs
}

// HeaderSize tells from the first HeaderFixedSize bytes how long the header
// is, after checking magic, version and CRC.
func HeaderSize(b []byte) (int, error) {
	const where = "header"
	n := min(len(b), len(MagicHeader))
	if n == 0 {
		return 0, &Error{ErrNotArchive, where, 0, -1, "the file is empty"}
	}
	if string(b[:n]) != MagicHeader[:n] {
		return 0, &Error{ErrNotArchive, where, 0, -1, "it does not begin with the magic bytes of a .vtd archive"}
	}
	if len(b) < HeaderFixedSize {
		return 0, Damaged(where, int64(len(b)), "the file ends inside the header")
	}
	if crc := crc32c(b[:60]); crc != le.Uint32(b[60:]) {
		return 0, Damaged(where, 60, "CRC32C is %08x, bytes give %08x", le.Uint32(b[60:]), crc)
	}
	// The version comes after the CRC: a flipped bit is damage, not the future.
	if major := le.Uint16(b[8:]); major != VersionMajor {
		return 0, Unsupported(where, 8, "format version %d.%d; this program reads version %d",
			major, le.Uint16(b[10:]), VersionMajor)
	}
	size := le.Uint32(b[12:])
	if size < HeaderFixedSize || size > MaxHeader || (size > HeaderFixedSize && size < HeaderFixedSize+8) {
		return 0, Damaged(where, 12, "size %d is not between %d and %d", size, HeaderFixedSize, MaxHeader)
	}
	return int(size), nil
}

// ParseHeader reads a whole header, as long as HeaderSize says.
func ParseHeader(b []byte) (*Header, error) {
	const where = "header"
	size, err := HeaderSize(b)
	if err != nil {
		return nil, err
	}
	if len(b) < size {
		return nil, Damaged(where, int64(len(b)), "the file ends inside the header")
	}
	h := &Header{
		Major: le.Uint16(b[8:]), Minor: le.Uint16(b[10:]),
		Flags: le.Uint64(b[16:]), Ignorable: le.Uint64(b[24:]), ReadOnly: le.Uint64(b[32:]),
		Hash: HashID(b[40]),
	}
	copy(h.ID[:], b[44:])
	if size > HeaderFixedSize {
		ext := b[HeaderFixedSize : size-4]
		if crc := crc32c(ext); crc != le.Uint32(b[size-4:]) {
			return nil, Damaged(where, int64(size-4), "CRC32C of the extension is %08x, bytes give %08x",
				le.Uint32(b[size-4:]), crc)
		}
		if err := h.parseExt(ext); err != nil {
			return nil, err
		}
	}
	if len(h.Features) > 0 {
		return h, Unsupported(where, HeaderFixedSize, "it needs the feature %q, which this program lacks", h.Features[0])
	}
	if !h.Hash.Known() {
		return h, Unsupported(where, 40, "hash function %d is unknown to this program", b[40])
	}
	if h.Flags&^knownFlags != 0 {
		return nil, Damaged(where, 16, "reserved flags %#x are set", h.Flags&^knownFlags)
	}
	if h.Flags == knownFlags {
		return nil, Damaged(where, 16, "flags that exclude each other are set")
	}
	if b[41]|b[42]|b[43] != 0 {
		return nil, Damaged(where, 41, "reserved bytes are not zero")
	}
	return h, nil
}

func (h *Header) parseExt(ext []byte) error {
	const where = "header"
	last := uint16(0)
	for at := HeaderFixedSize; len(ext) > 0; {
		if len(ext) < 4 || len(ext) < 4+int(le.Uint16(ext[2:])) {
			return Damaged(where, int64(at), "an extension record passes the end of the header")
		}
		typ, n := le.Uint16(ext), int(le.Uint16(ext[2:]))
		d := ext[4 : 4+n]
		if typ < last {
			return Damaged(where, int64(at), "extension records are out of order")
		}
		want, known := map[uint16]int{ExtChunker: 21, ExtLayout: 11}[typ]
		if known && n < want {
			return Damaged(where, int64(at), "extension record %d has %d bytes, not %d", typ, n, want)
		}
		switch typ {
		case ExtFeature:
			h.Features = append(h.Features, string(d))
		case ExtChunker:
			h.Chunker = &Chunker{d[0], le.Uint32(d[1:]), le.Uint32(d[5:]), le.Uint32(d[9:]), le.Uint32(d[13:]), le.Uint32(d[17:])}
		case ExtLayout:
			h.Layout = &Layout{le.Uint32(d), le.Uint32(d[4:]), d[8], d[9] != 0, d[10]}
		case ExtPreset:
			h.Preset = string(d)
		default:
			h.Unknown = append(h.Unknown, ExtRecord{typ, slices.Clone(d)})
		}
		last = typ
		ext = ext[4+n:]
		at += 4 + n
	}
	return nil
}
