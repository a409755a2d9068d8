package scanners

import "encoding/binary"

// mp4Scanner knows what is made of the boxes of MPEG-4 and QuickTime: films,
// sound, HEIF, AVIF, JPEG 2000 and JPEG XL pictures, and some raw ones.
//
// Joints are at the start and the end of the media data, also that of each
// fragment, around each large table, since a film that is tagged has other
// offsets but the same sizes and times, and around each picture.
var mp4Scanner = &Scanner{
	Name: "mp4", Title: "MP4 and QuickTime films, sound and pictures: tags, tables, media data",
	Exts: []string{"mp4", "m4a", "m4v", "m4b", "m4p", "m4r", "m4s", "mov", "qt", "3gp", "3g2", "f4v", "heic", "heif", "hif", "avif", "cr3", "jp2", "jpx", "jxl"},
	MIME: []string{"video/mp4", "audio/mp4", "audio/x-m4a", "video/x-m4v", "video/quicktime", "video/3gpp", "audio/3gpp", "video/3gpp2",
		"image/heic", "image/heif", "image/avif", "image/x-canon-cr3", "image/jp2", "image/jpx", "image/jxl"},
	sniff: sniffMP4,
	scan:  scanMP4,
}

// mp4Fragment is the length of media data from which a fragment is worth joints
// of its own.
const mp4Fragment = 64 << 10

func sniffMP4(head []byte) bool {
	if len(head) < 16 {
		return false
	}
	n := binary.BigEndian.Uint32(head)
	switch string(head[4:8]) {
	case "ftyp", "styp":
		return n >= 16 && n <= 4<<10 && n%4 == 0
	case "jP  ", "JXL ":
		return n == 12 && string(head[8:12]) == "\r\n\x87\n"
	case "moov":
		kind := string(head[12:16])
		return n > 16 && (kind == "mvhd" || kind == "cmov" || kind == "udta")
	case "moof":
		return n > 16 && string(head[12:16]) == "mfhd"
	case "wide", "free", "skip":
		return n == 8 && string(head[12:16]) == "mdat"
	}
	return false
}

// scanMP4 reads all boxes in the order in which they stand. One that has others
// in it counts for its header only; what they contain follows.
func scanMP4(s *Source) {
	var (
		outer int64 // where the outermost box that was entered ends
		media bool  // media data has been seen
	)
	for {
		b := s.Peek(16)
		if len(b) < 8 {
			return
		}
		n, header := int64(binary.BigEndian.Uint32(b)), int64(8)
		kind := string(b[4:8])
		inside := s.Offset() < outer
		switch {
		case n == 1 && len(b) == 16:
			n, header = int64(binary.BigEndian.Uint64(b[8:])&(1<<63-1)), 16
		case n == 0 && !inside: // to the end
			n = maxContent - s.Offset()
		}
		limit := int64(maxContent)
		if inside {
			limit = outer
		}
		if n < header || !fits(s, n, limit) {
			// Some boxes end with a zero that is none.
			if !inside {
				return
			}
			s.SkipTo(outer)
			continue
		}
		end := s.Offset() + n
		switch kind {
		case "moov", "trak", "mdia", "minf", "stbl", "udta", "ilst", "covr", "meta":
			s.Skip(header)
			if kind == "meta" { // in QuickTime it has no version
				if b := s.Peek(8); len(b) == 8 && string(b[4:]) != "hdlr" && n >= header+4 {
					s.Skip(4)
				}
			}
			outer = max(outer, end)
			continue
		case "mdat", "jp2c", "jxlc":
			worth := n >= mp4Fragment || n >= minBody && !media
			media = true
			s.Skip(header)
			if worth {
				markBody(s)
				if end < maxContent {
					s.JointAt(end)
				}
			}
		case "free", "skip", "wide":
		case "data": // of a cover, as of any other tag
			s.Skip(header)
			scanPicture(s, end)
		default:
			s.Skip(header)
			scanPart(s, end)
		}
		s.SkipTo(end)
	}
}
