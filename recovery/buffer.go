package recovery

import (
	"encoding/binary"
	"sync"
)

var le = binary.LittleEndian

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// buffer gives n bytes of any content, and what gives them back.
func buffer(n int) (b []byte, put func()) {
	p := buffers.Get().(*[]byte)
	if cap(*p) < n {
		*p = make([]byte, n)
	}
	return (*p)[:n], func() { buffers.Put(p) }
}
