package writer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/disk"
)

// spool keeps blocks in a temporary file, made when the first one comes: those
// of contents that were inflated, when the arena is full, and of files that
// changed between the phases.
type spool struct {
	dir string

	mu sync.Mutex
	f  *os.File
	at map[uint32]int64
	n  int64
}

// temporary makes a file that lives as long as it is open.
func temporary(dir string) (*os.File, error) {
	f, err := disk.Temporary(dir)
	if err != nil {
		return nil, spoolError(err)
	}
	return f, nil
}

func (s *spool) add(id uint32, data []byte) error {
	s.mu.Lock()
	if s.f == nil {
		f, err := temporary(s.dir)
		if err != nil {
			s.mu.Unlock()
			return err
		}
		s.f, s.at = f, map[uint32]int64{}
	}
	off := s.n
	s.n += int64(len(data))
	s.at[id] = off
	s.mu.Unlock()
	if _, err := s.f.WriteAt(data, off); err != nil {
		return spoolError(err)
	}
	return nil
}

// spoolError says of what goes wrong with a temporary file that it does: its
// name is of no use, since it has none any more.
func spoolError(err error) error {
	var p *fs.PathError
	if !errors.As(err, &p) {
		return fmt.Errorf("temporary file: %w", err)
	}
	dir := filepath.Dir(p.Path)
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("temporary file in %s: %w; make room, or set TMPDIR to another directory", dir, p.Err)
	}
	return fmt.Errorf("temporary file in %s: %w", dir, p.Err)
}

func (s *spool) find(id uint32) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	off, ok := s.at[id]
	return off, ok
}

func (s *spool) readAt(b []byte, off int64) error {
	_, err := s.f.ReadAt(b, off)
	return err
}

func (s *spool) close() {
	if s.f != nil {
		s.f.Close()
	}
}
