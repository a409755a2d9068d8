package reader

import (
	"cmp"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// Info describes an archive without reading its tree.
type Info struct {
	Size     int64  `json:"size"`      // bytes of the source
	TornTail int64  `json:"torn_tail"` // bytes of it after the last valid trailer
	Major    uint16 `json:"major"`
	Minor    uint16 `json:"minor"`

	AsCreated  bool             `json:"as_created"` // one segment, top first
	OnePass    bool             `json:"one_pass"`   // made from a stream
	Ignorable  uint64           `json:"ignorable_features"`
	ReadOnly   uint64           `json:"read_only_features"`
	Features   []string         `json:"features"`
	Hash       string           `json:"hash"`
	ArchiveID  format.ArchiveID `json:"-"`
	Chunker    *format.Chunker  `json:"chunker,omitempty"`
	Layout     *format.Layout   `json:"layout,omitempty"`
	Preset     string           `json:"preset,omitempty"`
	Blocks     uint64           `json:"blocks"`
	Snapshots  uint64           `json:"snapshots"`
	IndexParts int              `json:"index_parts"`
	IndexBytes uint64           `json:"index_bytes"` // of the parts in use
	Frames     uint64           `json:"frames"`

	Content format.Hash      `json:"content_id"`
	Root    format.Hash      `json:"root"`
	Newest  *format.Snapshot `json:"-"`
	Entries uint64           `json:"entries"` // entries below the root
	Bytes   uint64           `json:"bytes"`   // content of all files
}

// FrameFigures sums the frames of one kind and codec.
type FrameFigures struct {
	Kind   format.FrameKind `json:"kind"`
	Codec  codec.ID         `json:"codec"`
	Frames uint64           `json:"frames"`
	Blocks uint64           `json:"blocks"`
	Raw    uint64           `json:"raw"`    // bytes of blocks
	Stored uint64           `json:"stored"` // bytes they take, without heads
	Heads  uint64           `json:"heads"`  // bytes of frame heads
}

// Info gives what opening has found and what the newest snapshot record says.
// It costs the same for archives of any size.
func (a *Archive) Info() (*Info, error) {
	t, err := a.Tree()
	if err != nil {
		return nil, err
	}
	h := a.header
	i := &Info{
		Size: a.size, TornTail: a.torn, Major: h.Major, Minor: h.Minor,
		AsCreated: h.Flags&format.FlagAsCreated != 0, OnePass: h.Flags&format.FlagOnePass != 0,
		Ignorable: h.Ignorable, ReadOnly: h.ReadOnly, Features: h.Features, Hash: h.Hash.String(), ArchiveID: h.ID,
		Chunker: h.Chunker, Layout: h.Layout, Preset: h.Preset,
		Blocks: a.trailer.Blocks, Snapshots: a.trailer.Snapshots, IndexParts: len(a.parts),
		Content: t.snapshot.Content, Root: t.snapshot.Root.Ref.Hash, Newest: t.snapshot,
		Entries: t.snapshot.Root.Count, Bytes: t.snapshot.Root.Size,
	}
	for k := range a.parts {
		i.IndexBytes += a.parts[k].Size()
		i.Frames += a.parts[k].Frames
	}
	return i, nil
}

// FrameInfo sums up the table of frames, by kind and codec in this order. It
// reads 40 bytes for each frame and nothing else.
func (a *Archive) FrameInfo() ([]FrameFigures, error) {
	type key struct {
		kind  format.FrameKind
		codec codec.ID
	}
	sums := map[key]*FrameFigures{}
	for row, err := range a.Frames() {
		if err != nil {
			return nil, err
		}
		k := key{row.Kind, row.Codec}
		f := sums[k]
		if f == nil {
			f = &FrameFigures{Kind: row.Kind, Codec: row.Codec}
			sums[k] = f
		}
		f.Frames++
		f.Blocks += uint64(row.Count)
		f.Raw += uint64(row.RawLen)
		f.Stored += uint64(row.Stored)
		f.Heads += uint64(row.HeadSize)
	}
	out := make([]FrameFigures, 0, len(sums))
	for _, f := range sums {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b FrameFigures) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Codec, b.Codec))
	})
	return out, nil
}
