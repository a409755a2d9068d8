package scanners

import (
	"bytes"
	"encoding/binary"
)

// gitPackScanner knows packs of Git.
//
// Joints are where large objects begin that are stored whole. A pack does not say
// where, and one would have to inflate all of it to know; but the header of such
// an object, with that of the zlib stream behind it, is seldom there by chance,
// and where it is, it is so again in the next pack.
var gitPackScanner = &Scanner{
	Name: "gitpack", Title: "packs of Git: large objects",
	Exts: []string{"pack"}, MIME: []string{"application/x-git-packed-objects"},
	sniff: func(head []byte) bool { return gitZlib(head) != nil },
	scan:  scanGitPack,
	packs: true,
}

const (
	// gitHeaderMax is how long the header of an object may be: enough for 4 GiB.
	gitHeaderMax = 5
	// gitLarge is the size, inflated, from which an object is worth a joint.
	gitLarge = 2 << 10
)

// gitZlib gives the header of the zlib streams in a pack, as its first object has
// it, or nil if it is no pack.
func gitZlib(head []byte) []byte {
	const header = 12
	if len(head) < header+gitHeaderMax+2 || string(head[:4]) != "PACK" {
		return nil
	}
	if v := binary.BigEndian.Uint32(head[4:]); v != 2 && v != 3 {
		return nil
	}
	b := head[header:]
	for i := range gitHeaderMax {
		if b[i]&0x80 == 0 {
			if z := b[i+1 : i+3]; z[0] == 0x78 && binary.BigEndian.Uint16(z)%31 == 0 {
				return bytes.Clone(z)
			}
			break
		}
	}
	return nil
}

// gitObject gives the length of the shortest header of a large object that b may
// end with, or 0. The first octet has the type, three bits from the fourth on, and
// four bits of the size, each other one seven more; all but the last have the top
// bit set. Deltas are of type 6 and 7.
func gitObject(b []byte) int {
	for n := 1; n <= min(gitHeaderMax, len(b)); n++ {
		h := b[len(b)-n:]
		if more := h[0]&0x80 != 0; more != (n > 1) {
			return 0
		}
		size := int64(h[0] & 15)
		for i, c := range h[1:] {
			size |= int64(c&0x7f) << (4 + 7*i)
		}
		if kind := h[0] >> 4 & 7; kind >= 1 && kind <= 4 && size >= gitLarge {
			return n
		}
	}
	return 0
}

func scanGitPack(s *Source) {
	if s.Packed(PackedGit, -1, "") {
		return
	}
	zlib := gitZlib(s.Peek(64))
	if zlib == nil {
		return
	}
	// Those closer together than joints may be would only keep each other from
	// counting.
	before := -int64(jointGap)
	// Each window begins with the end of the one before, in which a header may
	// have begun.
	for from := 0; ; from = gitHeaderMax {
		b := s.Peek(MaxPeek)
		for at := from; at < len(b); at += len(zlib) {
			i := bytes.Index(b[at:], zlib)
			if i < 0 {
				break
			}
			at += i
			if n := gitObject(b[:at]); n > 0 {
				off := s.Offset() + int64(at-n)
				if off-before >= jointGap {
					s.JointAt(off)
				}
				before = off
			}
		}
		if len(b) < MaxPeek {
			return
		}
		s.Skip(int64(len(b) - gitHeaderMax - len(zlib) + 1))
	}
}
