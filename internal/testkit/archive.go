package testkit

import (
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// Archive describes a whole file.
type Archive struct {
	Options  Options
	Segments []Segment
	Hooks    Hooks
}

// Segment is what one commit writes.
type Segment struct {
	// Versions of the tree in the order written. A version after the first
	// corrects the one before it: the trailer names the last one's top.
	Versions []Version
	// Merge makes the index cover all blocks of the file. Otherwise it covers
	// those of the segment and the trailer before is its base.
	Merge bool
	// Parity makes it a parity segment, which has no versions.
	Parity *Parity
}

// Version is one tree with its snapshot record. Root, Content and, when
// zero, Time and Tool of the record are filled in; Parents are given by
// After.
type Version struct {
	Root     *Node
	Snapshot format.Snapshot
	After    []int // indexes of earlier versions, counted over all segments
	Original *Node // what it was made from, or nil
}

// Options are the parameters of an archive; zero values stand for the
// defaults named.
type Options struct {
	Hash           format.HashID    // BLAKE3
	ID             format.ArchiveID // "testkit archive "
	Codec          codec.ID         // of all frames but the first of a version
	Level          int              // 3
	BlocksPerFrame int              // 4
	TopFrame       int              // 2: blocks of the first frame of a version
	Chunk          int              // 1024: bytes of a data block
	LiteralMax     int              // 32: larger files are no literals
	RunMin         int              // 64: shorter chunks of one octet are no runs
	DirLeaf        int              // 1<<16: entries of a directory leaf
	DirFan         int              // 1<<16: children of an inner node, at least 2
	FanOut         int              // 1<<16: references of an indirect block, at least 2
	OnePass        bool             // data frames before metadata
}

func (o Options) filled() Options {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	if o.Hash == 0 {
		o.Hash = format.HashBLAKE3
	}
	if o.ID == (format.ArchiveID{}) {
		copy(o.ID[:], "testkit archive ")
	}
	set(&o.Level, 3)
	set(&o.BlocksPerFrame, 4)
	set(&o.TopFrame, 2)
	set(&o.Chunk, 1024)
	set(&o.LiteralMax, 32)
	set(&o.RunMin, 64)
	set(&o.DirLeaf, 1<<16)
	set(&o.DirFan, 1<<16)
	set(&o.FanOut, 1<<16)
	return o
}

// Built is a finished archive and where everything in it lies.
type Built struct {
	Bytes    []byte
	Header   int      // size of the header
	Blocks   []*Block // by number
	Frames   []Frame
	Segments []SegmentAt
	Versions []VersionAt
}

// Frame is one frame of a finished archive.
type Frame struct {
	Offset  int
	Head    format.FrameHead
	Segment int
	Version int // counted over all segments
}

// End is the offset after the stored bytes.
func (f *Frame) End() int { return f.Offset + int(f.Head.Size) + int(f.Head.Stored) }

// SegmentAt is where the parts of a segment lie.
type SegmentAt struct{ Begin, Index, Trailer, End int }

// VersionAt names a tree version.
type VersionAt struct {
	Top     uint64 // number of the top block; the snapshot record is the next
	TopHash format.Hash
	Root    format.Hash
	Content format.Hash
}

// One describes an archive of one version.
func One(root *Node) *Archive {
	return &Archive{Segments: []Segment{{Versions: []Version{{Root: root}}}}}
}

// Build makes the bytes of the archive.
func (a *Archive) Build() ([]byte, error) {
	b, err := a.Make()
	if err != nil {
		return nil, err
	}
	return b.Bytes, nil
}

// MustBuild makes the bytes of an archive in a test.
func MustBuild(t testing.TB, a *Archive) []byte {
	t.Helper()
	return MustMake(t, a).Bytes
}

// MustMake makes an archive in a test.
func MustMake(t testing.TB, a *Archive) *Built {
	t.Helper()
	b, err := a.Make()
	if err != nil {
		t.Fatal("testkit: ", err)
	}
	return b
}
