package extract

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// maxOpen is how many incomplete files a worker keeps open.
const maxOpen = 64

// frame writes the worker's share of the blocks of a frame.
func (w *worker) frame(b *blocks, lo, hi int) {
	for i := lo; i < hi && w.ctx.Err() == nil; i++ {
		r := &w.refs[i]
		f := &w.files[r.file]
		if !w.mine(f.dir) {
			continue
		}
		err := b.lost
		if err == nil && len(b.errs) > 0 {
			err = b.errs[r.num]
		}
		if err != nil {
			if !f.isInput() {
				err = fmt.Errorf("bytes %d to %d: %w", r.off, r.off+uint64(r.span), err)
			}
			w.lose(f, err)
			continue
		}
		if data := b.data[r.num-b.first]; data != nil {
			w.block(r, f, data)
		}
		// Absent: a corrected tree follows, and the file waits for it.
	}
}

// block writes a block to one place of a file, and ends the file with its
// last.
func (w *worker) block(r *ref, f *file, data []byte) {
	if f.state != filePlanned && f.state != fileMade {
		return
	}
	if len(data) != int(r.span) {
		e := format.Damaged("directory", format.NoOffset, "a reference spans %d bytes, its block has %d", r.span, len(data))
		e.Block = int64(r.num)
		w.lose(f, e)
		return
	}
	fd, base, ok := w.room(r.file, f)
	if !ok {
		return
	}
	if err := writeAt(fd, data, uint64(base)+r.off); err != nil {
		w.fail(f, &fs.PathError{Op: "write", Path: f.name, Err: err})
		return
	}
	if f.left--; f.left == 0 {
		w.complete(r.file, f)
	}
}

