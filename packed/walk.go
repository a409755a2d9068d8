package packed

import (
	"errors"
	"fmt"
	"io"
	"iter"

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

// ErrSkip is what visit gives for a stream whose length it cannot tell, or does not
// want to.
var ErrSkip = errors.New("packed: skip this stream")

var (
	errNegative = errors.New("packed: negative offset")
	errShort    = errors.New("packed: container ends")
)

// Walk finds the streams of content of a size, in order. The name is that of the
// file, and mediaType tells its type if it is known; see scanners.Choose.
//
// visit says how many octets a stream has, breaks not counted. If it is none or
// its length does not matter, it gives ErrSkip, or an error of deflate.ErrInvalid or
// deflate.ErrLimit; then nothing more is looked for in a container that does not
// say where the next stream is. Any other error ends Walk, which gives it, as it
// does an error of content.
func Walk(content io.ReaderAt, size int64, name string, mediaType func() string, visit func(*Stream) (length int64, err error)) error {
	w := walker{content: content, size: size, visit: visit}
	return w.walk(scanners.FindPacked(&w, size, name, mediaType))
}

// walk goes through ranges that scanners give. None may begin in the one before:
// that bounds the work, and keeps streams in order.
func (w *walker) walk(ranges iter.Seq[scanners.Packed]) error {
	for p := range ranges {
		if p.Offset < w.next || p.Offset > w.size || p.Size > w.size-p.Offset {
			continue
		}
		w.next = p.Offset + p.Size
		c := container{w, p.Offset, w.next}
		var err error
		switch p.Kind {
		case scanners.PackedGzip:
			err = c.gzip(p.Name)
		case scanners.PackedDeflate:
			_, err = c.try(&Stream{Offset: c.off, Limit: c.end, Kind: Zip, Name: p.Name, Size: -1})
		case scanners.PackedZlib:
			_, err = c.zlib(Zlib, -1)
		case scanners.PackedPNG:
			err = c.png()
		case scanners.PackedGit:
			err = c.git()
		}
		if err != nil {
			return err
		}
	}
	return w.err
}

// walker is what Walk knows.
type walker struct {
	content io.ReaderAt
	size    int64
	visit   func(*Stream) (int64, error)
	next    int64 // where the last range ends
	err     error // of reading
	window  []byte
	at      int64 // where the window begins

	inflater io.ReadCloser // for short streams
	small    [gitSmall]byte
}

// windowSize is how much content the window has, or more if that much is to be
// seen.
const windowSize = 4 << 10

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

// peek gives n octets at the offset, fewer where the container ends or cannot be
// read. They are valid until the next call.
func (c *container) peek(n int) []byte {
	n = int(min(int64(n), max(c.end-c.off, 0)))
	if c.off < c.at || c.off+int64(n) > c.at+int64(len(c.window)) {
		c.fill(max(n, windowSize))
	}
	b := c.window[c.off-c.at:]
	return b[:min(n, len(b))]
}

// fill puts n octets from the offset on into the window, or what there is.
func (c *container) fill(n int) {
	if n > cap(c.window) {
		c.window = make([]byte, n)
	}
	c.at = c.off
	c.window = c.window[:min(int64(n), max(c.end-c.off, 0))]
	got := 0
	for got < len(c.window) {
		k, err := c.ReadAt(c.window[got:], c.off+int64(got))
		got += k
		if err != nil || k == 0 {
			break
		}
	}
	c.window = c.window[:got]
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
	case errors.Is(err, ErrSkip), errors.Is(err, deflate.ErrInvalid), errors.Is(err, deflate.ErrLimit):
		return false, nil
	}
	return false, err
}
