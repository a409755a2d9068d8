package writer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
)

// segment is the end of an archive that is being written. Until its trailer is
// there, the archive is what it was before.
type segment struct {
	fsys   disk.FS
	f      disk.File
	path   string // as given
	target string // what it leads to
	base   *base
	id     [2]uint64
	off    int64
	begun  bool
	dry    bool // nothing is written
}

// openSegment opens an archive for one more segment, as its only writer. What
// follows its last valid trailer must be what an append left that did not finish,
// or be to be discarded. For a dry run it is opened as any reader would.
func openSegment(ctx context.Context, fsys disk.FS, path string, discardTail, dry bool) (*segment, error) {
	target, named := fsys.Resolve(path)
	if info, err := fsys.Stat(target); err != nil {
		return nil, err
	} else if !named || !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "append", Path: path, Err: errors.New("not a file with a name: only such can be appended to")}
	}
	flag := os.O_RDWR
	if dry {
		flag = os.O_RDONLY
	}
	f, err := fsys.OpenFile(target, flag, 0)
	if err != nil {
		return nil, err
	}
	s := &segment{fsys: fsys, f: f, path: path, target: target, dry: dry}
	if !dry {
		err = f.Lock()
	}
	if err == nil {
		err = s.still()
	}
	if err == nil {
		s.base, err = openBase(ctx, f, path, discardTail)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.off = s.base.end
	return s, nil
}

// errTaken says that a file has taken the place of the archive.
var errTaken = errors.New("another file has taken its place meanwhile; try again")

// still checks that the archive is what its path leads to.
func (s *segment) still() error {
	at, err := s.fsys.Stat(s.target)
	if err != nil {
		return err
	}
	open, err := s.f.Stat()
	if err != nil {
		return err
	}
	if s.id = fileID(open); fileID(at) != s.id {
		return &fs.PathError{Op: "append", Path: s.path, Err: errTaken}
	}
	return nil
}

func (s *segment) close() error {
	s.base.close()
	return s.f.Close()
}

// is reports whether a file is the archive.
func (s *segment) is(dev, ino uint64) bool {
	return s.id == [2]uint64{dev, ino}
}

// begin makes the archive one that is appended to: the promise that there is
// nothing but one segment goes, and what an append before has left.
func (s *segment) begin() error {
	s.begun = true
	return s.named("write", s.clearWay())
}

// named words an error of writing.
func (s *segment) named(op string, err error) error { return disk.WriteError(op, s.path, err) }

func (s *segment) clearWay() error {
	h := s.base.a.Header()
	// Before the first append has come to its end, the promise may have gone from
	// memory and not from the disk: one that failed, or was killed, has left it so.
	if h.Flags&format.FlagAsCreated == 0 && s.base.a.TornTail() == 0 && s.base.a.Trailer().Snapshots > 1 {
		return nil
	}
	if s.base.a.TornTail() > 0 {
		if err := s.f.Truncate(s.base.end); err != nil {
			return err
		}
	}
	if err := s.putFlags(h.Flags &^ format.FlagAsCreated); err != nil {
		return err
	}
	return s.f.Sync()
}

// putFlags writes the fixed part of the header, which lies in one sector, with
// other flags.
func (s *segment) putFlags(flags uint64) error {
	h := *s.base.a.Header()
	h.Flags = flags
	b, err := h.AppendTo(nil)
	if err != nil {
		return err
	}
	_, err = s.f.WriteAt(b[:format.HeaderFixedSize], 0)
	return err
}

// Write adds to the segment.
func (s *segment) Write(p []byte) (int, error) {
	if s.dry {
		s.off += int64(len(p))
		return len(p), nil
	}
	if !s.begun {
		if err := s.begin(); err != nil {
			return 0, err
		}
	}
	n, err := s.f.WriteAt(p, s.off)
	s.off += int64(n)
	return n, s.named("write", err)
}

// seal makes all but the trailer safe, and the name of the archive: who put it
// there may have been stopped before that.
func (s *segment) seal() error {
	if s.dry {
		return s.still()
	}
	if err := s.f.Sync(); err != nil {
		return s.named("sync", err)
	}
	if err := s.fsys.SyncDir(filepath.Dir(s.target)); err != nil {
		return s.named("sync the directory of", err)
	}
	return s.still()
}

// commit makes the trailer safe.
func (s *segment) commit() error {
	if s.dry {
		return nil
	}
	return s.named("sync", s.f.Sync())
}

// undo makes the archive what it was.
func (s *segment) undo() error {
	if !s.begun {
		return nil
	}
	err := s.f.Truncate(s.base.end)
	if err == nil {
		err = s.f.Sync()
	}
	if flags := s.base.a.Header().Flags; err == nil && flags&format.FlagAsCreated != 0 {
		// Now that nothing follows the first segment for sure.
		if err = s.putFlags(flags); err == nil {
			err = s.f.Sync()
		}
	}
	if err != nil {
		return fmt.Errorf("the archive is as good as before, but what was to be added could not be removed from its end: %w", s.named("undo", err))
	}
	return nil
}
