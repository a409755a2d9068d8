package mutate

import (
	"bytes"
	"encoding/binary"

	"github.com/vtdarchive/vtd/format"
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
