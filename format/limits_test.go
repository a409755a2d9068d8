package format

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func leafOf(es ...Entry) []byte { return (&DirLeaf{Entries: es}).AppendTo(nil, Stored, 0) }

func oneEntry(change func(e *Entry)) []byte {
	e := Entry{Name: "a", Kind: KindFifo}
	change(&e)
	return leafOf(e)
}

func parseLeaf(b []byte) error     { _, err := ParseDirLeaf(b, Stored, 0); return err }
func parseInner(b []byte) error    { _, err := ParseDirInner(b, Stored, 0); return err }
func parseIndirect(b []byte) error { _, err := ParseIndirect(b, Stored, 0); return err }
func parseSnapshot(b []byte) error { _, err := ParseSnapshot(b, Stored, 0); return err }
func parseHead(b []byte) error     { _, err := ParseFrameHead(b, 0); return err }
func parseRow(b []byte) error      { _, err := ParseIndexFrame(b, 0); return err }

func snapshotWith(change func(s *Snapshot)) []byte {
	s := &Snapshot{Root: Entry{Kind: KindDir}}
	change(s)
	return s.AppendTo(nil, Stored, 0)
}

func parseParity(b []byte) error { _, err := ParseParityHead(b, 0); return err }

// parityWith makes the head of a set of these shards, rows and cells.
func parityWith(data, parity int, rows, cell uint32) []byte {
	h := &ParityHead{
		ParitySet: ParitySet{Data: data, Parity: parity, Rows: rows, Cell: cell, HashID: HashBLAKE3, Code: ParityCauchy},
		Cells:     make([]CellHash, data),
	}
	h.Length = int64(data) * h.ShardSize()
	return h.AppendTo(nil)
}

func parseRecipe(b []byte) error { _, err := ParseRecipe(b, Stored, 0); return err }

func indirectOf(level int, kind RefKind, spans ...uint64) []byte {
	x := &Indirect{Level: level}
	for _, span := range spans {
		r := Ref{Kind: kind, Span: span}
		if kind == RefLiteral {
			r.Literal = make([]byte, span)
		}
		x.Refs = append(x.Refs, r)
	}
	return x.AppendTo(nil, Stored, 0)
}

// sealed changes fields of a structure that ends in a CRC and makes that fit.
func sealed(b []byte, change func(b []byte)) []byte {
	change(b)
	n := len(b) - 4
	le.PutUint32(b[n:], crc32c(b[:n]))
	return b
}

func row(change func(f *IndexFrame)) []byte {
	f := IndexFrame{Offset: 64, Count: 1, HeadSize: FrameHeadFixedSize + 5, Kind: FrameData}
	change(&f)
	return f.AppendTo(nil)
}

func xattrsOf(n uint64) (xs []Xattr) {
	for i := uint64(0); n > 0; i++ {
		k := min(n, MaxXattrValue+8)
		xs = append(xs, Xattr{fmt.Sprintf("user.%03d", i), strings.Repeat("v", int(k-min(k, 8)))})
		n -= k
	}
	return xs
}

