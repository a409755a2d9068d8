package crosscheck

import (
	"context"
	"sync/atomic"

	"github.com/vtdarchive/vtd/reader"
)

// What the steps of reading may read of an archive, in all: so many times its
// size, and some. Opening looks for the last trailer that is valid; verification
// reads frames, indexes, and the frames of metadata again where its cache does
// not hold them.
const (
	openFactor   = 2
	verifyFactor = 16
	workFree     = 1 << 20
)

// counted is a source that counts what is read.
type counted struct {
	reader.Source
	n atomic.Int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Source.ReadAt(p, off)
	c.n.Add(int64(n))
	return n, err
}

// work holds what opening and verifying read against the size of the archive.
func work(r Reporter, b []byte) {
	src := &counted{Source: reader.Bytes(b)}
	size := src.Size()
	a, err := reader.Open(src, readerOptions)
	if n := src.n.Load(); n > openFactor*size+workFree {
		r.Fault(Bounded, "opening reads %d bytes of %d", n, size)
	}
	if err != nil {
		return
	}
	defer a.Close()
	src.n.Store(0)
	if _, err := a.Verify(context.Background(), reader.VerifyOptions{NoContents: true, Workers: 2}); err != nil {
		r.Fault(Verify, "it fails: %v", err)
	}
	if n := src.n.Load(); n > verifyFactor*size+workFree {
		r.Fault(Bounded, "verification reads %d bytes of %d", n, size)
	}
}
