package format

import (
	"errors"
	"strings"
	"testing"
)

func header(change func(h *Header)) []byte {
	h := &Header{Major: VersionMajor, Hash: HashBLAKE3}
	change(h)
	return must(h.AppendTo(nil))
}

// fixed changes bytes of a header without extension and makes its CRC fit.
func fixed(change func(b []byte)) []byte {
	return sealed(header(func(*Header) {}), change)
}

// TestHeaderClasses: what an old program says of what it does not know.
func TestHeaderClasses(t *testing.T) {
	for _, l := range []struct {
		name  string
		b     []byte
		class error
		says  string
	}{
		{"empty", nil, ErrNotArchive, "empty"},
		{"another format", []byte("PK\x03\x04"), ErrNotArchive, "magic"},
		{"text", []byte("\x89VTX and so on"), ErrNotArchive, "magic"},
		{"cut in the magic", []byte(MagicHeader[:5]), ErrDamaged, "ends inside"},
		{"cut", fixed(func([]byte) {})[:63], ErrDamaged, "ends inside"},
		{"cut in the extension", header(func(h *Header) { h.Preset = "preset" })[:70], ErrDamaged, "ends inside"},
		{"newer minor", header(func(h *Header) { h.Minor = 9 }), nil, ""},
		{"newer major", header(func(h *Header) { h.Major = 2 }), ErrUnsupported, "2.0"},
		{"older major", header(func(h *Header) { h.Major = 0 }), ErrUnsupported, "0.0"},
		{"a flipped bit of the version", func() []byte { b := fixed(func([]byte) {}); b[8] ^= 2; return b }(), ErrDamaged, "CRC32C"},
		{"feature", header(func(h *Header) { h.Features = []string{"time-travel"} }), ErrUnsupported, `"time-travel"`},
		{"hash", header(func(h *Header) { h.Hash = 77 }), ErrUnsupported, "77"},
		{"ignorable feature", header(func(h *Header) { h.Ignorable = 1 << 63 }), nil, ""},
		{"feature of writers", header(func(h *Header) { h.ReadOnly = 1 << 63 }), nil, ""},
		{"unknown record", header(func(h *Header) { h.Unknown = []ExtRecord{{999, []byte("x")}} }), nil, ""},
		{"reserved flag", header(func(h *Header) { h.Flags = 1 << 40 }), ErrDamaged, "flags"},
		{"both flags", header(func(h *Header) { h.Flags = FlagAsCreated | FlagOnePass }), ErrDamaged, "flags"},
		{"reserved byte", fixed(func(b []byte) { b[42] = 1 }), ErrDamaged, "reserved"},
		{"size below the least", fixed(func(b []byte) { b[12] = 63 }), ErrDamaged, "size"},
		{"size of half a record", fixed(func(b []byte) { b[12] = 66 }), ErrDamaged, "size"},
		{"records out of order", func() []byte {
			b := header(func(h *Header) { h.Unknown = []ExtRecord{{998, []byte("x")}, {999, []byte("x")}} })
			sealed(b[64:], func(ext []byte) { ext[0] += 2 })
			return b
		}(), ErrDamaged, "order"},
		{"record passes the end", func() []byte {
			b := header(func(h *Header) { h.Preset = "p" })
			sealed(b[64:], func(ext []byte) { ext[2] = 9 })
			return b
		}(), ErrDamaged, "passes the end"},
		{"short chunker", header(func(h *Header) { h.Unknown = []ExtRecord{{ExtChunker, make([]byte, 20)}} }), ErrDamaged, "record 2"},
		{"long chunker", header(func(h *Header) { h.Unknown = []ExtRecord{{ExtChunker, make([]byte, 30)}} }), nil, ""},
	} {
		_, err := ParseHeader(l.b)
		if l.class == nil && err == nil {
			continue
		}
		if l.class == nil || !errors.Is(err, l.class) || !strings.Contains(err.Error(), l.says) {
			t.Errorf("%s: %v", l.name, err)
		}
	}
	if _, err := (&Header{Unknown: []ExtRecord{{1, make([]byte, 1<<16)}}}).AppendTo(nil); err == nil {
		t.Error("a record of 64 KiB was written")
	}
}

