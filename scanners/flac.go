package scanners

import "bytes"

// flacScanner knows sound of FLAC.
//
// Joints are around each picture, and where the sound begins.
var flacScanner = &Scanner{
	Name: "flac", Title: "FLAC sound: tags, pictures, sound",
	Exts: []string{"flac"}, MIME: []string{"audio/flac", "audio/x-flac"},
	sniff: func(head []byte) bool {
		return len(head) > 8 && bytes.HasPrefix(head, flacMark) && head[4]&0x7F == 0 && string(head[5:8]) == "\x00\x00\x22"
	},
	scan: scanFLAC,
}

var flacMark = []byte("fLaC")

func scanFLAC(s *Source) {
	s.Skip(int64(len(flacMark)))
	start := s.Offset()
	for {
		b := s.Peek(4)
		if len(b) < 4 {
			return
		}
		kind, last := b[0]&0x7F, b[0]&0x80 != 0
		if kind == 0 && s.Offset() > start {
			return // what describes the sound comes once, and first
		}
		n := int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
		if kind == 0x7F {
			return // the sync code of a frame
		}
		s.Skip(4)
		if end := s.Offset() + n; kind == 6 {
			scanPicture(s, end)
		} else {
			s.Skip(n)
		}
		if last {
			break
		}
	}
	markBody(s)
}
