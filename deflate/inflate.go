package deflate

import (
	"io"
	"slices"
	"sync"
)

// An inflater writes the content that tokens stand for.
type inflater struct {
	w     io.Writer
	buf   []byte // the end of the content
	wrote int    // octets of buf that were written
	err   error
}

const (
	maxDistance = 32 << 10
	// inflateAtOnce is about how much an inflater keeps.
	inflateAtOnce = 256 << 10
)

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

func newInflater(w io.Writer) *inflater {
	in := inflaters.Get().(*inflater)
	*in = inflater{w: w, buf: in.buf[:0]}
	return in
}

func (in *inflater) free() {
	in.w, in.err = nil, nil
	inflaters.Put(in)
}

// flush writes what was not written yet.
func (in *inflater) flush() error {
	if in.err == nil && in.wrote < len(in.buf) {
		_, in.err = in.w.Write(in.buf[in.wrote:])
	}
	in.wrote = len(in.buf)
	return in.err
}

// grow makes room for n octets, keeping what matches can lead to, and gives where
// they begin.
func (in *inflater) grow(n int) int {
	if len(in.buf) > inflateAtOnce {
		in.flush()
		in.wrote = copy(in.buf, in.buf[len(in.buf)-maxDistance:])
		in.buf = in.buf[:in.wrote]
	}
	at := len(in.buf)
	in.buf = slices.Grow(in.buf, n)[:at+n]
	return at
}

// octets adds octets as they are.
func (in *inflater) octets(p []byte) { copy(in.buf[in.grow(len(p)):], p) }

// tokens adds what tokens stand for, n octets.
func (in *inflater) tokens(tokens []token, n int) {
	at := in.grow(n)
	out := in.buf
	for _, t := range tokens {
		if t < 256 {
			out[at] = byte(t)
			at++
			continue
		}
		n, d := t.Length(), t.Distance()
		from := at - d
		for d < n { // what is repeated grows with each round
			k := copy(out[at:at+n], out[from:at])
			at += k
			n -= k
			d += k
		}
		copy(out[at:at+n], out[from:from+n])
		at += n
	}
}
