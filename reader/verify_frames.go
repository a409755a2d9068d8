package reader

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// frameMemory bounds the stored and raw bytes of the frames being checked.
// The largest frame has 129 MiB; decoders and parsed nodes come on top.
const frameMemory = 160 << 20

// frames checks every frame, several at a time: first those of metadata, which
// tell what is in those of data.
func (v *verifier) frames(rows []format.IndexFrame) error {
	bufs := NewBuffers(frameMemory / 2)
	var data []format.IndexFrame
	meta := make([]format.IndexFrame, 0, len(rows))
	for _, row := range rows {
		if row.Kind == format.FrameMetadata {
			meta = append(meta, row)
		} else {
			data = append(data, row)
		}
	}
	err := v.eachFrame(meta, func(_ int, row *format.IndexFrame) { v.frame(row, bufs) })
	if err == nil {
		err = v.dataFrames(data, bufs)
	}
	v.rep.Frames = uint64(len(rows))
	slices.SortFunc(v.byRange, func(a, b badRange) int { return cmp.Compare(a.first, b.first) })
	return err
}

// dataFrames checks frames of data while, on other processors, the trees are
// checked that name what is in them.
func (v *verifier) dataFrames(rows []format.IndexFrame, bufs *Buffers) error {
	var g sync.WaitGroup
	defer g.Wait()
	if v.pass != nil {
		g.Go(func() { v.pass.makePlan(rows) })
	}
	if v.early != nil {
		g.Go(v.early.run)
		g.Go(func() { _, _ = v.found() })
	}
	return v.eachFrame(rows, func(i int, row *format.IndexFrame) {
		head, raw := v.frame(row, bufs)
		if v.pass != nil {
			v.pass.passed(i, head, raw)
		}
		bufs.put(raw)
	})
}

// eachFrame calls check for frames, several at a time, beginning in order.
func (v *verifier) eachFrame(rows []format.IndexFrame, check func(i int, row *format.IndexFrame)) error {
	g, ctx := errgroup.WithContext(v.ctx)
	g.SetLimit(v.opts.Workers)
	memory := semaphore.NewWeighted(frameMemory)
	for i := range rows {
		row := &rows[i]
		n := int64(row.Stored) + int64(row.HeadSize)
		if !v.opts.Fast {
			n += int64(row.RawLen)
		}
		if memory.Acquire(ctx, n) != nil {
			break
		}
		g.Go(func() error {
			defer memory.Release(n)
			check(i, row)
			v.step(frameEnd(row) - row.Offset)
			return v.ctx.Err()
		})
	}
	return cmp.Or(g.Wait(), v.ctx.Err())
}

// frame checks one frame: its head against the index, its stored bytes
// against their hash and, unless fast, every block. It gives the blocks of a frame
// of data, in memory from bufs, unless it has damage as a whole.
func (v *verifier) frame(row *format.IndexFrame, bufs *Buffers) (head *format.FrameHead, raw []byte) {
	head, err := v.a.readHead(row)
	if err != nil {
		v.badFrame(row, err)
		return nil, nil
	}
	for i, n := range head.Lengths {
		v.state[row.First+uint64(i)] = n | stKnown
	}
	stored := bufs.get(int(row.Stored))
	defer bufs.put(stored)
	if err := v.a.readStored(stored, row); err != nil {
		v.badFrame(row, err)
		return nil, nil
	}
	whole := v.a.header.Hash.Sum(stored) == head.Hash
	if v.opts.Fast {
		if !whole {
			v.badFrame(row, format.Damaged("frame", row.Offset, "its stored bytes do not have the hash that its head says"))
		}
		return nil, nil
	}
	raw, err = codec.Decode(bufs.get(int(head.RawLen)), head.Codec, stored, int(head.RawLen))
	if err != nil {
		v.brokenFrame(row, head, stored, codecError(err, row.Offset), bufs)
		return nil, nil
	}
	bad := v.blocks(row, head, raw, bufs)
	if !whole && bad == 0 {
		v.note(format.Damaged("frame", row.Offset,
			"its stored bytes do not have the hash that its head says, though every block in it is right"), frameEnd(row)-row.Offset)
	}
	return head, raw
}

// badFrame notes that no block of a frame can be read.
func (v *verifier) badFrame(row *format.IndexFrame, err error) { v.badFrom(row, row.First, err) }

// badFrom notes that no block of a frame can be read, from one on.
func (v *verifier) badFrom(row *format.IndexFrame, from uint64, err error) {
	n := v.note(err, frameEnd(row)-row.Offset)
	for num := from; num < row.First+uint64(row.Count); num++ {
		v.state[num] |= stBad
	}
	v.mu.Lock()
	v.byRange = append(v.byRange, badRange{from, row.First + uint64(row.Count), n})
	v.mu.Unlock()
}

