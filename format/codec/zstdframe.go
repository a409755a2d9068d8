package codec

import "encoding/binary"

const (
	zstdMagic    = 0xFD2FB528
	zstdMaxBlock = 128 << 10

	blockRaw        = 0
	blockRLE        = 1
	blockCompressed = 2
)

// checkZstd walks the outside of src, which must be exactly one Zstandard
// frame that declares rawLen bytes of content. It reads the frame header and
// the three bytes before each block and none of the compressed bytes, so it
// costs microseconds and runs before anything is allocated.
//
// Stricter than RFC 8878, it refuses skippable frames, dictionaries, checksums
// and frames without a content size, none of which an encoder of this format
// writes, and content sizes which the blocks present cannot add up to.
func checkZstd(src []byte, rawLen int) error {
	if len(src) < 6 {
		return corrupt("zstd frame of %d bytes", len(src))
	}
	if binary.LittleEndian.Uint32(src) != zstdMagic {
		return corrupt("no zstd frame")
	}
	head := src[4]
	single := head&0x20 != 0
	if head&0x1F != 0 {
		return corrupt("zstd frame header %#02x has a dictionary, a checksum or reserved bits", head)
	}
	at := 5
	if !single {
		exp, mantissa := src[at]>>3, src[at]&7
		if window := uint64(8+mantissa) << (7 + exp); window > MaxRaw {
			return corrupt("zstd window of %d bytes", window)
		}
		at++
	}
	size := 1 << (head >> 6)
	if size == 1 && !single {
		return corrupt("zstd frame without content size")
	}
	if len(src) < at+size {
		return corrupt("zstd frame header cut short")
	}
	var content uint64
	switch field := src[at:]; size {
	case 1:
		content = uint64(field[0])
	case 2:
		content = uint64(binary.LittleEndian.Uint16(field)) + 256
	case 4:
		content = uint64(binary.LittleEndian.Uint32(field))
	case 8:
		content = binary.LittleEndian.Uint64(field)
	}
	if content != uint64(rawLen) {
		return corrupt("zstd content size %d, expected %d", content, rawLen)
	}
	at += size
	room := 0
	for {
		if len(src)-at < 3 {
			return corrupt("zstd block header cut short")
		}
		block := int(src[at]) | int(src[at+1])<<8 | int(src[at+2])<<16
		at += 3
		size := block >> 3
		if size > zstdMaxBlock {
			return corrupt("zstd block of %d bytes", size)
		}
		switch block >> 1 & 3 {
		case blockRaw:
			room += size
		case blockRLE:
			room += size
			size = 1
		case blockCompressed:
			room += zstdMaxBlock
		default:
			return corrupt("zstd block of reserved type")
		}
		if len(src)-at < size {
			return corrupt("zstd block cut short")
		}
		at += size
		if block&1 != 0 {
			break
		}
	}
	if at != len(src) {
		return corrupt("%d bytes after the zstd frame", len(src)-at)
	}
	if room < rawLen {
		return corrupt("zstd blocks hold at most %d of %d bytes", room, rawLen)
	}
	return nil
}

// zstdWindow gives the window of a frame that checkZstd has passed: as much of
// its output a decoder keeps.
func zstdWindow(src []byte) int {
	head := src[4]
	if head&0x20 == 0 {
		exp, mantissa := src[5]>>3, src[5]&7
		return int(8+mantissa) << (7 + exp)
	}
	var content [8]byte
	copy(content[:], src[5:5+1<<(head>>6)])
	n := int(binary.LittleEndian.Uint64(content[:]))
	if head>>6 == 1 {
		n += 256
	}
	return n
}
