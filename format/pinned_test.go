package format

import (
	"testing"

	"github.com/vtdarchive/vtd/format/codec"
)

// TestNumbers pins every number that files hold.
//
// DO NOT change this table to make a build pass: a change of bytes is a change
// of version. Old archives are read for ever; adding a row for a new
// registration, with a new minor version, is the only edit there should be.
func TestNumbers(t *testing.T) {
	for _, n := range []struct {
		name      string
		got, want uint64
	}{
		{"VersionMajor", VersionMajor, 1},
		{"VersionMinor", VersionMinor, 0},

		{"HeaderFixedSize", HeaderFixedSize, 64},
		{"FrameHeadFixedSize", FrameHeadFixedSize, 72},
		{"IndexHeadSize", IndexHeadSize, 48},
		{"IndexFrameSize", IndexFrameSize, 40},
		{"TrailerSize", TrailerSize, 192},
		{"ParityHeadFixedSize", ParityHeadFixedSize, 128},
		{"CellHashSize", CellHashSize, 16},
		{"ParityTailSize", ParityTailSize, 240},
		{"HashSize", HashSize, 32},
		{"ArchiveIDSize", ArchiveIDSize, 16},

		{"FlagAsCreated", FlagAsCreated, 1},
		{"FlagOnePass", FlagOnePass, 2},
		{"knownFlags", knownFlags, 3},

		{"HashBLAKE3", uint64(HashBLAKE3), 1},
		{"HashSHA256", uint64(HashSHA256), 2},

		{"ParityCauchy", uint64(ParityCauchy), 1},

		{"FrameMetadata", uint64(FrameMetadata), 1},
		{"FrameData", uint64(FrameData), 2},

		{"codec.Stored", uint64(codec.Stored), 0},
		{"codec.Zstd", uint64(codec.Zstd), 1},
		{"codec.LongZstd", uint64(codec.LongZstd), 2},
		{"codec.Private", uint64(codec.Private), 128},

		{"BlockTop", uint64(BlockTop), 1},
		{"BlockSnapshot", uint64(BlockSnapshot), 2},
		{"BlockDirLeaf", uint64(BlockDirLeaf), 3},
		{"BlockDirInner", uint64(BlockDirInner), 4},
		{"BlockIndirect", uint64(BlockIndirect), 5},
		{"BlockRecipe", uint64(BlockRecipe), 6},
		{"TransformDeflate", uint64(TransformDeflate), 1},

		{"KindFile", uint64(KindFile), 1},
		{"KindDir", uint64(KindDir), 2},
		{"KindSymlink", uint64(KindSymlink), 3},
		{"KindFifo", uint64(KindFifo), 4},
		{"KindSocket", uint64(KindSocket), 5},
		{"KindChar", uint64(KindChar), 6},
		{"KindBlockDev", uint64(KindBlockDev), 7},
		{"KindWhiteout", uint64(KindWhiteout), 8},
		{"KindImplied", uint64(KindImplied), 9},

		{"RefLiteral", uint64(RefLiteral), 0},
		{"RefBlock", uint64(RefBlock), 1},
		{"RefRun", uint64(RefRun), 2},
		{"RefIndirect", uint64(RefIndirect), 3},
		{"RefRecipe", uint64(RefRecipe), 4},

		{"ExtFeature", uint64(ExtFeature), 1},
		{"ExtChunker", uint64(ExtChunker), 2},
		{"ExtLayout", uint64(ExtLayout), 3},
		{"ExtPreset", uint64(ExtPreset), 4},
		{"ChunkerGear", uint64(ChunkerGear), 1},
		{"ChunkerScanners", uint64(ChunkerScanners), 2},
		{"ChunkerJoints", uint64(ChunkerJoints), 3},
		{"OrderPath", uint64(OrderPath), 0},
		{"OrderFamilies", uint64(OrderFamilies), 1},

		{"ColumnIgnorable", ColumnIgnorable, 128},
		{"ColNames", ColNames, 1},
		{"ColModes", ColModes, 2},
		{"ColOwners", ColOwners, 3},
		{"ColMtimes", ColMtimes, 4},
		{"ColSizes", ColSizes, 5},
		{"ColTotals", ColTotals, 6},
		{"ColDirRefs", ColDirRefs, 7},
		{"ColFileKinds", ColFileKinds, 8},
		{"ColLiterals", ColLiterals, 9},
		{"ColOctets", ColOctets, 10},
		{"ColBlocks", ColBlocks, 11},
		{"ColIndirects", ColIndirects, 12},
		{"ColContents", ColContents, 13},
		{"ColTargets", ColTargets, 14},
		{"ColDevices", ColDevices, 15},
		{"ColLinks", ColLinks, 16},
		{"ColXattrs", ColXattrs, 17},
		{"ColBtimes", ColBtimes, 18},
		{"ColRecipes", ColRecipes, 19},
		{"ColTransform", ColTransform, 1},
		{"ColParams", ColParams, 2},
		{"ColLength", ColLength, 3},
		{"ColInput", ColInput, 4},
		{"ColFirstNames", ColFirstNames, 1},
		{"ColCounts", ColCounts, 2},
		{"ColChildren", ColChildren, 3},
		{"ColRefKinds", ColRefKinds, 1},
		{"ColSpans", ColSpans, 2},
		{"ColRoot", ColRoot, 1},
		{"ColSnapshot", ColSnapshot, 1},
		{"ColRootHash", ColRootHash, 2},
		{"ColContent", ColContent, 3},
		{"ColTime", ColTime, 4},
		{"ColSpan", ColSpan, 4},
		{"ColLabel", ColLabel, 5},
		{"ColMessage", ColMessage, 6},
		{"ColParents", ColParents, 7},
		{"ColReplica", ColReplica, 8},
		{"ColVector", ColVector, 9},
		{"ColTool", ColTool, 10},
		{"ColOriginal", ColOriginal, 128},
		{"timesEqual", timesEqual, 0},
		{"timesSeconds", timesSeconds, 1},
		{"timesNanos", timesNanos, 2},

		// Limits may be raised in a minor version, never lowered.
		{"MaxHeader", MaxHeader, 65_536},
		{"MaxFrameRaw", MaxFrameRaw, 67_108_864},
		{"codec.MaxRaw", codec.MaxRaw, 67_108_864},
		{"MaxFrameStored", MaxFrameStored, 68_157_440},
		{"MaxFrameBlocks", MaxFrameBlocks, 1_048_576},
		{"MaxFrameHead", MaxFrameHead, 5_242_880},
		{"MaxDataBlock", MaxDataBlock, 16_777_216},
		{"MaxMetaBlock", MaxMetaBlock, 16_777_216},
		{"MaxLiteral", MaxLiteral, 256},
		{"MaxName", MaxName, 1023},
		{"MaxTarget", MaxTarget, 65_536},
		{"MaxOwnerName", MaxOwnerName, 255},
		{"MaxXattrName", MaxXattrName, 255},
		{"MaxXattrValue", MaxXattrValue, 65_536},
		{"MaxXattrTotal", MaxXattrTotal, 4_194_304},
		{"MaxLeafEntries", MaxLeafEntries, 65_536},
		{"MaxNodeChildren", MaxNodeChildren, 65_536},
		{"MaxNodeLevel", MaxNodeLevel, 12},
		{"MaxDepth", MaxDepth, 8192},
		{"MaxSpan", MaxSpan, 4_611_686_018_427_387_903},
		{"MaxParents", MaxParents, 64},
		{"MaxVector", MaxVector, 4096},
		{"MaxText", MaxText, 65_536},
		{"MaxRecipeParams", MaxRecipeParams, 4_194_304},
		{"MaxRecipeDepth", MaxRecipeDepth, 4},
		{"MaxRecipeRatio", MaxRecipeRatio, 256},
		{"MaxRecipeFree", MaxRecipeFree, 65_536},
		{"MaxParityShards", MaxParityShards, 256},
		{"MaxParityCell", MaxParityCell, 1_048_576},
		{"MaxParityRows", MaxParityRows, 16_777_216},
	} {
		if n.got != n.want {
			t.Errorf("%s is %d; in the format it is %d", n.name, n.got, n.want)
		}
	}
	for _, s := range []struct{ name, got, want string }{
		{"MagicHeader", MagicHeader, "\x89VTD\r\n\x1a\n"},
		{"MagicFrame", MagicFrame, "\xf5VTDfr\r\n"},
		{"MagicIndex", MagicIndex, "\xf5VTDix\r\n"},
		{"MagicTrailer", MagicTrailer, "\xf5VTDtr\r\n"},
		{"MagicParity", MagicParity, "\xf5VTDpa\r\n"},
		{"contentTag", contentTag, "vtd content 1\n"},
		{"HashBLAKE3", HashBLAKE3.String(), "blake3"},
		{"HashSHA256", HashSHA256.String(), "sha256"},
	} {
		if s.got != s.want {
			t.Errorf("%s is %q; in the format it is %q", s.name, s.got, s.want)
		}
	}
	for k, want := range []string{
		"unknown", "file", "directory", "symlink", "fifo", "socket", "char", "block", "whiteout", "implied", "unknown",
	} {
		if got := Kind(k).String(); got != want {
			t.Errorf("kind %d is called %q; in the format it is %q", k, got, want)
		}
	}
}

