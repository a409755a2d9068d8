package format

// Version of the format that this package writes. A reader accepts any minor
// version of a major version it knows.
const (
	// 1.0: first version.
	VersionMajor = 1
	VersionMinor = 0
)

// Magic numbers. Each begins a structure and is sought when scanning; bytes
// above 0x7F and line ends in them make text transfers visible.
const (
	MagicHeader  = "\x89VTD\r\n\x1a\n"
	MagicFrame   = "\xf5VTDfr\r\n"
	MagicIndex   = "\xf5VTDix\r\n"
	MagicTrailer = "\xf5VTDtr\r\n"
	MagicParity  = "\xf5VTDpa\r\n"
)

// Sizes of the fixed structures, in bytes.
const (
	HeaderFixedSize    = 64  // up to and with its CRC; extension records follow
	FrameHeadFixedSize = 72  // block lengths (uvarint each) and a CRC follow
	IndexHeadSize      = 48  // 8 magic + 4+4 + 3×8 counts + 4 reserved + 4 CRC
	IndexFrameSize     = 40  // one row of the table of frames
	TrailerSize        = 192 // the last bytes of a segment
	HashSize           = 32  // both hashes of version 1.0
	ArchiveIDSize      = 16

	ParityHeadFixedSize = 128 // hashes of cells and a CRC follow
	CellHashSize        = 16  // the first bytes of the hash of a cell
	ParityTailSize      = IndexHeadSize + TrailerSize
)

// Flag bits of the header.
const (
	// FlagAsCreated promises one segment, top block first, nothing appended.
	// The first append clears it; no other written byte ever changes.
	FlagAsCreated uint64 = 1 << 0
	// FlagOnePass says that the input was read once: the top block comes last
	// and only the trailer names it.
	FlagOnePass uint64 = 1 << 1

	knownFlags = FlagAsCreated | FlagOnePass
)

// HashID names the hash function of an archive.
type HashID uint8

// The registered hash functions.
const (
	HashBLAKE3 HashID = 1
	HashSHA256 HashID = 2
)

// FrameKind says what the blocks of a frame are.
type FrameKind uint8

// The registered kinds of frame. 128 and above are private.
const (
	FrameMetadata FrameKind = 1
	FrameData     FrameKind = 2
)

// ParityCauchy is the code of parity frames: Reed-Solomon over 2^8 elements,
// with a Cauchy matrix.
const ParityCauchy uint8 = 1

// BlockType is the first byte of every metadata block.
type BlockType uint8

// The registered types of metadata block. 128 and above are private.
const (
	BlockTop      BlockType = 1
	BlockSnapshot BlockType = 2
	BlockDirLeaf  BlockType = 3
	BlockDirInner BlockType = 4
	BlockIndirect BlockType = 5
	BlockRecipe   BlockType = 6
)

// Kind is the kind of a directory entry.
type Kind uint8

// The registered kinds of entry.
const (
	KindFile     Kind = 1
	KindDir      Kind = 2
	KindSymlink  Kind = 3
	KindFifo     Kind = 4
	KindSocket   Kind = 5
	KindChar     Kind = 6
	KindBlockDev Kind = 7
	KindWhiteout Kind = 8
	// KindImplied is a directory that stands only because a path of the input
	// passes through it; it has no metadata of its own.
	KindImplied Kind = 9
)

// IsDir reports whether entries of the kind contain others.
func (k Kind) IsDir() bool { return k == KindDir || k == KindImplied }

// IsDevice reports whether entries of the kind carry device numbers.
func (k Kind) IsDevice() bool { return k == KindChar || k == KindBlockDev }

var kindNames = [...]string{
	KindFile: "file", KindDir: "directory", KindSymlink: "symlink", KindFifo: "fifo", KindSocket: "socket",
	KindChar: "char", KindBlockDev: "block", KindWhiteout: "whiteout", KindImplied: "implied",
}

// String gives the kind's name in the specification.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "unknown"
}

// RefKind is the kind of a block reference.
type RefKind uint8

