package packed

import (
	"errors"
	"fmt"
	"io"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/scanners"
)

const (
	// MinStream is the length below which a stream is not worth a visit.
	MinStream = 256
	// MaxBreaks is how many breaks a stream may have.
	MaxBreaks = 1 << 16
	// MaxShort is how many streams of less than MinStream octets a gzip file may
	// have.
	MaxShort = 1 << 16
)

// Skip is what visit gives for a stream whose length it cannot tell, or does not
// want to.
var Skip = errors.New("packed: skip this stream")

var errNegative = errors.New("packed: negative offset")

// Walk finds the streams of content of a size, in order. The name is that of the
// file, and mediaType tells its type if it is known; see scanners.Choose.
//
// visit says how many octets a stream has, breaks not counted. If it is none or
// its length does not matter, it gives Skip, or an error of deflate.ErrInvalid or
// deflate.ErrLimit; then nothing more is looked for in a container that does not
// say where the next stream is. Any other error ends Walk, which gives it, as it
// does an error of content.
func Walk(content io.ReaderAt, size int64, name string, mediaType func() string, visit func(*Stream) (length int64, err error)) error {
	w := walker{content: content, size: size, visit: visit}
	for p := range scanners.FindPacked(&w, size, name, mediaType) {
		if p.Offset < w.next {
			continue
		}
		c := container{&w, p.Offset, p.Offset + p.Size}
		var err error
		switch p.Kind {
		case scanners.PackedGzip:
			err = c.gzip(p.Name)
		}
		if err != nil {
			return err
		}
		// Nobody else may read it: that bounds the work.
		w.next = p.Offset + p.Size
	}
	return w.err
}

// walker is what Walk knows.
type walker struct {
	content io.ReaderAt
	size    int64
	visit   func(*Stream) (int64, error)
	next    int64 // content before it has been dealt with
	err     error // of reading
	window  [4 << 10]byte
	at, n   int64 // where the window lies, and how much is in it
}

// ReadAt reads content and keeps the first error.
func (w *walker) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.content.ReadAt(p, off)
	if err != nil && n < len(p) && w.err == nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		w.err = fmt.Errorf("packed: %w", err)
	}
	return n, err
}

// container is a range of content in which streams are.
type container struct {
	*walker
	off, end int64
}

// peek gives n octets at the offset, at most as many as the window has; fewer
// where the container ends or cannot be read. They are valid until the next call.
func (c *container) peek(n int) []byte {
	n = int(min(int64(n), max(c.end-c.off, 0)))
	if c.off < c.at || c.off+int64(n) > c.at+c.n {
		c.at, c.n = c.off, 0
		b := c.window[:min(int64(len(c.window)), c.size-c.off)]
		for int(c.n) < len(b) {
			k, err := c.ReadAt(b[c.n:], c.off+c.n)
			c.n += int64(k)
			if err != nil || k == 0 {
				break
			}
		}
	}
	b := c.window[:c.n]
	b = b[c.off-c.at:]
	return b[:min(n, len(b))]
}

// try visits a stream, if it can be long enough to be worth it, and moves behind
// it. ok is false if it is none.
func (c *container) try(s *Stream) (ok bool, err error) {
	reach := s.reach()
	if reach < MinStream {
		return false, nil
	}
	n, err := c.visit(s)
	switch {
	case c.err != nil:
		return false, c.err
	case err == nil && (n < 0 || n > reach):
		return false, fmt.Errorf("packed: a stream of %d octets where %d can be", n, reach)
	case err == nil:
		c.off = s.End(n)
		return n > 0, nil
	case errors.Is(err, Skip), errors.Is(err, deflate.ErrInvalid), errors.Is(err, deflate.ErrLimit):
		return false, nil
	}
	return false, err
}
