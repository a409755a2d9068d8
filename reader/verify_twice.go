package reader

import (
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// kindHash is what tells blocks apart: no two that are there share it.
type kindHash struct {
	kind format.FrameKind
	hash format.Hash
}

// twice finds blocks that are stored twice. It takes 16 bytes a block, of which
// the index has 32. Where a block is absent, or may be, the metadata that names
// it comes again by right, with the number of what stands in for it.
func (v *verifier) twice() {
	metadata := !slices.ContainsFunc(v.state, func(s uint32) bool { return s&stLength == 0 })
	rows, err := v.found()
	if err != nil {
		return // the check of the index says so
	}
	for len(rows) > 0 && v.ctx.Err() == nil {
		n := 1
		for n < len(rows) && rows[n].prefix == rows[0].prefix {
			n++
		}
		if n > 1 {
			v.sameHash(rows[:n], metadata)
		}
		rows = rows[n:]
	}
}

// sameHash looks at blocks whose hashes begin alike, at metadata only if asked
// to.
func (v *verifier) sameHash(rows []hashRow, metadata bool) {
	seen := make(map[kindHash]uint64)
	for i := len(rows) - 1; i >= 0 && v.ctx.Err() == nil; i-- { // in the order of numbers
		num := rows[i].num
		if s := v.state[num]; s&stKnown == 0 || s&stBad != 0 || v.absent(num) {
			continue
		}
		row, err := v.a.searchRow(num)
		if err != nil {
			continue
		}
		hash, err := v.a.hashOf(num)
		if err != nil || row.Kind == format.FrameMetadata && (!metadata || v.ownOfVersion(num)) {
			continue
		}
		key := kindHash{row.Kind, hash}
		if first, ok := seen[key]; ok {
			v.note(blockDamage("index", row.Offset, num, "it has the hash of block %d, %v, which is there, too: a block is stored once", first, hash), 0)
			continue
		}
		seen[key] = num
	}
}

// ownOfVersion tells whether a block is a top block or a snapshot record,
// which every tree version has anew.
func (v *verifier) ownOfVersion(num uint64) bool {
	n, err := v.a.metaNode(num, "metadata")
	return err == nil && (n.top != nil || n.snapshot != nil)
}
