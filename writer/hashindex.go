package writer

import "github.com/vtdarchive/vtd/format"

// hashIndex finds ids by hash: open addressing, at most half full, 8 to 16
// bytes an id. Hashes are uniform already, so their first bytes choose the
// slot; the rest is compared where the hashes are kept, which hashOf knows.
type hashIndex struct {
	slots  []uint32 // id+1; 0: free
	n      int
	hashOf func(id uint32) *format.Hash
}

func newHashIndex(hashOf func(id uint32) *format.Hash) hashIndex {
	return hashIndex{slots: make([]uint32, 1<<10), hashOf: hashOf}
}

// slot gives the place of a hash, or the free one where it belongs.
func (x *hashIndex) slot(h *format.Hash) int {
	mask := len(x.slots) - 1
	i := int(uint32(h[0])|uint32(h[1])<<8|uint32(h[2])<<16|uint32(h[3])<<24) & mask
	for x.slots[i] != 0 && *x.hashOf(x.slots[i] - 1) != *h {
		i = (i + 1) & mask
	}
	return i
}

func (x *hashIndex) find(h *format.Hash) (id uint32, ok bool) {
	v := x.slots[x.slot(h)]
	return v - 1, v != 0
}

// put enters an id, in the place of one with the same hash if there is one.
func (x *hashIndex) put(h *format.Hash, id uint32) {
	i := x.slot(h)
	if x.slots[i] == 0 {
		x.n++
	}
	x.slots[i] = id + 1
	if 2*x.n <= len(x.slots) {
		return
	}
	old := x.slots
	x.slots = make([]uint32, 2*len(old))
	for _, v := range old {
		if v != 0 {
			x.slots[x.slot(x.hashOf(v-1))] = v
		}
	}
}
