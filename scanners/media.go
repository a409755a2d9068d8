package scanners

import "bytes"

// What sound, pictures and films have in common: a little that describes them,
// which is changed often, and a body that is not. A joint divides the two.

const (
	// leadIn is how far within a body, or a part, the joint at its start is. A
	// joint right at the start would not count behind a description shorter than
	// that; then a file that is tagged for the first time, or two parts with a few
	// octets between them, would share no more than the rolling cut finds.
	leadIn = 512
	// mediaBody is the length of a body that is worth joints: what is shorter is
	// hardly more than one block in any case.
	mediaBody = 16 << 10
	// mediaPart is the length of a part of the description that is worth joints: a
	// picture, a font, a table.
	mediaPart = 4 << 10
	// pictureNear is how much of a field is searched for the start of a picture.
	pictureNear = 512
)

// markBody sets the joint at the start of a body, which begins at the position,
// if that much content is left.
func markBody(s *Source) {
	if len(s.Peek(mediaBody)) == mediaBody {
		s.JointAt(s.Offset() + leadIn)
	}
}

// scanPart sets joints near the start and at the end of a part that goes from
// the position to an offset, and moves there. If it is a picture of a format that
// has a scanner, the joints are those that it has as a file: the cover of an
// album is in each of its tracks, and beside them.
func scanPart(s *Source, end int64) {
	n := end - s.Offset()
	if n < mediaPart {
		s.SkipTo(end)
		return
	}
	s.JointAt(end)
	if n >= 2*mediaBody {
		if head := s.Peek(len(pngMark)); bytes.HasPrefix(head, jpegMark) || bytes.Equal(head, pngMark) {
			s.Member(n, "")
			return
		}
	}
	s.JointAt(s.Offset() + leadIn)
	s.SkipTo(end)
}

// scanPicture is scanPart for a field that has a picture somewhere at its start.
func scanPicture(s *Source, end int64) {
	if end-s.Offset() < mediaPart {
		s.SkipTo(end)
		return
	}
	b := s.Peek(pictureNear)
	at := bytes.Index(b, jpegMark)
	if at < 0 {
		at = max(bytes.Index(b, pngMark), 0)
	}
	s.Skip(int64(at))
	scanPart(s, end)
}

// length gives a number of 64 bits as a length, or maxContent, which fits
// nowhere, for one that can be none.
func length(v uint64) int64 { return int64(min(v, maxContent)) }

// fits reports whether n octets from the position end at an offset or before it.
func fits(s *Source, n, end int64) bool { return n >= 0 && n <= end-s.Offset() }