// TestLimits meets every limit of limits.go that parsing holds, and passes it
// by one. MaxDepth needs a tree, and is tested where trees are read.
func TestLimits(t *testing.T) {
	str := func(n uint64) string { return strings.Repeat("x", int(n)) }
	for _, l := range []struct {
		name  string
		limit uint64
		build func(n uint64) []byte
		parse func(b []byte) error
	}{
		{"MaxHeader", MaxHeader, func(n uint64) []byte {
			ext := make([]ExtRecord, 2)
			ext[0] = ExtRecord{300, make([]byte, n/2)}
			ext[1] = ExtRecord{301, make([]byte, n-n/2-HeaderFixedSize-4-8)}
			b, err := (&Header{Major: 1, Hash: HashBLAKE3, Unknown: ext}).AppendTo(nil)
			if (err == nil) != (n <= MaxHeader) {
				t.Errorf("header of %d bytes: %v", n, err)
			}
			if err != nil {
				b = must((&Header{Major: 1, Hash: HashBLAKE3}).AppendTo(nil))
				le.PutUint32(b[12:], uint32(n))
				le.PutUint32(b[60:], crc32c(b[:60]))
				b = append(b, make([]byte, n)...)
			}
			return b
		}, func(b []byte) error { _, err := ParseHeader(b); return err }},
		{"MaxFrameHead", MaxFrameHead, func(n uint64) []byte {
			f := &FrameHead{Kind: FrameData, Lengths: make([]uint32, MaxFrameBlocks)}
			b := f.AppendTo(nil)
			return sealed(append(b, make([]byte, int(n)-len(b))...), func(b []byte) { le.PutUint32(b[12:], uint32(n)) })
		}, func(b []byte) error { _, err := FrameHeadSize(b, 0); return err }},
		{"MaxFrameBlocks", MaxFrameBlocks, func(n uint64) []byte {
			return (&FrameHead{Kind: FrameData, Lengths: make([]uint32, n)}).AppendTo(nil)
		}, parseHead},
		{"MaxFrameRaw", MaxFrameRaw, func(n uint64) []byte {
			return (&FrameHead{Kind: FrameData, Lengths: []uint32{MaxDataBlock, MaxDataBlock, MaxDataBlock, MaxDataBlock - 1, uint32(n - MaxFrameRaw + 1)}}).AppendTo(nil)
		}, parseHead},
		{"MaxFrameStored", MaxFrameStored, func(n uint64) []byte {
			return (&FrameHead{Kind: FrameData, Stored: uint32(n), Lengths: []uint32{1}}).AppendTo(nil)
		}, parseHead},
		{"MaxDataBlock", MaxDataBlock, func(n uint64) []byte {
			return (&FrameHead{Kind: FrameData, Lengths: []uint32{uint32(n)}}).AppendTo(nil)
		}, parseHead},
		{"frame's block numbers", MaxSpan - 1, func(n uint64) []byte {
			return (&FrameHead{Kind: FrameData, First: n, Lengths: []uint32{1}}).AppendTo(nil)
		}, parseHead},
		{"row: MaxFrameStored", MaxFrameStored, func(n uint64) []byte { return row(func(f *IndexFrame) { f.Stored = uint32(n) }) }, parseRow},
		{"row: MaxFrameRaw", MaxFrameRaw, func(n uint64) []byte { return row(func(f *IndexFrame) { f.RawLen = uint32(n) }) }, parseRow},
		{"row: MaxFrameBlocks", MaxFrameBlocks, func(n uint64) []byte { return row(func(f *IndexFrame) { f.Count = uint32(n) }) }, parseRow},
		{"row: MaxFrameHead", MaxFrameHead, func(n uint64) []byte { return row(func(f *IndexFrame) { f.HeadSize = uint32(n) }) }, parseRow},
		{"row: MaxSpan", MaxSpan, func(n uint64) []byte { return row(func(f *IndexFrame) { f.Offset = int64(n) }) }, parseRow},
		{"row: block number", 1 << 56, func(n uint64) []byte { return row(func(f *IndexFrame) { f.First = n }) }, parseRow},
		{"index: blocks", 1 << 55, func(n uint64) []byte { return IndexHead{0, n, 1}.AppendTo(nil) },
			func(b []byte) error { _, err := ParseIndexHead(b, 0); return err }},
		{"index: first", 1 << 55, func(n uint64) []byte { return IndexHead{n, 1, 1}.AppendTo(nil) },
			func(b []byte) error { _, err := ParseIndexHead(b, 0); return err }},
		{"trailer: blocks", 1 << 56, func(n uint64) []byte {
			return (&Trailer{Offset: 1000, Index: 900, IndexLen: 100, Blocks: n}).AppendTo(nil)
		}, func(b []byte) error { _, err := ParseTrailer(b, 1000); return err }},

		{"MaxName", MaxName, func(n uint64) []byte { return oneEntry(func(e *Entry) { e.Name = str(n) }) }, parseLeaf},
		{"inner: MaxName", MaxName, func(n uint64) []byte {
			return (&DirInner{Level: 1, Children: []DirChild{{First: "a", Count: 1}, {First: str(n), Count: 1}}}).AppendTo(nil, Stored, 0)
		}, parseInner},
		{"MaxTarget", MaxTarget, func(n uint64) []byte {
			return oneEntry(func(e *Entry) { e.Kind, e.Target = KindSymlink, str(n) })
		}, parseLeaf},
		{"MaxOwnerName: user", MaxOwnerName, func(n uint64) []byte { return oneEntry(func(e *Entry) { e.Owner.User = str(n) }) }, parseLeaf},
		{"MaxOwnerName: group", MaxOwnerName, func(n uint64) []byte { return oneEntry(func(e *Entry) { e.Owner.Group = str(n) }) }, parseLeaf},
		{"MaxXattrName", MaxXattrName, func(n uint64) []byte { return oneEntry(func(e *Entry) { e.Xattrs = []Xattr{{str(n), ""}} }) }, parseLeaf},
		{"MaxXattrValue", MaxXattrValue, func(n uint64) []byte { return oneEntry(func(e *Entry) { e.Xattrs = []Xattr{{"n", str(n)}} }) }, parseLeaf},
		{"MaxXattrTotal", MaxXattrTotal, func(n uint64) []byte { return oneEntry(func(e *Entry) { e.Xattrs = xattrsOf(n) }) }, parseLeaf},
		{"MaxLeafEntries", MaxLeafEntries, func(n uint64) []byte {
			es := make([]Entry, n)
			for i := range es {
				es[i] = Entry{Name: fmt.Sprintf("%06d", i), Kind: KindFifo}
			}
			return leafOf(es...)
		}, parseLeaf},
		{"MaxLiteral", MaxLiteral, func(n uint64) []byte {
			return oneEntry(func(e *Entry) { e.Kind, e.Ref = KindFile, Ref{Span: n, Literal: []byte(str(n))} })
		}, parseLeaf},
		{"indirect: MaxLiteral", MaxLiteral, func(n uint64) []byte { return indirectOf(1, RefLiteral, 1, n) }, parseIndirect},
		{"reference: MaxDataBlock", MaxDataBlock, func(n uint64) []byte {
			return oneEntry(func(e *Entry) { e.Kind, e.Ref = KindFile, Ref{Kind: RefBlock, Span: n} })
		}, parseLeaf},
		{"size: MaxSpan", MaxSpan, func(n uint64) []byte {
			return oneEntry(func(e *Entry) { e.Kind, e.Ref = KindFile, Ref{Kind: RefRun, Span: n} })
		}, parseLeaf},
		{"size below: MaxSpan", MaxSpan, func(n uint64) []byte { return oneEntry(func(e *Entry) { e.Kind, e.Size = KindDir, n }) }, parseLeaf},
		{"entries below: MaxSpan", MaxSpan, func(n uint64) []byte { return oneEntry(func(e *Entry) { e.Kind, e.Count = KindDir, n }) }, parseLeaf},
		{"inner: MaxSpan", MaxSpan, func(n uint64) []byte {
			return (&DirInner{Level: 1, Children: []DirChild{{First: "a", Count: 1}, {First: "b", Count: n}}}).AppendTo(nil, Stored, 0)
		}, parseInner},
		{"indirect: MaxSpan", MaxSpan, func(n uint64) []byte { return indirectOf(1, RefRun, 1, n-1) }, parseIndirect},
		{"recipe: MaxSpan", MaxSpan, func(n uint64) []byte {
			return (&Recipe{Length: n, Input: Ref{Kind: RefRun, Span: 1}}).AppendTo(nil, Stored, 0)
		}, parseRecipe},
		{"recipe: MaxRecipeParams", MaxRecipeParams, func(n uint64) []byte {
			return (&Recipe{Params: make([]byte, n), Length: 1, Input: Ref{Kind: RefRun, Span: 1}}).AppendTo(nil, Stored, 0)
		}, parseRecipe},
		{"recipe: MaxRecipeRatio", MaxRecipeFree + 3*MaxRecipeRatio, func(n uint64) []byte {
			return (&Recipe{Length: 3, Input: Ref{Kind: RefRun, Span: n}}).AppendTo(nil, Stored, 0)
		}, parseRecipe},
		{"recipe: MaxLiteral", MaxLiteral, func(n uint64) []byte {
			return (&Recipe{Length: 3, Input: Ref{Span: n, Literal: []byte(str(n))}}).AppendTo(nil, Stored, 0)
		}, parseRecipe},
		{"inner: MaxNodeChildren", MaxNodeChildren, func(n uint64) []byte {
			d := &DirInner{Level: 1, Children: make([]DirChild, n)}
			for i := range d.Children {
				d.Children[i] = DirChild{First: fmt.Sprintf("%06d", i), Count: 1}
			}
			return d.AppendTo(nil, Stored, 0)
		}, parseInner},
		{"indirect: MaxNodeChildren", MaxNodeChildren, func(n uint64) []byte { return indirectOf(1, RefBlock, slices.Repeat([]uint64{1}, int(n))...) }, parseIndirect},
		{"inner: MaxNodeLevel", MaxNodeLevel, func(n uint64) []byte {
			return (&DirInner{Level: int(n), Children: []DirChild{{First: "a", Count: 1}, {First: "b", Count: 1}}}).AppendTo(nil, Stored, 0)
		}, parseInner},
		{"indirect: MaxNodeLevel", MaxNodeLevel, func(n uint64) []byte { return indirectOf(int(n), RefIndirect, 1, 1) }, parseIndirect},
		{"MaxParents", MaxParents, func(n uint64) []byte { return snapshotWith(func(s *Snapshot) { s.Parents = make([]Ref, n) }) }, parseSnapshot},
		{"MaxVector", MaxVector, func(n uint64) []byte {
			return snapshotWith(func(s *Snapshot) {
				s.Vector = make([]VectorRow, n)
				for i := range s.Vector {
					s.Vector[i].Replica = ReplicaID{byte(i >> 8), byte(i)}
				}
			})
		}, parseSnapshot},
		{"MaxParityShards", MaxParityShards, func(n uint64) []byte { return parityWith(250, int(n)-250, 1, 250) }, parseParity},
		{"MaxParityCell", MaxParityCell, func(n uint64) []byte { return parityWith(3, 1, 1, uint32(n)) }, parseParity},
		{"MaxParityRows", MaxParityRows, func(n uint64) []byte { return parityWith(3, 1, uint32(n), 7) }, parseParity},
		{"MaxText: label", MaxText, func(n uint64) []byte { return snapshotWith(func(s *Snapshot) { s.Label = str(n) }) }, parseSnapshot},
		{"MaxText: message", MaxText, func(n uint64) []byte { return snapshotWith(func(s *Snapshot) { s.Message = str(n) }) }, parseSnapshot},
		{"MaxText: tool", MaxText, func(n uint64) []byte { return snapshotWith(func(s *Snapshot) { s.Tool = str(n) }) }, parseSnapshot},
	} {
		if err := l.parse(l.build(l.limit)); err != nil {
			t.Errorf("%s: refused at the limit of %d: %v", l.name, l.limit, err)
		}
		if err := l.parse(l.build(l.limit + 1)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: one above the limit of %d: %v", l.name, l.limit, err)
		}
	}
}

