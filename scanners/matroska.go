package scanners

import (
	"bytes"
	"math/bits"
)

// matroskaScanner knows films and sound in Matroska and WebM.
//
// Joints are around each attached file, since all films of a series have the
// same fonts, at the start of the first cluster and behind the last, and at the
// start of each large one, whose head says where and when it is.
var matroskaScanner = &Scanner{
	Name: "matroska", Title: "Matroska and WebM: tags, attachments, clusters",
	Exts:  []string{"mkv", "mka", "mks", "mk3d", "webm"},
	MIME:  []string{"video/x-matroska", "audio/x-matroska", "video/webm", "audio/webm", "video/matroska", "audio/matroska"},
	sniff: func(head []byte) bool { return bytes.HasPrefix(head, []byte("\x1A\x45\xDF\xA3")) },
	scan:  scanMatroska,
}

// The elements that matter, by the octets of their ids.
const (
	mkvSegment     = 0x18538067
	mkvCluster     = 0x1F43B675
	mkvSimpleBlock = 0xA3
	mkvBlockGroup  = 0xA0
	mkvAttachments = 0x1941A469
	mkvAttached    = 0x61A7
	mkvFileData    = 0x465C
)

// mkvLarge is the length of a cluster that is worth joints of its own.
const mkvLarge = 64 << 10

// scanMatroska reads all elements in the order in which they stand. One that has
// others in it counts for its head only; what they contain follows.
func scanMatroska(s *Source) {
	var (
		first  = true     // no block has been seen
		inside = false    // the element before was a cluster, or of one
		skipTo = int64(0) // where the cluster ends whose first block is looked for
	)
	for {
		b := s.Peek(12)
		id, n := ebmlNumber(b, 4, true)
		size, m := ebmlNumber(b[n:], 8, false)
		if n == 0 || m == 0 {
			return
		}
		start := s.Offset()
		known := size != 1<<(7*m)-1
		limit := int64(maxContent)
		if skipTo > 0 {
			limit = skipTo
		}
		if known && !fits(s, int64(n+m)+size, limit) {
			return
		}
		end := start + int64(n+m) + size
		if inside && n == 4 && id != mkvCluster {
			s.Joint() // behind the last cluster
			inside = false
		}
		switch {
		case id == mkvSegment || id == mkvAttachments || id == mkvAttached:
			s.Skip(int64(n + m))
			continue
		case id == mkvCluster:
			inside = true
			if known && !first && size < mkvLarge {
				break
			}
			if known {
				skipTo = end
				if size >= mkvLarge {
					s.Joint()
				}
			}
			s.Skip(int64(n + m))
			continue
		case !known:
			return
		case id == mkvFileData:
			s.Skip(int64(n + m))
			scanPart(s, end)
		case id == mkvSimpleBlock || id == mkvBlockGroup:
			if first || skipTo > 0 {
				markBody(s)
			}
			first = false
			if skipTo > 0 {
				end, skipTo = skipTo, 0
			}
		}
		s.SkipTo(end)
		if s.Offset() == skipTo {
			skipTo = 0 // there was no block
		}
	}
}

// ebmlNumber reads a number of at most so many octets, with or without the bit
// that tells its length, and gives this length, or 0 if there is none.
func ebmlNumber(b []byte, most int, marker bool) (v int64, n int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case b[0] >= 0x80 && marker:
		return int64(b[0]), 1
	case b[0] >= 0x80:
		return int64(b[0] & 0x7f), 1
	}
	n = bits.LeadingZeros8(b[0]) + 1
	if n > most || n > len(b) {
		return 0, 0
	}
	v = int64(b[0])
	if !marker {
		v &= 1<<(8-n) - 1
	}
	for _, c := range b[1:n] {
		v = v<<8 | int64(c)
	}
	return v, n
}
