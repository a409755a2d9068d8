package scanners

import (
	"bytes"
	"encoding/binary"
)

// gzipScanner knows files of gzip. What is in their DEFLATE streams it does not
// look at.
//
// Marks are where another member begins, and where the output has been flushed to
// a whole octet, as rsyncable writers do where the content itself says so: joints
// if they are far enough from the place before, otherwise hints, and none if it is
// near.
var gzipScanner = &Scanner{
	Name: "gzip", Title: "gzip files: members, and places of rsyncable ones",
	Exts: []string{"gz", "tgz", "svgz", "bgz"}, MIME: []string{"application/gzip", "application/x-gzip"},
	sniff: gzipPlausible,
	scan:  scanGzip,
	packs: true,
}

const (
	gzipMagic = "\x1f\x8b\x08"
	// gzipFlush is the length, and its complement, of a stored block without
	// content.
	gzipFlush = "\x00\x00\xff\xff"
	// gzipHeaderLen is the length of the part of a header that each has.
	gzipHeaderLen = 10
	// gzipTrailerLen is the length of what follows the stream of a member.
	gzipTrailerLen = 8
	// gzipJointMin is how far from the place before a joint is worth its while.
	gzipJointMin = 2 << 10
	// gzipHintMin is how far from it a hint is.
	gzipHintMin = 64
	// bgzfLen is the length of the header of a member of bgzip.
	bgzfLen = 18
	// bgzfMin is the length of the header of a member of bgzip and of what follows
	// its stream.
	bgzfMin = 26
)

// gzipPlausible reports whether b begins as a gzip member that a usual program
// writes.
func gzipPlausible(b []byte) bool {
	return len(b) >= gzipHeaderLen && string(b[:3]) == gzipMagic && b[3] < 32 && (b[8] == 0 || b[8] == 2 || b[8] == 4) && (b[9] < 20 || b[9] == 255)
}

// GzipHeader gives the length of the header of a gzip member at the start of b,
// behind which its DEFLATE stream begins; 0 if it goes on behind b. ok reports
// whether it is one that a usual program writes.
func GzipHeader(b []byte) (n int, ok bool) {
	const crc, extra, name, comment = 2, 4, 8, 16 // text is 1
	if !gzipPlausible(b) {
		return 0, false
	}
	n = gzipHeaderLen
	if b[3]&extra != 0 {
		if len(b) < 12 {
			return 0, true
		}
		n += 2 + int(binary.LittleEndian.Uint16(b[10:]))
	}
	for _, flag := range []byte{name, comment} {
		if b[3]&flag == 0 {
			continue
		}
		i := bytes.IndexByte(b[min(n, len(b)):], 0)
		if i < 0 {
			return 0, true
		}
		n += i + 1
	}
	if b[3]&crc != 0 {
		n += 2
	}
	if n > len(b) {
		return 0, true
	}
	return n, true
}

// bgzfSize gives the length of the member of bgzip at the start of b, or 0 if it
// is none: an extra field says so.
func bgzfSize(b []byte) int64 {
	if len(b) < bgzfLen || string(b[:4]) != gzipMagic+"\x04" || string(b[12:16]) != "BC\x02\x00" {
		return 0
	}
	n := int64(binary.LittleEndian.Uint16(b[16:])) + 1
	if n < bgzfMin {
		return 0
	}
	return n
}

func scanGzip(s *Source) {
	if s.Packed(PackedGzip, -1, "") {
		return
	}
	before := s.Offset() // the place before, or where the content begins
	mark := func(off int64) {
		switch {
		case off-before >= gzipJointMin:
			s.JointAt(off)
		case off-before >= gzipHintMin:
			s.HintAt(off)
		}
		before = max(before, off)
	}
	for {
		n := bgzfSize(s.Peek(bgzfLen))
		if n == 0 {
			break
		}
		s.Skip(n)
		mark(s.Offset())
	}
	from := 1 // in what comes
	for {
		b := s.Peek(MaxPeek)
		limit := len(b)
		if limit == MaxPeek {
			limit -= gzipTrailerLen + gzipHeaderLen // enough to know what it is
		}
		// Marks of both kinds, in order.
		member, flush := gzipMember(b, from), gzipFlushed(b, 0)
		for min(member, flush) < limit {
			if member < flush {
				mark(s.Offset() + int64(member))
				member = gzipMember(b, member+1)
			} else {
				mark(s.Offset() + int64(flush))
				flush = gzipFlushed(b, flush)
			}
		}
		if len(b) < MaxPeek {
			return
		}
		s.Skip(int64(limit - len(gzipFlush)))
		from = len(gzipFlush)
	}
}

// gzipMember gives where in b, from an index on, a member begins, or len(b).
func gzipMember(b []byte, from int) int {
	for i := min(from, len(b)); ; i++ {
		k := bytes.Index(b[i:], []byte(gzipMagic))
		if k < 0 {
			return len(b)
		}
		i += k
		if gzipPlausible(b[i:]) {
			return i
		}
	}
}

// gzipFlushed gives where in b, from an index on, a block without content ends,
// or len(b). Some writers end each member with one, and that is no place of
// its own.
func gzipFlushed(b []byte, from int) int {
	// Zeros are too frequent to be searched for.
	const zeros, ones = "\x00\x00", "\xff\xff" // gzipFlush
	for {
		k := bytes.Index(b[from:], []byte(ones))
		if k < 0 {
			return len(b)
		}
		from += k + len(ones)
		if !bytes.HasSuffix(b[:from-len(ones)], []byte(zeros)) {
			continue
		}
		rest := b[from:]
		if len(rest) <= gzipTrailerLen {
			return len(b)
		}
		if !gzipPlausible(rest[gzipTrailerLen:]) {
			return from
		}
	}
}
