package testkit

import (
	"github.com/vtdarchive/vtd/format"
)

func parityOf(from int) Segment { return Segment{Parity: &Parity{From: from}} }

// protected makes the archive of a case one with a parity segment behind it.
func protected(c *vectorCase) {
	c.archive.Segments = append(c.archive.Segments, parityOf(0))
}

func okParity() []vectorCase {
	version := func(seed uint64, after ...int) Segment {
		return Segment{Versions: []Version{{Root: Dir("", File("a", "one"), File("b", string(Noise(seed, 3000)))), After: after}}}
	}
	add := func(segments ...Segment) func(a *Archive) {
		return func(a *Archive) { a.Segments = append(a.Segments, segments...) }
	}
	return []vectorCase{
		ok("parity", "parity behind the only segment: it still can be read from front to back", victim(), add(parityOf(0))),
		ok("parity-appended", "a segment behind parity, which it does not protect", victim(), add(parityOf(0), version(9, 0))),
		ok("parity-each", "two segments with parity of each: the second protects from where the first one ends", victim(), add(parityOf(0), version(9, 0), parityOf(2))),
		ok("parity-twice", "parity of all, with the parity that was there", victim(), add(parityOf(0), version(9, 0), parityOf(0))),
		ok("parity-of-parity", "two parity segments, one behind the other: the base trailer is not that of the first", victim(), add(parityOf(0), parityOf(0))),
		ok("parity-shards", "more parity than data, in one row", victim(), add(Segment{Parity: &Parity{Data: 3, Parity: 5, Rows: 1}})),
		ok("parity-many-shards", "sixty data shards, of cells that have few bytes more than there are shards", victim(), add(Segment{Parity: &Parity{Data: 60, Parity: 2, Rows: 1}})),
		ok("parity-sha256", "parity with SHA-256", victim(), add(parityOf(0)), opts(Options{Hash: format.HashSHA256})),
	}
}

