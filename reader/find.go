package reader

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// hashRow is a block in the table that finds blocks by hash: 16 bytes a block
// rather than 40, as the first half of a hash all but tells blocks apart.
type hashRow struct{ prefix, num uint64 }

// Find gives the numbers of the blocks that have a hash, the newest first:
// mostly one or none; an absent block and the one that came later share a hash,
// and so may a data and a metadata block. The first call sorts the hashes of
// all blocks, which takes 16 bytes of memory for each.
func (a *Archive) Find(hash format.Hash) iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		rows, err := a.byHash()
		if err != nil {
			yield(0, a.named(err))
			return
		}
		prefix := binary.BigEndian.Uint64(hash[:])
		i, _ := slices.BinarySearchFunc(rows, prefix, func(r hashRow, p uint64) int { return cmp.Compare(r.prefix, p) })
		for ; i < len(rows) && rows[i].prefix == prefix; i++ {
			h, err := a.hashOf(rows[i].num)
			if (err != nil || h == hash) && !yield(rows[i].num, a.named(err)) {
				return
			}
		}
	}
}

func (a *Archive) sortHashes() ([]hashRow, error) {
	rows := make([]hashRow, 0, a.Blocks()) // the file has 32 bytes for each
	buf := make([]byte, min(scanChunk, a.Blocks()*format.HashSize))
	for i := range a.parts {
		p := &a.parts[i]
		off := p.at + format.IndexHeadSize
		for num := p.First; num < p.end(); {
			n := min(p.end()-num, uint64(len(buf)/format.HashSize))
			b := buf[:n*format.HashSize]
			if err := a.read(b, off, "index"); err != nil {
				return nil, err
			}
			for k := range n {
				rows = append(rows, hashRow{binary.BigEndian.Uint64(b[k*format.HashSize:]), num + k})
			}
			num, off = num+n, off+int64(len(b))
		}
	}
	slices.SortFunc(rows, func(x, y hashRow) int {
		return cmp.Or(cmp.Compare(x.prefix, y.prefix), cmp.Compare(y.num, x.num))
	})
	return rows, nil
}

// BlockLen gives the length of a block as its frame holds it: 0 means that it
// is absent. It reads the head of the frame, each time.
func (a *Archive) BlockLen(num uint64) (uint32, error) {
	row, err := a.frameOf(num)
	if err != nil {
		return 0, a.named(err)
	}
	head, err := a.readHead(row)
	if err != nil {
		return 0, a.named(onBlock(err, num))
	}
	return head.Lengths[num-row.First], nil
}
