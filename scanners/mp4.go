package scanners

import "encoding/binary"

// mp4Scanner knows what is made of the boxes of MPEG-4 and QuickTime: films,
// sound, HEIF, AVIF, JPEG 2000 and JPEG XL pictures, and some raw ones.
//
// Joints are at the start and the end of the media data, also that of each
// fragment, or of the picture within it; around each large table, since a film
// that is tagged has other offsets but the same sizes and times; and around each
// cover.
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
		outer int64              // where the outermost box that was entered ends
		items bool               // where pictures are in the media data is known
		media bool               // media data has been seen, or what is where in it
		tags  = -int64(jointGap) // where the udta before begins
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
			n, header = length(binary.BigEndian.Uint64(b[8:])), 16
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
			if kind == "udta" {
				// Behind the tables, which other tags do not change.
				if s.Offset()-tags >= jointGap {
					s.Joint()
				}
				tags = s.Offset()
			}
			s.Skip(header)
			if kind == "moov" && n >= mediaPart {
				s.JointAt(s.Offset() + leadIn)
			}
			if kind == "meta" { // in QuickTime it has no version
				if b := s.Peek(8); len(b) == 8 && string(b[4:]) != "hdlr" && n >= header+4 {
					s.Skip(4)
				}
			}
			outer = max(outer, end)
			continue
		case "mdat", "jp2c", "jxlc":
			worth := !items && (n >= mp4Fragment || n >= mediaBody && !media)
			media = true
			s.Skip(header)
			if worth {
				markBody(s)
				if end < maxContent {
					s.JointAt(end)
				}
			}
		case "iloc":
			if items {
				break
			}
			// Programs put what they write about a picture into the media data,
			// before it and behind.
			s.Skip(header)
			if from, to := mp4Items(s.Peek(int(min(n-header, MaxPeek)))); to-from >= mediaBody && from >= end {
				s.JointAt(from + leadIn)
				s.JointAt(to)
				items = true
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

// mp4Items gives the start and the end of what is between the first and the last
// large piece of an item, by the content of an iloc box; 0 for both if there is
// none.
func mp4Items(b []byte) (from, to int64) {
	bad := false
	number := func(n int) (v int64) {
		if len(b) < n {
			bad = true
			return 0
		}
		for _, c := range b[:n] {
			v = v<<8 | int64(c)
		}
		b = b[n:]
		return v
	}
	version := number(1)
	number(3)
	sizes := number(2)
	offset, length, base, index := int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	short := 2 // of an item's id, and their number
	if version == 2 {
		short = 4
	}
	if version == 0 {
		index = 0
	}
	// Without lengths there is nothing large, and extents may take no octets.
	if version > 2 || length == 0 || max(offset, length, base, index) > 8 {
		return 0, 0
	}
	for items := number(short); items > 0 && !bad; items-- {
		number(short)
		method := int64(0)
		if version > 0 {
			method = number(2) & 15
		}
		number(2) // 0 for this file
		start := number(base)
		for extents := number(2); extents > 0 && !bad; extents-- {
			number(index)
			at := start + number(offset)
			n := number(length)
			if bad || method != 0 || n < mediaPart || at <= 0 || at > maxContent/2 || n > maxContent/2 {
				continue
			}
			if to == 0 {
				from = at
			}
			from, to = min(from, at), max(to, at+n)
		}
	}
	return from, to
}
