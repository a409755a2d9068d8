package recovery

import "github.com/vtdarchive/vtd/format"

// findOriginals finds the directories that snapshot records name as those of
// what their trees were made from: by hash, among those of one file.
func (r *recovery) findOriginals(leaves []uint64) {
	wanted := map[format.Hash]bool{}
	for _, num := range r.records {
		if n, err := r.node(num); err == nil && n.snapshot.Original != (format.Hash{}) {
			wanted[n.snapshot.Original] = true
		}
	}
	if len(wanted) == 0 {
		return
	}
	for _, num := range leaves {
		h, ok := r.metaHash(num)
		if !ok || !wanted[h] {
			continue
		}
		r.originals[h] = num
		if f, i := r.s.find(num); f != nil {
			f.flags[i] |= flagNamed
		}
	}
}

// isOriginal tells whether a node could be that of a directory of an original.
func isOriginal(n *node) bool {
	return n.leaf != nil && len(n.leaf.Entries) == 1 && n.leaf.Entries[0].Kind == format.KindFile
}

// keepOriginal decides whether a version keeps what its tree was made from: all
// of it or nothing.
func (r *recovery) keepOriginal(v *version, i int) {
	hash := v.record.Original
	if hash == (format.Hash{}) {
		return
	}
	num, ok := r.originals[hash]
	if ok && r.dir(num).whole {
		v.original = num
		return
	}
	l := Loss{Snapshot: i, What: LossOriginal, Reason: "not all of what the tree was made from is left"}
	if n, err := r.node(num); ok && err == nil && isOriginal(n) {
		l.Path, l.Size = n.leaf.Entries[0].Name, n.leaf.Entries[0].Size
	}
	r.rep.lose(l)
	v.record.Original = format.Hash{}
}
