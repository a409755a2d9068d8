package stream

import (
	"sync"

	"github.com/vtdarchive/vtd/format"
)

// hashPage is how many hashes lie together. Numbers can jump where frames are
// lost, or where a head lies: pages keep that from costing memory.
const hashPage = 1024

// hashes holds the hash of each block by number; the zero hash is none.
type hashes struct {
	mu    sync.RWMutex
	pages map[uint64]*[hashPage]format.Hash
}

func (h *hashes) get(num uint64) (format.Hash, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	p := h.pages[num/hashPage]
	if p == nil {
		return format.Hash{}, false
	}
	v := p[num%hashPage]
	return v, !v.IsZero()
}

func (h *hashes) set(num uint64, v format.Hash) {
	h.setAll(num, []format.Hash{v})
}

// setAll sets the hashes of consecutive blocks; zero ones are left alone.
func (h *hashes) setAll(first uint64, vs []format.Hash) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages == nil {
		h.pages = make(map[uint64]*[hashPage]format.Hash)
	}
	for i, v := range vs {
		if v.IsZero() {
			continue
		}
		num := first + uint64(i)
		p := h.pages[num/hashPage]
		if p == nil {
			p = new([hashPage]format.Hash)
			h.pages[num/hashPage] = p
		}
		p[num%hashPage] = v
	}
}
