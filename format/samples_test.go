package format

import (
	"strings"

	"github.com/vtdarchive/vtd/format/codec"
)

// One value of every structure, with something in every field, for the golden
// dumps and as seeds.

func testHash(n byte) (h Hash) {
	for i := range h {
		h[i] = n<<4 | byte(i&15)
	}
	return h
}

var testID = ArchiveID{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

func sampleHeader() *Header {
	return &Header{
		Major: VersionMajor, Minor: VersionMinor, Flags: FlagAsCreated, Ignorable: 1 << 8, ReadOnly: 1 << 16,
		Hash: HashBLAKE3, ID: testID,
		Chunker: &Chunker{ChunkerGear, 16 << 10, 64 << 10, 256 << 10, 8 << 10, 48},
		Layout:  &Layout{16 << 20, 1 << 20, 3, true, OrderFamilies},
		Preset:  "default",
		Unknown: []ExtRecord{{200, []byte("later")}},
	}
}

func sampleFrameHead() *FrameHead {
	return &FrameHead{
		Kind: FrameData, Codec: codec.LongZstd, First: 300, Stored: 12_345, Hash: testHash(1),
		Lengths: []uint32{1, 127, 128, 0, 65_536},
	}
}

func sampleTrailer() *Trailer {
	return &Trailer{
		ID: testID, Offset: 10_000, Segment: 5_000, Index: 9_000, IndexLen: 1_000, Prev: 4_808, Base: 2_000,
		Blocks: 40, Top: 25, TopHash: testHash(2), IndexHash: testHash(3), Snapshots: 3,
	}
}

func sampleParityHead() *ParityHead {
	h := &ParityHead{
		ParitySet: ParitySet{
			Archive: testID, ID: [16]byte([]byte("set-id-16-bytes-")), Length: 10_000, Data: 5, Parity: 2, Rows: 60, Cell: 40,
			HashID: HashSHA256, Code: ParityCauchy, Flags: FlagAsCreated,
		},
		Shard: 1, Row: 59, Hash: testHash(4), Cells: make([]CellHash, 5),
	}
	for i := range h.Cells {
		sum := testHash(byte(i))
		copy(h.Cells[i][:], sum[:])
	}
	return h
}

func sampleTop() *Top {
	return &Top{Snapshot: testHash(1), Root: testHash(2), Content: testHash(3), Span: 1 << 40}
}

func sampleSnapshot() *Snapshot {
	return &Snapshot{
		Root: Entry{
			Kind: KindDir, Perm: 0o755, Owner: Owner{UID: 1000, GID: 100, User: "user", Group: "users"},
			Mtime: Time{Sec: 1_600_000_000, Nsec: 5}, Size: 1 << 40, Count: 12, Ref: Ref{Num: 102, Hash: testHash(2)},
		},
		Content: testHash(3), Time: Time{Sec: 1_700_000_000, Nsec: 123}, Label: "daily", Message: "a message",
		Parents: []Ref{{Num: 1, Hash: testHash(4)}, {Num: 51, Hash: testHash(5)}},
		Replica: ReplicaID{15: 1}, Vector: []VectorRow{{ReplicaID{15: 1}, 2}, {ReplicaID{15: 2}, 300}},
		Tool: "vt 1.0", Original: testHash(6), Extra: []Column{{130, []byte("later")}},
	}
}

func sampleLeaf() *DirLeaf {
	user := Owner{UID: 1000, GID: 100, User: "user", Group: "users"}
	day := Time{Sec: 1_600_000_000}
	file := func(name string, size uint64, r Ref) Entry {
		r.Span = size
		return Entry{Name: name, Kind: KindFile, Perm: 0o644, Owner: user, Mtime: day, Size: size, Ref: r}
	}
	es := []Entry{
		file("block", 4000, Ref{Kind: RefBlock, Num: 400, Hash: testHash(1)}),
		file("block2", 5000, Ref{Kind: RefBlock, Num: 401, Hash: testHash(2)}),
		{Name: "char", Kind: KindChar, Perm: 0o600, Mtime: day, Major: 5, Minor: 300},
		{Name: "dir", Kind: KindDir, Perm: 0o755, Owner: user, Mtime: Time{Sec: -1, Nsec: 999_999_999}, Size: 10, Count: 3, Ref: Ref{Num: 104, Hash: testHash(3)}},
		{Name: "disk", Kind: KindBlockDev, Perm: 0o660, Mtime: day, Major: 8, Minor: 1},
		file("empty", 0, Ref{Kind: RefLiteral}),
		{Name: "fifo", Kind: KindFifo, Perm: 0o644, Owner: user, Mtime: day},
		{Name: "gone", Kind: KindWhiteout, Perm: 0, Owner: user, Mtime: day},
		{Name: "implied", Kind: KindImplied, Size: 7, Count: 1, Ref: Ref{Num: 103, Hash: testHash(4)}},
		file("large", 1<<33, Ref{Kind: RefIndirect, Num: 101, Hash: testHash(5)}),
		{Name: "link", Kind: KindSymlink, Perm: 0o777, Owner: user, Mtime: day, Target: "../a/b"},
		file("literal", 7, Ref{Kind: RefLiteral, Literal: []byte("content")}),
		file("run", 1<<30, Ref{Kind: RefRun, Octet: 0xAA}),
		{Name: "socket", Kind: KindSocket, Perm: 0o644, Owner: user, Mtime: day},
		file("zlib", 900, Ref{Kind: RefRecipe, Num: 105, Hash: testHash(8)}),
	}
	es[9].Content, es[12].Content, es[14].Content = testHash(6), testHash(7), testHash(9)
	es[0].LinkID, es[0].LinkCount = 9, 2
	es[11].LinkID, es[11].LinkCount = 4, 3
	es[11].Xattrs = []Xattr{{"security.capability", "\x01\x00"}, {"user.x", "y"}}
	es[12].Btime = Time{Sec: 1_500_000_000, Nsec: 1}
	return &DirLeaf{Entries: es, Extra: []Column{{128, []byte("later")}}}
}

func sampleInner() *DirInner {
	return &DirInner{Level: 2, Children: []DirChild{
		{"a", 1000, Ref{Num: 103, Hash: testHash(1)}}, {"b\xff", 1, Ref{Num: 90, Hash: testHash(2)}},
		{strings.Repeat("long", 5), 70_000, Ref{Num: 104, Hash: testHash(3)}},
	}}
}

func sampleIndirect() *Indirect {
	return &Indirect{Level: 1, Refs: []Ref{
		{Kind: RefBlock, Span: 70_000, Num: 500, Hash: testHash(1)}, {Kind: RefRun, Span: 1 << 32, Octet: 0},
		{Kind: RefBlock, Span: 60_000, Num: 501, Hash: testHash(2)}, {Kind: RefLiteral, Span: 4, Literal: []byte("tail")},
		{Kind: RefRecipe, Span: 800, Num: 106, Hash: testHash(3)},
	}}
}

func sampleIndirect2() *Indirect {
	return &Indirect{Level: 2, Refs: []Ref{
		{Kind: RefIndirect, Span: 1 << 20, Num: 101, Hash: testHash(1)}, {Kind: RefIndirect, Span: 1 << 21, Num: 102, Hash: testHash(2)},
	}}
}

func sampleRecipe() *Recipe {
	return &Recipe{
		Transform: TransformDeflate, Params: []byte("parameters"), Length: 900,
		Input: Ref{Kind: RefIndirect, Span: 5000, Num: 106, Hash: testHash(1)}, Extra: []Column{{128, []byte("later")}},
	}
}

// sampleSelf is the number that sample blocks have themselves.
const sampleSelf = 100

func sampleIndex() []byte {
	f := sampleFrameHead()
	f.AppendTo(nil)
	x := IndexHead{First: 300, Blocks: 5, Frames: 1}
	b := x.AppendTo(nil)
	for n := range byte(5) {
		h := testHash(n)
		b = append(b, h[:]...)
	}
	row := f.Row(1234)
	return row.AppendTo(b)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
