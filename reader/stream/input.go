package stream

import (
	"bytes"
	"io"
	"sync/atomic"

	"github.com/vtdarchive/vtd/format"
)

// inputBuffer is what is asked of the input at a time, and at least the
// longest structure that is looked at before it is taken but for frame heads,
// for which the buffer grows.
const inputBuffer = 256 << 10

// magicPrefix is common to the magic of all structures after the header.
var magicPrefix = []byte(format.MagicFrame[:4])

// input is a reader with an offset and a view ahead.
type input struct {
	r    io.Reader
	buf  []byte
	a, b int   // buf[a:b] is read but not taken
	err  error // of r, once it has come
	off  atomic.Int64
}

func newInput(r io.Reader, off int64) *input {
	in := &input{r: r, buf: make([]byte, inputBuffer)}
	in.off.Store(off)
	return in
}

// offset is the position in the archive of the next byte to be taken.
func (in *input) offset() int64 { return in.off.Load() }

// peek gives the next n bytes without taking them, or fewer where the input
// ends. The bytes are valid until the next call.
func (in *input) peek(n int) []byte {
	if in.b-in.a < n && in.err == nil {
		if n > len(in.buf) {
			grown := make([]byte, n)
			in.b = copy(grown, in.buf[in.a:in.b])
			in.buf, in.a = grown, 0
		} else if in.a+n > len(in.buf) {
			in.b = copy(in.buf, in.buf[in.a:in.b])
			in.a = 0
		}
		for in.b-in.a < n && in.err == nil {
			in.fill()
		}
	}
	return in.buf[in.a:min(in.b, in.a+n)]
}

// emptyReads is how often a reader may return nothing before it is broken.
const emptyReads = 100

func (in *input) fill() {
	for range emptyReads {
		n, err := in.r.Read(in.buf[in.b:])
		if n < 0 || n > len(in.buf)-in.b {
			in.err = io.ErrNoProgress
			return
		}
		in.b += n
		in.err = err
		if n > 0 || err != nil {
			return
		}
	}
	in.err = io.ErrNoProgress
}

// take passes over n bytes that were peeked at.
func (in *input) take(n int) {
	in.a += n
	in.off.Add(int64(n))
}

// read fills dst and tells how much of it there was.
func (in *input) read(dst []byte) int {
	n := copy(dst, in.buf[in.a:in.b])
	in.take(n)
	if n == len(dst) || in.err != nil {
		return n
	}
	more, err := io.ReadFull(in.r, dst[n:])
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	in.err = err
	in.off.Add(int64(more))
	return n + more
}

// failure is the error of the input itself, nil when it merely ended.
func (in *input) failure() error {
	if in.err == io.EOF {
		return nil
	}
	return in.err
}

// seek passes over the bytes before the next magic prefix, at least over one,
// and tells whether there is a next.
func (in *input) seek() bool {
	in.take(min(1, len(in.peek(1))))
	for {
		b := in.peek(inputBuffer / 2)
		if i := bytes.Index(b, magicPrefix); i >= 0 {
			in.take(i)
			return true
		}
		if len(b) < len(magicPrefix) || in.err != nil && len(b) == in.b-in.a {
			in.take(len(b))
			return false
		}
		in.take(len(b) - len(magicPrefix) + 1)
	}
}