// TestStructureRefusals: well-formed lies of the structures with a CRC.
func TestStructureRefusals(t *testing.T) {
	head := func(change func(b []byte)) []byte { return sealed(sampleFrameHead().AppendTo(nil), change) }
	index := func(change func(b []byte)) []byte { return sealed(IndexHead{0, 5, 1}.AppendTo(nil), change) }
	parseIndex := func(b []byte) error { _, err := ParseIndexHead(b, 0); return err }
	trailer := func(change func(t *Trailer)) []byte {
		t := sampleTrailer()
		change(t)
		return t.AppendTo(nil)
	}
	parseTrailer := func(b []byte) error { _, err := ParseTrailer(b, 10_000); return err }
	for _, l := range []struct {
		name  string
		b     []byte
		parse func(b []byte) error
		class error
	}{
		{"head: magic", head(func(b []byte) { b[7] = 0 }), parseHead, ErrDamaged},
		{"head: kind", head(func(b []byte) { b[8] = 3 }), parseHead, ErrUnsupported},
		{"head: codec is not its business", head(func(b []byte) { b[9] = 99 }), parseHead, nil},
		{"head: reserved", head(func(b []byte) { b[10] = 1 }), parseHead, ErrDamaged},
		{"head: reserved", head(func(b []byte) { b[39] = 1 }), parseHead, ErrDamaged},
		{"head: size too small", head(func(b []byte) { b[12] = 76 }), parseHead, ErrDamaged},
		{"head: no blocks", head(func(b []byte) { b[24] = 0 }), parseHead, ErrDamaged},
		{"head: fewer blocks", head(func(b []byte) { b[24]-- }), parseHead, ErrDamaged},
		{"head: more blocks", head(func(b []byte) { b[24]++ }), parseHead, ErrDamaged},
		{"head: raw length", head(func(b []byte) { b[28]++ }), parseHead, ErrDamaged},
		{"head: over-long length", head(func(b []byte) { b[72] |= 0x80; b[73] = 0 }), parseHead, ErrDamaged},
		{"index: magic", index(func(b []byte) { b[0] = 0 }), parseIndex, ErrDamaged},
		{"index: size", index(func(b []byte) { b[8]++ }), parseIndex, ErrDamaged},
		{"index: reserved", index(func(b []byte) { b[13] = 1 }), parseIndex, ErrDamaged},
		{"index: reserved", index(func(b []byte) { b[40] = 1 }), parseIndex, ErrDamaged},
		{"index: more frames than blocks", index(func(b []byte) { b[32] = 6 }), parseIndex, ErrDamaged},
		{"index: no frames", index(func(b []byte) { b[32] = 0 }), parseIndex, ErrDamaged},
		{"row: kind", row(func(f *IndexFrame) { f.Kind = 9 }), parseRow, ErrUnsupported},
		{"row: in the header", row(func(f *IndexFrame) { f.Offset = 63 }), parseRow, ErrDamaged},
		{"row: before the file", row(func(f *IndexFrame) { f.Offset = -1 }), parseRow, ErrDamaged},
		{"row: no blocks", row(func(f *IndexFrame) { f.Count = 0 }), parseRow, ErrDamaged},
		{"row: head too small", row(func(f *IndexFrame) { f.HeadSize = 76 }), parseRow, ErrDamaged},
		{"row: reserved", func() []byte { b := row(func(*IndexFrame) {}); b[39] = 1; return b }(), parseRow, ErrDamaged},
		{"row: cut", row(func(*IndexFrame) {})[:39], parseRow, ErrDamaged},
		{"trailer: magic", trailer(func(*Trailer) {})[1:], parseTrailer, ErrDamaged},
		{"trailer: offset", trailer(func(t *Trailer) { t.Offset++ }), parseTrailer, ErrDamaged},
		{"trailer: gap after the index", trailer(func(t *Trailer) { t.IndexLen-- }), parseTrailer, ErrDamaged},
		{"trailer: index in the header", trailer(func(t *Trailer) { t.Index, t.IndexLen, t.Segment = 63, 9937, 0 }), parseTrailer, ErrDamaged},
		{"trailer: index before the file", trailer(func(t *Trailer) { t.Index, t.IndexLen, t.Segment = -10, 10_010, -20 }), parseTrailer, ErrDamaged},
		{"trailer: segment after the index", trailer(func(t *Trailer) { t.Segment = 9001 }), parseTrailer, ErrDamaged},
		{"trailer: before itself", trailer(func(t *Trailer) { t.Prev = 10_000 }), parseTrailer, ErrDamaged},
		{"trailer: its own base", trailer(func(t *Trailer) { t.Base = 10_000 }), parseTrailer, ErrDamaged},
		{"trailer: base before the file", trailer(func(t *Trailer) { t.Base = -1 }), parseTrailer, ErrDamaged},
		{"trailer: top beyond the last", trailer(func(t *Trailer) { t.Top = 40 }), parseTrailer, ErrDamaged},
		{"trailer: size", sealed(trailer(func(*Trailer) {}), func(b []byte) { b[8] = 1 }), parseTrailer, ErrDamaged},
		{"trailer: reserved", sealed(trailer(func(*Trailer) {}), func(b []byte) { b[170] = 1 }), parseTrailer, ErrDamaged},
	} {
		if err := l.parse(l.b); !errors.Is(err, l.class) && (l.class != nil || err != nil) {
			t.Errorf("%s: %v", l.name, err)
		}
	}
}

