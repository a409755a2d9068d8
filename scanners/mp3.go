package scanners

import (
	"bytes"
	"encoding/binary"
)

// mp3Scanner knows sound of MPEG-1 and MPEG-2, layers I to III, with the tags of
// ID3, APE and Lyrics3, and whatever else begins with a tag of ID3.
//
// Joints are around each picture in a tag, where the sound begins, and where it
// ends.
var mp3Scanner = &Scanner{
	Name: "mp3", Title: "MP3 sound: tags, pictures, sound",
	Exts:  []string{"mp3", "mp2", "mp1", "mpga"},
	MIME:  []string{"audio/mpeg", "audio/mp3"},
	sniff: sniffMP3,
	scan:  scanMP3,
}

const (
	id3Header = 10
	apeHeader = 32
	// mp3Search is how far ahead the next frame is searched for.
	mp3Search = 1 << 20
)

var apeMark = []byte("APETAGEX")

func sniffMP3(head []byte) bool {
	if id3Length(head) > 0 || bytes.HasPrefix(head, apeMark) {
		return true
	}
	n := mp3Frame(head)
	if n == 0 {
		return false
	}
	if len(head) >= n+4 {
		return sameStream(head, head[n:])
	}
	for _, at := range []int{13, 21, 36} { // by version and channels
		if len(head) >= at+4 {
			if mark := string(head[at : at+4]); mark == "Xing" || mark == "Info" {
				return true
			}
		}
	}
	return false
}

func scanMP3(s *Source) {
	for {
		b := s.Peek(apeHeader)
		if n := id3Length(b); n > 0 {
			end := s.Offset() + n
			scanID3(s, b[3], end)
			s.SkipTo(end)
		} else if n := apeLength(b); n > 0 {
			s.Skip(n)
		} else {
			break
		}
	}
	if bytes.HasPrefix(s.Peek(len(flacMark)), flacMark) {
		scanFLAC(s)
		return
	}
	markBody(s)
	scanFrames(s)
}

// scanFrames goes from frame to frame, and sets a joint where the last one ends.
func scanFrames(s *Source) {
	var first [4]byte
	for {
		b := s.Peek(mp3Longest + 4)
		n := mp3Frame(b)
		if n > 0 && len(b) >= n+4 && sameStream(b, b[n:]) {
			copy(first[:], b)
			s.Skip(int64(n))
			continue
		}
		if endTag(b) {
			s.Joint()
			return
		}
		// The last frame before tags, or before the end, or none at all.
		if n > 0 && len(b) >= n && first != [4]byte{} && sameStream(first[:], b) && (len(b) < n+4 || endTag(b[n:])) {
			s.Skip(int64(n))
			s.Joint()
			return
		}
		if len(b) < 4 || !findFrame(s) {
			return
		}
	}
}

// findFrame moves forward to the next two frames in sequence, or to a tag at the
// end.
func findFrame(s *Source) bool {
	for left := mp3Search; left > 0; {
		b := s.Peek(MaxPeek)
		places := len(b) - 1
		if len(b) == MaxPeek {
			places -= mp3Longest + 4
		}
		places = min(places, left)
		for i := 1; i <= places; i++ {
			switch b[i] {
			case 0xFF:
				if n := mp3Frame(b[i:]); n > 0 && len(b) >= i+n+4 && sameStream(b[i:], b[i+n:]) {
					s.Skip(int64(i))
					return true
				}
			case 'A', 'I', 'L', 'T':
				if endTag(b[i:]) && (b[i] != 'T' || len(b)-i == id3v1) {
					s.Skip(int64(i))
					return true
				}
			}
		}
		if len(b) < MaxPeek {
			return false
		}
		s.Skip(int64(places))
		left -= places
	}
	return false
}

// id3v1 is the length of the tag that is the last of a file.
const id3v1 = 128

// endTag reports whether a tag begins that stands behind the sound.
func endTag(b []byte) bool {
	return len(b) >= 8 && (string(b[:3]) == "TAG" || string(b[:8]) == "APETAGEX" || string(b[:8]) == "LYRICSBE" || id3Length(b) > 0)
}

