package scanners

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// mp3Of makes so many frames of 128 kbit/s at 44.1 kHz.
func mp3Of(frames int, seed uint64) []byte {
	var b []byte
	for i := range frames {
		f := noise(seed+uint64(i), 417+i%2)
		copy(f, []byte{0xFF, 0xFB, 0x90 | byte(i%2)<<1, 0x64})
		b = append(b, f...)
	}
	return b
}

func id3Of(frames ...[]byte) []byte {
	b := bytes.Join(frames, nil)
	n := len(b)
	return slices.Concat([]byte("ID3\x03\x00\x00"), []byte{byte(n >> 21), byte(n >> 14 & 0x7F), byte(n >> 7 & 0x7F), byte(n & 0x7F)}, b)
}

func id3Text(name, text string) []byte {
	return slices.Concat([]byte(name), be32(len(text)), []byte{0, 0}, []byte(text))
}

func apeOf(text string) []byte {
	items := slices.Concat(le32(len(text)), le32(0), []byte("Title\x00"), []byte(text))
	ends := slices.Concat([]byte("APETAGEX"), le32(2000), le32(len(items)+32), le32(1), le32(0), make([]byte, 8))
	return slices.Concat(ends, items, ends)
}

func TestMP3Joints(t *testing.T) {
	audio := mp3Of(100, 1)
	v1 := slices.Concat([]byte("TAG"), make([]byte, 125))
	tag := id3Of(id3Text("TIT2", "Some title"))
	footer := bytes.Clone(tag)
	footer[3], footer[5] = 4, 0x10
	footer = append(footer, "3DI\x04\x00\x10\x00\x00\x00\x00"...)
	picture := id3Of(id3Text("APIC", "\x00image/png\x00\x03\x00"+string(pngMark)+strings.Repeat("x", 6000)))
	lyrics := "LYRICSBEGININD0000200000009LYRICS200"
	at := func(head []byte) int { return len(head) + leadIn }
	jointsAre(t, mp3Scanner, "sound only", audio, leadIn, len(audio))
	jointsAre(t, mp3Scanner, "ID3v1", slices.Concat(audio, v1), leadIn, len(audio))
	jointsAre(t, mp3Scanner, "ID3v2", slices.Concat(tag, audio), at(tag), len(tag)+len(audio))
	jointsAre(t, mp3Scanner, "two of ID3v2", slices.Concat(tag, tag, audio, v1), len(tag)+at(tag), 2*len(tag)+len(audio))
	jointsAre(t, mp3Scanner, "with a footer", slices.Concat(footer, audio, v1), at(footer), len(footer)+len(audio))
	jointsAre(t, mp3Scanner, "APE", slices.Concat(audio, apeOf("title"), v1), leadIn, len(audio))
	jointsAre(t, mp3Scanner, "APE in front", slices.Concat(apeOf("title"), audio), 83+leadIn, 83+len(audio))
	jointsAre(t, mp3Scanner, "lyrics", slices.Concat(audio, []byte(lyrics), v1), leadIn, len(audio))
	jointsAre(t, mp3Scanner, "a picture", slices.Concat(picture, audio), 33+leadIn, len(picture), at(picture), len(picture)+len(audio))
	jointsAre(t, mp3Scanner, "zeros before the sound", slices.Concat(tag, make([]byte, 1000), audio, v1), at(tag), len(tag)+1000+len(audio))
	jointsAre(t, mp3Scanner, "rubbish within", slices.Concat(audio, noise(9, 3000), audio, v1), leadIn, 2*len(audio)+3000)
	jointsAre(t, mp3Scanner, "the last frame is cut short", slices.Concat(audio, audio[:200], v1), leadIn, len(audio)+200)
	jointsAre(t, mp3Scanner, "FLAC", slices.Concat(tag, flacOf(40)), at(tag)+42)
	jointsAre(t, mp3Scanner, "nothing but noise", slices.Concat(tag, noise(7, 200<<10)), at(tag))
}

func TestMP3Shares(t *testing.T) {
	audio := mp3Of(4000, 1)
	v1 := func(title string) []byte { return append([]byte("TAG"+title), make([]byte, 125-len(title))...) }
	plain := slices.Concat(audio, v1("One"))
	retagged(t, mp3Scanner, "another ID3v1", plain, slices.Concat(audio, v1("Two")))
	retagged(t, mp3Scanner, "a first ID3v2", plain, slices.Concat(id3Of(id3Text("TIT2", "Two")), audio, v1("Two")))
	retagged(t, mp3Scanner, "a longer ID3v2", slices.Concat(id3Of(id3Text("TIT2", "One")), audio), slices.Concat(id3Of(id3Text("TIT2", "Two"), make([]byte, 4000)), audio))
	retagged(t, mp3Scanner, "gain", plain, slices.Concat(audio, apeOf("gain"), v1("One")))
}

func TestMP3IsSure(t *testing.T) {
	for _, b := range [][]byte{[]byte("ID3 is not a tag here"), {0xFF, 0xFB, 0x90, 0x64}, slices.Concat([]byte{0xFF, 0xFE}, []byte("t\x00e\x00x\x00t\x00")), bytes.Repeat([]byte{0xFF}, 1024), noise(1, 1024)} {
		if sniffMP3(b) {
			t.Errorf("% x… is taken for MP3", b[:min(len(b), 10)])
		}
	}
}