// TestLyingCounts parses a few bytes that claim to be many: parsing must not
// believe them before it has seen them.
func TestLyingCounts(t *testing.T) {
	many := appendUvarint(nil, MaxLeafEntries)
	column := func(id byte, data ...byte) []byte { return append([]byte{id, byte(len(data))}, data...) }
	block := func(typ BlockType, parts ...[]byte) []byte {
		return slices.Concat(append([][]byte{{byte(typ)}}, parts...)...)
	}
	rows := func(n byte) []byte { return []byte{n} }
	for name, l := range map[string]struct {
		b     []byte
		parse func([]byte) error
	}{
		"entries":        {block(BlockDirLeaf, many, column(ColNames, 'a', 0)), parseLeaf},
		"length":         {block(BlockDirLeaf, rows(1), []byte{ColNames}, appendUvarint(nil, 1<<40), []byte("a\x00")), parseLeaf},
		"children":       {block(BlockDirInner, []byte{1}, many, column(ColFirstNames, 'a', 0)), parseInner},
		"references":     {block(BlockIndirect, []byte{1}, many, column(ColRefKinds, 1, 1)), parseIndirect},
		"palette":        {block(BlockDirLeaf, rows(1), column(ColNames, 'a', 0), column(ColModes, many...)), parseLeaf},
		"literal":        {block(BlockDirLeaf, rows(1), column(ColNames, 'a', 0), column(ColModes, 1, 0x80, 0x20), column(ColOwners, 1, 0, 0, 0, 0), column(ColMtimes, 0, 0, 0), column(ColSizes, 0x80, 2), column(ColFileKinds, 1, 0), column(ColLiterals, 'x')), parseLeaf},
		"user":           {block(BlockDirLeaf, rows(1), column(ColNames, 'a', 0), column(ColModes, 1, 0x80, 0x40), column(ColOwners, 1, 0, 0, 0xff, 1)), parseLeaf},
		"attributes":     {block(BlockDirLeaf, rows(1), column(ColNames, 'a', 0), column(ColModes, 1, 0x80, 0x80, 1), column(ColOwners, 1, 0, 0, 0, 0), column(ColMtimes, 0, 0, 0), column(ColXattrs, append([]byte{1}, many...)...)), parseLeaf},
		"hard links":     {block(BlockDirLeaf, rows(1), column(ColNames, 'a', 0), column(ColModes, 1, 0x80, 0x80, 1), column(ColOwners, 1, 0, 0, 0, 0), column(ColMtimes, 0, 0, 0), column(ColLinks, many...)), parseLeaf},
		"parents":        {block(BlockSnapshot, column(ColParents, MaxParents)), parseSnapshot},
		"blocks":         {sealed(sampleFrameHead().AppendTo(nil), func(b []byte) { le.PutUint32(b[24:], MaxFrameBlocks) }), parseHead},
		"size of a head": {sealed(sampleFrameHead().AppendTo(nil), func(b []byte) { le.PutUint32(b[12:], MaxFrameHead) }), parseHead},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := l.parse(l.b)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 32<<10 {
			t.Errorf("%s: %d bytes allocated for %d", name, n, len(l.b))
		}
	}
}

