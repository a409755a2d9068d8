package reader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/vtdarchive/vtd/format"
)

// File is the content of a file. ReadAt and Pieces are safe for concurrent
// use; Read, Seek and WriteTo share a position and are not.
type File struct {
	a     *Archive
	e     *format.Entry
	name  string // for messages
	depth int    // recipes whose input this is, one in the other; 0 for a file

	pos   int64
	last  atomic.Int64  // where the last ReadAt ends
	made  atomic.Uint64 // marks what recipes make ahead
	ahead lookAhead
}

// Content opens the content of a file. A File holds nothing that needs to be
// closed.
func (a *Archive) Content(e *format.Entry) (*File, error) { return a.ContentOf(e, e.Name) }

// ContentOf is Content with a path that stands in errors.
func (a *Archive) ContentOf(e *format.Entry, path string) (*File, error) {
	if e.Kind != format.KindFile {
		return nil, a.named(fmt.Errorf("%s: is a %v, not a file", displayPath(path), e.Kind))
	}
	return &File{a: a, e: e, name: displayPath(path)}, nil
}

// Entry is the file's entry.
func (f *File) Entry() *format.Entry { return f.e }

// Size is the length of the content in bytes.
func (f *File) Size() int64 { return int64(f.e.Size) }

// ReadAt reads as io.ReaderAt says. An error about damage names the file, the
// range of it that cannot be read, the block and the offset of its frame.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	h := hold{a: f.a}
	defer h.release()
	err := f.parts(&h, off, len(p), func(piece *Piece, at uint64) (int, error) {
		m, err := f.copyPiece(&h, p[n:], piece, at)
		n += m
		return m, err
	})
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// Parts gives what ReadAt would read into p, in parts: pieces of at least long bytes as
// they lie in memory, which must not be modified, and what is between them copied into p
// and in one part. At the end of the file they are fewer bytes, or none. A piece holds on
// to all of its frame: where the cache is short of room everything is copied.
func (f *File) Parts(p []byte, off int64, long int) (parts [][]byte, err error) {
	h := hold{a: f.a}
	defer h.release()
	whole := len(p) // what is all of it is not copied either
	if f.a.frames.isShort() {
		long, whole = math.MaxInt, math.MaxInt
	}
	n, from := 0, 0 // p[from:n] is the last part; or nothing, and it is another
	err = f.parts(&h, off, len(p), func(piece *Piece, at uint64) (int, error) {
		var b []byte
		var err error
		if piece.Ref.Kind == format.RefRun {
			b = runOf(piece.Ref.Octet, min(uint64(len(p)-n), piece.Ref.Span-(at-uint64(piece.Offset))))
		} else if b, err = f.bytes(&h, piece, at-uint64(piece.Offset)); err != nil {
			return 0, err
		}
		b = b[:min(len(b), len(p)-n)]
		switch {
		case len(b) >= min(long, whole):
			parts = append(parts, b)
			from = n + len(b)
		case from == n:
			parts = append(parts, p[n:n+copy(p[n:], b)])
		default:
			parts[len(parts)-1] = p[from : n+copy(p[n:], b)]
		}
		n += len(b)
		return len(b), nil
	})
	return parts, err
}

// parts calls do for the pieces of a range, with where it goes on reading, until
// it has given as many bytes as the range has, or the file ends. Blocks that do
// gives are those of h.
func (f *File) parts(h *hold, off int64, n int, do func(piece *Piece, at uint64) (int, error)) error {
	if off < 0 {
		return f.wrap(errors.New("negative offset"))
	}
	at, end := off, off+int64(n)
	if end > f.Size() || end < off {
		end = f.Size()
	}
	sequential := f.sequential(off, end, int64(n))
	if sequential {
		f.ahead.hurry(f.a)
	}
	var piece Piece // one for all, since its address is handed on
	for c := (cursor{f: f}); at < end; {
		var err error
		if piece, err = c.piece(uint64(at)); err != nil {
			return err
		}
		if sequential {
			f.lookAhead(&piece, uint64(at))
		}
		m, err := do(&piece, uint64(at))
		at += int64(m)
		if err != nil {
			return err
		}
		if piece.Ref.Kind == format.RefBlock && at == piece.Offset+int64(piece.Ref.Span) {
			h.readThrough(piece.Ref.Num)
		}
	}
	return nil
}

// sequential notes a read and reports whether it goes on behind the last one, or
// near: who reads ahead asks for several parts at once, and they come in any order.
func (f *File) sequential(off, end, n int64) bool {
	// Told at the start: the next part is asked for before this one is there.
	last := f.last.Swap(end)
	near := f.ahead.near(n)
	if off > 0 && last > 0 && off >= last-near && off <= last+near {
		return true
	}
	f.ahead.forget() // also who begins again at the start
	return off == 0 && n >= wholeStart
}

// zeros are what holes are read as.
var zeros [runChunk]byte

