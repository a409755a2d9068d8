package extract

import (
	"errors"
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
			if !w.opened(ref.file, f) {
				continue
			}
			if err := writeAt(f.fd, buf, ref.off); err != nil {
				w.fail(f, err)
				continue
			}
			f.left--
			w.park(f)
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
			if w.mine(f.dir) && f.left == 0 && f.state == fileMade && w.opened(uint32(i), f) {
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
	sum, ok := r.BlockHash(want.num)
	lo, hi := refsOf(w.refs, want.num, want.num+1)
	for i := lo; ok && i < hi; i++ {
		have := &w.refs[i]
		f := &w.files[have.file]
		if int(have.file) >= from || have.span != want.span || f.state == filePlanned || f.state == fileFailed || f.state == fileKept {
			continue
		}
		if w.readAt(f, buf, have.off) == nil && r.Header().Hash.Sum(buf) == sum {
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
