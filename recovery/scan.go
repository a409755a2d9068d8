package recovery

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/reader"
)

const (
	window = 1 << 20
	// frameMemory bounds the stored and raw bytes of the frames being checked.
	frameMemory = 160 << 20
)

// image is one file and the structures that were found in it.
type image struct {
	src   reader.Source
	name  string
	size  int64
	items []item // in the order of the file
	junk  []Range
	harm  []Damage

	pages *cache[int64, []byte] // of indexes
	buf   []byte                // a window of the file
	at    int64                 // where it begins
	hash  format.HashID
	step  func(int64)
	err   error
	group *errgroup.Group
	mem   *semaphore.Weighted
}

// item is a structure; one of the pointers is set. Parity protects a file as it
// was, and is of no use here but to tell whose it is.
type item struct {
	off, end int64
	header   *format.Header
	frame    *frame
	index    *format.IndexHead
	trailer  *format.Trailer
	parity   *format.ParityHead
}

// frame is a frame that was found by its head.
type frame struct {
	img    *image
	off    int64
	head   *format.FrameHead
	hash   format.HashID
	sound  bool          // stored bytes have their hash, and decode
	fault  error         // why not
	hashes []format.Hash // of data blocks, as they are

	flags  []uint8  // of each block
	order  uint64   // the number, in what is written, of its first block
	used   bool     // some block of it is needed
	alter  bool     // it cannot be copied as it is
	absent []uint32 // which of its blocks are absent; nil as long as nobody has asked
}

// What flags say of a block.
const (
	flagNamed = 1 << iota // by metadata that is there
	flagBad               // it does not have the hash that the index proves
	flagUsed              // what is written needs it
)

var magics = []string{format.MagicFrame, format.MagicIndex, format.MagicTrailer, format.MagicParity, format.MagicHeader}

// scan finds the structures of a file and checks every frame.
func scan(ctx context.Context, src reader.Source, name string, step func(int64)) (*image, error) {
	m := &image{src: src, name: name, size: src.Size(), step: step, mem: semaphore.NewWeighted(frameMemory)}
	m.group = new(errgroup.Group)
	m.group.SetLimit(runtime.GOMAXPROCS(0))
	for at := int64(0); at < m.size && m.err == nil; {
		if ctx.Err() != nil {
			break
		}
		if next, ok := m.structure(ctx, at); ok {
			at = next
			continue
		}
		next := m.nextMagic(at + 1)
		m.addJunk(at, next)
		m.step(next - at)
		at = next
	}
	err := m.group.Wait()
	m.buf = nil
	return m, errors.Join(m.err, err, ctx.Err())
}

func (m *image) addJunk(from, to int64) {
	if k := len(m.junk) - 1; k >= 0 && m.junk[k].To == from {
		m.junk[k].To = to
		return
	}
	m.junk = append(m.junk, Range{from, to})
}

// peek gives up to n bytes at an offset, valid until the next call.
func (m *image) peek(at int64, n int) []byte {
	if at >= m.size || m.err != nil {
		return nil
	}
	n = int(min(int64(n), m.size-at))
	if at < m.at || at+int64(n) > m.at+int64(len(m.buf)) {
		size := int(min(int64(max(n, window)), m.size-at))
		if cap(m.buf) < size {
			m.buf = make([]byte, size)
		}
		m.at, m.buf = at, m.buf[:size]
		if err := m.read(m.buf, at); err != nil {
			m.err, m.buf = err, m.buf[:0]
			return nil
		}
	}
	return m.buf[at-m.at:][:n]
}

// read fills b. What a failing disk does not give is taken for zeros: nothing
// that matters is made of zeros.
func (m *image) read(b []byte, at int64) error {
	n, err := m.src.ReadAt(b, at)
	if n == len(b) || err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		clear(b[n:])
		return nil
	}
	return m.readAround(b, at, err)
}

// sector is what a disk loses at least.
const sector = 4 << 10