func badParity() []vectorCase {
	frameAt := func(b *Built, n int) (at, size int) {
		s := b.Segments[1]
		h, err := format.ParseParityHead(b.Bytes[s.Begin:], int64(s.Begin))
		if err != nil {
			panic(err)
		}
		return s.Begin + n*int(h.FrameSize()), int(h.FrameSize())
	}
	// lie changes the heads of all frames, or of one.
	lie := func(f func(h *format.ParityHead, b []byte)) Hooks {
		return Hooks{ParityBytes: func(h *format.ParityHead, b []byte) []byte { f(h, b); return b }}
	}
	return []vectorCase{
		bad("parity-head", "one bit of the head of a parity frame differs", ScopeVerify, Hooks{}, protected, damage(func(b *Built) []byte {
			at, _ := frameAt(b, 2)
			return flip(b.Bytes, at+130)
		})),
		bad("parity-head-first", "one bit of the head of the first parity frame differs", ScopeVerify, Hooks{}, protected, damage(func(b *Built) []byte {
			at, _ := frameAt(b, 0)
			return flip(b.Bytes, at+50)
		})),
		bad("parity-cell", "one bit of a parity cell differs", ScopeVerify, Hooks{}, protected, damage(func(b *Built) []byte {
			at, size := frameAt(b, 3)
			return flip(b.Bytes, at+size-1)
		})),
		bad("parity-place", "two parity frames in each other's place", ScopeVerify, Hooks{}, protected, damage(func(b *Built) []byte {
			out := append([]byte{}, b.Bytes...)
			x, size := frameAt(b, 1)
			y, _ := frameAt(b, 4)
			copy(out[x:], b.Bytes[y:y+size])
			copy(out[y:], b.Bytes[x:x+size])
			return out
		})),
		bad("parity-stale", "hashes of a data cell that it does not have, the same in both frames of the row", ScopeVerify,
			Hooks{Parity: func(h *format.ParityHead, _ []byte) {
				if h.Row == 1 {
					h.Cells[2][0] ^= 1
				}
			}}, protected),
		bad("parity-rows-differ", "two frames of one row with different hashes of a data cell", ScopeVerify,
			Hooks{Parity: func(h *format.ParityHead, _ []byte) {
				if h.Row == 1 && h.Shard == 1 {
					h.Cells[2][0] ^= 1
				}
			}}, protected),
		bad("parity-set", "a frame of another set", ScopeVerify, Hooks{Parity: func(h *format.ParityHead, _ []byte) {
			if h.Row == 2 {
				h.ID[0] ^= 1
			}
		}}, protected),
		bad("parity-archive", "frames with the id of another archive", ScopeVerify, Hooks{Parity: func(h *format.ParityHead, _ []byte) { h.Archive[0] ^= 1 }}, protected),
		bad("parity-code", "a code that is not assigned", ScopeVerify, lie(func(_ *format.ParityHead, b []byte) { b[75] = 99 }), protected, unsupported),
		bad("parity-hash-function", "a hash function that is not assigned", ScopeVerify, lie(func(_ *format.ParityHead, b []byte) { b[74] = 99 }), protected, unsupported),
		bad("parity-no-shards", "no parity shards", ScopeVerify, lie(func(_ *format.ParityHead, b []byte) { le.PutUint16(b[66:], 0) }), protected),
		bad("parity-shards-limit", "more than 256 shards", ScopeVerify, lie(func(_ *format.ParityHead, b []byte) { le.PutUint16(b[66:], 253) }), protected),
		bad("parity-rows-limit", "more rows than there may be", ScopeVerify, lie(func(_ *format.ParityHead, b []byte) { le.PutUint32(b[68:], format.MaxParityRows+1) }), protected),
		bad("parity-length", "a protected range that does not reach into the last shard", ScopeVerify, lie(func(h *format.ParityHead, b []byte) {
			le.PutUint64(b[56:], uint64(int64(h.Data-1)*h.ShardSize()))
		}), protected),
		bad("parity-begin", "a protected range that begins behind where it does", ScopeVerify, lie(func(_ *format.ParityHead, b []byte) {
			le.PutUint64(b[48:], 256)
			le.PutUint64(b[80:], 0)
		}), protected),
		bad("parity-row", "a row that is not of the set", ScopeVerify, lie(func(h *format.ParityHead, b []byte) {
			if h.Row == 2 {
				le.PutUint32(b[76:], 3)
			}
		}), protected),
		bad("parity-flags", "flags that no header can have", ScopeVerify, lie(func(_ *format.ParityHead, b []byte) { le.PutUint64(b[80:], 3) }), protected),
		bad("parity-reserved", "a reserved byte of a head is not zero", ScopeVerify, lie(func(_ *format.ParityHead, b []byte) { b[95] = 1 }), protected),
		bad("parity-trailer", "a trailer behind parity that counts other snapshots than the one before", ScopeVerify, Hooks{Trailer: func(segment int, t *format.Trailer) {
			if segment == 1 {
				t.Snapshots++
			}
		}}, protected),
		bad("parity-none", "a segment whose index covers no block, without a parity frame", ScopeVerify, Hooks{}, protected, damage(func(b *Built) []byte {
			s := b.Segments[1]
			t, err := format.ParseTrailer(b.Bytes[s.Trailer:], int64(s.Trailer))
			if err != nil {
				panic(err)
			}
			t.Index, t.Offset = int64(s.Begin), int64(s.Begin+format.IndexHeadSize)
			out := append([]byte{}, b.Bytes[:s.Begin]...)
			return t.AppendTo(append(out, b.Bytes[s.Index:s.Trailer]...))
		})),
		bad("parity-protected", "one bit of a data frame before parity differs: it can be repaired", ScopeData, Hooks{}, protected, repairs("parity"), damage(func(b *Built) []byte {
			return flip(b.Bytes, b.Frames[dataFrame].Offset+int(b.Frames[dataFrame].Head.Size)+10)
		})),
		bad("parity-without-header", "the first 500 bytes are zeros: they can be repaired", ScopeOpen, Hooks{}, protected, repairs("parity"), damage(func(b *Built) []byte {
			out := append([]byte{}, b.Bytes...)
			clear(out[:500])
			return out
		}), func(c *vectorCase) { c.expect = "not-archive" }),
		bad("parity-without-index", "index and trailer of the first segment, with what follows, are zeros", ScopeOpen, Hooks{}, protected, repairs("parity"), damage(func(b *Built) []byte {
			out := append([]byte{}, b.Bytes...)
			clear(out[b.Segments[0].Index : b.Segments[0].End+100])
			return out
		})),
		bad("parity-flag", "flags and CRC of the header, which the code does not see, are zeros", ScopeOpen, Hooks{}, protected, repairs("parity"), damage(func(b *Built) []byte {
			out := append([]byte{}, b.Bytes...)
			clear(out[16:24])
			clear(out[60:64])
			return out
		})),
		bad("parity-flag-appended", "the same where a segment follows parity: the flag was cleared", ScopeOpen, Hooks{}, func(c *vectorCase) {
			c.archive = okParity()[1].archive
			c.repaired = "parity-appended"
		}, damage(func(b *Built) []byte {
			out := append([]byte{}, b.Bytes...)
			clear(out[16:24])
			clear(out[60:64])
			return out
		})),
		bad("parity-inserted", "seven bytes were inserted among the data: what lies behind is found and put back", ScopeOpen, Hooks{}, protected, repairs("parity"), damage(func(b *Built) []byte {
			at := b.Frames[dataFrame].Offset + 100
			return append(append(append([]byte{}, b.Bytes[:at]...), "insert\n"...), b.Bytes[at:]...)
		})),
	}
}

// repairs says which vector a damaged archive is when it is repaired.
func repairs(name string) func(c *vectorCase) { return func(c *vectorCase) { c.repaired = name } }