func TestOtherReferencesAreUnsupported(t *testing.T) {
	b := oneEntry(func(e *Entry) { e.Kind, e.Ref = KindFile, Ref{Kind: RefRecipe + 1, Span: 1} })
	if err := parseLeaf(b); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}

func TestResolveRefs(t *testing.T) {
	leaf := sampleLeaf()
	refs := leaf.Refs()
	if len(refs) != 6 {
		t.Errorf("%d references, not 6", len(refs))
	}
	err := ResolveRefs(refs, func(num uint64) (Hash, error) { return testHash(byte(num)), nil })
	if err != nil || leaf.Entries[0].Ref.Hash != testHash(400%256) {
		t.Error(err, leaf.Entries[0].Ref)
	}
	fail := errors.New("no such block")
	if err := ResolveRefs(refs, func(uint64) (Hash, error) { return Hash{}, fail }); err != fail {
		t.Error(err)
	}
}

// TestParityGeometry: where frames and cells lie, and what can be lost, of a
// set small enough to count by hand.
func TestParityGeometry(t *testing.T) {
	s := &ParitySet{Begin: 1000, Length: 950, Data: 5, Parity: 2, Rows: 2, Cell: 100, HashID: HashBLAKE3, Code: ParityCauchy}
	frame := int64(128 + 5*16 + 4 + 100)
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"end", s.End(), 1950},
		{"frame size", s.FrameSize(), frame},
		{"shard size", s.ShardSize(), 200},
		{"cell 3 of row 1", s.CellAt(3, 1), 1000 + 600 + 100},
		{"length of a whole cell", s.CellLen(4, 0), 100},
		{"length of the last cell", s.CellLen(4, 1), 50},
		{"frame 1 of row 1", s.FrameAt(1, 1), 1950 + 3*frame},
		{"index", s.IndexAt(), 1950 + 4*frame},
		{"end of the segment", s.SegmentEnd(), 1950 + 4*frame + 240},
		// 251 bytes from the end of cell 0 of row 0 to cell 2 of row 0 would be
		// 301; the last shard lacks 50.
		{"reach", s.Reach(), 2*200 - 100 - 50 + 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
}

// TestParityTail: the index and the trailer behind parity frames repeat the
// trailer before.
func TestParityTail(t *testing.T) {
	before := sampleTrailer()
	s := &ParitySet{Archive: testID, Begin: 0, Length: before.Offset + TrailerSize, Data: 100, Parity: 2, Rows: 1, Cell: 102, HashID: HashSHA256, Code: ParityCauchy}
	b := s.Tail(before)
	if len(b) != ParityTailSize {
		t.Fatalf("%d bytes", len(b))
	}
	x, err := ParseIndexHead(b, s.IndexAt())
	if err != nil || x != (IndexHead{First: before.Blocks}) {
		t.Errorf("index %+v, %v", x, err)
	}
	after, err := ParseTrailer(b[IndexHeadSize:], s.IndexAt()+IndexHeadSize)
	if err != nil {
		t.Fatal(err)
	}
	want := *before
	want.Offset, want.Segment, want.Index, want.IndexLen = s.IndexAt()+IndexHeadSize, s.End(), s.IndexAt(), IndexHeadSize
	want.Prev, want.Base, want.IndexHash = before.Offset, before.Offset, HashSHA256.Sum(b[:IndexHeadSize])
	if *after != want {
		t.Errorf("trailer %+v, want %+v", after, want)
	}
}