// TestRefusals: what breaks a rule that is no limit.
func TestRefusals(t *testing.T) {
	top := sampleTop().AppendTo(nil)
	inner := func(change func(d *DirInner)) []byte {
		d := &DirInner{Level: 1, Children: []DirChild{{First: "a", Count: 1}, {First: "b", Count: 1}}}
		change(d)
		return d.AppendTo(nil, Stored, 0)
	}
	linked := func(kind Kind, id, count uint64) []byte {
		return oneEntry(func(e *Entry) { e.Kind, e.LinkID, e.LinkCount = kind, id, count })
	}
	for _, l := range []struct {
		name  string
		b     []byte
		parse func(b []byte) error
	}{
		{"no name", oneEntry(func(e *Entry) { e.Name = "" }), parseLeaf},
		{"name .", oneEntry(func(e *Entry) { e.Name = "." }), parseLeaf},
		{"name ..", oneEntry(func(e *Entry) { e.Name = ".." }), parseLeaf},
		{"name with /", oneEntry(func(e *Entry) { e.Name = "a/b" }), parseLeaf},
		{"name with NUL", oneEntry(func(e *Entry) { e.Name = "a\x00b" }), parseLeaf},
		{"names out of order", leafOf(Entry{Name: "b", Kind: KindFifo}, Entry{Name: "a", Kind: KindFifo}), parseLeaf},
		{"a name twice", leafOf(Entry{Name: "a", Kind: KindFifo}, Entry{Name: "a", Kind: KindFifo}), parseLeaf},
		{"kind 0", oneEntry(func(e *Entry) { e.Kind = 0 }), parseLeaf},
		{"kind 10", oneEntry(func(e *Entry) { e.Kind = 10 }), parseLeaf},
		{"no target", oneEntry(func(e *Entry) { e.Kind = KindSymlink }), parseLeaf},
		{"nanoseconds", oneEntry(func(e *Entry) { e.Mtime.Nsec = 1e9 }), parseLeaf},
		{"attributes out of order", oneEntry(func(e *Entry) { e.Xattrs = []Xattr{{"b", ""}, {"a", ""}} }), parseLeaf},
		{"an attribute twice", oneEntry(func(e *Entry) { e.Xattrs = []Xattr{{"a", ""}, {"a", ""}} }), parseLeaf},
		{"an attribute without name", oneEntry(func(e *Entry) { e.Xattrs = []Xattr{{"", "v"}} }), parseLeaf},
		{"an attribute with NUL", oneEntry(func(e *Entry) { e.Xattrs = []Xattr{{"a\x00", "v"}} }), parseLeaf},
		{"hard-linked directory", linked(KindDir, 1, 2), parseLeaf},
		{"hard link of one name", linked(KindFifo, 1, 1), parseLeaf},
		{"a block that spans nothing", oneEntry(func(e *Entry) { e.Kind, e.Ref = KindFile, Ref{Kind: RefBlock} }), parseLeaf},
		{"a run that spans nothing", oneEntry(func(e *Entry) { e.Kind, e.Ref = KindFile, Ref{Kind: RefRun} }), parseLeaf},
		{"an implied directory with a time", oneEntry(func(e *Entry) { e.Kind, e.Mtime = KindImplied, Time{Sec: 1} }), parseLeaf},
		{"a column twice", append(leafOf(), 128, 1, 'x', 128, 1, 'x'), parseLeaf},
		{"columns out of order", append(leafOf(), 129, 1, 'x', 128, 1, 'x'), parseLeaf},
		{"an empty column", append(leafOf(), 128, 0, 0), parseLeaf},
		{"an unknown column", append(leafOf(), 127, 1, 'x'), parseLeaf},
		{"an empty known column", append(leafOf(), 1, 0), parseLeaf},
		{"a column of no rows", append(leafOf(), ColMtimes, 1, 0), parseLeaf},
		{"an over-long count", append([]byte{byte(BlockDirLeaf), 0x80}, 0), parseLeaf},
		{"nothing", nil, parseLeaf},
		{"another type", top, parseLeaf},
		{"another type", top, parseInner},
		{"another type", top, parseIndirect},
		{"another type", top, parseSnapshot},
		{"another type", leafOf(), func(b []byte) error { _, err := ParseTop(b, 0); return err }},
		{"inner: level 0", inner(func(d *DirInner) { d.Level = 0 }), parseInner},
		{"inner: one child", inner(func(d *DirInner) { d.Children = d.Children[:1] }), parseInner},
		{"inner: empty child", inner(func(d *DirInner) { d.Children[1].Count = 0 }), parseInner},
		{"inner: out of order", inner(func(d *DirInner) { d.Children[1].First = "A" }), parseInner},
		{"inner: bad name", inner(func(d *DirInner) { d.Children[1].First = "b/" }), parseInner},
		{"recipe: of nothing", (&Recipe{Input: Ref{Kind: RefRun, Span: 1}}).AppendTo(nil, Stored, 0), parseRecipe},
		{"recipe: a run of nothing", (&Recipe{Length: 1, Input: Ref{Kind: RefRun}}).AppendTo(nil, Stored, 0), parseRecipe},
		{"another type than recipe", indirectOf(1, RefBlock, 1, 1), parseRecipe},
		{"indirect: level 0", indirectOf(0, RefBlock, 1, 1), parseIndirect},
		{"indirect: one reference", indirectOf(1, RefBlock, 1), parseIndirect},
		{"indirect: data below level 2", indirectOf(2, RefBlock, 1, 1), parseIndirect},
		{"indirect: indirect below level 1", indirectOf(1, RefIndirect, 1, 1), parseIndirect},
		{"indirect: empty literal", indirectOf(1, RefLiteral, 0, 1), parseIndirect},
		{"snapshot: the root a file", snapshotWith(func(s *Snapshot) { s.Root.Kind = KindFile }), parseSnapshot},
		{"snapshot: vector out of order", snapshotWith(func(s *Snapshot) { s.Vector = make([]VectorRow, 2) }), parseSnapshot},
		{"snapshot: nanoseconds", snapshotWith(func(s *Snapshot) { s.Time.Nsec = 1e9 }), parseSnapshot},
		{"top: cut", top[:len(top)-3], func(b []byte) error { _, err := ParseTop(b, 0); return err }},
	} {
		err := l.parse(l.b)
		var e *Error
		if !errors.Is(err, ErrDamaged) || !errors.As(err, &e) || e.Structure == "" || e.Msg == "" || e.Offset != NoOffset {
			t.Errorf("%s: %v", l.name, err)
		}
	}
}
