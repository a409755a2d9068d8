package format

import (
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format/codec"
)

// The tables of the specification are compared with the constants and the
// encoders, so that neither changes alone.

// specTables reads all tables of a document of spec/, by the heading above.
func specTables(t *testing.T, name string) map[string][][]string {
	t.Helper()
	b, err := os.ReadFile("../spec/" + name)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string][][]string{}
	heading := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if h, ok := strings.CutPrefix(line, "#"); ok {
			heading = strings.Trim(h, "# ")
		}
		if !strings.HasPrefix(line, "|") {
			continue
		}
		var cells []string
		for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(c))
		}
		if !strings.HasPrefix(strings.Trim(cells[0], ":"), "--") {
			tables[heading] = append(tables[heading], cells)
		}
	}
	return tables
}

var limits = map[string]uint64{
	"MaxHeader": MaxHeader, "MaxFrameRaw": MaxFrameRaw, "MaxFrameStored": MaxFrameStored, "MaxFrameBlocks": MaxFrameBlocks,
	"MaxFrameHead": MaxFrameHead, "MaxDataBlock": MaxDataBlock, "MaxMetaBlock": MaxMetaBlock, "MaxLiteral": MaxLiteral,
	"MaxName": MaxName, "MaxTarget": MaxTarget, "MaxOwnerName": MaxOwnerName, "MaxXattrName": MaxXattrName,
	"MaxXattrValue": MaxXattrValue, "MaxXattrTotal": MaxXattrTotal, "MaxLeafEntries": MaxLeafEntries,
	"MaxNodeChildren": MaxNodeChildren, "MaxNodeLevel": MaxNodeLevel, "MaxDepth": MaxDepth, "MaxSpan": MaxSpan,
	"MaxParents": MaxParents, "MaxVector": MaxVector, "MaxText": MaxText, "MaxRecipeParams": MaxRecipeParams, "MaxRecipeDepth": MaxRecipeDepth, "MaxRecipeRatio": MaxRecipeRatio, "MaxRecipeFree": MaxRecipeFree, "MaxDelta": MaxDelta,
	"MaxParityShards": MaxParityShards, "MaxParityCell": MaxParityCell, "MaxParityRows": MaxParityRows,
}

var registry = map[string]uint64{
	"VersionMajor": VersionMajor, "VersionMinor": VersionMinor,
	"HashBLAKE3": uint64(HashBLAKE3), "HashSHA256": uint64(HashSHA256),
	"FlagAsCreated": FlagAsCreated, "FlagOnePass": FlagOnePass,
	"ExtFeature": uint64(ExtFeature), "ExtChunker": uint64(ExtChunker), "ExtLayout": uint64(ExtLayout), "ExtPreset": uint64(ExtPreset),
	"ChunkerGear": uint64(ChunkerGear), "ChunkerScanners": uint64(ChunkerScanners), "ChunkerJoints": uint64(ChunkerJoints), "OrderPath": uint64(OrderPath), "OrderFamilies": uint64(OrderFamilies),
	"ParityCauchy":  uint64(ParityCauchy),
	"FrameMetadata": uint64(FrameMetadata), "FrameData": uint64(FrameData),
	"Stored": uint64(codec.Stored), "Zstd": uint64(codec.Zstd), "LongZstd": uint64(codec.LongZstd),
	"BlockTop": uint64(BlockTop), "BlockSnapshot": uint64(BlockSnapshot), "BlockDirLeaf": uint64(BlockDirLeaf),
	"BlockDirInner": uint64(BlockDirInner), "BlockIndirect": uint64(BlockIndirect), "BlockRecipe": uint64(BlockRecipe), "TransformDeflate": uint64(TransformDeflate), "TransformDelta": uint64(TransformDelta),
	"KindFile": uint64(KindFile), "KindDir": uint64(KindDir), "KindSymlink": uint64(KindSymlink), "KindFifo": uint64(KindFifo),
	"KindSocket": uint64(KindSocket), "KindChar": uint64(KindChar), "KindBlockDev": uint64(KindBlockDev),
	"KindWhiteout": uint64(KindWhiteout), "KindImplied": uint64(KindImplied),
	"RefLiteral": uint64(RefLiteral), "RefBlock": uint64(RefBlock), "RefRun": uint64(RefRun), "RefIndirect": uint64(RefIndirect),
	"RefRecipe":       uint64(RefRecipe),
	"ColumnIgnorable": ColumnIgnorable, "ColNames": ColNames, "ColModes": ColModes, "ColOwners": ColOwners, "ColMtimes": ColMtimes,
	"ColSizes": ColSizes, "ColTotals": ColTotals, "ColDirRefs": ColDirRefs, "ColFileKinds": ColFileKinds, "ColLiterals": ColLiterals,
	"ColOctets": ColOctets, "ColBlocks": ColBlocks, "ColIndirects": ColIndirects, "ColContents": ColContents, "ColTargets": ColTargets,
	"ColDevices": ColDevices, "ColLinks": ColLinks, "ColXattrs": ColXattrs, "ColBtimes": ColBtimes, "ColFirstNames": ColFirstNames,
	"ColCounts": ColCounts, "ColChildren": ColChildren, "ColRefKinds": ColRefKinds, "ColSpans": ColSpans, "ColSnapshot": ColSnapshot,
	"ColRootHash": ColRootHash, "ColContent": ColContent, "ColSpan": ColSpan, "ColRoot": ColRoot, "ColTime": ColTime,
	"ColLabel": ColLabel, "ColMessage": ColMessage, "ColParents": ColParents, "ColRecipes": ColRecipes, "ColTransform": ColTransform, "ColParams": ColParams, "ColLength": ColLength, "ColInput": ColInput, "ColReplica": ColReplica, "ColVector": ColVector, "ColTool": ColTool, "ColOriginal": ColOriginal,
}