// runOf gives a part of a run, up to runChunk bytes of it.
func runOf(octet byte, n uint64) []byte {
	n = min(n, runChunk)
	if octet == 0 {
		return zeros[:n:n]
	}
	return bytes.Repeat([]byte{octet}, int(n))
}

// copyPiece copies the bytes of a piece from an offset of the file on.
func (f *File) copyPiece(h *hold, p []byte, piece *Piece, off uint64) (int, error) {
	skip := off - uint64(piece.Offset)
	if piece.Ref.Kind == format.RefRun {
		p = p[:min(uint64(len(p)), piece.Ref.Span-skip)]
		fill(p, piece.Ref.Octet)
		return len(p), nil
	}
	b, err := f.bytes(h, piece, skip)
	if err != nil {
		return 0, err
	}
	return copy(p, b), nil
}

func fill(p []byte, octet byte) {
	if octet == 0 {
		clear(p)
		return
	}
	for i := range p {
		p[i] = octet
	}
}

// bytes gives the content of a piece that is no run, from an offset below its
// span on: all of it, but of what a recipe makes only what is made at a time.
func (f *File) bytes(h *hold, piece *Piece, skip uint64) ([]byte, error) {
	r := &piece.Ref
	switch r.Kind {
	case format.RefLiteral:
		return r.Literal[skip:], nil
	case format.RefRecipe:
		return f.madeBytes(piece, skip)
	}
	b, err := h.block(r.Num, &r.Hash)
	if err == nil && uint64(len(b)) != r.Span {
		err = blockDamage("block", format.NoOffset, r.Num, "it has %d bytes; the reference to it spans %d", len(b), r.Span)
	}
	if err != nil {
		return nil, f.wrap(fmt.Errorf("bytes %d-%d: %w", piece.Offset, uint64(piece.Offset)+r.Span-1, err))
	}
	return b[skip:], nil
}

func (f *File) wrap(err error) error {
	err = fmt.Errorf("%s: %w", f.name, err)
	if f.depth > 0 {
		return err // whoever reads the file names the archive
	}
	return f.a.named(err)
}

// Read reads from the current position.
func (f *File) Read(p []byte) (int, error) {
	if f.pos >= f.Size() {
		return 0, io.EOF
	}
	n, err := f.ReadAt(p, f.pos)
	f.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// Seek sets the position, which may lie behind the end.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.pos
	case io.SeekEnd:
		offset += f.Size()
	default:
		return 0, f.wrap(fmt.Errorf("seek: unknown whence %d", whence))
	}
	if offset < 0 {
		return 0, f.wrap(errors.New("seek: before the start"))
	}
	f.pos = offset
	return offset, nil
}

// runChunk is the unit in which WriteTo writes a run of one octet.
const runChunk = 64 << 10

// runWriter is a writer that takes a run without its octets, as
// *format.ContentHasher does.
type runWriter interface{ WriteRun(octet byte, n uint64) }

// WriteTo writes the rest of the content without copying it first.
func (f *File) WriteTo(w io.Writer) (n int64, err error) {
	var run []byte
	runs, takesRuns := w.(runWriter)
	h := hold{a: f.a}
	f.ahead.forget() // it may have been read before
	for c := (cursor{f: f}); f.pos < f.Size(); {
		piece, err := c.piece(uint64(f.pos))
		if err != nil {
			return n, err
		}
		skip := uint64(f.pos - piece.Offset)
		f.last.Store(f.pos)
		f.lookAhead(&piece, uint64(f.pos))
		var b []byte
		if piece.Ref.Kind == format.RefRun && takesRuns {
			runs.WriteRun(piece.Ref.Octet, piece.Ref.Span-skip)
			f.pos += int64(piece.Ref.Span - skip)
			n += int64(piece.Ref.Span - skip)
			continue
		}
		if piece.Ref.Kind == format.RefRun {
			run = append(run[:0], make([]byte, min(piece.Ref.Span-skip, runChunk))...)
			fill(run, piece.Ref.Octet)
			b = run
		} else {
			b, err = f.bytes(&h, &piece, skip)
			if err == nil && piece.Ref.Kind == format.RefBlock {
				h.readThrough(piece.Ref.Num)
			}
			h.release() // while somebody writes
			if err != nil {
				return n, err
			}
		}
		m, err := w.Write(b)
		f.pos += int64(m)
		n += int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// CheckContent reads the whole file and holds it against the hash of its whole
// content. Every block is checked on each read anyway; this also finds a
// writer that recorded the wrong hash.
func (f *File) CheckContent() error {
	h := f.a.header.Hash.NewContent()
	whole := &File{a: f.a, e: f.e, name: f.name}
	if _, err := whole.WriteTo(h); err != nil {
		return err
	}
	if got, want := h.Sum(), f.e.ContentHash(f.a.header.Hash); got != want {
		return f.wrap(format.Damaged("content", format.NoOffset, "its hash is %v, the entry says %v", got, want))
	}
	return nil
}
