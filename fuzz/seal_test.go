package fuzz

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// How much of an archive sealed makes consistent.
const (
	sealNone   = iota
	sealCRC    // CRCs, hashes of stored bytes, hashes of indexes
	sealTree   // the hashes of all blocks, too, up to the top block
	sealLevels // how many there are
)

// Offsets of fields in their structures, as the tables of package format have
// them.
const (
	atHeaderSize   = 12
	atHeaderHash   = 40
	atFrameSize    = 12
	atFrameStored  = 32
	atFrameHash    = 40
	atTrailerIndex = 48
	atTrailerLen   = 56
	atTrailerTop   = 88
	atTopHash      = 96
	atIndexHash    = 128
)

func u32(b []byte, at int) int64  { return int64(binary.LittleEndian.Uint32(b[at:])) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

// part is a structure found in a file.
type part struct {
	magic string
	at    int
	size  int // of the structure without stored bytes and hashes behind it
	rest  int // bytes of those
}

// parts finds the structures of a file, believing sizes as far as they fit and
// looking for the next magic number otherwise.
func parts(b []byte) []part {
	var out []part
	if !bytes.HasPrefix(b, []byte(format.MagicHeader)) || len(b) < format.HeaderFixedSize {
		return nil
	}
	size := u32(b, atHeaderSize)
	if size < format.HeaderFixedSize || size > int64(len(b)) || size > format.HeaderFixedSize && size < format.HeaderFixedSize+4 {
		return nil
	}
	out = append(out, part{format.MagicHeader, 0, int(size), 0})
	for at := int(size); ; {
		next := bytes.Index(b[at:], []byte(format.MagicFrame[:4]))
		if next < 0 {
			return out
		}
		at += next
		p := part{at: at}
		room := int64(len(b) - at)
		switch {
		case room >= format.FrameHeadFixedSize && string(b[at:at+8]) == format.MagicFrame:
			head, stored := u32(b, at+atFrameSize), u32(b, at+atFrameStored)
			if head >= format.FrameHeadFixedSize+4 && head <= room {
				p.magic, p.size = format.MagicFrame, int(head)
				p.rest = int(min(stored, room-head))
			}
		case room >= format.IndexHeadSize && string(b[at:at+8]) == format.MagicIndex:
			p.magic, p.size = format.MagicIndex, format.IndexHeadSize
			if x, err := format.ParseIndexHead(b[at:at+format.IndexHeadSize], int64(at)); err == nil && x.Size() <= uint64(room) {
				p.rest = int(x.Size()) - format.IndexHeadSize
			}
		case room >= format.TrailerSize && string(b[at:at+8]) == format.MagicTrailer:
			p.magic, p.size = format.MagicTrailer, format.TrailerSize
		}
		if p.magic == "" {
			at += 4
			continue
		}
		out = append(out, p)
		at += p.size + p.rest
	}
}

// sealed makes a copy of an archive in which what is computed from other bytes
// is right again, so that what a change means is met, and not just that
// something was changed.
func sealed(b []byte, level int) []byte {
	if level == sealNone {
		return b
	}
	b = bytes.Clone(b)
	sealCRCs(b)
	if level == sealTree {
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
			testkit.SealHeader(s)
		case format.MagicFrame:
			sum := hashOf(b).Sum(b[p.at+p.size:][:p.rest])
			copy(s[atFrameHash:], sum[:])
			testkit.SealFrameHead(s)
		case format.MagicIndex:
			testkit.SealIndex(s)
		case format.MagicTrailer:
			at, n := u64(s, atTrailerIndex), u64(s, atTrailerLen)
			if size := uint64(len(b)); at <= size && n <= size-at {
				sum := hashOf(b).Sum(b[at : at+n])
				copy(s[atIndexHash:], sum[:])
			}
			testkit.SealTrailer(s)
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
	var refs []*format.Ref
	var write func() []byte
	var err error
	switch format.BlockType(raw[0]) {
	case format.BlockTop:
		return raw, true
	case format.BlockSnapshot:
		var s *format.Snapshot
		if s, err = format.ParseSnapshot(raw, format.Stored, num); err == nil {
			refs, write = s.Refs(), func() []byte { return s.AppendTo(nil, format.Canonical, num) }
		}
	case format.BlockDirLeaf:
		var d *format.DirLeaf
		if d, err = format.ParseDirLeaf(raw, format.Stored, num); err == nil {
			refs, write = d.Refs(), func() []byte { return d.AppendTo(nil, format.Canonical, num) }
		}
	case format.BlockDirInner:
		var d *format.DirInner
		if d, err = format.ParseDirInner(raw, format.Stored, num); err == nil {
			refs, write = d.Refs(), func() []byte { return d.AppendTo(nil, format.Canonical, num) }
		}
	case format.BlockIndirect:
		var x *format.Indirect
		if x, err = format.ParseIndirect(raw, format.Stored, num); err == nil {
			refs, write = x.Named(), func() []byte { return x.AppendTo(nil, format.Canonical, num) }
		}
	default:
		return nil, false
	}
	if err != nil || format.ResolveRefs(refs, hashOf) != nil {
		return nil, false
	}
	return write(), true
}

// TestSeal: sealing what is sealed changes nothing. A torn tail is not sealed.
func TestSeal(t *testing.T) {
	for _, s := range validSeeds(t) {
		if c, err := testkit.Check(s.bytes); err != nil || c.Tail > 0 {
			continue
		}
		for level := range sealLevels {
			if got := sealed(s.bytes, level); !bytes.Equal(got, s.bytes) {
				t.Errorf("%s: level %d changes a valid archive", s.name, level)
			}
		}
	}
}
