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
	row, err := a.frameOf(num)
	if err != nil {
		return nil, err
	}
	if row.Kind != format.FrameData {
		return nil, blockDamage("block", row.Offset, num, "a file refers to it, but it is metadata")
	}
	a.ahead.touch(a, row)
	var hash format.Hash
	if want != nil {
		hash = *want
	} else if hash, err = a.hashOf(num); err != nil {
		return nil, err
	}
	return a.blockOf(row, num, func(b []byte) error {
		if got := a.header.Hash.Sum(b); got != hash {
			return blockDamage("block", row.Offset, num, "its hash is %v, not %v", got, hash)
		}
		return nil
	})
}

// blockOf gives the raw bytes of a block. check, if not nil, is called once
// while the frame stays in the cache: its bytes do not change there.
func (a *Archive) blockOf(row *format.IndexFrame, num uint64, check func(b []byte) error) ([]byte, error) {
	use, err := a.useFrame(row)
	if err == nil && !holds(&use.val.row, num) { // the row was wrong
		a.frames.release(use)
		if row, err = a.followFrames(num); err == nil {
			use, err = a.useFrame(row)
		}
	}
	if err != nil {
		return nil, onBlock(err, num)
	}
	defer a.frames.release(use)
	f, row := use.val, &use.val.row
	if !holds(row, num) {
		return nil, blockDamage("index", row.Offset, num, "two frames begin with block %d", row.First)
	}
	i := uint32(num - row.First)
	if f.head.Lengths[i] == 0 {
		return nil, absent(row, num)
	}
	var b []byte
	var grown bool
	if row.Codec == codec.Stored {
		b, grown, err = a.storedBlock(f, i)
	} else {
		b, grown, err = f.bytes(f.starts[i], f.starts[i+1])
	}
	if grown {
		a.recost(use)
	}
	if err != nil {
		return nil, onBlock(err, num)
	}
	if check != nil && !f.checked(i) {
		if err := check(b); err != nil {
			return nil, err
		}
		f.setChecked(i)
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
