package writer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/scanners"
)

// base is the archive that a snapshot is appended to, as it was before.
type base struct {
	src  diskSource
	a    *reader.Archive
	tree *reader.Tree
	end  int64 // behind its last trailer

	byHash func() error // makes what is below ready, once
	absent []uint64     // numbers of absent blocks, ascending
}

// diskSource reads an archive through the interface that it is written through.
type diskSource struct {
	disk.File
	size int64
}

func (s diskSource) Size() int64  { return s.size }
func (s diskSource) Close() error { return nil } // the writer closes the file

// openBase opens the archive in a file.
func openBase(ctx context.Context, f disk.File, path string, discardTail bool) (*base, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	src := diskSource{f, info.Size()}
	a, err := reader.Open(src, reader.Options{Name: path})
	if err != nil {
		return nil, err
	}
	b := &base{src: src, a: a, end: a.Trailer().Offset + format.TrailerSize}
	b.byHash = sync.OnceValue(b.load)
	if h := a.Header(); h.ReadOnly != 0 {
		err = format.Unsupported("header", 32, "it has features %#x that this program lacks, and without which it may be read but not appended to", h.ReadOnly)
	} else if a.TornTail() > 0 && !discardTail && h.Flags&format.FlagAsCreated != 0 && !leftByParity(src, b.end) {
		err = fmt.Errorf("%d bytes follow its end, from offset %d, that no append has left; cut them off first (truncate -s %d), or give --discard-tail", a.TornTail(), b.end, b.end)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	} else if !discardTail {
		err = a.CheckTail(ctx)
	}
	if err == nil {
		b.tree, err = a.Tree()
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return b, nil
}

func (b *base) close() {
	if b != nil {
		b.a.Close()
	}
}

// blocks is the number of the first block to be appended.
func (b *base) blocks() uint64 {
	if b == nil {
		return 0
	}
	return b.a.Blocks()
}

// params gives what a further snapshot of the archive is made with, so that its
// blocks are those that are there.
func (b *base) params() Params {
	h := b.a.Header()
	p, err := Presets(h.Preset)
	if err != nil {
		p, _ = Presets("default")
	}
	p.Preset, p.Hash = h.Preset, h.Hash
	if c := h.Chunker; c != nil {
		p.Chunks = scanners.Params{Min: int(c.Min), Target: int(c.Target), Max: int(c.Max), RunMin: int(c.RunMin)}
		p.LiteralMax = int(c.LiteralMax)
		switch c.Algorithm {
		case format.ChunkerGear:
			p.Scanner = scanners.None
		case format.ChunkerJoints:
			p.Scanner = scanners.Joints
		default:
			p.Scanner = scanners.Auto
		}
	}
	if l := h.Layout; l != nil {
		p.Long, p.Order = l.Long, l.Order
		// What another program was told to do, this one need not be able to.
		frame := func(n uint32) int { return min(max(int(n), MinFrame), format.MaxFrameRaw) }
		p.DataFrame, p.MetaFrame = frame(l.DataFrame), frame(l.MetaFrame)
		p.Level = min(max(int(l.Level), codec.MinLevel), codec.MaxLevel)
	}
	return p
}

func (b *base) load() (err error) {
	if b.absent, err = b.a.Absent(); err != nil {
		return err
	}
	for _, err := range b.a.Find(format.Hash{}) { // sorts the hashes
		if err != nil {
			return err
		}
	}
	return nil
}

// find gives the number of the block of a kind that has a hash. A block of which
// the index does not tell for sure is stored once more.
func (b *base) find(h *format.Hash, kind format.FrameKind) (num uint64, ok bool) {
	if b == nil || b.byHash() != nil {
		return 0, false
	}
	for num, err := range b.a.Find(*h) {
		if err != nil {
			return 0, false
		}
		if _, gone := slices.BinarySearch(b.absent, num); gone {
			continue
		}
		if row, err := b.a.FrameOf(num); err == nil && row.Kind == kind {
			return num, true
		}
	}
	return 0, false
}

// data finds a data block.
func (b *base) data(h *format.Hash) (num uint64, ok bool) { return b.find(h, format.FrameData) }

// metadata finds a metadata block. Where blocks are absent, an earlier block with
// the same hash may name one of them by its number: then none is taken.
func (b *base) metadata(h *format.Hash) (num uint64, ok bool) {
	if num, ok = b.find(h, format.FrameMetadata); len(b.absentBlocks()) > 0 {
		return 0, false
	}
	return num, ok
}

func (b *base) absentBlocks() []uint64 {
	if b == nil {
		return nil
	}
	return b.absent
}

// block reads a data block.
func (b *base) block(ctx context.Context, num uint64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.a.Block(num)
}

// mergedParts gives the parts of the index that an index of n new blocks takes
// in: those that are not at least twice as large as all that comes after them, so
// that there are never more than about log₂ of the blocks. A part that is damaged
// stays, and those before it.
func (b *base) mergedParts(n uint64) (parts []reader.IndexPart, rest *reader.IndexPart) {
	if b == nil {
		return nil, nil
	}
	all := b.a.IndexParts()
	at := len(all)
	for ; at > 0 && all[at-1].Blocks < 2*n && b.sound(&all[at-1]); at-- {
		n += all[at-1].Blocks
	}
	if at > 0 {
		rest = &all[at-1]
	}
	return all[at:], rest
}

// sound checks the hash of a part of the index.
func (b *base) sound(p *reader.IndexPart) bool {
	h := b.a.HashID().New()
	n, err := io.Copy(struct{ io.Writer }{h}, b.section(p.Offset, p.Trailer.IndexLen))
	return err == nil && n == p.Trailer.IndexLen && h.Sum() == p.Trailer.IndexHash
}

// copy writes bytes of the archive once more.
func (b *base) copy(w io.Writer, off, n int64) error {
	_, err := io.Copy(w, b.section(off, n))
	return err
}

func (b *base) section(off, n int64) io.Reader { return io.NewSectionReader(b.src, off, n) }
