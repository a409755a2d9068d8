package reader

import (
	"cmp"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// frameMemory bounds the stored and raw bytes of the frames being checked.
// The largest frame has 129 MiB; decoders and parsed nodes come on top.
const frameMemory = 160 << 20

// frames checks every frame, several at a time.
func (v *verifier) frames(rows []format.IndexFrame) error {
	g, ctx := errgroup.WithContext(v.ctx)
	g.SetLimit(v.opts.Workers)
	memory := semaphore.NewWeighted(frameMemory)
	bufs := NewBuffers(frameMemory / 2)
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
			v.frame(row, bufs)
			v.step(frameEnd(row) - row.Offset)
			return v.ctx.Err()
		})
	}
	err := g.Wait()
	v.rep.Frames = uint64(len(rows))
	slices.SortFunc(v.byRange, func(a, b badRange) int { return cmp.Compare(a.first, b.first) })
	if err == nil {
		err = v.ctx.Err()
	}
	return err
}

// frame checks one frame: its head against the index, its stored bytes
// against their hash and, unless fast, every block.
func (v *verifier) frame(row *format.IndexFrame, bufs *Buffers) {
	head, err := v.a.readHead(row)
	if err != nil {
		v.badFrame(row, err)
		return
	}
	for i, n := range head.Lengths {
		v.state[row.First+uint64(i)] = n | stKnown
	}
	stored := bufs.get(int(row.Stored))
	defer bufs.put(stored)
	if err := v.a.readStored(stored, row); err != nil {
		v.badFrame(row, err)
		return
	}
	whole := v.a.header.Hash.Sum(stored) == head.Hash
	if v.opts.Fast {
		if !whole {
			v.badFrame(row, format.Damaged("frame", row.Offset, "its stored bytes do not have the hash that its head says"))
		}
		return
	}
	raw, err := codec.Decode(bufs.get(int(head.RawLen)), head.Codec, stored, int(head.RawLen))
	if err != nil {
		v.brokenFrame(row, head, stored, codecError(err, row.Offset), bufs)
		return
	}
	defer bufs.put(raw)
	bad := v.blocks(row, head, raw, bufs)
	if !whole && bad == 0 {
		v.note(format.Damaged("frame", row.Offset,
			"its stored bytes do not have the hash that its head says, though every block in it is right"), frameEnd(row)-row.Offset)
	}
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

// blocks checks every block of a decoded frame and gives how many are bad.
func (v *verifier) blocks(row *format.IndexFrame, head *format.FrameHead, raw []byte, bufs *Buffers) (bad int) {
	hashes := bufs.get(int(row.Count) * format.HashSize)
	defer bufs.put(hashes)
	err := v.hashes(row, hashes)
	if err != nil {
		v.badFrame(row, err)
		return len(head.Lengths)
	}
	checked := uint64(0)
	for i, n := range head.Lengths {
		if n == 0 {
			if num := row.First + uint64(i); row.Kind == format.FrameMetadata {
				bad++
				v.state[num] |= stBad
				v.blame(num, blockDamage("block", row.Offset, num, "a metadata block is empty"), 0)
			}
			continue
		}
		if i%64 == 0 && v.ctx.Err() != nil {
			return bad
		}
		b := raw[:n:n]
		raw = raw[n:]
		num := row.First + uint64(i)
		checked++
		if err := v.block(row, num, b, format.Hash(hashes[i*format.HashSize:])); err != nil {
			bad++
			v.state[num] |= stBad
			v.blame(num, err, frameEnd(row)-row.Offset)
		}
	}
	v.progress.Lock()
	v.rep.Blocks += checked
	v.progress.Unlock()
	return bad
}

func (v *verifier) block(row *format.IndexFrame, num uint64, b []byte, want format.Hash) error {
	if row.Kind == format.FrameMetadata {
		_, err := v.a.parseNode(b, num, "block")
		return atFrame(err, row.Offset)
	}
	if got := v.a.header.Hash.Sum(b); got != want {
		return blockDamage("block", row.Offset, num, "its hash is %v, not %v", got, want)
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