// TestHashFunctions pins what the hash functions compute.
func TestHashFunctions(t *testing.T) {
	for id, want := range map[HashID]string{
		HashBLAKE3: "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
		HashSHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	} {
		h := id.New()
		h.Write([]byte("a"))
		h.Write([]byte("bc"))
		if got := id.Sum([]byte("abc")); got.String() != want || h.Sum() != got {
			t.Errorf("%v of abc is %v and %v, not %s", id, got, h.Sum(), want)
		}
		parsed, err := ParseHash(want)
		if err != nil || parsed.String() != want {
			t.Errorf("%s parsed as %v, %v", want, parsed, err)
		}
		if name, err := ParseHashID(id.String()); err != nil || name != id {
			t.Errorf("%v by name: %v, %v", id, name, err)
		}
	}
	for _, s := range []string{"", "00", string(make([]byte, 64))} {
		if _, err := ParseHash(s); err == nil {
			t.Errorf("%q was taken for a hash", s)
		}
	}
	if _, err := ParseHashID("md5"); err == nil || HashID(0).Known() || HashID(3).Known() {
		t.Error("an unknown hash function is known")
	}
}

// TestContentID pins the content id of a small tree of every kind.
func TestContentID(t *testing.T) {
	d := NewContentDir(HashBLAKE3)
	leaf := sampleLeaf()
	for i := range leaf.Entries[:14] { // how a content is referred to does not count
		d.Add(&leaf.Entries[i], testHash(byte(i)))
	}
	root := sampleSnapshot().Root
	const want = "bf40eaa072bc23a47b211d35a5d5ff209b523e4fe70301221437917b518f3afa"
	if got := ContentID(HashBLAKE3, &root, d.Sum()).String(); got != want {
		t.Errorf("content id %s, not %s", got, want)
	}
	named := root
	named.Name = "a name does not count"
	if ContentID(HashBLAKE3, &named, d.Sum()).String() != want {
		t.Error("the name of the root counts")
	}
}
