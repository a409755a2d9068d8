package reader

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// Frame is a run of blocks of one data frame, read for whoever needs all of
// them once. It is in no cache.
type Frame struct {
	Row format.IndexFrame

	a      *Archive
	bufs   *Buffers
	first  uint64   // the first block there is
	starts []uint32 // where each block begins in raw, and their end
	raw    []byte
	hashes []byte // of the blocks, as the index has them
	lost   error  // why raw ends before the last of them
}

// FrameCost is the memory that reading a whole frame takes: stored while it is
// decoded, raw until Release.
func FrameCost(row *format.IndexFrame) (stored, raw int64) {
	raw = int64(row.RawLen) + int64(row.Count)*(format.HashSize+4)
	if row.Codec != codec.Stored {
		stored = int64(row.Stored)
	}
	return stored, raw
}

// SoundRow gives the row of the frame that holds a block, as [Archive.FrameOf]
// does, held against the head of the frame. Where they disagree it is made from
// the frames around.
func (a *Archive) SoundRow(num uint64) (format.IndexFrame, error) {
	row, err := a.frameOf(num)
	if err != nil {
		return format.IndexFrame{}, a.named(err)
	}
	if _, err = a.readHead(row); err != nil {
		found, lost := a.followFrames(num)
		if lost != nil {
			return *row, a.named(err)
		}
		row = found
	}
	return *row, nil
}

// ReadFrame reads the data frame of a row, decoded at least from block first
// to the one before end. It goes past the cache, into memory from bufs, which
// may be nil. Damage to the frame as a whole is the error; that to single
// blocks is found by [Frame.Block].
func (a *Archive) ReadFrame(row format.IndexFrame, first, end uint64, bufs *Buffers) (*Frame, error) {
	f, err := a.readFrame(row, first, end, bufs)
	return f, a.named(err)
}

func (a *Archive) readFrame(row format.IndexFrame, first, end uint64, bufs *Buffers) (*Frame, error) {
	if row.Kind != format.FrameData {
		return nil, format.Damaged("frame", row.Offset, "files refer to it, but it is metadata")
	}
	head, err := a.readHead(&row)
	if err != nil {
		return nil, err
	}
	if head.Codec == codec.Stored && head.Stored != head.RawLen {
		return nil, format.Damaged("frame head", row.Offset, "%d raw bytes are stored as %d", head.RawLen, head.Stored)
	}
	f := &Frame{Row: row, a: a, bufs: bufs, first: max(first, row.First), starts: blockStarts(head)}
	end = max(f.first, min(end, row.First+uint64(row.Count)))
	if err := f.fill(f.first-row.First, end-row.First); err != nil {
		f.Release()
		return nil, err
	}
	return f, nil
}

// fill reads and decodes blocks i to j, and all before them where that must
// be.
func (f *Frame) fill(i, j uint64) error {
	a, row := f.a, &f.Row
	p, err := a.partOfBlock(row.First)
	if err != nil {
		return err
	}
	f.hashes = f.bufs.get(int(j-i) * format.HashSize)
	at := p.at + format.IndexHeadSize + int64(row.First+i-p.First)*format.HashSize
	if err := a.read(f.hashes, at, "index"); err != nil {
		return err
	}
	from, to := f.starts[i], f.starts[j]
	if row.Codec == codec.Stored {
		f.raw = f.bufs.get(int(to - from))
		f.starts = f.starts[i : j+1]
		return a.read(f.raw, row.Offset+int64(row.HeadSize)+int64(from), "frame")
	}
	stored := f.bufs.get(int(row.Stored))
	defer f.bufs.put(stored)
	if err := a.readStored(stored, row); err != nil {
		return err
	}
	if f.raw, err = f.decode(stored, int(to)); err != nil {
		if f.lost = codecError(err, row.Offset); len(f.raw) == 0 {
			return f.lost
		}
	}
	f.starts = f.starts[i : j+1]
	return nil
}

// decode gives at least the first n raw bytes. Up to the half it is cheaper
// to stop there. With an error it gives what comes before the damage.
func (f *Frame) decode(stored []byte, n int) ([]byte, error) {
	size := int(f.Row.RawLen)
	if n > size/2 {
		raw, err := codec.Decode(f.bufs.get(size), f.Row.Codec, stored, size)
		if err == nil {
			return raw, nil
		}
	}
	part, err := codec.NewPartial(f.Row.Codec, stored, size)
	if err != nil {
		return nil, err
	}
	defer part.Close()
	return fillPart(part, n)
}

// fillPart decodes the first n raw bytes or, with an error, those before damage.
func fillPart(part *codec.Partial, n int) (raw []byte, err error) {
	for to := 0; to < n && err == nil; to = max(to, len(raw)) {
		to = min(to+scanChunk, n)
		raw, err = part.Fill(to)
	}
	return raw, err
}

// Block gives a block of the frame, checked against its hash. The bytes are
// valid until Release.
func (f *Frame) Block(num uint64) ([]byte, error) {
	b, err := f.block(num)
	return b, f.a.named(err)
}

func (f *Frame) block(num uint64) ([]byte, error) {
	i := num - f.first
	if num < f.first || i >= uint64(len(f.starts)-1) {
		return nil, blockDamage("block", f.Row.Offset, num, "it is not among those read from its frame")
	}
	from, to := f.starts[i]-f.base(), f.starts[i+1]-f.base()
	if from == to {
		return nil, absent(&f.Row, num)
	}
	if f.lost != nil && int(to) > len(f.raw) {
		return nil, onBlock(f.lost, num)
	}
	b := f.raw[from:to:to]
	want := format.Hash(f.hashes[i*format.HashSize:])
	if got := f.a.header.Hash.Sum(b); got != want {
		return nil, blockDamage("block", f.Row.Offset, num, "its hash is %v, not %v", got, want)
	}
	return b, nil
}

// base is where in the frame the bytes begin that were read.
func (f *Frame) base() uint32 {
	if f.Row.Codec == codec.Stored {
		return f.starts[0]
	}
	return 0
}

// absent is the error about a block that the writer left out.
func absent(row *format.IndexFrame, num uint64) error {
	return blockDamage("block", row.Offset, num, "it is absent: its content changed while the archive was made")
}

// Release gives the memory back.
func (f *Frame) Release() {
	f.bufs.put(f.raw)
	f.bufs.put(f.hashes)
	f.raw, f.hashes = nil, nil
}
