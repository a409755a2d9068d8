package export

import (
	"context"
	"errors"
	"io"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// ErrNoOriginal says that an archive does not have the file that a tree was made
// from.
var ErrNoOriginal = errors.New("the archive has no original of this state")

// Exact writes the file that a tree was made from, octet for octet, and gives
// its entry. progress, if not nil, is told how many bytes have been written.
func Exact(ctx context.Context, a *reader.Archive, t *reader.Tree, w io.Writer, progress func(bytes int64)) (*format.Entry, error) {
	_, e, err := t.Original()
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		return nil, ErrNoOriginal
	}
	f, err := a.Content(e)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteTo(told{ctx, w, progress})
	return e, err
}

// told writes until the context ends, and tells how much.
type told struct {
	ctx      context.Context
	w        io.Writer
	progress func(int64)
}

func (t told) Write(p []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := t.w.Write(p)
	if t.progress != nil {
		t.progress(int64(n))
	}
	return n, err
}