func (m *image) readAround(b []byte, at int64, cause error) error {
	got := false
	for k := 0; k < len(b); {
		end := min(len(b), k+sector-int((at+int64(k))%sector))
		n, err := m.src.ReadAt(b[k:end], at+int64(k))
		if err != nil {
			clear(b[k+n : end])
		} else {
			got = true
		}
		k = end
	}
	if !got && len(b) >= window { // not one sector of so many: it is no disk's fault
		return cause
	}
	return nil
}

// structure takes what begins at an offset, and gives where it ends.
func (m *image) structure(ctx context.Context, at int64) (next int64, ok bool) {
	b := m.peek(at, format.HeaderFixedSize)
	if len(b) < 8 {
		return 0, false
	}
	switch string(b[:8]) {
	case format.MagicFrame:
		return m.frameAt(ctx, at)
	case format.MagicHeader:
		return m.headerAt(at)
	case format.MagicIndex:
		return m.indexAt(at)
	case format.MagicTrailer:
		return m.trailerAt(at)
	case format.MagicParity:
		return m.parityAt(at)
	}
	return 0, false
}

func (m *image) parityAt(at int64) (int64, bool) {
	n, cell, err := format.ParityHeadSize(m.peek(at, format.ParityHeadFixedSize), at)
	var h *format.ParityHead
	if err == nil {
		h, err = format.ParseParityHead(m.peek(at, n), at)
	}
	if err != nil {
		m.note(err, at, format.ParityHeadFixedSize)
		return 0, false
	}
	end := at + int64(n)
	if m.magicAt(end + int64(cell)) {
		end += int64(cell)
	}
	m.items = append(m.items, item{off: at, end: end, parity: h})
	m.step(end - at)
	return end, true
}

func (m *image) headerAt(at int64) (int64, bool) {
	n, err := format.HeaderSize(m.peek(at, format.HeaderFixedSize))
	var h *format.Header
	if err == nil {
		h, err = format.ParseHeader(m.peek(at, n))
	}
	if err != nil {
		m.note(err, at, format.HeaderFixedSize)
		return 0, false
	}
	m.items = append(m.items, item{off: at, end: at + int64(n), header: h})
	m.hash = h.Hash
	m.step(int64(n))
	return at + int64(n), true
}

func (m *image) indexAt(at int64) (int64, bool) {
	x, err := format.ParseIndexHead(m.peek(at, format.IndexHeadSize), at)
	if err != nil {
		m.note(err, at, format.IndexHeadSize)
		return 0, false
	}
	// Where bytes are missing from it, the trailer comes earlier.
	end := at + format.IndexHeadSize
	if size := x.Size(); size <= uint64(m.size-at) && m.magicAt(at+int64(size)) {
		end = at + int64(size)
	} else if size <= uint64(m.size-at) {
		end = min(m.nextMagic(end), at+int64(size))
	} else {
		end = m.nextMagic(end)
	}
	m.items = append(m.items, item{off: at, end: end, index: &x})
	m.step(end - at)
	return end, true
}

func (m *image) trailerAt(at int64) (int64, bool) {
	b := bytes.Clone(m.peek(at, format.TrailerSize))
	said := at
	if len(b) == format.TrailerSize {
		said = int64(le.Uint64(b[32:])) // shifted, it is a trailer all the same
	}
	t, err := format.ParseTrailer(b, said)
	if err != nil {
		m.note(err, at, format.TrailerSize)
		return 0, false
	}
	m.items = append(m.items, item{off: at, end: at + format.TrailerSize, trailer: t})
	m.step(format.TrailerSize)
	return at + format.TrailerSize, true
}

func (m *image) magicAt(at int64) bool {
	b := m.peek(at, 8)
	if at == m.size {
		return true
	}
	for _, x := range magics {
		if string(b) == x {
			return true
		}
	}
	return false
}

// nextMagic finds where the next structure may begin, or the end of the file.
func (m *image) nextMagic(at int64) int64 {
	for at < m.size && m.err == nil {
		b := m.peek(at, window)
		best := -1
		for _, x := range magics {
			if i := bytes.Index(b, []byte(x)); i >= 0 && (best < 0 || i < best) {
				best = i
				b = b[:i+len(x)-1] // an earlier one only
			}
		}
		if best >= 0 {
			return at + int64(best)
		}
		if at+window >= m.size {
			break
		}
		at += window - 7
	}
	return m.size
}

