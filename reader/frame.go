package reader

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// frame is a decoded, or partly decoded, frame in the cache. Raw bytes are
// never changed once they are there: slices of them are handed out and outlive
// the frame's place in the cache.
type frame struct {
	row    format.IndexFrame
	head   *format.FrameHead
	starts []uint32 // where each block begins in the raw bytes, and their end
	good   bitset   // blocks whose hash has been checked
	spent  *spent

	raw     atomic.Pointer[[]byte] // as far as decoded
	left    []uint32               // not nil: where in raw those blocks are that it still has, see lighter
	read    bitset                 // of an excerpt, not nil: blocks that a reader has come to the end of
	leftOut int64                  // bytes that were spent then, and are not there, see only

	mu     sync.Mutex
	part   *codec.Partial    // decodes further; nil when done, closed or stored
	blocks map[uint32][]byte // of a stored frame: the blocks read so far
	held   int64             // bytes of blocks
}

// frameOverhead is what a frame costs besides bytes and block offsets.
const frameOverhead = 1 << 10

// useFrame gives the frame of a row, pinned, for a block.
func (a *Archive) useFrame(row *format.IndexFrame, num uint64) (*cached[uint64, *frame], error) {
	return a.frames.get(row.First, func() (*frame, int64, error) {
		f, err := a.loadFrame(row, num)
		if err != nil {
			return nil, 0, err
		}
		return f, f.cost(), nil
	})
}

// readHead reads a frame's head and holds it against its row of the index.
func (a *Archive) readHead(row *format.IndexFrame) (*format.FrameHead, error) {
	if !a.fits(row.Offset, int64(row.HeadSize)+int64(row.Stored)) {
		return nil, format.Damaged("frame head", row.Offset, "the file ends inside the frame")
	}
	b := make([]byte, row.HeadSize)
	if err := a.read(b, row.Offset, "frame head"); err != nil {
		return nil, err
	}
	head, err := format.ParseFrameHead(b, row.Offset)
	if err != nil {
		return nil, err
	}
	if got := head.Row(row.Offset); got != *row {
		return nil, format.Damaged("frame head", row.Offset, "it says %s; the index says %s", describeRow(&got), describeRow(row))
	}
	return head, nil
}

func describeRow(r *format.IndexFrame) string {
	return fmt.Sprintf("%d blocks from %d, kind %d, codec %v, head %d, stored %d, raw %d",
		r.Count, r.First, r.Kind, r.Codec, r.HeadSize, r.Stored, r.RawLen)
}

// readStored fills b with a frame's stored bytes. readHead has seen that they
// lie inside the file.
func (a *Archive) readStored(b []byte, row *format.IndexFrame) error {
	return a.read(b, row.Offset+int64(row.HeadSize), "frame")
}

// loadFrame reads a frame, for a block. Where much of it is spent, only the rest is
// there.
func (a *Archive) loadFrame(row *format.IndexFrame, num uint64) (*frame, error) {
	head, err := a.readHead(row)
	if err != nil {
		// The row may be wrong where the frame is right.
		found, lost := a.followFrames(row.First)
		if lost != nil || found.First != row.First || *found == *row {
			return nil, err
		}
		row = found
		if head, err = a.readHead(row); err != nil {
			return nil, err
		}
	}
	f := &frame{row: *row, head: head, starts: blockStarts(head), good: newBits(len(head.Lengths)), spent: a.spents.get(head, row.First, num)}
	if head.Codec == codec.Stored {
		if head.Stored != head.RawLen {
			return nil, format.Damaged("frame head", row.Offset, "%d raw bytes are stored as %d", head.RawLen, head.Stored)
		}
		f.blocks = make(map[uint32][]byte)
		return f, nil
	}
	stored := make([]byte, row.Stored)
	if err := a.readStored(stored, row); err != nil {
		return nil, err
	}
	if l := a.loadExcerpt(f, stored, num); l != nil {
		return l, nil
	}
	if l := a.loadLighter(f, stored); l != nil {
		return l, nil
	}
	if f.part, err = codec.NewPartial(head.Codec, stored, int(head.RawLen)); err != nil {
		return nil, codecError(err, row.Offset)
	}
	f.part.Make = newLarge
	return f, nil
}

func blockStarts(head *format.FrameHead) []uint32 {
	starts := make([]uint32, len(head.Lengths)+1)
	for i, n := range head.Lengths {
		starts[i+1] = starts[i] + n
	}
	return starts
}

// codecError turns an error of package codec into one of the classes.
func codecError(err error, off int64) error {
	if errors.Is(err, codec.ErrUnknown) {
		return format.Unsupported("frame", off, "%v", err)
	}
	return format.Damaged("frame", off, "%v", err)
}

// cost is how many bytes the frame holds, with what a decoder that is not
// finished does.
func (f *frame) cost() int64 {
	n := int64(frameOverhead + 8*len(f.starts) + 8*len(f.good) + 4*len(f.left))
	if raw := f.raw.Load(); raw != nil {
		n += int64(cap(*raw))
	}
	if f.part != nil {
		n += int64(f.part.Holds())
	}
	return n + f.held
}

// close ends decoding. It is called when the frame has left the cache and
// nobody uses it any more.
func (f *frame) close() {
	if f.part != nil {
		f.part.Close()
		f.part = nil
	}
}

// Decoding goes on in steps of fillStep, and to the end when little is left:
// then the decoder can go.
const (
	fillStep = 64 << 10
	fillRest = 8 // as a part of the frame
)

// fillTo is how far to decode for the bytes up to an offset.
func (f *frame) fillTo(to uint32) int {
	raw := int(f.row.RawLen)
	n := min((int(to)+fillStep-1)/fillStep*fillStep, raw)
	if raw-n < raw/fillRest {
		n = raw
	}
	return n
}

// bytes gives the raw bytes from one offset to another, decoding as far as
// they need, or a little further. grown tells that the frame holds more, or
// fewer, bytes than before. Damage further on does not matter.
func (f *frame) bytes(from, to uint32) (b []byte, grown bool, err error) {
	if raw := f.raw.Load(); raw != nil && int(to) <= len(*raw) {
		return (*raw)[from:to:to], false, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if raw := f.raw.Load(); raw != nil && int(to) <= len(*raw) {
		return (*raw)[from:to:to], false, nil
	}
	if f.part == nil {
		return nil, false, fs.ErrClosed
	}
	raw, err := f.part.Fill(f.fillTo(to))
	f.raw.Store(&raw)
	if err != nil && int(to) > len(raw) {
		return nil, true, codecError(err, f.row.Offset)
	}
	if len(raw) == int(f.row.RawLen) {
		f.part.Close()
		f.part = nil
	}
	return raw[from:to:to], true, nil
}

// storedBlock reads block i of a frame that is stored as it is: the blocks
// around it are left alone. The decoder's work is to check lengths here.
func (a *Archive) storedBlock(f *frame, i uint32) (b []byte, grown bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b, ok := f.blocks[i]; ok {
		return b, false, nil
	}
	b = make([]byte, f.head.Lengths[i])
	if err := a.read(b, f.row.Offset+int64(f.row.HeadSize)+int64(f.starts[i]), "frame"); err != nil {
		return nil, false, err
	}
	f.blocks[i] = b
	f.held += int64(len(b))
	return b, true, nil
}