func TestSpecLimits(t *testing.T) {
	compareNumbers(t, limits, map[string][][]string{"": specTables(t, "vtd.md")["15. Limits"]})
}

func TestSpecRegistry(t *testing.T) {
	compareNumbers(t, registry, specTables(t, "registry.md"))
}

func compareNumbers(t *testing.T, have map[string]uint64, tables map[string][][]string) {
	t.Helper()
	missing := maps.Clone(have)
	for _, rows := range tables {
		for _, r := range rows {
			if r[0] == "name" || r[0] == "limit" {
				continue
			}
			want, err := strconv.ParseUint(r[1], 10, 64)
			if err != nil {
				t.Errorf("%s: %v", r[0], err)
			}
			if got, ok := have[r[0]]; !ok || got != want {
				t.Errorf("%s: the specification says %d, the code %d", r[0], want, got)
			}
			delete(missing, r[0])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s does not stand in the specification", name)
	}
}

// A probe is a structure with a different value in every field, and where the
// specification says that each value is found.
type probe struct {
	heading string
	size    int // 0: it goes on after the table
	bytes   []byte
	fields  map[string]any // by the first words of the field's description
}

func probes(t *testing.T) []probe {
	var id ArchiveID
	var h1, h2 Hash
	for i := range h1 {
		h1[i], h2[i] = byte(i+1), byte(i+101)
	}
	copy(id[:], "archive-id-16byt")
	header, err := (&Header{Major: 1, Minor: 7, Flags: FlagAsCreated, Ignorable: 11, ReadOnly: 12, Hash: HashSHA256, ID: id}).AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	frame := FrameHead{Kind: FrameData, Codec: codec.LongZstd, First: 13, Stored: 14, Hash: h1, Lengths: []uint32{15, 300}}
	index := IndexHead{First: 16, Blocks: 17, Frames: 3}
	row := IndexFrame{Offset: 119, First: 20, Count: 21, HeadSize: 122, Stored: 23, RawLen: 24, Kind: FrameMetadata, Codec: codec.Zstd}
	trailer := Trailer{ID: id, Offset: 31, Segment: 32, Index: 33, IndexLen: 34, Prev: 35, Base: 36, Blocks: 37, Top: 38, TopHash: h1, IndexHash: h2, Snapshots: 39}
	frameBytes := frame.AppendTo(nil)
	parity := sampleParityHead()
	parity.Archive, parity.Hash = id, h1
	parityBytes := parity.AppendTo(nil)
	return []probe{
		{"4. Header", HeaderFixedSize, header, map[string]any{
			"magic": []byte(MagicHeader), "major": 1, "minor": 7, "size": 64, "flags": 1, "ignorable": 11, "read-only": 12,
			"hash": int(HashSHA256), "archive": id[:],
		}},
		{"5. Frames", 0, frameBytes, map[string]any{
			"magic": []byte(MagicFrame), "kind": int(FrameData), "codec": int(codec.LongZstd), "size": len(frameBytes), "number": 13,
			"count": 2, "raw": 315, "stored": 14, "of the stored": h1[:], "length of": nil, "of all": nil,
		}},
		{"8. Index", IndexHeadSize, index.AppendTo(nil), map[string]any{
			"magic": []byte(MagicIndex), "size": IndexHeadSize, "number": 16, "count of blocks": 17, "count of frames": 3,
		}},
		{"8. Index", IndexFrameSize, row.AppendTo(nil), map[string]any{
			"offset": 119, "number": 20, "count": 21, "size": 122, "stored": 23, "raw": 24, "kind": int(FrameMetadata), "codec": int(codec.Zstd),
		}},
		{"9. Trailer", TrailerSize, trailer.AppendTo(nil), map[string]any{
			"magic": []byte(MagicTrailer), "size": TrailerSize, "archive": id[:], "offset of this": 31, "offset at": 32, "offset of the index": 33,
			"length": 34, "offset of the trailer": 35, "offset of the base": 36, "count of blocks": 37, "number": 38,
			"of the top": h1[:], "of the index": h2[:], "count of snapshots": 39,
		}},
		{"9.2 Parity segments", 0, parityBytes, map[string]any{
			"magic": []byte(MagicParity), "size of the head": len(parityBytes), "size of a cell": 40, "archive": id[:], "id of the set": []byte("set-id-16-bytes-"),
			"offset": 0, "length": 10_000, "count of data": 5, "count of parity": 2, "count of rows": 60, "number of the parity": 1,
			"hash function": int(HashSHA256), "code": int(ParityCauchy), "number of the row": 59, "flags": 1, "of bytes": h1[:], "of each": nil, "of all": nil,
		}},
	}
}

func TestSpecStructures(t *testing.T) {
	tables := specTables(t, "vtd.md")
	for _, p := range probes(t) {
		rows := structureTable(t, tables[p.heading], p.size)
		at, used := 0, map[string]bool{}
		for _, r := range rows {
			off, err := strconv.Atoi(r[0])
			size, err2 := strconv.Atoi(r[1])
			if err != nil || err2 != nil {
				break // variable from here on
			}
			if off != at {
				t.Errorf("%s: %q stands at %d after fields up to %d", p.heading, r[3], off, at)
			}
			at = off + size
			field := p.bytes[off:at]
			switch {
			case r[2] == "zero":
				if len(bytes.Trim(field, "\x00")) > 0 {
					t.Errorf("%s: bytes %d to %d are not zero", p.heading, off, at)
				}
				continue
			case r[2] == "CRC":
				if got := binary.LittleEndian.Uint32(field); got != crc32c(p.bytes[:off]) {
					t.Errorf("%s: no CRC at %d", p.heading, off)
				}
				continue
			}
			name, want := findField(p.fields, r[3])
			used[name] = true
			if n, ok := want.(int); ok {
				want = binary.LittleEndian.AppendUint64(nil, uint64(n))[:size]
			}
			if b, ok := want.([]byte); !ok || !bytes.Equal(b, field) {
				t.Errorf("%s: %q at %d is % x, want % x", p.heading, r[3], off, field, want)
			}
		}
		if p.size != 0 && at != p.size {
			t.Errorf("%s: fields end at %d, the structure has %d bytes", p.heading, at, p.size)
		}
		for name, v := range p.fields {
			if v != nil && !used[name] {
				t.Errorf("%s: the table has no field %q", p.heading, name)
			}
		}
	}
}

// structureTable picks, among tables under one heading, the one whose fields
// end at a size; size 0 takes the first.
func structureTable(t *testing.T, rows [][]string, size int) [][]string {
	t.Helper()
	for len(rows) > 0 {
		if rows[0][0] != "offset" {
			rows = rows[1:]
			continue
		}
		n := 1
		end := 0
		for ; n < len(rows) && rows[n][0] != "offset" && len(rows[n]) == 4; n++ {
			off, _ := strconv.Atoi(rows[n][0])
			length, _ := strconv.Atoi(rows[n][1])
			end = max(end, off+length)
		}
		if size == 0 || end == size {
			return rows[1:n]
		}
		rows = rows[n:]
	}
	t.Fatalf("no table of a structure of %d bytes", size)
	return nil
}

// findField finds the longest key that the description begins with.
func findField(fields map[string]any, description string) (string, any) {
	best := ""
	for name := range fields {
		if strings.HasPrefix(description, name) && len(name) > len(best) {
			best = name
		}
	}
	return best, fields[best]
}
