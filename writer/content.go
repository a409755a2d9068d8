package writer

import (
	"context"
	"errors"
	"io"
	"sort"
	"sync"
)

// contentReader reads a content by its pieces, for several at once.
type contentReader struct {
	s      *blockSource
	ctx    context.Context
	pieces []piece
	ends   []int64

	mu   sync.Mutex // of what is below: the block that was read last
	r    *blockReader
	buf  []byte
	have uint32
	any  bool
}

func (s *blockSource) content(ctx context.Context, pieces []piece) *contentReader {
	c := &contentReader{s: s, ctx: ctx, pieces: pieces, ends: make([]int64, len(pieces)), r: s.reader()}
	at := int64(0)
	for i, p := range pieces {
		at += int64(p.span)
		c.ends[i] = at
	}
	return c
}

func (c *contentReader) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.r.close()
}

// ReadAt implements io.ReaderAt.
func (c *contentReader) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	i := sort.Search(len(c.ends), func(i int) bool { return c.ends[i] > off })
	for ; n < len(b) && i < len(c.pieces); i++ {
		p := c.pieces[i]
		from := off + int64(n) - (c.ends[i] - int64(p.span))
		out := b[n:min(len(b), n+int(c.ends[i]-off-int64(n)))]
		if err := c.piece(out, p, int(from)); err != nil {
			return n, err
		}
		n += len(out)
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// piece reads a part of a piece.
func (c *contentReader) piece(out []byte, p piece, from int) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if p.kind == pieceRun {
		for i := range out {
			out[i] = p.octet
		}
		return nil
	}
	x := c.s.table.at(p.id)
	if x.kept != notKept {
		copy(out, c.s.table.arena.bytes(x.kept, int(x.length))[from:])
		return nil
	}
	if off, ok := c.s.spool.find(p.id); ok {
		return c.s.spool.readAt(out, off+int64(from))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.any || c.have != p.id {
		b, ok, err := c.r.append(c.ctx, c.buf[:0], p.id)
		if err != nil {
			return err
		}
		if c.buf, c.any = b, ok; !ok {
			return errLost
		}
		c.have = p.id
	}
	copy(out, c.buf[from:])
	return nil
}
