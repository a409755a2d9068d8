package stream

import "sync"

// buffers hands large byte slices round, so that frames do not leave garbage
// of several times the budget behind. What is kept idle counts as well.
type buffers struct {
	mu   sync.Mutex
	free [][]byte
}

const (
	// idleBuffers bounds how many slices wait for use.
	idleBuffers = 8
	// roundBuffer is what capacities are rounded up to, so that frames of
	// slightly different length share buffers.
	roundBuffer = 64 << 10
)

// get gives a slice of length n.
func (p *buffers) get(n int) []byte {
	p.mu.Lock()
	best := -1
	for i, b := range p.free {
		if cap(b) >= n && (best < 0 || cap(b) < cap(p.free[best])) {
			best = i
		}
	}
	// A buffer of four times what is needed is better kept for its own size.
	if best >= 0 && cap(p.free[best]) <= 4*n+roundBuffer {
		b := p.free[best]
		last := len(p.free) - 1
		p.free[best] = p.free[last]
		p.free[last] = nil
		p.free = p.free[:last]
		p.mu.Unlock()
		return b[:n]
	}
	p.mu.Unlock()
	return make([]byte, n, (n+roundBuffer-1)/roundBuffer*roundBuffer)
}

// put takes a slice back; nobody may hold on to it.
func (p *buffers) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < idleBuffers {
		p.free = append(p.free, b)
		return
	}
	// The oldest gives way: the sizes in use now are the ones to come.
	copy(p.free, p.free[1:])
	p.free[len(p.free)-1] = b
}
