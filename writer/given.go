package writer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/scanners"
)

// Contents that are given to Build come once, from front to back. Small ones are
// read into memory and cut by other goroutines; large ones are cut as they come,
// or, where something in them may be packed, go to a temporary file first, which
// is then read as a file of the tree is.

// noFD stands for the descriptor of a content that is in no file.
const noFD = -1

var errShortMember = fmt.Errorf("its content ends early: %w", io.ErrUnexpectedEOF)

// content reads the content of a member.
func (b *build) content(r *fileReader, g *given, m *Member) error {
	content := m.Content
	if content == nil {
		content = eof{}
	}
	buf := <-b.free
	if buf == nil {
		buf = make([]byte, smallFile)
	}
	n, err := 0, error(nil)
	for n < len(buf) && err == nil { // io.ReadFull would not tell an end from a fault
		var k int
		k, err = content.Read(buf[n:])
		n += k
	}
	switch {
	case err == io.EOF:
		if m.Size >= 0 && int64(n) != m.Size {
			b.free <- buf
			return g.refuse(errShortMember)
		}
		copied := *m
		copied.Content = nil
		select {
		case b.jobs <- buildJob{g: g, m: &copied, data: buf[:n], buffer: buf}:
			return nil
		case <-b.ctx.Done():
			return b.ctx.Err()
		}
	case err != nil:
		b.free <- buf
		return g.refuse(err)
	}
	err = b.large(r, g, m, buf, content)
	b.free <- buf
	switch {
	case b.ctx.Err() != nil:
		return b.ctx.Err()
	case r.spoolErr != nil:
		return r.spoolErr
	case err != nil:
		return g.refuse(err)
	}
	return nil
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// refuse leaves a file out of which not all can be read.
func (g *given) refuse(err error) error {
	g.refused = true
	return err
}

// job makes what a reader works on.
func (b *build) job(r *fileReader, g *given, m *Member) *fileJob {
	r.file, r.pieces, r.size, r.found = noFile, r.pieces[:0], 0, found{}
	return &fileJob{n: &g.n, path: m.Path, name: m.Path, given: m}
}

// took takes what a reader has found out about a content.
func (b *build) took(r *fileReader, g *given, size int64) {
	g.n.size = uint64(size)
	g.packed = r.found.streams
	r.s.streams.remember(r.found)
	b.o.progress(PhaseRead, 0, 1)
}

// small cuts a content that is in memory.
func (b *build) small(r *fileReader, j *buildJob) {
	err := r.inMemory(b.ctx, b.job(r, j.g, j.m), noFD, j.data)
	if err == nil {
		b.took(r, j.g, int64(len(j.data)))
		return
	}
	if b.ctx.Err() == nil && r.spoolErr == nil {
		b.issue(j.m.Path, fmt.Errorf("not stored: %w", err), false)
	}
	j.g.refused = true
}

// large cuts a content of which the beginning has been read.
func (b *build) large(r *fileReader, g *given, m *Member, head []byte, rest io.Reader) error {
	j := b.job(r, g, m)
	if r.unpacker != nil && scanners.CanPack(head[:scanners.SniffLen], j.name, j.mediaType(noFD)) {
		return b.throughFile(r, j, g, m, head, rest)
	}
	r.hasher.Reset()
	r.splitter.Reset(r.scanner(j, noFD, head[:scanners.SniffLen]))
	defer r.splitter.Reset(nil)
	n, err := r.splitter.ReadFrom(io.MultiReader(bytes.NewReader(head), tellProgress{b.ctx, rest, b.o}))
	b.o.progress(PhaseRead, int64(len(head)), 0)
	if err == nil {
		err = r.splitter.Close()
	}
	if err == nil && (m.Size >= 0 && n != m.Size || r.size != uint64(n)) {
		err = errShortMember
	}
	if err != nil {
		return err
	}
	if len(r.pieces) == 1 && r.pieces[0].kind == pieceBlock {
		g.n.how, g.n.content = contentBlock, r.pieces[0].id
	} else {
		r.setList(&g.n, r.hasher.Sum())
	}
	b.took(r, g, n)
	return nil
}

// originalFile cuts a file that lies on a disk. It is not read into memory or
// copied: it can be read at several places where it lies.
func (b *build) originalFile(r *fileReader, m *Member, f *os.File) error {
	fd := int(f.Fd())
	before, err := fsmeta.FStat(fd)
	if err != nil {
		return err
	}
	if before.Kind() != unix.S_IFREG || before.Size <= int64(b.o.LiteralMax) {
		n := *m
		n.Content = io.NewSectionReader(f, 0, math.MaxInt64)
		return b.content(r, b.origin, &n)
	}
	if m.Size >= 0 && before.Size != m.Size {
		return errShortMember
	}
	err = r.large(b.ctx, b.job(r, b.origin, m), fd, before)
	after, e := fsmeta.FStat(fd)
	switch {
	case b.ctx.Err() != nil:
		return b.ctx.Err()
	case r.spoolErr != nil:
		return r.spoolErr
	case e != nil:
		return e
	case after.Size != before.Size || after.Mtime != before.Mtime || after.Ctime != before.Ctime:
		return errChanged
	case err != nil:
		return err
	}
	b.took(r, b.origin, before.Size)
	return nil
}

// throughFile cuts a content that has to be read at several places.
func (b *build) throughFile(r *fileReader, j *fileJob, g *given, m *Member, head []byte, rest io.Reader) error {
	f, err := temporary(b.o.TempDir)
	if err != nil {
		r.spoolErr = err
		return err
	}
	defer f.Close()
	n, err := copyAll(f, head, tellProgress{b.ctx, rest, nil})
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			r.spoolErr = spoolError(err)
		}
		return err
	}
	if m.Size >= 0 && n != m.Size {
		return errShortMember
	}
	info, err := fsmeta.FStat(int(f.Fd()))
	if err != nil {
		return err
	}
	if err := r.large(b.ctx, j, int(f.Fd()), info); err != nil {
		return err
	}
	b.took(r, g, n)
	return nil
}

func copyAll(w io.Writer, head []byte, rest io.Reader) (int64, error) {
	if _, err := w.Write(head); err != nil {
		return 0, err
	}
	n, err := io.Copy(w, rest)
	return n + int64(len(head)), err
}

// tellProgress reads until the context ends, and tells progress when it has
// options.
type tellProgress struct {
	ctx context.Context
	r   io.Reader
	o   *Options
}

func (t tellProgress) Read(p []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := t.r.Read(p)
	if t.o != nil {
		t.o.progress(PhaseRead, int64(n), 0)
	}
	return n, err
}
