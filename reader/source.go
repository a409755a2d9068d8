package reader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/edsrzf/mmap-go"
	"golang.org/x/sys/unix"
)

// Source is the bytes of an archive. ReadAt must be safe for concurrent use
// and must not keep the buffer; Size must not change. Bytes written after the
// source was opened are not part of it.
type Source interface {
	io.ReaderAt
	Size() int64
	Close() error
}

// SparseSource is a Source that knows where a file has holes, which need not be
// read in search of something.
type SparseSource interface {
	Source
	// NextData gives the offset of the first data from off on, or the size.
	// Where it cannot be told it gives off.
	NextData(off int64) int64
}

// Range is a part of a source.
type Range struct{ Off, Len int64 }

// PlannedSource is a Source for which a read costs a journey. It is told what
// is going to be read, as far as that is known, in place of what it was told
// before; it may be read otherwise all the same.
type PlannedSource interface {
	Source
	WillRead(ranges []Range)
}

// nextData asks the file system. That moves the offset of the file, which
// nothing here goes by.
func nextData(f *os.File, off, size int64) int64 {
	switch at, err := f.Seek(off, unix.SEEK_DATA); {
	case err == nil:
		return at
	case errors.Is(err, unix.ENXIO): // nothing but a hole from there on
		return size
	}
	return off
}

// Bytes is an archive in memory. The bytes must not change while it is open.
func Bytes(b []byte) Source { return bytesSource(b) }

type bytesSource []byte

func (b bytesSource) Size() int64  { return int64(len(b)) }
func (b bytesSource) Close() error { return nil }

func (b bytesSource) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// PlainFile opens a file that is read with pread.
func PlainFile(path string) (Source, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	return &plainSource{f, size}, nil
}

type plainSource struct {
	f    *os.File
	size int64
}

func (s *plainSource) Size() int64  { return s.size }
func (s *plainSource) Close() error { return s.f.Close() }

func (s *plainSource) NextData(off int64) int64 { return nextData(s.f, off, s.size) }

func (s *plainSource) ReadAt(p []byte, off int64) (int, error) { return s.f.ReadAt(p, off) }

// MappedFile maps a file into memory. Where that is not possible, as for an
// empty file or on some file systems, the file is read with pread instead.
func MappedFile(path string) (Source, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	if size == 0 || int64(int(size)) != size {
		return &plainSource{f, size}, nil
	}
	m, err := mmap.MapRegion(f, int(size), mmap.RDONLY, 0, 0)
	if err != nil {
		return &plainSource{f, size}, nil
	}
	return &mappedSource{m: m, f: f, size: size}, nil
}

// openRegular opens what has a size and random access. Opening a FIFO would
// wait for its writer, so the kind is looked at first.
func openRegular(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: errors.New("is a directory, not an archive")}
	case mode&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeCharDevice) != 0:
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: errors.New("has no random access; read it as a stream")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	size, err := f.Seek(0, io.SeekEnd) // block devices have no size in Stat
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}

// errFault stands for a fault in mapped memory: the file was cut after it was
// mapped, or the disk failed. A plain read tells the first by io.EOF.
var errFault = fmt.Errorf("mapped memory is gone: the file was truncated while it was read, or the disk failed: %w",
	io.ErrUnexpectedEOF)

// mappedSource is the only code that touches mapped memory. Everyone else
// sees copies.
type mappedSource struct {
	mu   sync.RWMutex // held by readers, so that Close does not unmap under them
	m    mmap.MMap
	f    *os.File
	size int64
}

func (s *mappedSource) Size() int64 { return s.size }

func (s *mappedSource) NextData(off int64) int64 { return nextData(s.f, off, s.size) }

func (s *mappedSource) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		return fs.ErrClosed
	}
	return errors.Join(s.m.Unmap(), s.f.Close())
}

// largeRead is from where pread is the better copy: it needs no page faults,
// and pages of the file that were read do not count as this process's memory.
const largeRead = 32 << 10

func (s *mappedSource) ReadAt(p []byte, off int64) (n int, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.m == nil {
		return 0, fs.ErrClosed
	}
	if off < 0 || off > s.size {
		return 0, io.EOF
	}
	if len(p) >= largeRead {
		return s.f.ReadAt(p, off)
	}
	if n, err = copyGuarded(p, s.m[off:]); err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// copyGuarded copies from mapped memory. A fault there is a signal that by
// default ends the process; on this goroutine, until return, it is a panic.
func copyGuarded(dst, src []byte) (n int, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			if _, fault := r.(interface{ Addr() uintptr }); !fault {
				panic(r)
			}
			n, err = 0, errFault
		default:
			panic(r)
		}
	}()
	return copy(dst, src), nil
}
