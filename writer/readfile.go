package writer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/scanners"
)

// smallFile is what is read at one go; larger files are streamed.
const (
	smallFile = 1 << 20
	tinyFile  = 64 << 10
)

// readTries is how often a file that changes while it is read is read anew.
const readTries = 3

var (
	errChanged     = errors.New("file changed as we read it")
	errChangedOnce = errors.New("file changed as we read it; its later state is stored")
	errReplaced    = errors.New("something else took the file's place")
	errLength      = errors.New("its size is not that of its content")
)

// fileReader reads files for one goroutine.
type fileReader struct {
	s        *scan
	buf      []byte
	splitter *scanners.Splitter
	sketcher scanners.Sketcher
	hasher   *format.ContentHasher

	again    bool // files changed: what is read now must not be read once more
	spoolErr error

	innerLeft int64 // what may still be inflated inside of what was, for the file

	unpacker *unpacker
	found    found  // in the file
	file     uint32 // being read
	pieces   []piece
	size     uint64
}

func newFileReader(s *scan) *fileReader {
	r := &fileReader{s: s, buf: make([]byte, smallFile+1), hasher: s.o.Hash.NewContent()}
	r.splitter = scanners.NewSplitter(s.o.Chunks, func(sp scanners.Span, data []byte) error {
		r.hashSpan(sp, data)
		r.addSpan(sp, data)
		return nil
	})
	if s.table != nil && s.o.unpacks() {
		r.unpacker = newUnpacker(r, 1)
	}
	return r
}

// do reads one file until it holds still. It is stored whole or not at all.
func (r *fileReader) do(ctx context.Context, j fileJob) {
	fd, err := fsmeta.OpenFile(j.fd, j.name)
	if err == nil {
		defer unix.Close(fd)
		before := j.info
		for try := 1; ; try++ {
			if !j.known || try > 1 {
				before, err = settledStat(ctx, fd)
			}
			if err == nil {
				err = r.once(ctx, j, fd, before)
			}
			if try == readTries || !errors.Is(err, errChanged) {
				if err == nil && try > 1 {
					r.s.issue(j.path, errChangedOnce, true)
				}
				break
			}
		}
	}
	switch {
	case err == nil:
		r.s.o.progress(PhaseRead, 0, 1)
		return
	case ctx.Err() != nil, r.spoolErr != nil: // that ends everything
	case errors.Is(err, unix.ELOOP):
		r.s.issue(j.path, fmt.Errorf("not stored: %w", errReplaced), false)
	default:
		r.s.issue(j.path, fmt.Errorf("not stored: %w", bare(err)), false)
	}
	j.n.state = stateGone
}

// once reads the file from its beginning. If it is no longer as it was before,
// it has changed.
func (r *fileReader) once(ctx context.Context, j fileJob, fd int, before fsmeta.Info) error {
	if before.Kind() != unix.S_IFREG {
		return errReplaced
	}
	r.file, r.pieces, r.size, r.found = j.id, r.pieces[:0], 0, found{}
	if j.was != nil {
		j.n.change = changeContent
	}
	// Holes are worth looking for where they save reading; the spans are the
	// same either way.
	var readErr error
	if before.Size <= tinyFile || before.Size <= smallFile && !before.Sparse() {
		readErr = r.small(ctx, &j, fd, before.Size)
	} else {
		readErr = r.large(ctx, &j, fd, before)
	}
	r.s.xattrs(j.n, j.path, func() ([]fsmeta.Xattr, error) { return fsmeta.FXattrs(fd) })
	after, err := fsmeta.FStat(fd)
	switch {
	case err != nil:
		return err
	case after.Kind() != unix.S_IFREG:
		return errReplaced
	case after.Size != before.Size || after.Mtime != before.Mtime || after.Ctime != before.Ctime:
		return errChanged
	case readErr != nil:
		return readErr
	}
	if j.n.link != 0 && (after.Dev != j.dev || after.Ino != j.ino) {
		j.n.link = 0 // a file of its own by now
	}
	j.n.size = uint64(before.Size)
	r.s.setMeta(j.id, j.n, &before)
	if j.was != nil && j.n.change == changeContent && !r.again {
		r.s.t.addChanged(j.id, j.n, j.was)
	}
	if j.n.change == changeMeta && r.s.t.sameMetaLocked(j.id, j.n, j.was) {
		j.n.change = changeNone
	}
	r.s.t.setPacked(j.id, r.found.streams)
	r.s.streams.remember(r.found)
	return nil
}

// clockTick is longer than the steps in which the kernel advances the times
// that it gives to files.
const clockTick = 20 * time.Millisecond

