package scanners

import "encoding/binary"

// vtdScanner knows this project's own archives, so that one that is kept in
// another shares its blocks with its successors: what append adds lies behind
// old bytes that stay as they are, and data frames do not depend on each other.
//
// Joints are shortly behind the header, where a frame begins, where what it
// stores begins, where the tables of an index begin, and where a segment ends;
// none less than minVTDSection behind the one before.
var vtdScanner = &Scanner{
	Name: "vtd", Title: "vtd archives: each frame, the index",
	MIME: []string{"application/x-vtd"},
	sniff: func(head []byte) bool {
		return len(head) >= vtdHeader && string(head[:8]) == vtdMagic && binary.LittleEndian.Uint32(head[12:]) >= vtdHeader
	},
	scan: scanVTD,
}

// What of the format is needed here, as in package format, which a test holds
// these against.
const (
	vtdMagic        = "\x89VTD\r\n\x1a\n"
	vtdFrameMagic   = "\xf5VTDfr\r\n"
	vtdIndexMagic   = "\xf5VTDix\r\n"
	vtdTrailerMagic = "\xf5VTDtr\r\n"

	vtdHeader     = 64
	vtdMaxHeader  = 64 << 10
	vtdFrameHead  = 72
	vtdMaxHead    = 5 << 20
	vtdIndexHead  = 48
	vtdHash       = 32
	vtdIndexFrame = 40
	vtdTrailer    = 192
	vtdMaxCount   = 1 << 40
)

// minVTDSection is how far apart joints are. Two that are closer would keep each
// other, and the next, from counting.
const minVTDSection = 512

func scanVTD(s *Source) {
	le := binary.LittleEndian
	last := int64(0)
	joint := func(off int64) {
		if off-last >= minVTDSection {
			s.JointAt(off)
			last = off
		}
	}
	for {
		b := s.Peek(vtdFrameHead)
		if len(b) < vtdIndexHead {
			return
		}
		at := s.Offset()
		switch string(b[:8]) {
		case vtdMagic:
			size := le.Uint32(b[12:])
			if size < vtdHeader || size > vtdMaxHeader {
				return
			}
			// An append changes the header, and what follows it is short.
			joint(at + minVTDSection)
			s.Skip(int64(size))
		case vtdFrameMagic:
			if len(b) < vtdFrameHead {
				return
			}
			head, stored := int64(le.Uint32(b[12:])), int64(le.Uint32(b[32:]))
			if head < vtdFrameHead || head > vtdMaxHead {
				return
			}
			joint(at)
			joint(at + head)
			s.Skip(head + stored)
		case vtdIndexMagic:
			blocks, frames := le.Uint64(b[24:]), le.Uint64(b[32:])
			if max(blocks, frames) > vtdMaxCount {
				return
			}
			// An index that takes over from an earlier one begins with its
			// hashes, but not with its head.
			hashes := at + vtdIndexHead
			table := hashes + int64(blocks)*vtdHash
			end := table + int64(frames)*vtdIndexFrame
			if segment := end + vtdTrailer; segment-hashes >= minVTDSection {
				joint(hashes)
				if segment-table >= minVTDSection {
					joint(table)
				}
			}
			s.SkipTo(end)
		case vtdTrailerMagic:
			// No joint before it: the one behind it must count, where an append
			// begins.
			s.Skip(vtdTrailer)
			joint(s.Offset())
		default:
			return
		}
	}
}
