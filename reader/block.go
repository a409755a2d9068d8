package reader

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// Block gives the content of a data block, checked against its hash. The bytes
// are shared and must not be modified. The error names the block and the
// offset of its frame.
func (a *Archive) Block(num uint64) ([]byte, error) {
	b, err := a.dataBlock(num, nil)
	return b, a.named(err)
}

// dataBlock reads a data block and checks it. want, if not nil, is the hash
// that the reference to it carries.
func (a *Archive) dataBlock(num uint64, want *format.Hash) ([]byte, error) {
	h := hold{a: a}
	defer h.release()
	return h.block(num, want)
}

// hold keeps the frame that was last read from in use, in which the next block
// mostly is, too.
type hold struct {
	a   *Archive
	use *cached[uint64, *frame] // or nil
}

func (h *hold) release() {
	if h.use != nil {
		h.a.frames.release(h.use)
		h.use = nil
	}
}

// block is dataBlock.
func (h *hold) block(num uint64, want *format.Hash) ([]byte, error) {
	a := h.a
	if h.use == nil || !h.use.val.has(num) {
		h.release()
		row, err := a.frameOf(num)
		if err != nil {
			return nil, err
		}
		if row.Kind != format.FrameData {
			return nil, blockDamage("block", row.Offset, num, "a file refers to it, but it is metadata")
		}
		a.ahead.touch(a, row)
		if h.use, err = a.useFrameOf(row, num); err != nil {
			return nil, err
		}
	}
	var hash format.Hash
	if want != nil {
		hash = *want
	} else {
		var err error
		if hash, err = a.hashOf(num); err != nil {
			return nil, err
		}
	}
	b, err := a.blockIn(h.use, num)
	if err != nil {
		return nil, err
	}
	// Once while the frame stays in the cache: its bytes do not change there.
	f := h.use.val
	if i := uint32(num - f.row.First); !f.good.has(i) {
		if got := a.header.Hash.Sum(b); got != hash {
			return nil, blockDamage("block", f.row.Offset, num, "its hash is %v, not %v", got, hash)
		}
		f.good.set(i)
	}
	return b, nil
}

// readThrough tells that a reader of files has come to the end of a block.
func (h *hold) readThrough(num uint64) {
	if h.use != nil && holds(&h.use.val.row, num) {
		f := h.use.val
		i := uint32(num - f.row.First)
		f.spent.read(i, int64(f.head.Lengths[i]))
		if f.read != nil {
			f.read.set(i)
		}
	}
}

// rawBlock gives the raw bytes of a block, unchecked.
func (a *Archive) rawBlock(row *format.IndexFrame, num uint64) ([]byte, error) {
	use, err := a.useFrameOf(row, num)
	if err != nil {
		return nil, err
	}
	defer a.frames.release(use)
	return a.blockIn(use, num)
}

// useFrameOf gives the frame that holds a block, pinned.
func (a *Archive) useFrameOf(row *format.IndexFrame, num uint64) (*cached[uint64, *frame], error) {
	use, err := a.useFrame(row, num)
	if err == nil && !holds(&use.val.row, num) { // the row was wrong
		a.frames.release(use)
		if row, err = a.followFrames(num); err == nil {
			use, err = a.useFrame(row, num)
		}
	}
	if err != nil {
		return nil, onBlock(err, num)
	}
	if use, err = a.reload(use, num); err != nil {
		return nil, onBlock(err, num)
	}
	return use, nil
}

// blockIn gives the raw bytes of a block of a pinned frame, unchecked.
func (a *Archive) blockIn(use *cached[uint64, *frame], num uint64) ([]byte, error) {
	f, row := use.val, &use.val.row
	i := uint32(num - row.First)
	if f.head.Lengths[i] == 0 {
		return nil, absent(row, num)
	}
	var b []byte
	var grown bool
	var err error
	switch {
	case f.left != nil:
		b = f.leftBlock(i)
	case row.Codec == codec.Stored:
		b, grown, err = a.storedBlock(f, i)
	default:
		b, grown, err = f.bytes(f.starts[i], f.starts[i+1])
	}
	if grown {
		a.recost(use)
	}
	if err != nil {
		return nil, onBlock(err, num)
	}
	return b, nil
}

func holds(row *format.IndexFrame, num uint64) bool {
	return num >= row.First && num < row.First+uint64(row.Count)
}

// onBlock adds the block concerned to an error that lacks it.
func onBlock(err error, num uint64) error {
	if e, ok := err.(*format.Error); ok && e.Block < 0 {
		c := *e
		c.Block = int64(num)
		return &c
	}
	return err
}
