package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	// wholeBelow is the raw length up to which a frame is decoded at once:
	// setting up a stream costs more than it saves.
	wholeBelow = 256 << 10
	// minGrow is by how much at least the output of a Partial grows.
	minGrow = 256 << 10
)

var errClosed = errors.New("codec: Partial is closed")

// Partial decodes a frame from its start, as far as is asked for. It is not
// safe for concurrent use.
type Partial struct {
	// Make, if not nil, makes the memory that is decoded to, of a length. Its
	// content does not matter.
	Make func(n int) []byte

	id     ID
	stored []byte
	rawLen int
	out    []byte // what is decoded so far
	err    error

	stream io.Reader     // the raw bytes or, for LongZstd, the literals
	dec    *zstd.Decoder // the decoder behind stream, if it is one
	list   listReader
	buf    *[]byte  // holds what list reads
	todo   longCopy // what is left of the current copy
	window int      // what dec keeps of its output
}

// NewPartial starts to decode a frame. The Partial reads stored until it is
// closed or has decoded everything.
func NewPartial(id ID, stored []byte, rawLen int) (*Partial, error) {
	if err := check(id, stored, rawLen); err != nil {
		return nil, err
	}
	return &Partial{id: id, stored: stored, rawLen: rawLen}, nil
}

// Fill decodes until at least the first n raw bytes are there and returns all
// that are there so far. What it returns stays valid and unchanged, also after
// Close. Asking for all bytes checks, too, that the frame ends there. With an
// error about damage it returns what it has decoded before; once it has found
// damage, asking for more gives the same error.
func (p *Partial) Fill(n int) ([]byte, error) {
	if n < 0 || n > p.rawLen {
		return nil, fmt.Errorf("codec: %d bytes asked for of a frame of %d", n, p.rawLen)
	}
	if p.out != nil && n <= len(p.out) {
		return p.out, nil
	}
	if p.err == nil {
		if p.err = p.fill(n); p.err == nil {
			return p.out, nil
		}
		p.Close()
	}
	return p.out, p.err
}

func (p *Partial) fill(n int) error {
	if p.wholeFor(n) {
		out, err := Decode(p.make(p.rawLen), p.id, p.stored, p.rawLen)
		if err == nil {
			p.out = out
			p.Close()
			return nil
		} // otherwise as far as it goes
	}
	if p.stream == nil {
		if err := p.start(); err != nil {
			return err
		}
	}
	p.reserve(n)
	var err error
	if p.id == LongZstd {
		err = p.fillLong(n)
	} else {
		err = p.read(n - len(p.out))
	}
	if err != nil || n < p.rawLen {
		return err
	}
	if n, err := p.stream.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return corrupt("content does not end where it should: %v", err)
	}
	p.Close()
	return nil
}

// wholeFor reports whether to decode all at once for n bytes, which is faster:
// also what little has been decoded by and by, when it is the beginning of much.
func (p *Partial) wholeFor(n int) bool {
	if p.stream == nil {
		return p.rawLen <= wholeBelow || n > p.rawLen/2
	}
	return n-len(p.out) > p.rawLen/2
}

func (p *Partial) make(n int) []byte {
	if p.Make != nil {
		return p.Make(n)
	}
	return make([]byte, n)
}

// start sets up the stream and, for LongZstd, the copy list.
func (p *Partial) start() error {
	content := p.stored
	switch p.id {
	case Stored:
		p.stream = bytes.NewReader(content)
		return nil
	case LongZstd:
		h, err := parseLong(p.stored, p.rawLen)
		if err != nil {
			return err
		}
		p.buf = lists.Get().(*[]byte)
		if *p.buf, err = decodeList(&h, *p.buf); err != nil {
			return err
		}
		p.list = newListReader(&h, *p.buf, p.rawLen)
		if err := checkSection(len(h.lits), h.literals); err != nil {
			return err
		}
		if len(h.lits) == h.literals {
			p.stream = bytes.NewReader(h.lits)
			return nil
		}
		if err := checkZstd(h.lits, h.literals); err != nil {
			return err
		}
		content = h.lits
	}
	p.window = zstdWindow(content)
	p.dec = decoders.Get().(*zstd.Decoder)
	p.stream = p.dec
	if err := p.dec.Reset(bytes.NewReader(content)); err != nil {
		return corrupt("zstd: %v", err)
	}
	return nil
}

// fillLong carries out copies until n bytes are there.
func (p *Partial) fillLong(n int) error {
	for len(p.out) < n {
		if p.todo.literals == 0 && p.todo.length == 0 {
			if p.list.left == 0 {
				return p.read(n - len(p.out))
			}
			c, err := p.list.next()
			if err != nil {
				return err
			}
			p.todo = c
		}
		run := min(int(p.todo.literals), n-len(p.out))
		if err := p.read(run); err != nil {
			return err
		}
		p.todo.literals -= uint32(run)
		at := len(p.out)
		length := min(int(p.todo.length), n-at)
		if length == 0 {
			break // the rest is not asked for
		}
		p.out = p.out[:at+length]
		repeat(p.out, at, length, int(p.todo.distance))
		p.todo.length -= uint32(length)
	}
	return nil
}

// read appends the next n bytes of the stream to the output.
func (p *Partial) read(n int) error {
	at := len(p.out)
	n, err := io.ReadFull(p.stream, p.out[at:at+n])
	p.out = p.out[:at+n]
	if err != nil {
		return corrupt("zstd: %v", err)
	}
	return nil
}

// reserve makes room for n bytes. What was handed out before is left alone.
func (p *Partial) reserve(n int) {
	if n <= cap(p.out) {
		return
	}
	room := min(p.rawLen, max(n, 2*cap(p.out), minGrow))
	out := p.make(room)
	p.out = out[:copy(out, p.out)]
}

// Holds is how much memory decoding further takes, beside the output.
func (p *Partial) Holds() int {
	n := len(p.stored) + p.window
	if p.buf != nil {
		n += cap(*p.buf)
	}
	return n
}

// Close gives the decoder back. A closed Partial still returns what it has
// decoded, and fails when asked for more. Closing twice is harmless.
func (p *Partial) Close() {
	if p.err == nil && len(p.out) < p.rawLen {
		p.err = errClosed
	}
	if p.dec != nil {
		// Drop the reference to the stored bytes before the decoder waits in
		// the pool.
		_ = p.dec.Reset(nil)
		decoders.Put(p.dec)
		p.dec = nil
	}
	if p.buf != nil {
		lists.Put(p.buf)
		p.buf = nil
	}
	p.list, p.stored, p.window = listReader{}, nil, 0
}
