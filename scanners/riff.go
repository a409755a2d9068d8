package scanners

import "encoding/binary"

// riffScanner knows what is made of RIFF chunks: WAV, AVI and WebP, also with
// 64-bit sizes, and AIFF, which has the numbers the other way round.
//
// Joints are at the start and the end of the chunk that has the sound, the film
// or the picture.
var riffScanner = &Scanner{
	Name: "riff", Title: "WAV, AIFF, AVI and WebP: metadata and the rest",
	Exts: []string{"wav", "wave", "bwf", "rf64", "aif", "aiff", "aifc", "avi", "webp"},
	MIME: []string{"audio/wav", "audio/x-wav", "audio/vnd.wave", "audio/aiff", "audio/x-aiff", "video/x-msvideo", "video/avi", "image/webp"},
	sniff: func(head []byte) bool {
		if len(head) < 12 {
			return false
		}
		switch string(head[:4]) {
		case "RIFF":
			kind := string(head[8:12])
			return kind == "WAVE" || kind == "AVI " || kind == "WEBP"
		case "RF64", "BW64":
			return string(head[8:12]) == "WAVE"
		case "FORM":
			return string(head[8:11]) == "AIF" && (head[11] == 'F' || head[11] == 'C')
		}
		return false
	},
	scan: scanRIFF,
}

func scanRIFF(s *Source) {
	var order binary.ByteOrder = binary.LittleEndian
	if string(s.Peek(4)) == "FORM" {
		order = binary.BigEndian
	}
	s.Skip(12)
	long := int64(-1) // the length of data, if it does not fit in 32 bits
	for {
		b := s.Peek(24)
		if len(b) < 8 {
			return
		}
		if b[0] < ' ' || b[0] > '~' {
			return // no chunk is called so
		}
		kind, n := string(b[:4]), int64(order.Uint32(b[4:]))
		body := false
		switch kind {
		case "data":
			body = true
			if n == 0xFFFFFFFF && long >= 0 {
				n = long
			}
		case "VP8 ", "VP8L", "SSND":
			body = true
		case "LIST":
			body = len(b) >= 12 && string(b[8:12]) == "movi"
		case "RIFF": // a long film goes on, in a list again
			n = 4
		case "ds64":
			if len(b) == 24 {
				long = length(binary.LittleEndian.Uint64(b[16:]))
			}
		}
		s.Skip(8)
		if body && n >= mediaBody {
			markBody(s)
		}
		n += n & 1
		if n > maxContent-s.Offset() {
			return
		}
		s.Skip(n)
		if body && n >= mediaBody {
			s.Joint()
		}
	}
}
