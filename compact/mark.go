package compact

import (
	"math"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/scanners"
)

// version is a state that remains.
type version struct {
	history.State
	after []int    // which of those before it are its parents
	meta  []uint64 // blocks that it is the first to name, in the order of their numbers

	first  uint64 // number of its top block
	hash   format.Hash
	record []byte
	top    []byte
	topSum format.Hash

	content format.Hash // content id, under another hash function

	original *format.Entry // the directory of the file that it was made from; or nil
}

// block is a data block in use.
type block struct {
	old    uint64
	num    uint64 // under which it is written
	at     int64  // in the spool
	frame  uint32 // that it was in
	length uint32
	seen   bool
	hasSk  bool
	sketch scanners.Sketch
}

// frame is a frame of data of the archive as it was.
type frame struct {
	row     format.IndexFrame
	live    uint32 // blocks in use
	liveLen uint64 // their bytes
	there   uint32 // blocks that are not absent
	copied  bool
	taken   bool     // it has its place in the new order
	first   uint64   // number of its first block in the new archive
	absent  []uint32 // which of its blocks are
}

// isData tells whether a number is that of a data block in use. It holds as long
// as metadata blocks are only marked.
func (j *job) isData(num uint64) bool {
	k := j.nums[num] - 1
	return k < uint64(len(j.live)) && j.live[k].old == num
}

// mark finds what a state needs that no earlier one does.
func (j *job) mark(v *version) error {
	dir, _, err := v.Original()
	if err != nil {
		return err
	}
	stack := []uint64{v.Root().Ref.Num}
	if dir != nil {
		v.original = dir
		stack = []uint64{dir.Ref.Num, stack[0]} // the tree comes first
	}
	if root := v.Root().Ref.Num; root >= j.a.Blocks() {
		return damagedBlock(v.SnapshotBlock(), "it refers to block %d, of %d", root, j.a.Blocks())
	}
	for len(stack) > 0 {
		num := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if j.isData(num) {
			return damagedBlock(num, "it is named as metadata and as file content")
		}
		if j.nums[num] != 0 {
			continue
		}
		if j.same != nil {
			h, err := j.a.Hash(num)
			if err != nil {
				return err
			}
			if first, ok := j.same[h]; ok {
				j.alias[num] = first
				continue
			}
			j.same[h] = num
		}
		n, err := j.a.Node(num)
		if err != nil {
			return err
		}
		if n.Snapshot != nil {
			return damagedBlock(num, "a tree refers to it, but it is a snapshot record")
		}
		j.nums[num] = 1 // its number follows
		v.meta = append(v.meta, num)
		list := n.Refs()
		for _, x := range slices.Backward(list) {
			if x.Num >= j.a.Blocks() {
				return damagedBlock(num, "it refers to block %d, of %d", x.Num, j.a.Blocks())
			}
			if x.Kind != format.RefBlock {
				stack = append(stack, x.Num)
			}
		}
		for _, x := range list {
			if x.Kind != format.RefBlock {
				continue
			}
			switch {
			case j.nums[x.Num] == 0:
				if uint64(len(j.live)) == math.MaxUint32 {
					return errTooMany
				}
				j.live = append(j.live, block{old: x.Num})
				j.nums[x.Num] = uint64(len(j.live))
			case !j.isData(x.Num):
				return damagedBlock(x.Num, "it is named as metadata and as file content")
			}
		}
		if err := j.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// plan decides which frames are copied.
func (j *job) plan() error {
	for row, err := range j.a.Frames() {
		if err != nil {
			return err
		}
		if row.Kind != format.FrameData {
			j.oldMeta += int64(row.Stored)
			j.oldMetaBlocks += int64(row.Count)
			continue
		}
		f := frame{row: row}
		for i := range uint64(row.Count) {
			if j.nums[row.First+i] != 0 {
				f.live++
			}
		}
		j.rep.Freed += int64(row.Count - f.live)
		if f.live == 0 {
			j.rep.Removed++
			continue
		}
		head, err := j.head(&row)
		if err != nil {
			return err
		}
		for i, n := range head.Lengths {
			k := j.nums[row.First+uint64(i)]
			switch {
			case n == 0 && k != 0:
				return damagedBlock(row.First+uint64(i), "a file needs it, but it is absent")
			case n == 0:
				f.absent = append(f.absent, uint32(i))
			case k != 0:
				b := &j.live[k-1]
				b.frame, b.length = uint32(len(j.frames)), n
				f.liveLen += uint64(n)
			}
		}
		f.there = row.Count - uint32(len(f.absent))
		f.copied = !j.fresh && float64(f.liveLen) >= j.o.MinLive*float64(row.RawLen)
		if f.copied {
			j.rep.Copied++
			j.rep.Dead += int64(f.there - f.live)
			j.rep.Freed -= int64(f.there - f.live)
			j.copyBytes += int64(row.Stored)
		} else {
			j.rep.Removed++
			j.packBytes += int64(f.liveLen)
		}
		j.frames = append(j.frames, f)
	}
	j.rep.Live = int64(len(j.live))
	for i := range j.live {
		if b := &j.live[i]; b.length == 0 {
			return damagedBlock(b.old, "a file refers to it, but it is metadata")
		}
	}
	return nil
}
