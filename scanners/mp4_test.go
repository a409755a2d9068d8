package scanners

import (
	"bytes"
	"slices"
	"testing"
)

func box(kind string, data ...[]byte) []byte {
	b := bytes.Join(data, nil)
	return slices.Concat(be32(8+len(b)), []byte(kind), b)
}

var mp4Brand = box("ftyp", []byte("isom\x00\x00\x02\x00isomiso2"))

// moovOf makes the description of a film: a table of sizes, one of offsets, and
// a title.
func moovOf(offset int, title string) []byte {
	offsets := []byte{}
	for i := range 2000 {
		offsets = append(offsets, be32(offset+700*i)...)
	}
	return box("moov", box("mvhd", make([]byte, 100)),
		box("trak", box("mdia", box("minf", box("stbl", box("stsz", noise(2, 12000)), box("stco", offsets))))),
		box("udta", box("meta", make([]byte, 4), box("hdlr", make([]byte, 25)), box("ilst", box("\xa9nam", []byte(title))))))
}

func TestMP4Joints(t *testing.T) {
	moov, media := moovOf(0, "title"), noise(1, 100<<10)
	mdat := box("mdat", media)
	start := len(mp4Brand) + len(moov)
	table := len(mp4Brand) + 8 + 108 + 5*8 + 8 // where the sizes begin
	tables := func(off int) []int {
		return []int{off + leadIn, off + 12000, off + 12008 + leadIn, off + 20008}
	}
	front := slices.Concat(mp4Brand, moov, mdat)
	jointsAre(t, mp4Scanner, "the description in front", front, slices.Concat([]int{len(mp4Brand) + 8 + leadIn}, tables(table-8), []int{start + 8 + leadIn, len(front)})...)
	behind := slices.Concat(mp4Brand, box("free"), mdat, moov)
	end := len(mp4Brand) + 8 + len(mdat)
	jointsAre(t, mp4Scanner, "and behind", behind, append([]int{len(mp4Brand) + 16 + leadIn, end, end + 8 + leadIn}, tables(table-8+8+len(mdat))...)...)
	long := slices.Concat(mp4Brand, be32(1), []byte("mdat"), make([]byte, 4), be32(16+len(media)), media, box("free", moov))
	jointsAre(t, mp4Scanner, "a long size", long, len(mp4Brand)+16+leadIn, len(mp4Brand)+16+len(media))
	open := slices.Concat(mp4Brand, be32(0), []byte("mdat"), media)
	jointsAre(t, mp4Scanner, "to the end", open, len(mp4Brand)+8+leadIn)
	jointsAre(t, mp4Scanner, "a lying size", slices.Concat(mp4Brand, be32(1), []byte("mdat"), bytes.Repeat([]byte{0xFF}, 30<<10)))
	jointsAre(t, mp4Scanner, "a zero at the end of a box", slices.Concat(mp4Brand, box("moov", box("udta", be32(0))), mdat), len(mp4Brand)+8, len(mp4Brand)+20+8+leadIn, len(mp4Brand)+20+len(mdat))
	jointsAre(t, mp4Scanner, "a size of 2^63 and more", slices.Concat(mp4Brand, be32(1), []byte("mdat\x80\x00\x00\x00"), be32(16+len(media)), media))
	small := box("mdat", noise(1, 20<<10))
	moof := box("moof", make([]byte, 600))
	fragments := slices.Concat(mp4Brand, moof, small, moof, small, moof, mdat)
	first, third := len(mp4Brand)+608, len(mp4Brand)+3*608+2*len(small)
	jointsAre(t, mp4Scanner, "fragments", fragments, first+8+leadIn, first+len(small), third+8+leadIn, third+len(mdat))
}

// heifOf makes a picture with its description before it and behind.
func heifOf(before, picture, behind []byte) []byte {
	item := func(id, at, n int) []byte {
		return slices.Concat([]byte{0, byte(id), 0, 0, 0, 0, 0, 1}, be32(at), be32(n))
	}
	file := func(at int) []byte {
		iloc := box("iloc", []byte{1, 0, 0, 0, 0x44, 0, 0, 3}, item(1, at+len(before), len(picture)), item(2, at, len(before)), item(3, at+len(before)+len(picture), len(behind)))
		return slices.Concat(box("ftyp", []byte("heic\x00\x00\x00\x00mif1heic")), box("meta", make([]byte, 4), box("hdlr", make([]byte, 25)), iloc), box("mdat", before, picture, behind))
	}
	empty := len(file(0)) - len(before) - len(picture) - len(behind)
	return file(empty)
}

func TestHEIFJoints(t *testing.T) {
	b := heifOf(make([]byte, 700), noise(1, 40<<10), make([]byte, 300))
	at := len(b) - 300 - 40<<10
	jointsAre(t, mp4Scanner, "a picture", b, at+leadIn, at+40<<10)
	lie := bytes.Clone(b)
	copy(lie[bytes.Index(b, []byte("iloc"))+4:], "\x02\x00\x00\x00\x88\x80\xff\xff\xff\xff")
	jointsAre(t, mp4Scanner, "lies", lie, at-700+leadIn, len(b))
	// As many extents as there can be, each of no octets.
	endless := box("iloc", []byte{1, 0, 0, 0, 0, 0, 0xff, 0xff}, bytes.Repeat([]byte{0, 1, 0, 0, 0, 0, 0xff, 0xff}, 8000))
	jointsAre(t, mp4Scanner, "extents without lengths", slices.Concat(mp4Brand, bytes.Repeat(endless, 20)))
}

func TestMP4Shares(t *testing.T) {
	picture := noise(1, 1500<<10)
	retagged(t, mp4Scanner, "HEIF", heifOf(noise(2, 900), picture, nil), heifOf(noise(3, 3000), picture, noise(4, 500)))
	mdat := box("mdat", picture)
	film := func(title string) []byte {
		moov := moovOf(0, title)
		return slices.Concat(mp4Brand, moovOf(len(mp4Brand)+len(moov), title), mdat)
	}
	retagged(t, mp4Scanner, "a title", film("One"), film("One that is longer"))
	retagged(t, mp4Scanner, "a title behind", slices.Concat(mp4Brand, mdat, moovOf(0, "One")), slices.Concat(mp4Brand, mdat, moovOf(0, "Two and more")))
	var older, newer [][]byte
	for i := range 8 {
		media := box("mdat", noise(uint64(i), 200<<10))
		older = append(older, box("moof", be32(i), noise(9, 600)), media)
		newer = append(newer, box("moof", be32(i+5), noise(9, 600)), media)
	}
	retagged(t, mp4Scanner, "fragments with other numbers", slices.Concat(mp4Brand, bytes.Join(older, nil)), slices.Concat(mp4Brand, bytes.Join(newer, nil)))
}
