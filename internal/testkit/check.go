package testkit

import (
	"bytes"
	"errors"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// Scope is the step at which a reader must have noticed a defect; it may
// notice earlier.
type Scope string

// The steps, in order.
const (
	ScopeOpen   Scope = "open"   // header, trailers, heads of the indexes
	ScopeTree   Scope = "tree"   // top, snapshot record, every directory node
	ScopeData   Scope = "data"   // the content of every file
	ScopeVerify Scope = "verify" // everything that is said twice
)

var scopeOrder = map[Scope]int{ScopeOpen: 0, ScopeTree: 1, ScopeData: 2, ScopeVerify: 3}

// Before reports whether s comes before o.
func (s Scope) Before(o Scope) bool { return scopeOrder[s] < scopeOrder[o] }

// Fault is the first thing that Check found wrong, and when.
type Fault struct {
	Scope Scope
	Err   error // of one of the classes of package format
}

func (f *Fault) Error() string { return string(f.Scope) + ": " + f.Err.Error() }

// Unwrap gives the error.
func (f *Fault) Unwrap() error { return f.Err }

// Check reads a whole archive in memory and believes nothing: each rule of the
// format is checked in the step in which a reader needs it. It shares no code
// with package reader, and is slow. Its errors are *Fault.
func Check(b []byte) (*Contents, error) {
	c := &checker{file: b, frames: map[int]*frameData{}}
	for _, step := range []struct {
		scope Scope
		run   func() error
	}{{ScopeOpen, c.open}, {ScopeTree, c.tree}, {ScopeData, c.contents}, {ScopeVerify, c.verify}} {
		if err := step.run(); err != nil {
			return &c.out, &Fault{step.scope, err}
		}
	}
	return &c.out, nil
}

// ErrTooMany says that an archive names more directories than Check looks at: a
// few blocks can name any number.
var ErrTooMany = errors.New("too many directories")

const maxCheckedDirs = 1 << 16

type checker struct {
	dirs    int // seen so far
	file    []byte
	header  *format.Header
	size    int64 // of the header
	trailer *format.Trailer
	parts   []part // newest first
	hashes  []format.Hash
	rows    []rowAt
	frames  map[int]*frameData // by index into rows
	top     *format.Top
	snap    *format.Snapshot
	root    *dirTree
	recipes int // around the content being read
	out     Contents
}

// part is one index of the chain.
type part struct {
	trailer *format.Trailer
	head    format.IndexHead
}

type rowAt struct {
	format.IndexFrame
	off int64 // of the row
}

type frameData struct {
	head *format.FrameHead
	raw  []byte
}

func damaged(structure string, off int64, msg string, args ...any) error {
	return format.Damaged(structure, off, msg, args...)
}

func (c *checker) open() error {
	size, err := format.HeaderSize(c.file)
	if err != nil {
		return err
	}
	if c.header, err = format.ParseHeader(c.file); err != nil {
		return err
	}
	c.size = int64(size)
	if err := c.findTrailer(); err != nil {
		return err
	}
	if err := c.chain(); err != nil {
		return err
	}
	c.out.Hash, c.out.Blocks, c.out.Snapshots = c.header.Hash.String(), c.trailer.Blocks, c.trailer.Snapshots
	return nil
}

// findTrailer takes the last place in the file where a valid trailer lies.
func (c *checker) findTrailer() error {
	var first error // that of the place nearest to the end says most
	for at := len(c.file) - format.TrailerSize; int64(at) >= c.size; at-- {
		if !bytes.HasPrefix(c.file[at:], []byte(format.MagicTrailer)) {
			continue
		}
		t, err := c.trailerAt(int64(at))
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		c.trailer, c.out.Tail = t, len(c.file)-at-format.TrailerSize
		return nil
	}
	if first == nil {
		first = damaged("trailer", int64(len(c.file)), "the file has none")
	}
	return first
}

func (c *checker) trailerAt(at int64) (*format.Trailer, error) {
	if at < c.size || at > int64(len(c.file)) {
		return nil, damaged("trailer", at, "no trailer can lie here")
	}
	t, err := format.ParseTrailer(c.file[at:], at)
	switch {
	case err != nil:
		return nil, err
	case t.ID != c.header.ID:
		return nil, damaged("trailer", at, "it belongs to another archive")
	case t.Index < c.size:
		return nil, damaged("trailer", at, "its index lies in the header")
	}
	return t, nil
}

// chain reads the indexes that together cover all blocks.
func (c *checker) chain() error {
	for t := c.trailer; ; {
		x, err := format.ParseIndexHead(c.file[t.Index:t.Offset], t.Index)
		switch {
		case err != nil:
			return err
		case x.Size() != uint64(t.IndexLen):
			return damaged("index", t.Index, "%d blocks and %d frames do not make %d bytes", x.Blocks, x.Frames, t.IndexLen)
		case x.First+x.Blocks != t.Blocks:
			return damaged("index", t.Index, "it ends with block %d of %d", x.First+x.Blocks, t.Blocks)
		case (x.First == 0) != (t.Base == 0):
			return damaged("index", t.Index, "first block %d with base %d", x.First, t.Base)
		}
		c.parts = append(c.parts, part{t, x})
		if t.Base == 0 {
			break
		}
		base, err := c.trailerAt(t.Base)
		if err != nil {
			return err
		}
		if base.Blocks != x.First || base.Offset >= t.Index {
			return damaged("trailer", t.Offset, "its base ends at block %d, its index begins at %d", base.Blocks, x.First)
		}
		t = base
	}
	for i := len(c.parts) - 1; i >= 0; i-- {
		p := c.parts[i]
		at := p.trailer.Index + format.IndexHeadSize
		for range p.head.Blocks {
			c.hashes = append(c.hashes, format.Hash(c.file[at:at+format.HashSize]))
			at += format.HashSize
		}
	}
	if c.hashes[c.trailer.Top] != c.trailer.TopHash {
		return damaged("trailer", c.trailer.Offset, "the hash of the top block is not the index's")
	}
	return nil
}

// table reads and checks the rows of all frames.
func (c *checker) table() error {
	if c.rows != nil {
		return nil
	}
	next, end := uint64(0), c.size
	for i := len(c.parts) - 1; i >= 0; i-- {
		p := c.parts[i]
		at := p.trailer.Index + int64(p.head.FramesAt())
		for range p.head.Frames {
			r, err := format.ParseIndexFrame(c.file[at:p.trailer.Offset], at)
			if err != nil {
				return err
			}
			to := r.Offset + int64(r.HeadSize) + int64(r.Stored)
			if r.First != next || r.Offset < end || to > p.trailer.Index {
				return damaged("index", at, "the frame at %d with block %d does not follow block %d at %d", r.Offset, r.First, next, end)
			}
			c.rows = append(c.rows, rowAt{r, at})
			next, end = r.First+uint64(r.Count), to
			at += format.IndexFrameSize
		}
		if next != p.trailer.Blocks {
			return damaged("index", p.trailer.Index, "its frames hold %d blocks of %d", next, p.trailer.Blocks)
		}
	}
	return nil
}

// frame decodes frame i.
func (c *checker) frame(i int) (*frameData, error) {
	if f := c.frames[i]; f != nil {
		return f, nil
	}
	row := c.rows[i]
	end := row.Offset + int64(row.HeadSize) + int64(row.Stored)
	h, err := format.ParseFrameHead(c.file[row.Offset:end], row.Offset)
	if err != nil {
		return nil, err
	}
	if h.Row(row.Offset) != row.IndexFrame {
		return nil, damaged("frame head", row.Offset, "it contradicts its row of the index")
	}
	raw, err := codec.Decode(nil, h.Codec, c.file[row.Offset+int64(h.Size):end], int(h.RawLen))
	switch {
	case errors.Is(err, codec.ErrUnknown):
		return nil, format.Unsupported("frame", row.Offset, "%v", err)
	case err != nil:
		return nil, damaged("frame", row.Offset, "%v", err)
	}
	c.frames[i] = &frameData{h, raw}
	return c.frames[i], nil
}

// block gives the bytes of a block and the kind of its frame. Data is checked
// against its hash here; metadata by who knows its canonical form.
func (c *checker) block(num uint64, kind format.FrameKind) ([]byte, error) {
	if num >= uint64(len(c.hashes)) {
		return nil, damaged("block", format.NoOffset, "there is no block %d", num)
	}
	if err := c.table(); err != nil {
		return nil, err
	}
	for i, row := range c.rows {
		if num >= row.First+uint64(row.Count) {
			continue
		}
		f, err := c.frame(i)
		if err != nil {
			return nil, err
		}
		if f.head.Kind != kind {
			return nil, damaged("block", row.Offset, "block %d lies in a frame of kind %d", num, f.head.Kind)
		}
		at := uint32(0)
		for _, n := range f.head.Lengths[:num-row.First] {
			at += n
		}
		n := f.head.Lengths[num-row.First]
		if n == 0 {
			return nil, damaged("block", row.Offset, "block %d is absent", num)
		}
		b := f.raw[at : at+n]
		if kind == format.FrameData {
			return b, c.named(num, b)
		}
		return b, nil
	}
	return nil, damaged("block", format.NoOffset, "no frame holds block %d", num)
}

// named checks a block's hash, over its canonical form.
func (c *checker) named(num uint64, canonical []byte) error {
	if got := c.header.Hash.Sum(canonical); got != c.hashes[num] {
		e := format.Damaged("block", format.NoOffset, "it hashes to %v, not %v", got, c.hashes[num])
		e.Block = int64(num)
		return e
	}
	return nil
}

func (c *checker) hashOf(num uint64) (format.Hash, error) {
	if num >= uint64(len(c.hashes)) {
		return format.Hash{}, damaged("block", format.NoOffset, "there is no block %d", num)
	}
	return c.hashes[num], nil
}

// parse reads a metadata block of either form and checks its hash.
func parse[T any](c *checker, num uint64, read func([]byte, format.Form, uint64) (T, error), refs func(T) []*format.Ref,
	write func(T, []byte, format.Form, uint64) []byte,
) (v T, err error) {
	b, err := c.block(num, format.FrameMetadata)
	if err != nil {
		return v, err
	}
	if v, err = read(b, format.Stored, num); err != nil {
		return v, err
	}
	if err = format.ResolveRefs(refs(v), c.hashOf); err != nil {
		return v, err
	}
	return v, c.named(num, write(v, nil, format.Canonical, num))
}