// mp3Longest is no less than the length of any frame, which is at most 2881: 144000
// times 160 kbit/s at 8 kHz, and one octet more.
const mp3Longest = 3 << 10

// mp3Rates are the rates of data in kbit/s, by their number in the header: of
// MPEG-1, layers I to III, and of MPEG-2, layer I and the others.
var mp3Rates = [5][16]int{
	{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

// mp3Frame gives the length of the frame that begins with b, or 0 if none does.
func mp3Frame(b []byte) int {
	if len(b) < 4 || b[0] != 0xFF || b[1] < 0xE0 {
		return 0
	}
	version, layer := b[1]>>3&3, 4-int(b[1]>>1&3) // version 3 is MPEG-1, 2 MPEG-2, 0 MPEG-2.5
	rate, hertz, padding := b[2]>>4, b[2]>>2&3, int(b[2]>>1&1)
	if version == 1 || layer == 4 || hertz == 3 {
		return 0
	}
	sampling := [3]int{44100, 48000, 32000}[hertz]
	table := layer - 1
	switch version {
	case 2:
		sampling /= 2
	case 0:
		sampling /= 4
	}
	if version != 3 {
		table = min(3+table, 4)
	}
	kbits := mp3Rates[table][rate]
	switch {
	case kbits == 0:
		return 0
	case layer == 1:
		return (12*1000*kbits/sampling + padding) * 4
	case layer == 3 && version != 3:
		return 72*1000*kbits/sampling + padding
	}
	return 144*1000*kbits/sampling + padding
}

// sameStream reports whether b begins with a frame that may follow one like a:
// of the same version, layer and sampling rate.
func sameStream(a, b []byte) bool {
	return len(b) >= 4 && a[0] == b[0] && (a[1]^b[1])&0xFE == 0 && (a[2]^b[2])&0x0C == 0 && b[2] < 0xF0 && b[2] >= 0x10
}

// id3Length gives the length of a tag of ID3v2 with all its parts, or 0 if b
// does not begin with one.
func id3Length(b []byte) int64 {
	if len(b) < id3Header || string(b[:3]) != "ID3" || b[3] < 2 || b[3] > 4 || b[4] == 0xFF || (b[6]|b[7]|b[8]|b[9])&0x80 != 0 {
		return 0
	}
	n := id3Header + syncsafe(b[6:])
	if b[3] == 4 && b[5]&0x10 != 0 {
		n += id3Header // its footer
	}
	return n
}

// syncsafe reads a number of four octets of 7 bits.
func syncsafe(b []byte) int64 {
	return int64(b[0])<<21 | int64(b[1])<<14 | int64(b[2])<<7 | int64(b[3])
}

// scanID3 goes through the frames of a tag, of a version, that ends at an offset.
func scanID3(s *Source, version byte, end int64) {
	extended := s.Peek(6)[5]&0x40 != 0
	s.Skip(id3Header)
	if b := s.Peek(4); extended && version > 2 && len(b) == 4 {
		n := syncsafe(b)
		if version == 3 {
			n += 4
		}
		if !fits(s, n, end) {
			return
		}
		s.Skip(n)
	}
	for {
		var n, header int64
		var picture bool
		b := s.Peek(10)
		if len(b) < 10 || b[0] == 0 {
			return
		}
		switch version {
		case 2:
			header, n = 6, int64(b[3])<<16|int64(b[4])<<8|int64(b[5])
			picture = string(b[:3]) == "PIC"
		case 3:
			header, n = 10, int64(binary.BigEndian.Uint32(b[4:]))
			picture = string(b[:4]) == "APIC"
		case 4:
			header, n = 10, syncsafe(b[4:])
			picture = string(b[:4]) == "APIC"
		}
		if !fits(s, header+n, end) {
			return
		}
		s.Skip(header)
		if picture {
			scanPicture(s, s.Offset()+n)
		} else {
			s.Skip(n)
		}
	}
}

// apeLength gives the length of a tag of APE, version 2, at the start of a file,
// or 0.
func apeLength(b []byte) int64 {
	if len(b) < apeHeader || !bytes.HasPrefix(b, apeMark) {
		return 0
	}
	return apeHeader + int64(binary.LittleEndian.Uint32(b[12:]))
}
