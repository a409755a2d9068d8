package format

import (
	"fmt"
	"io"
)

// IndexWriter writes an index, front to back, and makes the trailer behind it:
// the hashes of all blocks it covers, in the order of their numbers, then the
// rows of all frames. What fails is told by Finish.
type IndexWriter struct {
	w    io.Writer
	sum  Hasher
	buf  []byte
	want uint64 // length of the index
	n    uint64 // of what went to w
	err  error
}

// indexBuffer is how much is gathered for one write.
const indexBuffer = 1 << 20

// NewIndexWriter begins an index.
func NewIndexWriter(w io.Writer, id HashID, x IndexHead) *IndexWriter {
	size := x.Size()
	return &IndexWriter{w: w, sum: id.New(), want: size, buf: x.AppendTo(make([]byte, 0, min(size, indexBuffer+HashSize+IndexFrameSize)))}
}

// Hash adds the hash of the next block.
func (x *IndexWriter) Hash(h Hash) {
	x.buf = append(x.buf, h[:]...)
	x.flush(indexBuffer)
}

// Frame adds the row of the next frame.
func (x *IndexWriter) Frame(row IndexFrame) {
	x.buf = row.AppendTo(x.buf)
	x.flush(indexBuffer)
}

// Write adds hashes or rows as another index has them.
func (x *IndexWriter) Write(p []byte) (int, error) {
	x.flush(0)
	x.put(p)
	if x.err != nil {
		return 0, x.err
	}
	return len(p), nil
}

func (x *IndexWriter) flush(least int) {
	if len(x.buf) >= max(least, 1) {
		x.put(x.buf)
		x.buf = x.buf[:0]
	}
}

func (x *IndexWriter) put(p []byte) {
	if x.err != nil {
		return
	}
	x.sum.Write(p)
	_, x.err = x.w.Write(p)
	x.n += uint64(len(p))
}

// Finish writes what is left, and fills in of the trailer, which has the offset
// of the index, what follows from that. The trailer is not written: what comes
// before it may have to be safe first.
func (x *IndexWriter) Finish(t *Trailer) error {
	x.flush(0)
	if x.err == nil && x.n != x.want {
		x.err = fmt.Errorf("an index of %d bytes became one of %d", x.want, x.n)
	}
	t.IndexLen, t.IndexHash = int64(x.n), x.sum.Sum()
	t.Offset = t.Index + t.IndexLen
	return x.err
}