// settled tells how long it takes from now until any change to a file will
// show in its times: one changed within this tick of the kernel's clock could
// change again without their telling.
func settled(info *fsmeta.Info) time.Duration {
	age := time.Since(time.Unix(info.Ctime.Sec, int64(info.Ctime.Nsec)))
	if age < -clockTick || age >= clockTick {
		return 0
	}
	return clockTick - max(age, 0)
}

// settledStat looks at a file when it has settled.
func settledStat(ctx context.Context, fd int) (fsmeta.Info, error) {
	info, err := fsmeta.FStat(fd)
	if err != nil {
		return info, err
	}
	wait := settled(&info)
	if wait == 0 {
		return info, nil
	}
	select {
	case <-time.After(wait):
		return fsmeta.FStat(fd)
	case <-ctx.Done():
		return info, ctx.Err()
	}
}

func (r *fileReader) small(ctx context.Context, j *fileJob, fd int, size int64) error {
	got := 0
	// One octet more than there should be: coming up short ends the file.
	for want := int(size) + 1; got < want; {
		k, err := unix.Pread(fd, r.buf[got:want], int64(got))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if got += k; k == 0 || got == int(size) {
			break
		}
	}
	if int64(got) != size {
		return errLength
	}
	return r.inMemory(ctx, j, fd, r.buf[:got])
}

// inMemory takes the content of a file that has been read.
func (r *fileReader) inMemory(ctx context.Context, j *fileJob, fd int, data []byte) error {
	n := j.n
	r.s.o.progress(PhaseRead, int64(len(data)), 0)
	if j.was != nil && r.asBefore(j, r.s.o.Hash.Sum(data)) {
		return nil
	}
	if len(data) <= r.s.o.LiteralMax {
		n.how, n.content = contentLiteral, r.s.t.addLiteral(data)
		return nil
	}
	if r.s.table == nil {
		n.how, n.content = contentList, r.s.t.addList(contentRefs{hash: r.s.o.Hash.Sum(data)})
		return nil
	}
	for sp := range scanners.Split(r.s.o.Chunks, r.scanner(j, fd, data), data) {
		if sp.Run {
			r.addSpan(sp, nil)
		} else {
			r.addSpan(sp, data[sp.Offset:sp.Offset+sp.Length])
		}
	}
	if err := r.unpack(ctx, j, fd, bytes.NewReader(data), int64(len(data))); err != nil {
		return err
	}
	if len(r.pieces) == 1 && r.pieces[0].kind == pieceBlock {
		n.how, n.content = contentBlock, r.pieces[0].id
		return nil
	}
	r.setList(n, r.s.o.Hash.Sum(data))
	return nil
}

// asBefore gives the file the content that the base has in its place, if it is
// that which was read.
func (r *fileReader) asBefore(j *fileJob, whole format.Hash) bool {
	if j.was.ContentHash(r.s.o.Hash) != whole {
		return false
	}
	j.n.change = changeMeta
	r.s.t.takeOver(j.n, j.was, r.s.o.Hash)
	return true
}

// scanner chooses the scanner for a file that begins with head.
func (r *fileReader) scanner(j *fileJob, fd int, head []byte) *scanners.Scanner {
	sc := r.s.o.Scanner.Scanner(head, j.name, j.mediaType(fd))
	if sc != nil && r.s.o.OnScanner != nil {
		r.s.hear(func() { r.s.o.OnScanner(j.path, sc.Name) })
	}
	return sc
}

// mediaType gives the media type that a file says it has.
func (j *fileJob) mediaType(fd int) func() string {
	return func() string {
		if j.given != nil {
			return j.given.attr(scanners.MediaTypeXattr)
		}
		mime, _ := fsmeta.FGetXattr(fd, scanners.MediaTypeXattr)
		return string(mime)
	}
}

func (r *fileReader) setList(n *node, h format.Hash) {
	n.how = contentList
	n.content = r.s.t.addList(contentRefs{pieces: append([]piece(nil), r.pieces...), hash: h})
}

