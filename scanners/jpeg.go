package scanners

import "encoding/binary"

// jpegScanner knows pictures of JPEG.
//
// A joint is where the coded picture begins, behind what programs and cameras
// write about it, and behind the tables; and one where it ends if something
// follows, such as the film of a moving picture.
var jpegScanner = &Scanner{
	Name: "jpeg", Title: "JPEG pictures: metadata, picture, what is appended",
	Exts: []string{"jpg", "jpeg", "jpe", "jfif"}, MIME: []string{"image/jpeg"},
	sniff: func(head []byte) bool {
		return len(head) > 3 && string(head[:3]) == string(jpegMark) && head[3] >= 0xC0 && head[3] != 0xFF
	},
	scan: scanJPEG,
}

var (
	jpegMark = []byte{0xFF, 0xD8, 0xFF}
	jpegEnd  = []byte{0xFF, 0xD9}
)

func scanJPEG(s *Source) {
	s.Skip(2)
	for {
		b := s.Peek(4)
		if len(b) < 4 || b[0] != 0xFF {
			return
		}
		if b[1] == 0xFF { // a fill octet
			s.Skip(1)
			continue
		}
		n := int64(binary.BigEndian.Uint16(b[2:]))
		if b[1] < 0xC0 || b[1] >= 0xD0 && b[1] <= 0xD9 || n < 2 {
			return // what has no length does not stand here
		}
		scan := b[1] == 0xDA
		s.Skip(2 + n)
		if scan {
			break
		}
	}
	if len(s.Peek(mediaBody)) < mediaBody {
		return
	}
	markBody(s)
	// In coded data an octet of 0xFF is never followed by one like that of a
	// marker.
	if s.Find(jpegEnd) {
		s.Skip(2)
		if len(s.Peek(mediaPart)) == mediaPart {
			s.Joint()
		}
	}
}