// The registered kinds of reference.
const (
	RefLiteral  RefKind = 0 // the bytes themselves
	RefBlock    RefKind = 1 // one data block
	RefRun      RefKind = 2 // one octet, Span times
	RefIndirect RefKind = 3 // an indirect block: a list of references
	RefRecipe   RefKind = 4 // a recipe block: the result of a transform
)

// Transform names what a recipe does to its input.
type Transform uint64

// The registered transforms. 128 and above are private.
const (
	TransformDeflate Transform = 1 // package recipe: DEFLATE streams from their content
	TransformDelta   Transform = 2 // package recipe: content from what it resembles
)

// Record types of the header's extension. Readers skip those they do not know.
const (
	ExtFeature uint16 = 1 // name of an incompatible feature; one record each
	ExtChunker uint16 = 2 // chunker and its parameters
	ExtLayout  uint16 = 3 // frame sizes, order and compression asked for
	ExtPreset  uint16 = 4 // name of the preset, for people
)

// Chunkers as recorded in ExtChunker.
const (
	ChunkerGear     uint8 = 1 // the rolling cut alone
	ChunkerScanners uint8 = 2 // with the joints and hints of scanners
	ChunkerJoints   uint8 = 3 // with the scanners that name joints
)

// Orders of data blocks in the file, as recorded in ExtLayout.
const (
	OrderPath     uint8 = 0 // as the tree is walked
	OrderFamilies uint8 = 1 // similar files side by side
)

// Column ids. Columns of a block stand in ascending order of id. A reader
// skips unknown ids of ColumnIgnorable and above and refuses those below.
const (
	ColumnIgnorable = 128

	ColNames     = 1  // directory leaf: names, each ended by NUL
	ColModes     = 2  // directory leaf: palette of kind<<12|permissions
	ColOwners    = 3  // directory leaf: palette of uid, gid, user, group
	ColMtimes    = 4  // directory leaf: modification times
	ColSizes     = 5  // directory leaf: sizes of files
	ColTotals    = 6  // directory leaf: size and count below each directory
	ColDirRefs   = 7  // directory leaf: references to directory nodes
	ColFileKinds = 8  // directory leaf: palette of reference kinds of files
	ColLiterals  = 9  // directory leaf, indirect: literal bytes, concatenated
	ColOctets    = 10 // directory leaf, indirect: octets of runs
	ColBlocks    = 11 // directory leaf, indirect: references to data blocks
	ColIndirects = 12 // directory leaf, indirect: references to indirect blocks
	ColContents  = 13 // directory leaf: whole-content hashes of files of several references
	ColTargets   = 14 // directory leaf: symlink targets, each ended by NUL
	ColDevices   = 15 // directory leaf: major and minor numbers
	ColLinks     = 16 // directory leaf: hard-link groups
	ColXattrs    = 17 // directory leaf: palette of attribute sets
	ColBtimes    = 18 // directory leaf: times of birth
	ColRecipes   = 19 // directory leaf, indirect, recipe: references to recipe blocks

	ColFirstNames = 1 // directory inner: first name below each child
	ColCounts     = 2 // directory inner: entries below each child
	ColChildren   = 3 // directory inner: references to child nodes

	ColRefKinds = 1 // indirect: palette of reference kinds
	ColSpans    = 2 // indirect: span of each reference

	ColTransform = 1 // recipe: what makes the bytes
	ColParams    = 2 // recipe: parameters of the transform
	ColLength    = 3 // recipe: bytes that are made
	ColInput     = 4 // recipe: bytes they are made from

	ColRoot     = 1               // snapshot: the root entry, as columns of a leaf of one entry
	ColRootHash = 2               // top: hash of the root directory node
	ColContent  = 3               // top, snapshot: content id
	ColTime     = 4               // snapshot: when
	ColLabel    = 5               // snapshot: short name
	ColMessage  = 6               // snapshot: text
	ColParents  = 7               // snapshot: references to earlier snapshots
	ColReplica  = 8               // snapshot: id of the writer
	ColVector   = 9               // snapshot: version vector
	ColTool     = 10              // snapshot: program that wrote it
	ColOriginal = ColumnIgnorable // snapshot: hash of the directory with what the tree was made from
	ColSnapshot = 1               // top: hash of the snapshot record
	ColSpan     = 4               // top: bytes of file content below the root
)
