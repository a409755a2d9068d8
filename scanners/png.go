package scanners

import (
	"bytes"
	"encoding/binary"
)

// pngScanner knows pictures of PNG, moving ones too.
//
// Joints are at the start and the end of the coded picture, so that the chunks
// of text before and behind it can change.
var pngScanner = &Scanner{
	Name: "png", Title: "PNG pictures: metadata and picture",
	Exts: []string{"png", "apng"}, MIME: []string{"image/png", "image/apng", "image/vnd.mozilla.apng"},
	sniff: func(head []byte) bool { return bytes.HasPrefix(head, pngMark) },
	scan:  scanPNG,
	packs: true,
}

var pngMark = []byte("\x89PNG\r\n\x1a\n")

// pngChunk is the length of a chunk without its data.
const pngChunk = 12

func scanPNG(s *Source) {
	s.Skip(int64(len(pngMark)))
	length := int64(0) // of the coded picture so far
	for {
		b := s.Peek(8)
		if len(b) < 8 {
			return
		}
		if !pngKind(b[4:]) {
			return
		}
		n := pngChunk + int64(binary.BigEndian.Uint32(b))
		if string(b[4:]) != "IDAT" {
			if length > 0 {
				return
			}
			s.Skip(n)
			continue
		}
		if length == 0 {
			if s.Packed(PackedPNG, -1, "") {
				return
			}
			markBody(s)
		}
		length += n
		if n < leadIn {
			s.Skip(n)
			continue
		}
		// The last dozen octets of a file are not worth a block: so the joint is a
		// little before the end of the picture.
		s.Skip(n - leadIn)
		next := s.Peek(leadIn + 8)
		if len(next) == leadIn+8 && string(next[leadIn+4:]) != "IDAT" && length >= mediaBody {
			s.Joint()
		}
		s.Skip(leadIn)
	}
}

// pngKind reports whether b names a kind of chunk: four letters.
func pngKind(b []byte) bool {
	for _, c := range b[:4] {
		if c |= 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}
