package testkit

import (
	"encoding/binary"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

var le = binary.LittleEndian

// victim is the tree that most defects are put into. Its frames are 0: top and
// snapshot record, 1: the nodes of ".", of "d" and the indirect block of "e",
// 2: data of "b" and "d/c" and a part of "e", 3: the rest of "e".
func victim() *Node {
	return Dir("", File("a", "literal"), File("b", string(Noise(1, 200))), Dir("d", File("c", string(Noise(2, 100)))), File("e", string(Noise(3, 3000))), Run("r", 7, 500))
}

const (
	topFrame  = 0
	treeFrame = 1
	dataFrame = 2
)

func bad(name, comment string, scope Scope, hooks Hooks, change ...func(c *vectorCase)) vectorCase {
	c := vectorCase{name: name, comment: comment, expect: "damaged", scope: scope, archive: One(victim())}
	c.archive.Hooks = hooks
	for _, f := range change {
		f(&c)
	}
	return c
}

func unsupported(c *vectorCase) { c.expect = "unsupported" }

func damage(f func(b *Built) []byte) func(c *vectorCase) {
	return func(c *vectorCase) { c.damage = f }
}

// twoSegments makes the archive one of two segments with the victim in both.
func twoSegments(c *vectorCase) {
	second := victim()
	second.Children = append(second.Children, File("z", string(Noise(8, 200))))
	c.archive.Segments = append(c.archive.Segments, Segment{Versions: []Version{{Root: second, After: []int{0}}}})
}

func raw(b []byte) func(c *vectorCase) {
	return func(c *vectorCase) { c.archive, c.bytes, c.expect = nil, func() []byte { return b }, "not-archive" }
}

func badHeaders() []vectorCase {
	lie := func(f func(h *format.Header)) Hooks { return Hooks{Header: f} }
	octets := func(f func(b []byte)) Hooks {
		return Hooks{HeaderBytes: func(b []byte) []byte { f(b); return b }}
	}
	cut := func(n int) func(c *vectorCase) { return damage(func(b *Built) []byte { return b.Bytes[:n] }) }
	return []vectorCase{
		bad("not-empty-file", "a file without a byte", ScopeOpen, Hooks{}, raw([]byte{})),
		bad("not-zip", "the beginning of another format", ScopeOpen, Hooks{}, raw(append([]byte("PK\x03\x04"), Noise(1, 300)...))),
		bad("not-text-transfer", "the magic after a transfer as text: CR LF became LF", ScopeOpen, Hooks{}, func(c *vectorCase) {
			c.expect = "not-archive"
			c.damage = func(b *Built) []byte { return append([]byte("\x89VTD\n\x1a\n"), b.Bytes[8:]...) }
		}),
		bad("header-cut-in-magic", "the file ends inside the magic", ScopeOpen, Hooks{}, cut(6)),
		bad("header-cut", "the file ends inside the header", ScopeOpen, Hooks{}, cut(40)),
		bad("header-cut-extension", "the file ends inside the header's extension", ScopeOpen, Hooks{}, cut(80)),
		bad("header-crc", "one bit of the header differs", ScopeOpen, Hooks{}, damage(func(b *Built) []byte { return flip(b.Bytes, 50) })),
		bad("header-crc-version", "one bit of the version differs: damage, not a later version", ScopeOpen, Hooks{}, damage(func(b *Built) []byte { return flip(b.Bytes, 8) })),
		bad("header-extension-crc", "one bit of the extension differs", ScopeOpen, Hooks{}, damage(func(b *Built) []byte { return flip(b.Bytes, 70) })),
		bad("header-size", "a size that leaves no room for the extension's CRC", ScopeOpen, octets(func(b []byte) { le.PutUint32(b[12:], 66) })),
		bad("header-size-limit", "a size above the limit", ScopeOpen, octets(func(b []byte) { le.PutUint32(b[12:], format.MaxHeader+1) })),
		bad("header-reserved", "a reserved byte is not zero", ScopeOpen, octets(func(b []byte) { b[43] = 1 })),
		bad("header-flag", "an unassigned flag", ScopeOpen, lie(func(h *format.Header) { h.Flags |= 1 << 30 })),
		bad("header-flag-appended", "a header that says that nothing was appended, and a second segment", ScopeVerify, lie(func(h *format.Header) { h.Flags = format.FlagAsCreated }), twoSegments),
		bad("header-flags-both", "both flags, of which at most one can be set", ScopeOpen, lie(func(h *format.Header) { h.Flags = format.FlagAsCreated | format.FlagOnePass })),
		bad("header-records-order", "extension records out of order", ScopeOpen, octets(func(b []byte) { le.PutUint16(b[64:], 9) })),
		bad("header-record-length", "an extension record that passes the end", ScopeOpen, octets(func(b []byte) { le.PutUint16(b[66:], 60_000) })),
		bad("header-record-short", "a chunker record without its last field", ScopeOpen, lie(func(h *format.Header) {
			h.Chunker, h.Unknown = nil, []format.ExtRecord{{Type: format.ExtChunker, Data: make([]byte, 17)}}
		})),
		bad("version-newer", "a newer major version", ScopeOpen, lie(func(h *format.Header) { h.Major = 2 }), unsupported),
		bad("version-zero", "major version 0", ScopeOpen, lie(func(h *format.Header) { h.Major = 0 }), unsupported),
		bad("feature-unknown", "an incompatible feature that nobody has", ScopeOpen, lie(func(h *format.Header) { h.Features = []string{"this-feature-will-never-exist"} }), unsupported),
		bad("hash-unknown", "an unassigned hash function", ScopeOpen, octets(func(b []byte) { b[40] = 99 }), unsupported),
	}
}

func badTrailers() []vectorCase {
	lie := func(segment int, f func(t *format.Trailer)) Hooks {
		return Hooks{Trailer: func(i int, t *format.Trailer) {
			if i == segment {
				f(t)
			}
		}}
	}
	return []vectorCase{
		bad("cut-frames", "the file ends inside a frame, and there is no trailer", ScopeOpen, Hooks{}, damage(func(b *Built) []byte { return b.Bytes[:b.Frames[dataFrame].End()-9] })),
		bad("cut-index", "the file ends inside the index", ScopeOpen, Hooks{}, damage(func(b *Built) []byte { return b.Bytes[:b.Segments[0].Index+90] })),
		bad("cut-trailer", "the file lacks its last byte", ScopeOpen, Hooks{}, damage(func(b *Built) []byte { return b.Bytes[:len(b.Bytes)-1] })),
		bad("trailer-crc", "one bit of the only trailer differs", ScopeOpen, Hooks{}, damage(func(b *Built) []byte { return flip(b.Bytes, b.Segments[0].Trailer+20) })),
		bad("trailer-offset", "the trailer says that it lies elsewhere", ScopeOpen, lie(0, func(t *format.Trailer) { t.Offset += 64 })),
		bad("trailer-moved", "bytes were inserted before the trailer", ScopeOpen, Hooks{}, damage(func(b *Built) []byte {
			return slices.Insert(b.Bytes, b.Segments[0].Trailer, make([]byte, 16)...)
		})),
		bad("trailer-archive-id", "the trailer of another archive", ScopeOpen, lie(0, func(t *format.Trailer) { t.ID[0]++ })),
		bad("trailer-size", "a trailer that says it is longer", ScopeOpen, Hooks{TrailerBytes: func(_ int, b []byte) []byte { b[8]++; return b }}),
		bad("trailer-reserved", "a reserved byte is not zero", ScopeOpen, Hooks{TrailerBytes: func(_ int, b []byte) []byte { b[180] = 1; return b }}),
		bad("trailer-top-range", "a top block beyond the last block", ScopeOpen, lie(0, func(t *format.Trailer) { t.Top = t.Blocks })),
		bad("trailer-top-last", "a top block after which there is no snapshot record", ScopeTree, lie(0, func(t *format.Trailer) { t.Top = t.Blocks - 1 })),
		bad("trailer-top-other", "a top block that is a directory", ScopeTree, lie(0, func(t *format.Trailer) { t.Top = 2 })),
		bad("trailer-top-hash", "a hash of the top block that is not the index's", ScopeTree, lie(0, func(t *format.Trailer) { t.TopHash[5] ^= 1 })),
		bad("trailer-index-offset", "an index that does not end where the trailer begins", ScopeOpen, lie(0, func(t *format.Trailer) { t.Index += 40 })),
		bad("trailer-index-length", "an index that begins in the middle of the index", ScopeOpen, lie(0, func(t *format.Trailer) { t.Index += 32; t.IndexLen -= 32 })),
		bad("trailer-index-in-header", "an index that begins inside the header", ScopeOpen, lie(0, func(t *format.Trailer) { t.IndexLen += t.Index - 70; t.Index = 70; t.Segment = 0 })),
		bad("trailer-blocks", "a count of blocks that is not the index's", ScopeOpen, lie(0, func(t *format.Trailer) { t.Blocks++ })),
		bad("trailer-base-itself", "a trailer that is its own base", ScopeOpen, lie(1, func(t *format.Trailer) { t.Base = t.Offset }), twoSegments,
			// The trailer before is valid, and a reader would fall back on it: take it away.
			damage(func(b *Built) []byte { return flip(b.Bytes, b.Segments[0].Trailer+30) })),
		bad("trailer-base-nothing", "a base trailer where no trailer lies", ScopeOpen, lie(1, func(t *format.Trailer) { t.Base -= 8 }), twoSegments),
		bad("trailer-base-missing", "an index that begins with a later block, and no base trailer", ScopeOpen, lie(1, func(t *format.Trailer) { t.Base = 0 }), twoSegments),
		bad("trailer-base-damaged", "a base trailer with a wrong CRC", ScopeOpen, Hooks{}, twoSegments, damage(func(b *Built) []byte { return flip(b.Bytes, b.Segments[0].Trailer+30) })),
		bad("trailer-segment", "a segment that begins inside the one before", ScopeVerify, lie(1, func(t *format.Trailer) { t.Segment -= 10 }), twoSegments),
		bad("trailer-segment-first", "a first segment that begins behind the header", ScopeVerify, lie(0, func(t *format.Trailer) { t.Segment = format.HeaderFixedSize })),
		bad("trailer-snapshots", "a trailer that counts one snapshot more than there are", ScopeVerify, lie(1, func(t *format.Trailer) { t.Snapshots++ }), twoSegments),
		bad("trailer-snapshots-first", "a first trailer that counts no snapshot", ScopeVerify, lie(0, func(t *format.Trailer) { t.Snapshots = 0 })),
		bad("trailer-top-before", "a later trailer that names the top block of the segment before", ScopeVerify, topOfFirst(), twoSegments),
	}
}

// topOfFirst makes the trailer of the second segment name the top block of the
// first.
func topOfFirst() Hooks {
	var top uint64
	var hash format.Hash
	return Hooks{Trailer: func(i int, t *format.Trailer) {
		if i == 0 {
			top, hash = t.Top, t.TopHash
		}
		t.Top, t.TopHash = top, hash
	}}
}

func badFrames() []vectorCase {
	// lie changes the head of one frame before it is written.
	lie := func(frame int, f func(h *format.FrameHead)) Hooks {
		return Hooks{Frame: func(n int, h *format.FrameHead, stored []byte) []byte {
			if n == frame {
				f(h)
			}
			return stored
		}}
	}
	octets := func(frame int, f func(b []byte)) Hooks {
		return Hooks{FrameBytes: func(n int, b []byte) []byte {
			if n == frame {
				f(b)
			}
			return b
		}}
	}
	at := func(frame, offset int) func(c *vectorCase) {
		return damage(func(b *Built) []byte { return flip(b.Bytes, b.Frames[frame].Offset+offset) })
	}
	stored := func(frame int) func(c *vectorCase) {
		return damage(func(b *Built) []byte { return flip(b.Bytes, b.Frames[frame].End()-3) })
	}
	zstd := func(c *vectorCase) { c.archive.Options.Codec = codec.Zstd }
	// recoded replaces the stored bytes and keeps their hash right.
	recoded := func(frame int, f func(h *format.FrameHead, stored []byte) []byte) Hooks {
		return Hooks{Frame: func(n int, h *format.FrameHead, b []byte) []byte {
			if n == frame {
				b = f(h, slices.Clone(b))
				h.Stored, h.Hash = uint32(len(b)), format.HashBLAKE3.Sum(b)
			}
			return b
		}}
	}
	// long makes a frame of codec long-zstd, of one copy and 100 literals, both
	// stored as they are.
	one := withRoot(Dir("", File("b", string(Noise(1, 200)))))
	long := func(list ...byte) Hooks {
		return recoded(dataFrame, func(h *format.FrameHead, b []byte) []byte {
			h.Codec = codec.LongZstd
			return slices.Concat([]byte{1, 100, 1, 1, byte(len(list) - 2), byte(len(list))}, list, b[:100])
		})
	}
	return []vectorCase{
		bad("frame-top-shared", "a directory in the frame of top block and snapshot record", ScopeVerify, Hooks{}, func(c *vectorCase) { c.archive.Options.TopFrame = 3 }),
		bad("frame-top-crc", "one bit of the head of the first frame differs", ScopeTree, Hooks{}, at(topFrame, 30)),
		bad("frame-tree-crc", "one bit of the head of a metadata frame differs", ScopeTree, Hooks{}, at(treeFrame, 45)),
		bad("frame-data-crc", "one bit of the head of a data frame differs", ScopeData, Hooks{}, at(dataFrame, 45)),
		bad("frame-data-magic", "one bit of the magic of a data frame differs", ScopeData, Hooks{}, at(dataFrame, 2)),
		bad("frame-top-stored", "one bit of the stored bytes of the first frame differs", ScopeTree, Hooks{}, stored(topFrame)),
		bad("frame-tree-stored", "one bit of the stored bytes of a metadata frame differs", ScopeTree, Hooks{}, damage(func(b *Built) []byte {
			return flip(b.Bytes, b.Frames[treeFrame].Offset+int(b.Frames[treeFrame].Head.Size)+5)
		})),
		bad("frame-data-stored", "one bit of the stored bytes of a data frame differs", ScopeData, Hooks{}, stored(dataFrame)),
		bad("frame-zstd-stored", "one bit of the stored bytes of a data frame of codec zstd differs", ScopeData, Hooks{}, zstd, stored(dataFrame)),
		bad("frame-hash", "a head with another hash of its stored bytes; the blocks are right", ScopeVerify, lie(dataFrame, func(h *format.FrameHead) { h.Hash[0] ^= 1 })),
		bad("frame-first", "a head with another number of the first block than the index", ScopeVerify, lie(dataFrame, func(h *format.FrameHead) { h.First++ }), func(c *vectorCase) {
			c.archive.Hooks.IndexRow = func(i int, r *format.IndexFrame) {
				if i == dataFrame {
					r.First--
				}
			}
		}),
		bad("frame-kind-wrong", "data blocks in a frame of kind metadata", ScopeData, lie(dataFrame, func(h *format.FrameHead) { h.Kind = format.FrameMetadata })),
		bad("frame-kind-unknown", "a data frame of an unassigned kind; the index says so, too", ScopeData, lie(dataFrame, func(h *format.FrameHead) { h.Kind = 77 }), unsupported),
		bad("frame-codec-unknown", "a data frame of an unassigned codec", ScopeData, lie(dataFrame, func(h *format.FrameHead) { h.Codec = 99 }), unsupported),
		bad("frame-codec-unknown-tree", "a metadata frame of an unassigned codec", ScopeTree, lie(treeFrame, func(h *format.FrameHead) { h.Codec = 99 }), unsupported),
		bad("frame-codec-wrong", "stored bytes that are not of the codec named", ScopeData, lie(dataFrame, func(h *format.FrameHead) { h.Codec = codec.Zstd })),
		bad("frame-reserved", "a reserved byte of a head is not zero", ScopeData, octets(dataFrame, func(b []byte) { b[10] = 1 })),
		bad("frame-size", "a head that says it is longer than it is", ScopeData, octets(dataFrame, func(b []byte) { b[12] += 8 })),
		bad("frame-size-limit", "a head that says it is longer than any can be", ScopeData, octets(dataFrame, func(b []byte) { le.PutUint32(b[12:], format.MaxFrameHead+1) })),
		bad("frame-count", "a head that counts more blocks than it has lengths", ScopeData, octets(dataFrame, func(b []byte) { b[24]++ })),
		bad("frame-count-zero", "a head that counts no blocks", ScopeData, octets(dataFrame, func(b []byte) { b[24] = 0 })),
		bad("frame-raw-length", "a raw length that is not the sum of the block lengths", ScopeData, octets(dataFrame, func(b []byte) { b[28]++ })),
		bad("frame-raw-limit", "a raw length above the limit", ScopeData, octets(dataFrame, func(b []byte) { le.PutUint32(b[28:], format.MaxFrameRaw+1) })),
		bad("frame-stored-length", "a stored length other than the index's", ScopeData, octets(dataFrame, func(b []byte) { b[32]-- })),
		bad("frame-lengths-overlong", "block lengths with an over-long number", ScopeData, Hooks{FrameBytes: func(n int, b []byte) []byte {
			if n == dataFrame { // 200 is c8 01, 100 is 64: make that e4 00
				b = slices.Insert(b, 75, 0)
				b[74] |= 0x80
				b[12]++
			}
			return b
		}}, func(c *vectorCase) {
			c.archive.Hooks.IndexRow = func(i int, r *format.IndexFrame) {
				if i == dataFrame {
					r.HeadSize++
				}
			}
		}),
		bad("frame-blocks-swapped", "two blocks of a data frame in the wrong order, their lengths with them", ScopeData, recoded(dataFrame, func(h *format.FrameHead, b []byte) []byte {
			x, y := h.Lengths[0], h.Lengths[1]
			h.Lengths[0], h.Lengths[1] = y, x
			return slices.Concat(b[x:x+y], b[:x], b[x+y:])
		})),
		bad("frame-zstd-longer", "a zstd frame with more content than the raw length", ScopeData, recoded(dataFrame, func(h *format.FrameHead, b []byte) []byte {
			h.Codec = codec.Zstd
			return compress(slices.Concat(b, []byte("more")))
		})),
		bad("frame-zstd-shorter", "a zstd frame with less content than the raw length", ScopeData, recoded(dataFrame, func(h *format.FrameHead, b []byte) []byte {
			h.Codec = codec.Zstd
			return compress(b[:len(b)-1])
		})),
		bad("frame-zstd-trailing", "bytes after the zstd frame", ScopeData, recoded(dataFrame, func(h *format.FrameHead, b []byte) []byte {
			h.Codec = codec.Zstd
			return append(compress(b), 0)
		})),
		bad("frame-zstd-two", "two zstd frames that together have the raw length", ScopeData, recoded(dataFrame, func(h *format.FrameHead, b []byte) []byte {
			h.Codec = codec.Zstd
			return append(compress(b[:50]), compress(b[50:])...)
		})),
		bad("frame-long-distance-zero", "a long copy from a distance of 0", ScopeData, long(100, 36, 0), one),
		bad("frame-long-distance-far", "a long copy from before the start of the frame", ScopeData, long(100, 36, 202, 1), one),
		bad("frame-long-short", "long copies and literals that make fewer bytes than the raw length", ScopeData, long(100, 35, 100), one),
		bad("frame-long-longer", "long copies and literals that make more bytes than the raw length", ScopeData, long(100, 37, 100), one),
		bad("frame-long-literals", "a long copy after more literals than there are", ScopeData, long(101, 35, 100), one),
		bad("frame-gap", "bytes between two frames", ScopeVerify, Hooks{}, func(c *vectorCase) {
			c.archive.Hooks.Frame = func(n int, _ *format.FrameHead, b []byte) []byte {
				if n == dataFrame {
					return append(slices.Clone(b), "nobody's bytes"...)
				}
				return b
			}
		}),
	}
}

func compress(b []byte) []byte {
	z, err := codec.NewCompressor(3)
	if err != nil {
		panic(err)
	}
	return z.Compress(nil, b)
}

func badIndexes() []vectorCase {
	octets := func(f func(b []byte)) Hooks {
		return Hooks{IndexBytes: func(b []byte) []byte { f(b); return b }}
	}
	row := func(frame int, f func(r *format.IndexFrame)) Hooks {
		return Hooks{IndexRow: func(i int, r *format.IndexFrame) {
			if i == frame {
				f(r)
			}
		}}
	}
	hashAt := func(num int) int { return format.IndexHeadSize + num*format.HashSize }
	return []vectorCase{
		bad("index-magic", "no index where the trailer says", ScopeOpen, octets(func(b []byte) { b[3] = 'X' })),
		bad("index-crc", "one bit of the head of the index differs", ScopeOpen, Hooks{}, damage(func(b *Built) []byte { return flip(b.Bytes, b.Segments[0].Index+24) })),
		bad("index-reserved", "a reserved byte is not zero", ScopeOpen, octets(func(b []byte) { b[12] = 1 })),
		bad("index-blocks", "a count of blocks that its length does not hold", ScopeOpen, octets(func(b []byte) { b[24]++ })),
		bad("index-blocks-limit", "a count of blocks beyond any file", ScopeOpen, octets(func(b []byte) { le.PutUint64(b[24:], 1<<60) })),
		bad("index-frames", "a count of frames that its length does not hold", ScopeOpen, octets(func(b []byte) { b[32]-- })),
		bad("index-first", "a first block above 0 in the only segment", ScopeOpen, octets(func(b []byte) { b[16]++ })),
		bad("index-overlap", "an index that covers blocks which its base covers, too", ScopeOpen, Hooks{IndexBytes: func(b []byte) []byte {
			if first := le.Uint64(b[16:]); first > 0 {
				le.PutUint64(b[16:], first-1)
				le.PutUint64(b[24:], le.Uint64(b[24:])+1)
				return slices.Insert(b, format.IndexHeadSize, make([]byte, format.HashSize)...)
			}
			return b
		}}, twoSegments),
		bad("index-hash", "an index with another hash than its trailer names; its content is right", ScopeVerify, Hooks{Trailer: func(_ int, t *format.Trailer) { t.IndexHash[9] ^= 4 }}),
		bad("index-hash-of-top", "another hash of the top block", ScopeTree, octets(func(b []byte) { b[hashAt(0)] ^= 1 })),
		bad("index-hash-of-snapshot", "another hash of the snapshot record", ScopeTree, octets(func(b []byte) { b[hashAt(1)] ^= 1 })),
		bad("index-hash-of-root", "another hash of the root directory", ScopeTree, octets(func(b []byte) { b[hashAt(2)] ^= 1 })),
		bad("index-hash-of-data", "another hash of a data block: a directory that names it no longer has its own hash", ScopeTree, octets(func(b []byte) { b[hashAt(5)] ^= 1 })),
		bad("index-hash-damaged", "one bit of the hash of a data block differs, without any hash fitted to it", ScopeTree, Hooks{}, damage(func(b *Built) []byte { return flip(b.Bytes, b.Segments[0].Index+hashAt(5)) })),
		bad("row-offset", "a row that places a data frame four bytes on", ScopeVerify, row(dataFrame, func(r *format.IndexFrame) { r.Offset += 4; r.Stored -= 4 })),
		bad("row-offset-outside", "a row that places a frame after the index", ScopeVerify, row(dataFrame, func(r *format.IndexFrame) { r.Offset = 1 << 40 })),
		bad("row-offset-header", "a row that places a frame inside the header", ScopeVerify, row(topFrame, func(r *format.IndexFrame) { r.Offset = 64 })),
		bad("row-offset-shared", "two rows with one frame: one of them contradicts its head", ScopeVerify, Hooks{}, func(c *vectorCase) {
			var first int64
			c.archive.Hooks.IndexRow = func(i int, r *format.IndexFrame) {
				if i == dataFrame {
					first = r.Offset
				}
				if i == dataFrame+1 {
					r.Offset = first
				}
			}
		}),
		bad("row-first", "rows whose block numbers leave a gap", ScopeVerify, row(dataFrame+1, func(r *format.IndexFrame) { r.First++ })),
		bad("row-count", "rows whose block numbers overlap", ScopeVerify, row(dataFrame, func(r *format.IndexFrame) { r.Count++ })),
		bad("row-stored", "a row with another stored length than the head", ScopeVerify, row(dataFrame, func(r *format.IndexFrame) { r.Stored-- })),
		bad("row-raw", "a row with another raw length than the head", ScopeVerify, row(dataFrame, func(r *format.IndexFrame) { r.RawLen++ })),
		bad("row-raw-limit", "a row with a raw length above the limit", ScopeVerify, row(dataFrame, func(r *format.IndexFrame) { r.RawLen = format.MaxFrameRaw + 1 })),
		bad("row-kind", "a row with another kind than the head", ScopeVerify, row(dataFrame, func(r *format.IndexFrame) { r.Kind = format.FrameMetadata })),
		bad("row-codec", "a row with another codec than the head", ScopeVerify, row(dataFrame, func(r *format.IndexFrame) { r.Codec = codec.Zstd })),
		bad("row-reserved", "a reserved byte of a row is not zero", ScopeVerify, octets(func(b []byte) { b[len(b)-1] = 1 })),
	}
}
