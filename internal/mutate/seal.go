package mutate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// How much of an archive Sealed makes consistent.
const (
	SealNone   = iota
	SealCRC    // CRCs, hashes of stored bytes, hashes of indexes
	SealTree   // the hashes of all blocks, too, up to the top block
	SealLevels // how many there are
)

// Sealed makes a copy of an archive in which what is computed from other bytes
// is right again, so that what a change means is met, and not just that
// something was changed.
func Sealed(b []byte, level int) []byte {
	if level == SealNone {
		return b
	}
	b = bytes.Clone(b)
	sealCRCs(b)
	if level == SealTree {
		sealHashes(b)
		sealCRCs(b)
	}
	return b
}

func hashOf(b []byte) format.HashID {
	if id := format.HashID(b[atHeaderHash]); id.Known() {
		return id
	}
	return format.HashBLAKE3
}

func sealCRCs(b []byte) {
	for _, p := range parts(b) {
		s := b[p.at : p.at+p.size]
		switch p.magic {
		case format.MagicHeader:
			sealHeader(s)
		case format.MagicFrame:
			sum := hashOf(b).Sum(b[p.at+p.size:][:p.rest])
			copy(s[atFrameHash:], sum[:])
			sealEnd(s)
		case format.MagicIndex:
			sealEnd(s)
		case format.MagicTrailer:
			at, n := u64(s, atTrailerIndex), u64(s, atTrailerLen)
			if size := uint64(len(b)); at <= size && n <= size-at {
				sum := hashOf(b).Sum(b[at : at+n])
				copy(s[atIndexHash:], sum[:])
			}
			sealEnd(s)
		}
	}
}

// maxSealed bounds what is decoded to seal it.
const maxSealed = 1 << 20

// sealedBlock is a block and where its bytes lie in the file, if they do.
type sealedBlock struct {
	kind format.FrameKind
	raw  []byte
	in   []byte
}

// sealHashes computes the hash of every block that can be decoded and puts it
// wherever it is written: indexes, top blocks, trailers. Blocks are named by
// lower numbers only, so it goes from the last one down.
func sealHashes(b []byte) {
	ps := parts(b)
	if len(ps) == 0 {
		return
	}
	blocks, last := blocksOf(b, ps)
	hashes := map[uint64]format.Hash{}
	for _, p := range ps { // what cannot be computed stays as it was
		each(b, p, func(num uint64, h []byte) { hashes[num] = format.Hash(h) })
	}
	resolve := func(num uint64) (format.Hash, error) { return hashes[num], nil }
	id := hashOf(b)
	for num := int64(last); num >= 0; num-- {
		x, ok := blocks[uint64(num)]
		if !ok {
			continue
		}
		if x.kind == format.FrameMetadata {
			if top, err := format.ParseTop(x.raw, uint64(num)); err == nil && x.in != nil {
				sealTop(top, blocks[uint64(num)+1].raw, uint64(num)+1, hashes)
				x.raw = top.AppendTo(nil)
				copy(x.in, x.raw)
			}
			if raw, ok := canonical(x.raw, uint64(num), resolve); ok {
				hashes[uint64(num)] = id.Sum(raw)
			}
			continue
		}
		hashes[uint64(num)] = id.Sum(x.raw)
	}
	for _, p := range ps {
		each(b, p, func(num uint64, h []byte) {
			sum := hashes[num]
			copy(h, sum[:])
		})
		if p.magic == format.MagicTrailer {
			sum := hashes[u64(b, p.at+atTrailerTop)]
			copy(b[p.at+atTopHash:], sum[:])
		}
	}
}

// blocksOf decodes all frames.
func blocksOf(b []byte, ps []part) (blocks map[uint64]sealedBlock, last uint64) {
	blocks = map[uint64]sealedBlock{}
	total := 0
	for _, p := range ps {
		if p.magic != format.MagicFrame {
			continue
		}
		h, err := format.ParseFrameHead(b[p.at:p.at+p.size], int64(p.at))
		if err != nil || int(h.Stored) != p.rest || int(h.RawLen) > maxSealed-total || h.First > 1<<20 {
			continue
		}
		stored := b[p.at+p.size:][:p.rest]
		raw, err := codec.Decode(nil, h.Codec, stored, int(h.RawLen))
		if err != nil || len(raw) != int(h.RawLen) {
			continue
		}
		total += len(raw)
		at := uint32(0)
		for i, n := range h.Lengths {
			x := sealedBlock{kind: h.Kind, raw: raw[at : at+n]}
			if h.Codec == codec.Stored {
				x.in = stored[at : at+n]
			}
			if n > 0 {
				num := h.First + uint64(i)
				blocks[num], last = x, max(last, num)
			}
			at += n
		}
	}
	return blocks, last
}

// each goes through the hashes of an index.
func each(b []byte, p part, do func(num uint64, h []byte)) {
	if p.magic != format.MagicIndex || p.rest == 0 {
		return
	}
	x, err := format.ParseIndexHead(b[p.at:p.at+p.size], int64(p.at))
	if err != nil {
		return
	}
	for i := range x.Blocks {
		do(x.First+i, b[uint64(p.at+p.size)+i*format.HashSize:][:format.HashSize])
	}
}

// sealTop fills in what a top block says of its snapshot record.
func sealTop(top *format.Top, record []byte, num uint64, hashes map[uint64]format.Hash) {
	top.Snapshot = hashes[num]
	if s, err := format.ParseSnapshot(record, format.Stored, num); err == nil {
		top.Root, top.Content, top.Span = hashes[s.Root.Ref.Num], s.Content, s.Root.Size
	}
}

// canonical gives the form of a metadata block that is hashed.
func canonical(raw []byte, num uint64, hashOf func(uint64) (format.Hash, error)) ([]byte, bool) {
	if format.BlockType(raw[0]) == format.BlockTop {
		return raw, true
	}
	v, err := parseNode(raw, num)
	if err != nil || format.ResolveRefs(refsOf(v), hashOf) != nil {
		return nil, false
	}
	return encodeNode(v, format.Canonical, num), true
}

func crc(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// sealHeader puts the right CRCs into a header.
func sealHeader(b []byte) {
	binary.LittleEndian.PutUint32(b[format.HeaderFixedSize-4:], crc(b[:format.HeaderFixedSize-4]))
	if len(b) > format.HeaderFixedSize+4 {
		sealEnd(b[format.HeaderFixedSize:])
	}
}

// sealEnd puts the right CRC at the end of any other structure.
func sealEnd(b []byte) {
	n := len(b) - 4
	binary.LittleEndian.PutUint32(b[n:], crc(b[:n]))
}
