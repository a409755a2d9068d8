package extract

import (
	"errors"
	"io"
	"math"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/reader/stream"
)

// readBack gives the files from an index on the blocks below a number, which
// have gone by, from the files they were written to. Their hashes were
// computed when they came.
func (p *planner) readBack(from int, below uint64, r *stream.Reader) {
	p.post(job{each: func(w *worker) {
		var buf []byte
		for i := range w.refs {
			ref := &w.refs[i]
			if ref.num >= below || int(ref.file) < from || !w.mine(w.files[ref.file].dir) || w.ctx.Err() != nil {
				continue
			}
			f := &w.files[ref.file]
			if f.state != filePlanned && f.state != fileMade {
				continue
			}
			var err error
			if buf, err = w.again(ref, from, r, buf); err != nil {
				w.lose(f, err)
				continue
			}
			fd, base, ok := w.room(ref.file, f)
			if !ok {
				continue
			}
			if err := writeAt(fd, buf, uint64(base)+ref.off); err != nil {
				w.fail(f, err)
				continue
			}
			f.left--
			if !f.isInput() {
				w.park(f)
			}
		}
	}})
	p.drain()
	for _, i := range p.before.stale {
		f := &p.files[i]
		p.discard(f)
		f.state = fileGone
	}
	p.post(job{each: func(w *worker) {
		for i := from; i < len(w.files); i++ {
			f := &w.files[i]
			if !w.mine(f.dir) || f.left > 0 || f.state != fileMade {
				continue
			}
			if _, _, ok := w.room(uint32(i), f); ok {
				w.complete(uint32(i), f)
			}
		}
	}})
	p.drain()
}

// again reads a block from an older file that has it.
func (w *worker) again(want *ref, from int, r *stream.Reader, buf []byte) ([]byte, error) {
	if cap(buf) < int(want.span) {
		buf = make([]byte, want.span)
	}
	buf = buf[:want.span]
	var err error
	sum, ok := r.BlockHash(want.num)
	lo, hi := refsOf(w.refs, want.num, want.num+1)
	for i := lo; ok && i < hi; i++ {
		have := &w.refs[i]
		f := &w.files[have.file]
		if int(have.file) >= from || have.span != want.span || f.state == filePlanned || f.state == fileFailed || f.state == fileKept {
			continue
		}
		if f.isInput() {
			err = w.inputAt(f, buf, have.off)
		} else {
			err = w.readAt(f, buf, have.off)
		}
		if err == nil && r.Header().Hash.Sum(buf) == sum {
			return buf, nil
		}
	}
	e := format.Damaged("archive", format.NoOffset, "a corrected file needs a block that went by and is in no file restored")
	e.Block = int64(want.num)
	return buf, e
}

func (w *worker) readAt(f *file, b []byte, off uint64) error {
	dirfd, err := w.dirFD(f.dir)
	if err != nil {
		return err
	}
	fd, err := fsmeta.OpenFile(dirfd, f.onDisk())
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if off > math.MaxInt64 {
		return unix.EFBIG
	}
	for len(b) > 0 {
		n, err := unix.Pread(fd, b, int64(off))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n == 0:
			return unix.EIO
		default:
			b, off = b[n:], off+uint64(n)
		}
	}
	return nil
}

// inputAt reads from the input of a recipe: from where it is gathered, or, when
// that is over, by inflating what was made of it.
func (w *worker) inputAt(f *file, b []byte, off uint64) error {
	m := f.rare.making
	if f.state != fileDone {
		return readAt(w.workers[int(f.dir)%len(w.workers)].inputs.fd(), b, m.base+int64(off))
	}
	r, err := m.recipe()
	if err != nil {
		return err
	}
	made := &madeAt{w: w, f: &w.files[m.to[0].into], at: m.to[0].at, size: r.Size()}
	want := &window{b: b, off: int64(off)}
	err = r.Input(made, want)
	if want.left() == 0 {
		return nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// madeAt reads what a recipe has made, from where it was written to.
type madeAt struct {
	w    *worker
	f    *file
	at   uint64
	size int64
}

func (m *madeAt) ReadAt(b []byte, off int64) (n int, err error) {
	if rest := m.size - off; int64(len(b)) > rest {
		b, err = b[:max(rest, 0)], io.EOF
	}
	at := m.at + uint64(off)
	if m.f.isInput() {
		return len(b), errors.Join(err, m.w.inputAt(m.f, b, at))
	}
	if e := m.w.readAt(m.f, b, at); e != nil {
		return 0, e
	}
	return len(b), err
}

// window takes a range out of what is written to it, and ends the writing when
// it has it.
type window struct {
	b   []byte // what is still to come is at its end
	off int64  // of that, from what is written next
}

func (w *window) left() int { return len(w.b) }

func (w *window) Write(p []byte) (int, error) {
	n := len(p)
	skip := min(w.off, int64(n))
	w.off -= skip
	w.b = w.b[copy(w.b, p[skip:]):]
	if len(w.b) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// park closes a file until more of it comes.
func (w *worker) park(f *file) {
	st, err := fsmeta.FStat(f.fd)
	if err == nil {
		f.more().dev, f.rare.ino = st.Dev, st.Ino
		err = unix.Close(f.fd)
		f.fd = -1
	}
	if err != nil {
		w.fail(f, err)
	}
}
