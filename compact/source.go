package compact

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/reader"
)

// source is the archive as it was, read through what it is written through and
// locked against other writers.
type source struct {
	disk.File
	size int64
}

func (s *source) Size() int64  { return s.size }
func (s *source) Close() error { return nil } // the lock ends with the file

var errTaken = errors.New("another file has taken its place meanwhile; try again")

// openSource opens the archive at a path as its only writer.
func openSource(fsys disk.FS, path string) (s *source, err error) {
	target, named := fsys.Resolve(path)
	if info, err := fsys.Stat(target); err != nil {
		return nil, err
	} else if !named || !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "compact", Path: path, Err: errors.New("not a file with a name: only such can be replaced")}
	}
	f, err := fsys.OpenFile(target, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	s = &source{File: f}
	if err = f.Lock(); err == nil {
		err = s.still(fsys, path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// still checks that the archive is what its path leads to, and takes its size.
func (s *source) still(fsys disk.FS, path string) error {
	target, _ := fsys.Resolve(path)
	at, err := fsys.Stat(target)
	if err != nil {
		return err
	}
	open, err := s.Stat()
	if err != nil {
		return err
	}
	s.size = open.Size()
	if fileID(open) != fileID(at) {
		return &fs.PathError{Op: "compact", Path: path, Err: errTaken}
	}
	return nil
}

// fileID gives device and inode of a file.
func fileID(info fs.FileInfo) [2]uint64 {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return [2]uint64{}
	}
	return [2]uint64{uint64(st.Dev), st.Ino}
}

// checkIndex holds the index against the hashes in the trailers: hashes of
// blocks are taken from it without more ado.
func checkIndex(src io.ReaderAt, a *reader.Archive) error {
	for _, p := range a.IndexParts() {
		h := a.HashID().New()
		n, err := io.Copy(struct{ io.Writer }{h}, io.NewSectionReader(src, p.Offset, p.Trailer.IndexLen))
		if err != nil {
			return err
		}
		if n != p.Trailer.IndexLen || h.Sum() != p.Trailer.IndexHash {
			return format.Damaged("index", p.Offset, "its hash is not the one that its trailer says")
		}
	}
	return nil
}

// head reads the head of a frame and holds it against the index.
func (j *job) head(row *format.IndexFrame) (*format.FrameHead, error) {
	b := make([]byte, row.HeadSize)
	if _, err := j.src.ReadAt(b, row.Offset); err != nil {
		return nil, readError(err, row.Offset)
	}
	h, err := format.ParseFrameHead(b, row.Offset)
	if err != nil {
		return nil, err
	}
	if h.Row(row.Offset) != *row {
		return nil, format.Damaged("frame head", row.Offset, "it contradicts the index")
	}
	return h, nil
}

// stored reads the stored bytes of a frame into a buffer, and checks them.
func (j *job) stored(row *format.IndexFrame, h *format.FrameHead, buf []byte) ([]byte, error) {
	if cap(buf) < int(h.Stored) {
		buf = make([]byte, h.Stored)
	}
	buf = buf[:h.Stored]
	if _, err := j.src.ReadAt(buf, row.Offset+int64(row.HeadSize)); err != nil && len(buf) > 0 {
		return nil, readError(err, row.Offset)
	}
	if j.id.Sum(buf) != h.Hash {
		return nil, format.Damaged("frame", row.Offset, "its stored bytes do not have the hash that its head says")
	}
	return buf, nil
}

func readError(err error, off int64) error {
	if errors.Is(err, io.EOF) {
		return format.Damaged("frame", off, "the file ends within it")
	}
	return fmt.Errorf("at offset %d: %w", off, err)
}