// brokenFrame notes that a frame cannot be decoded, and finds out which blocks
// before the damage can.
func (v *verifier) brokenFrame(row *format.IndexFrame, head *format.FrameHead, stored []byte, cause error, bufs *Buffers) {
	from := row.First
	defer func() { v.badFrom(row, from, cause) }()
	hashes := bufs.get(int(row.Count) * format.HashSize)
	defer bufs.put(hashes)
	part, err := codec.NewPartial(head.Codec, stored, int(head.RawLen))
	if err != nil || v.hashes(row, hashes) != nil {
		return
	}
	defer part.Close()
	raw, _ := fillPart(part, int(head.RawLen))
	at := 0
	for i, n := range head.Lengths {
		end := at + int(n)
		if end > len(raw) {
			return
		}
		num := row.First + uint64(i)
		if n > 0 && v.block(row, num, raw[at:end:end], format.Hash(hashes[i*format.HashSize:])) != nil {
			return
		}
		at, from = end, num+1
	}
}

// blockChunk is how many blocks of metadata are checked on one processor at a
// time: a frame of it mostly is the only one.
const blockChunk = 256

// blocks checks every block of a decoded frame and gives how many are bad.
func (v *verifier) blocks(row *format.IndexFrame, head *format.FrameHead, raw []byte, bufs *Buffers) (bad int) {
	hashes := bufs.get(int(row.Count) * format.HashSize)
	defer bufs.put(hashes)
	err := v.hashes(row, hashes)
	if err != nil {
		v.badFrame(row, err)
		return len(head.Lengths)
	}
	chunk := len(head.Lengths)
	if row.Kind == format.FrameMetadata {
		chunk = blockChunk
	}
	var g errgroup.Group
	g.SetLimit(v.opts.Workers)
	var sum, checked atomic.Int64
	for i := 0; i < len(head.Lengths); i += chunk {
		lengths := head.Lengths[i:min(i+chunk, len(head.Lengths))]
		part, want := raw, hashes[i*format.HashSize:]
		for _, n := range lengths {
			raw = raw[n:]
		}
		g.Go(func() error {
			good, bad := v.someBlocks(row, row.First+uint64(i), lengths, part, want)
			sum.Add(int64(bad))
			checked.Add(int64(good + bad))
			return nil
		})
	}
	_ = g.Wait()
	v.progress.Lock()
	v.rep.Blocks += uint64(checked.Load())
	v.progress.Unlock()
	return int(sum.Load())
}

// someBlocks checks consecutive blocks, absent ones apart. An empty block of metadata
// is bad.
func (v *verifier) someBlocks(row *format.IndexFrame, num uint64, lengths []uint32, raw, hashes []byte) (good, bad int) {
	for i, n := range lengths {
		num := num + uint64(i)
		if n == 0 {
			if row.Kind == format.FrameMetadata {
				bad++
				v.state[num] |= stBad
				v.blame(num, blockDamage("block", row.Offset, num, "a metadata block is empty"), 0)
			}
			continue
		}
		if i%64 == 0 && v.ctx.Err() != nil {
			break
		}
		b := raw[:n:n]
		raw = raw[n:]
		if err := v.block(row, num, b, format.Hash(hashes[i*format.HashSize:])); err != nil {
			bad++
			v.state[num] |= stBad
			v.blame(num, err, frameEnd(row)-row.Offset)
			continue
		}
		good++
	}
	return good, bad
}

func (v *verifier) block(row *format.IndexFrame, num uint64, b []byte, want format.Hash) error {
	if row.Kind == format.FrameMetadata {
		return atFrame(v.metaBlock(b, num), row.Offset)
	}
	if got := v.a.header.Hash.Sum(b); got != want {
		return blockDamage("block", row.Offset, num, "its hash is %v, not %v", got, want)
	}
	return nil
}

// metaBlock checks a block of metadata. What has been parsed goes into the
// cache: the trees are checked next.
func (v *verifier) metaBlock(b []byte, num uint64) error {
	b = bytes.Clone(b) // what is parsed holds on to it
	n, err := v.a.parseNode(b, num, "block")
	if err != nil {
		return err
	}
	if v.pass != nil && n.leaf != nil {
		v.pass.collect(n.leaf)
	}
	if use, err := v.a.nodes.get(num, func() (*node, int64, error) { return n, n.cost(len(b)), nil }); err == nil {
		v.a.nodes.release(use)
	}
	return nil
}

// hashes reads the hashes of a frame's blocks from the index.
func (v *verifier) hashes(row *format.IndexFrame, b []byte) error {
	p, err := v.a.partOfBlock(row.First)
	if err != nil {
		return err
	}
	return v.a.read(b, p.at+format.IndexHeadSize+int64(row.First-p.First)*format.HashSize, "index")
}
