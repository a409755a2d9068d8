package scanners

import "bytes"

// oggScanner knows sound and films in Ogg: Vorbis, Opus, Theora, FLAC, Speex.
//
// A joint is where the first page with sound begins. Those behind it change
// only when a longer comment takes another number of pages, since they are
// numbered.
var oggScanner = &Scanner{
	Name: "ogg", Title: "Ogg sound and films: comments and the rest",
	Exts:  []string{"ogg", "oga", "ogv", "ogx", "opus", "spx"},
	MIME:  []string{"application/ogg", "audio/ogg", "video/ogg", "audio/opus", "audio/vorbis", "audio/x-vorbis+ogg", "audio/x-opus+ogg"},
	sniff: func(head []byte) bool { return bytes.HasPrefix(head, oggMark) },
	scan:  scanOgg,
}

var oggMark = []byte("OggS\x00")

// oggHeader is the length of a page's header without its table of segments.
const oggHeader = 27

func scanOgg(s *Source) {
	for {
		b := s.Peek(oggHeader + 255)
		if len(b) < oggHeader || !bytes.HasPrefix(b, oggMark) {
			return
		}
		segments := int(b[26])
		if len(b) < oggHeader+segments {
			return
		}
		// A page of headers is at time 0, and one in which no packet ends at -1.
		if time := b[6:14]; string(time) != "\x00\x00\x00\x00\x00\x00\x00\x00" && string(time) != "\xff\xff\xff\xff\xff\xff\xff\xff" {
			markBody(s)
			return
		}
		n := oggHeader + segments
		for _, c := range b[oggHeader : oggHeader+segments] {
			n += int(c)
		}
		s.Skip(int64(n))
	}
}