// frameAt takes a frame, whose bytes are checked while the scan goes on.
func (m *image) frameAt(ctx context.Context, at int64) (int64, bool) {
	n, err := format.FrameHeadSize(m.peek(at, format.FrameHeadFixedSize), at)
	var head *format.FrameHead
	if err == nil {
		head, err = format.ParseFrameHead(m.peek(at, n), at)
	}
	if err != nil {
		m.note(err, at, format.FrameHeadFixedSize)
		return 0, false
	}
	f := &frame{img: m, off: at, head: head, flags: make([]uint8, len(head.Lengths))}
	body := at + int64(head.Size)
	end := body + int64(head.Stored)
	it := item{off: at, end: end, frame: f}
	switch {
	case end > m.size:
		f.fault = format.Damaged("frame", at, "the file ends inside it")
		it.end = m.size
	case m.hash == 0 || !m.magicAt(end):
		// Its hash decides where to go on: behind it, or inside of it.
		m.check(f, m.hash)
		if m.hash == 0 {
			m.hash = f.hash
		}
		if !f.sound && !m.magicAt(end) {
			it.end = m.inside(f, body, end)
		}
	default:
		cost := int64(head.Stored) + int64(head.RawLen)
		if m.mem.Acquire(ctx, cost) != nil {
			return end, true
		}
		hint := m.hash
		m.group.Go(func() error {
			defer m.mem.Release(cost)
			m.check(f, hint)
			return nil
		})
	}
	m.items = append(m.items, it)
	m.step(it.end - at)
	return it.end, true
}

// inside finds where the next structure begins in a frame that has lost bytes,
// or has gained some. What it holds may be an archive itself: only what comes
// after it by its number is taken.
func (m *image) inside(f *frame, from, to int64) int64 {
	for at := m.nextMagic(from); at < m.size; at = m.nextMagic(at + 1) {
		if at >= to {
			return at
		}
		b := m.peek(at, format.FrameHeadFixedSize)
		if len(b) == format.FrameHeadFixedSize && string(b[:8]) == format.MagicFrame && le.Uint64(b[16:]) < f.head.End() {
			continue
		}
		return at
	}
	return m.size
}

// check holds a frame's stored bytes against their hash and takes the hash of
// every block. hint is the hash function to try first.
func (m *image) check(f *frame, hint format.HashID) {
	stored, put := buffer(int(f.head.Stored))
	defer put()
	if err := m.read(stored, f.off+int64(f.head.Size)); err != nil {
		f.fault = err
		return
	}
	for _, id := range []format.HashID{hint, format.HashBLAKE3, format.HashSHA256} {
		if id != 0 && id.Sum(stored) == f.head.Hash {
			f.hash = id
			break
		}
	}
	if f.hash == 0 {
		f.fault = format.Damaged("frame", f.off, "its stored bytes do not have the hash that its head says")
		return
	}
	raw, put := buffer(int(f.head.RawLen))
	defer put()
	raw, err := codec.Decode(raw, f.head.Codec, stored, int(f.head.RawLen))
	if err != nil {
		f.fault = codecError(err, f.off)
		return
	}
	f.sound = true
	if f.head.Kind != format.FrameData {
		return
	}
	f.hashes = make([]format.Hash, len(f.head.Lengths))
	for i, n := range f.head.Lengths {
		if n > 0 {
			f.hashes[i] = f.hash.Sum(raw[:n])
			raw = raw[n:]
		}
	}
}

// note keeps what is wrong with a structure that its magic number announced.
func (m *image) note(err error, at int64, n int) {
	const most = 10_000
	if len(m.harm) < most {
		m.harm = append(m.harm, damageOf(err, at, min(int64(n), m.size-at)))
	}
}

func codecError(err error, off int64) error {
	if errors.Is(err, codec.ErrUnknown) {
		return format.Unsupported("frame", off, "%v", err)
	}
	return format.Damaged("frame", off, "%v", err)
}
