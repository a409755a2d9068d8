package reader

import "sync/atomic"

// bitset has a bit for each block of a frame. It is safe for concurrent use.
type bitset []uint64

func newBits(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) has(i uint32) bool { return atomic.LoadUint64(&b[i/64])&(1<<(i%64)) != 0 }

// set reports whether the bit was not set.
func (b bitset) set(i uint32) bool {
	return atomic.OrUint64(&b[i/64], 1<<(i%64))&(1<<(i%64)) == 0
}

func (b bitset) clear() {
	for w := range b {
		atomic.StoreUint64(&b[w], 0)
	}
}
