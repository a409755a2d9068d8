package reader

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Buffers hands large byte slices round, so that reading whole frames does not
// leave garbage of many times their size behind. It is safe for concurrent
// use; nil is a Buffers that keeps nothing.
type Buffers struct {
	mu   sync.Mutex
	idle [][]byte
	size int64 // of what is idle
	max  int64
}

// roundBuffer is what capacities are rounded up to, so that frames of slightly
// different length share buffers.
const roundBuffer = 256 << 10

// NewBuffers returns Buffers that keep at most max bytes for use.
func NewBuffers(max int64) *Buffers { return &Buffers{max: max} }

// get gives a slice of length n with any content.
func (p *Buffers) get(n int) []byte {
	if p != nil {
		if b := p.take(n); b != nil {
			return b[:n]
		}
	}
	return newLarge((n + roundBuffer - 1) / roundBuffer * roundBuffer)[:n]
}

// newLarge makes a slice that is to be filled from its start.
func newLarge(n int) []byte {
	b := make([]byte, n)
	largePages(b)
	return b
}

// largePage is the size of a large page, and what begins and ends one.
const largePage = 2 << 20

// largePages asks for large pages under a new slice. Decoding reads all over
// it: with pages of 4 KiB most of that misses the processor's table of pages, and
// each is a fault on first use.
func largePages(b []byte) {
	if len(b) < 2*largePage {
		return
	}
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	from := (largePage - at%largePage) % largePage
	to := uintptr(len(b)) - (at+uintptr(len(b)))%largePage
	_ = unix.Madvise(b[from:to], unix.MADV_HUGEPAGE) // where it cannot be, it need not
}

// take finds the smallest slice that is large enough, but not one of many
// times what is needed: that is better kept for its own size.
func (p *Buffers) take(n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	best := -1
	for i, b := range p.idle {
		if cap(b) >= n && cap(b)/4 <= n+roundBuffer && (best < 0 || cap(b) < cap(p.idle[best])) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return p.remove(best)
}

func (p *Buffers) remove(i int) []byte {
	b := p.idle[i]
	copy(p.idle[i:], p.idle[i+1:])
	p.idle[len(p.idle)-1] = nil
	p.idle = p.idle[:len(p.idle)-1]
	p.size -= int64(cap(b))
	return b
}

// put takes a slice back that nobody holds on to. The oldest give way: the
// sizes in use now are the ones to come.
func (p *Buffers) put(b []byte) {
	if p == nil || cap(b) == 0 || int64(cap(b)) > p.max {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.size+int64(cap(b)) > p.max {
		p.remove(0)
	}
	p.idle = append(p.idle, b)
	p.size += int64(cap(b))
}