// large streams a file, holes and all.
func (r *fileReader) large(ctx context.Context, j *fileJob, fd int, info fsmeta.Info) error {
	n := j.n
	r.hasher.Reset()
	if r.s.table != nil {
		head := r.buf[:scanners.SniffLen]
		got, err := unix.Pread(fd, head, 0)
		if err != nil {
			got = 0 // reading will tell
		}
		r.splitter.Reset(r.scanner(j, fd, head[:got]))
		defer r.splitter.Reset(nil)
	}
	sink := struct {
		write func(io.Reader) error
		hole  func(int64) error
	}{
		func(in io.Reader) error { _, err := r.splitter.ReadFrom(in); return err },
		r.splitter.Hole,
	}
	if r.s.table == nil {
		sink.write = func(in io.Reader) error {
			_, err := io.CopyBuffer(r.hasher, struct{ io.Reader }{in}, r.buf)
			return err
		}
		sink.hole = func(n int64) error { r.hasher.WriteRun(0, uint64(n)); return nil }
	}
	at := int64(0)
	data := func(off, n int64) error {
		if off > at {
			if err := sink.hole(off - at); err != nil {
				return err
			}
		}
		sec := io.NewSectionReader(fdReader{ctx, fd, r.s.o}, off, n)
		if err := sink.write(sec); err != nil {
			return err
		}
		if done, _ := sec.Seek(0, io.SeekCurrent); done != n {
			return errLength
		}
		at = off + n
		return nil
	}
	if info.Sparse() {
		for x, err := range fsmeta.DataExtents(fd, info.Size) {
			if errors.Is(err, fsmeta.ErrShrunk) {
				return errChanged
			}
			if err != nil {
				return err
			}
			if err := data(x.Off, x.Len); err != nil {
				return err
			}
		}
	} else if err := data(0, info.Size); err != nil {
		return err
	}
	if info.Size > at {
		if err := sink.hole(info.Size - at); err != nil {
			return err
		}
	}
	if r.s.table == nil {
		n.how, n.content = contentList, r.s.t.addList(contentRefs{hash: r.hasher.Sum()})
		return nil
	}
	if err := r.splitter.Close(); err != nil {
		return err
	}
	if r.size != uint64(info.Size) {
		return errLength
	}
	if j.was != nil && r.asBefore(j, r.hasher.Sum()) {
		return nil
	}
	if err := r.unpack(ctx, j, fd, fdReader{ctx, fd, nil}, info.Size); err != nil {
		return err
	}
	if len(r.pieces) == 1 && r.pieces[0].kind == pieceBlock {
		n.how, n.content = contentBlock, r.pieces[0].id
		return nil
	}
	r.setList(n, r.hasher.Sum())
	return nil
}

// hashSpan adds a span to the hash of the whole content.
func (r *fileReader) hashSpan(sp scanners.Span, data []byte) {
	if sp.Run {
		r.hasher.WriteRun(sp.Octet, uint64(sp.Length))
	} else {
		r.hasher.Write(data)
	}
}

// addSpan enters a span of the file into the table of blocks.
func (r *fileReader) addSpan(sp scanners.Span, data []byte) {
	r.size += uint64(sp.Length)
	if sp.Run {
		r.pieces = append(r.pieces, piece{span: uint64(sp.Length), octet: sp.Octet, kind: pieceRun})
		return
	}
	id := r.enter(data, r.file, sp.Offset)
	r.pieces = append(r.pieces, piece{span: uint64(sp.Length), id: id})
}

// enter enters a block into the table. What the arena has no room for, and
// cannot be read again, goes to the spool.
func (r *fileReader) enter(data []byte, file uint32, off int64) (id uint32) {
	id, room, isNew := r.s.table.add(r.s.o.Hash.Sum(data), len(data), file, off)
	switch {
	case room != nil:
		copy(room, data)
	case r.spoolErr != nil:
	case r.again:
		r.spoolErr = r.keep(id, data)
	case isNew && file == noFile:
		r.spoolErr = r.s.spool.add(id, data)
	}
	if isNew && r.s.o.Order == format.OrderFamilies {
		r.sketcher.Reset()
		r.sketcher.Write(data)
		sk, ok := r.sketcher.Sum()
		r.s.table.setSketch(id, sk, ok)
	}
	return id
}

// keep puts a block that is to be written, and that nothing else keeps, into
// the spool.
func (r *fileReader) keep(id uint32, data []byte) error {
	b := r.s.table.at(id)
	if _, have := r.s.spool.find(id); have || b.num != 0 || b.kept != notKept {
		return nil
	}
	return r.s.spool.add(id, data)
}

// fdReader reads a descriptor at offsets until the context ends, and tells
// progress when it has options.
type fdReader struct {
	ctx context.Context
	fd  int
	o   *Options
}

func (f fdReader) ReadAt(b []byte, off int64) (int, error) {
	got := 0
	for got < len(b) {
		if err := f.ctx.Err(); err != nil {
			return got, err
		}
		n, err := unix.Pread(f.fd, b[got:min(len(b), got+smallFile)], off+int64(got))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return got, err
		case n == 0:
			return got, io.EOF
		}
		got += n
		if f.o != nil {
			f.o.progress(PhaseRead, int64(n), 0)
		}
	}
	return got, nil
}
