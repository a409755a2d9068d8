package testkit

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/vtdarchive/vtd/format"
)

// Hooks are the places at which a test may lie. Each is called, when set, for
// every structure of its kind; what depends on the structure (its CRC, hashes
// above it) is computed afterwards. Paths are relative to the root, which is
// "."; segments and versions are told apart by counting calls.
type Hooks struct {
	Header      func(h *format.Header)
	HeaderBytes func(b []byte) []byte // CRCs are sealed again

	// Metadata blocks, with the hashes but not yet the numbers of what they
	// name.
	Leaf     func(path string, d *format.DirLeaf)
	Inner    func(path string, d *format.DirInner)
	Indirect func(path string, x *format.Indirect)
	Recipe   func(path string, x *format.Recipe)
	Snapshot func(s *format.Snapshot)
	Top      func(t *format.Top)

	// Encoded sees both forms of every metadata block, for codings that no
	// struct expresses. The block is named by the hash of what it returns for
	// the canonical form.
	Encoded func(path string, t format.BlockType, form format.Form, b []byte) []byte

	// Block sees every block with its number just before frames are made: it
	// may change Bytes and Hash, and so make the two disagree.
	Block func(b *Block)

	// Frame sees the head of frame n, complete but for Size and RawLen, and
	// returns the stored bytes to write after it.
	Frame func(n int, h *format.FrameHead, stored []byte) []byte
	// FrameBytes sees the encoded head; its CRC is sealed again.
	FrameBytes func(n int, b []byte) []byte

	// Parity sees the head of a parity frame, complete but for the hash, and its
	// cell; ParityBytes the encoded head, whose CRC is sealed again.
	Parity      func(h *format.ParityHead, cell []byte)
	ParityBytes func(h *format.ParityHead, b []byte) []byte

	IndexRow   func(i int, r *format.IndexFrame)
	IndexBytes func(b []byte) []byte // the whole index; the CRC of its head is sealed again

	Trailer      func(segment int, t *format.Trailer)
	TrailerBytes func(segment int, b []byte) []byte // sealed again

	// Finish sees the finished file.
	Finish func(b *Built) []byte
}

func crc(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// SealHeader puts the right CRCs into a header, for its own size field.
func SealHeader(b []byte) {
	binary.LittleEndian.PutUint32(b[60:], crc(b[:60]))
	if n := len(b); n > format.HeaderFixedSize+4 {
		binary.LittleEndian.PutUint32(b[n-4:], crc(b[format.HeaderFixedSize:n-4]))
	}
}

// SealFrameHead puts the right CRC at the end of a frame head.
func SealFrameHead(b []byte) { seal(b) }

// SealTrailer puts the right CRC at the end of a trailer.
func SealTrailer(b []byte) { seal(b) }

// SealIndex puts the right CRC into the head of an index.
func SealIndex(b []byte) { seal(b[:format.IndexHeadSize]) }

func seal(b []byte) {
	n := len(b) - 4
	binary.LittleEndian.PutUint32(b[n:], crc(b[:n]))
}
