package testkit

import (
	"fmt"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// emitter writes planned versions into one file.
type emitter struct {
	planner
	out   Built
	rows  []format.IndexFrame // of all frames
	snaps []*Block            // of all versions

	segments []Segment
}

// Make makes the archive and tells where everything lies.
func (a *Archive) Make() (*Built, error) {
	e := emitter{planner: planner{Options: a.Options.filled(), hooks: &a.Hooks, known: map[format.Hash]*Block{}}}
	e.segments = a.Segments
	if err := e.header(); err != nil {
		return nil, err
	}
	prev, base := 0, 0 // offset of the trailer before, and of the last whose index covers blocks
	var before *format.Trailer
	for i, s := range a.Segments {
		at := SegmentAt{Begin: len(e.out.Bytes)}
		if i == 0 {
			at.Begin = 0 // the first segment has the header
		}
		if s.Parity != nil {
			t, err := e.parity(*s.Parity, i, before)
			if err != nil {
				return nil, fmt.Errorf("segment %d: %w", i, err)
			}
			at.Index = len(e.out.Bytes)
			e.out.Bytes = format.IndexHead{First: t.Blocks}.AppendTo(e.out.Bytes)
			at.Trailer = len(e.out.Bytes)
			before = e.trailer(a, i, t)
			at.End, prev = len(e.out.Bytes), at.Trailer
			e.out.Segments = append(e.out.Segments, at)
			continue
		}
		first := uint64(len(e.out.Blocks))
		rows := len(e.rows)
		if s.Merge {
			first, rows = 0, 0
		}
		for k := range s.Versions {
			if err := e.version(&s.Versions[k], i); err != nil {
				return nil, fmt.Errorf("segment %d, version %d: %w", i, k, err)
			}
		}
		at.Index = len(e.out.Bytes)
		index := e.index(first, e.rows[rows:])
		e.out.Bytes = append(e.out.Bytes, index...)
		at.Trailer = len(e.out.Bytes)
		v := e.out.Versions[len(e.out.Versions)-1]
		t := format.Trailer{
			ID: e.ID, Offset: int64(at.Trailer), Segment: int64(at.Begin), Index: int64(at.Index), IndexLen: int64(len(index)),
			Prev: int64(prev), Blocks: uint64(len(e.out.Blocks)), Top: v.Top, TopHash: v.TopHash,
			IndexHash: e.Hash.Sum(index), Snapshots: uint64(e.contentSegments(i + 1)),
		}
		if first > 0 {
			t.Base = int64(base)
		}
		before = e.trailer(a, i, &t)
		base = at.Trailer
		at.End = len(e.out.Bytes)
		e.out.Segments = append(e.out.Segments, at)
		prev = at.Trailer
	}
	if a.Hooks.Finish != nil {
		e.out.Bytes = a.Hooks.Finish(&e.out)
	}
	return &e.out, nil
}

// trailer writes a trailer and gives it as written.
func (e *emitter) trailer(a *Archive, segment int, t *format.Trailer) *format.Trailer {
	if a.Hooks.Trailer != nil {
		a.Hooks.Trailer(segment, t)
	}
	b := t.AppendTo(nil)
	if a.Hooks.TrailerBytes != nil {
		b = a.Hooks.TrailerBytes(segment, b)
		SealTrailer(b)
	}
	e.out.Bytes = append(e.out.Bytes, b...)
	return t
}

// flags are those of the header when so many segments are written.
func (e *emitter) flags(segments int) uint64 {
	switch {
	case e.OnePass:
		return format.FlagOnePass
	case e.contentSegments(segments) == 1:
		return format.FlagAsCreated
	}
	return 0
}

// contentSegments counts the first segments that are no parity segments.
func (e *emitter) contentSegments(segments int) (n int) {
	for _, s := range e.segments[:segments] {
		if s.Parity == nil {
			n++
		}
	}
	return n
}

func (e *emitter) header() error {
	h := format.Header{
		Major: format.VersionMajor, Minor: format.VersionMinor, Hash: e.Hash, ID: e.ID,
		Chunker: &format.Chunker{
			Algorithm: format.ChunkerGear, Min: 256, Target: 1024, Max: 4096, RunMin: 512, LiteralMax: uint32(e.LiteralMax),
		},
		Preset: "testkit",
	}
	h.Flags |= e.flags(len(e.segments))
	if e.hooks.Header != nil {
		e.hooks.Header(&h)
	}
	b, err := h.AppendTo(nil)
	if err != nil {
		return err
	}
	if e.hooks.HeaderBytes != nil {
		b = e.hooks.HeaderBytes(b)
		SealHeader(b)
	}
	e.out.Bytes, e.out.Header = b, len(b)
	return nil
}

// version plans a version, numbers its new blocks and writes its frames.
func (e *emitter) version(v *Version, segment int) error {
	var parents []*Block
	for _, i := range v.After {
		parents = append(parents, e.snaps[i])
	}
	top, snap, root, original, content, err := e.planner.version(v, parents)
	if err != nil {
		return err
	}
	var meta, data []*Block
	e.order(root, &meta, &data)
	if original != nil {
		e.order(original, &meta, &data)
	}
	all := slices.Concat([]*Block{top, snap}, meta, data)
	if e.OnePass {
		all = slices.Concat(data, []*Block{top, snap}, meta)
	}
	for _, b := range all {
		b.Num = uint64(len(e.out.Blocks))
		e.out.Blocks = append(e.out.Blocks, b)
	}
	for _, b := range all {
		if b.Kind == format.FrameMetadata {
			b.Bytes = b.encode(format.Stored, b.Num)
		}
		if e.hooks.Block != nil {
			e.hooks.Block(b)
		}
	}
	e.snaps = append(e.snaps, snap)
	e.out.Versions = append(e.out.Versions, VersionAt{top.Num, top.Hash, root.Hash, content})

	head := [][]*Block{slices.Concat([]*Block{top, snap}, meta[:e.TopFrame-2])}
	meta = meta[e.TopFrame-2:]
	metaFrames := slices.Collect(slices.Chunk(meta, e.BlocksPerFrame))
	dataFrames := slices.Collect(slices.Chunk(data, e.BlocksPerFrame))
	frames := slices.Concat(head, metaFrames, dataFrames)
	if e.OnePass {
		frames = slices.Concat(dataFrames, head, metaFrames)
	}
	for _, blocks := range frames {
		if err := e.frame(blocks, segment); err != nil {
			return err
		}
	}
	return nil
}

// order lists the blocks at and below one that have no place yet: each node
// before what it is the first to name.
func (e *emitter) order(b *Block, meta, data *[]*Block) {
	if b.visited {
		return
	}
	b.visited = true
	if b.Kind == format.FrameData {
		*data = append(*data, b)
		return
	}
	*meta = append(*meta, b)
	for _, c := range b.below {
		e.order(c, meta, data)
	}
}

func (e *emitter) frame(blocks []*Block, segment int) error {
	h := format.FrameHead{Kind: blocks[0].Kind, First: blocks[0].Num}
	var raw []byte
	for _, b := range blocks {
		n := len(b.Bytes)
		if b.Absent {
			n = 0
		}
		raw = append(raw, b.Bytes[:n]...)
		h.Lengths = append(h.Lengths, uint32(n))
	}
	stored, err := e.compress(&h, raw, blocks[0].Type == format.BlockTop)
	if err != nil {
		return err
	}
	h.Stored, h.Hash = uint32(len(stored)), e.Hash.Sum(stored)
	n := len(e.out.Frames)
	if e.hooks.Frame != nil {
		stored = e.hooks.Frame(n, &h, stored)
	}
	b := h.AppendTo(nil)
	if e.hooks.FrameBytes != nil {
		b = e.hooks.FrameBytes(n, b)
		SealFrameHead(b)
	}
	at := len(e.out.Bytes)
	row := h.Row(int64(at))
	if e.hooks.IndexRow != nil {
		e.hooks.IndexRow(n, &row)
	}
	e.rows = append(e.rows, row)
	e.out.Frames = append(e.out.Frames, Frame{at, h, segment, len(e.out.Versions) - 1})
	e.out.Bytes = append(append(e.out.Bytes, b...), stored...)
	return nil
}

// compress sets the codec of a frame. Small frames that zstd makes larger are
// compressed all the same: it is the codec that a test wants to see.
func (e *emitter) compress(h *format.FrameHead, raw []byte, first bool) ([]byte, error) {
	switch {
	case first || e.Codec == codec.Stored || len(raw) == 0:
		return raw, nil
	case e.Codec == codec.Zstd:
		z, err := codec.NewCompressor(e.Level)
		if err != nil {
			return nil, err
		}
		h.Codec = codec.Zstd
		return z.Compress(nil, raw), nil
	}
	enc, err := codec.NewEncoder(codec.Params{Level: e.Level, Long: e.Codec == codec.LongZstd, MinGain: 1})
	if err != nil {
		return nil, err
	}
	id, stored := enc.Encode(nil, raw)
	h.Codec = id
	return stored, nil
}

// index writes the index of the blocks from first on.
func (e *emitter) index(first uint64, rows []format.IndexFrame) []byte {
	blocks := e.out.Blocks[first:]
	b := format.IndexHead{First: first, Blocks: uint64(len(blocks)), Frames: uint64(len(rows))}.AppendTo(nil)
	for _, x := range blocks {
		b = append(b, x.Hash[:]...)
	}
	for i := range rows {
		b = rows[i].AppendTo(b)
	}
	if e.hooks.IndexBytes != nil {
		b = e.hooks.IndexBytes(b)
		SealIndex(b)
	}
	return b
}