func writeAt(fd int, b []byte, off uint64) error {
	if off > math.MaxInt64-uint64(len(b)) {
		return unix.EFBIG
	}
	for len(b) > 0 {
		n, err := unix.Pwrite(fd, b, int64(off))
		switch {
		case err == unix.EINTR:
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

// opened makes a file, or opens one again that was closed to make room. When
// it cannot, the file is dealt with.
func (w *worker) opened(i uint32, f *file) bool {
	if f.fd >= 0 {
		if f.left > 1 {
			w.clock++
			f.rare.used = w.clock
		}
		return true
	}
	dirfd, err := w.dirFD(f.dir)
	if err != nil {
		w.fail(f, err)
		return false
	}
	if f.state == filePlanned {
		if !w.create(dirfd, f) {
			return false
		}
	} else if err := w.reopen(dirfd, f); err != nil {
		w.fail(f, err)
		return false
	}
	if f.left > 1 {
		w.clock++
		f.more().used = w.clock
		if !slices.Contains(w.open, i) {
			w.open = append(w.open, i)
		}
		w.closeOldest()
	}
	return true
}

// create makes a file under its own name, or under a temporary one where
// something is to be replaced.
func (w *worker) create(dirfd int, f *file) bool {
	perm := f.attrs.perm
	if f.left > 1 || w.corrected {
		perm |= 0o200 // it may have to be opened again
	}
	fd, err := fsmeta.CreateFile(dirfd, f.name, perm)
	if errors.Is(err, fs.ErrExist) {
		if !f.ours && w.opts.Existing != Replace {
			f.state = fileKept
			w.kept(f.dir, f.name)
			return false
		}
		if err = clearWay(dirfd, f.name); err == nil {
			temp := fsmeta.TempName(f.name)
			if fd, err = fsmeta.CreateFile(dirfd, temp, perm); err == nil {
				f.more().temp = temp
			}
		}
	}
	if err != nil {
		f.state = fileFailed
		w.problem(f.dir, f.name, "", err)
		return false
	}
	f.fd, f.state = fd, fileMade
	return true
}

// errReplaced: somebody put another file in the place of one that was being
// written.
var errReplaced = errors.New("it was replaced while it was being restored")

func (w *worker) reopen(dirfd int, f *file) error {
	fd, err := fsmeta.OpenWrite(dirfd, f.onDisk())
	if err != nil {
		return err
	}
	st, err := fsmeta.FStat(fd)
	if err == nil && (st.Dev != f.rare.dev || st.Ino != f.rare.ino) {
		err = errReplaced
	}
	if err != nil {
		unix.Close(fd)
		return err
	}
	f.fd = fd
	return nil
}

// closeOldest keeps the number of open files bounded.
func (w *worker) closeOldest() {
	kept := w.open[:0]
	for _, i := range w.open {
		if w.files[i].fd >= 0 {
			kept = append(kept, i)
		}
	}
	if w.open = kept; len(kept) <= maxOpen {
		return
	}
	oldest := 0
	for k, i := range kept {
		if w.files[i].rare.used < w.files[kept[oldest]].rare.used {
			oldest = k
		}
	}
	f := &w.files[kept[oldest]]
	w.open = append(kept[:oldest], kept[oldest+1:]...)
	st, err := fsmeta.FStat(f.fd)
	if err == nil {
		f.rare.dev, f.rare.ino = st.Dev, st.Ino
		err = unix.Close(f.fd)
		f.fd = -1
	}
	if err != nil {
		w.fail(f, err)
	}
}

// complete gives a file what is in no block, its metadata and its name.
func (w *worker) complete(i uint32, f *file) {
	if f.isInput() {
		w.follow(i, f)
		return
	}
	err := w.extras(f, 0)
	if err == nil && f.tail {
		err = truncate(f.fd, f.size)
	}
	if err != nil {
		w.fail(f, &fs.PathError{Op: "write", Path: f.name, Err: err})
		return
	}
	m := f.attrs.meta
	m.Mtime = f.mtime
	w.attrIssues(f.dir, f.name, fsmeta.FApply(f.fd, &m, w.what(w.dirs.at(f.dir).inherits)))
	err = unix.Close(f.fd)
	f.fd = -1
	if err == nil && f.onDisk() != f.name {
		var dirfd int
		if dirfd, err = w.dirFD(f.dir); err == nil {
			err = fsmeta.Rename(dirfd, f.rare.temp, dirfd, f.name)
		}
	}
	if err != nil {
		w.fail(f, err)
		return
	}
	f.state = fileDone
	if f.rare != nil {
		f.rare.temp, f.rare.extras = "", nil
		if f.rare.leader != nil {
			f.rare.leader.made = true
		}
	}
	w.restored(f.dir, f.name, format.KindFile, f.size)
}

// truncate sets a file's size; what is beyond its last byte is a hole.
func truncate(fd int, size uint64) error {
	if size > math.MaxInt64 {
		return unix.EFBIG
	}
	for {
		if err := unix.Ftruncate(fd, int64(size)); err != unix.EINTR {
			return err
		}
	}
}

// runChunk is how much of a run is written at a time.
const runChunk = 256 << 10

// extras writes the literals and runs of a file that begins at an offset of its
// descriptor.
func (w *worker) extras(f *file, base int64) error {
	if f.rare == nil {
		return nil
	}
	for _, x := range f.rare.extras {
		if x.literal != nil {
			if err := writeAt(f.fd, x.literal, uint64(base)+x.off); err != nil {
				return err
			}
			continue
		}
		chunk := make([]byte, min(x.span, runChunk))
		for k := range chunk {
			chunk[k] = x.octet
		}
		for off, left := uint64(base)+x.off, x.span; left > 0; {
			n := min(left, uint64(len(chunk)))
			if err := writeAt(f.fd, chunk[:n], off); err != nil {
				return err
			}
			off, left = off+n, left-n
			if w.ctx.Err() != nil {
				return w.ctx.Err()
			}
		}
	}
	return nil
}

// fail gives a file up because of this system.
func (w *worker) fail(f *file, err error) {
	f = w.owner(f)
	w.discard(f)
	if w.ctx.Err() == nil {
		w.problem(f.dir, f.name, "", err)
	}
}

// lose gives a file up because of the archive.
func (w *worker) lose(f *file, err error) {
	f = w.owner(f)
	if f.state == fileFailed || f.state == fileKept || f.state == fileGone {
		return
	}
	w.discard(f)
	if f.rare != nil && f.rare.ref != nil && w.wrecked(wreck{f.name, f.dir, *f.rare.ref, f.mtime, f.attrs, err, f.rare.leader}) {
		return
	}
	w.issue(Issue{w.dirs.path(f.dir, f.name), "", err})
}

// discard removes what there is of a file.
func (e *engine) discard(f *file) {
	state := f.state
	f.state = fileFailed
	if f.fd >= 0 {
		unix.Close(f.fd)
		f.fd = -1
	}
	if f.rare != nil && f.rare.leader != nil {
		f.rare.leader.made = false
	}
	if state != fileMade && state != fileDone {
		return
	}
	h, err := e.cache.Get(int(f.dir))
	if err == nil {
		err = fsmeta.Remove(h.FD(), f.onDisk())
		h.Release()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		e.issue(Issue{e.dirs.path(f.dir, f.onDisk()), "", err})
	}
}

// abandon gives up the files whose blocks did not all come.
func (w *worker) abandon(cause error) {
	for i := range w.files {
		f := &w.files[i]
		if w.mine(f.dir) && !f.isInput() && (f.state == filePlanned || f.state == fileMade) {
			err := cause
			if err == nil {
				err = format.Damaged("archive", format.NoOffset, "%d of the file's blocks did not come", f.left)
			}
			w.lose(f, err)
		}
	}
}

// removeIncomplete cleans up after an extraction that was ended early.
func (e *engine) removeIncomplete() {
	for i := range e.files {
		if f := &e.files[i]; f.state == fileMade && !f.isInput() {
			e.discard(f)
		}
	}
}
