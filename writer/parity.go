package writer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/parity"
)

// ParityOptions are the options of AddParity.
type ParityOptions struct {
	Share parity.Share
	// All protects everything anew, as one range: otherwise what has parity of at
	// least this share is left alone.
	All bool
	// Unchecked leaves out that what is to be protected is checked before.
	Unchecked bool
	// DiscardTail is as in AppendOptions.
	DiscardTail bool
	Threads     int
	// OnBegin, if not nil, is told what comes, and how many bytes it goes through.
	OnBegin  func(what string, bytes int64)
	Progress func(n int64) // calls do not overlap
}

// ParityReport sums up what AddParity did.
type ParityReport struct {
	Set  *format.ParitySet // nil where nothing was to do
	Size int64             // of the archive now
	// Discarded counts bytes that followed the last valid trailer.
	Discarded int64
}

// Protect writes parity of an archive of some bytes behind it. The writer that
// the archive was made with does not know of it.
func Protect(ctx context.Context, f interface {
	io.ReaderAt
	io.WriterAt
}, size int64, share parity.Share, o parity.Options) (*format.ParitySet, error) {
	set, err := parity.New(f, 0, size, share)
	if err != nil {
		return nil, err
	}
	tail, err := parity.Write(ctx, f, f, set, o)
	if err == nil {
		_, err = f.WriteAt(tail, set.IndexAt())
	}
	return set, err
}

// AddParity appends parity to an archive: of all that has none of the share
// asked for, from where that begins to the end. It either succeeds, or the
// archive is as it was.
func AddParity(ctx context.Context, path string, o ParityOptions) (*ParityReport, error) {
	return addParityOn(ctx, disk.OS, path, o)
}

func addParityOn(ctx context.Context, fsys disk.FS, path string, o ParityOptions) (*ParityReport, error) {
	s, err := openSegment(ctx, fsys, path, o.DiscardTail, false)
	if err != nil {
		return nil, err
	}
	rep, err := s.addParity(ctx, &o)
	if e := s.close(); err == nil && e != nil {
		err = s.named("close", e)
	}
	if err != nil {
		return nil, err
	}
	return rep, nil
}

func (s *segment) addParity(ctx context.Context, o *ParityOptions) (*ParityReport, error) {
	end := s.base.end
	begin, err := s.unprotected(o)
	if err != nil {
		return nil, err
	}
	if begin == end {
		return &ParityReport{Size: end}, nil
	}
	if !o.Unchecked {
		o.begin("checking", end-begin)
		if err := s.check(ctx, begin, o); err != nil {
			return nil, fmt.Errorf("%s: %w; parity would protect what is damaged: repair or recover it first", s.path, err)
		}
	}
	set, err := parity.New(s.f, begin, end, o.Share)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	o.begin("protecting", set.Length)
	if err := s.writeParity(ctx, set, o); err != nil {
		err = s.named("write", err)
		if e := s.cutTo(end); e != nil {
			err = errors.Join(err, fmt.Errorf("the archive is as good as before, but what was to be added could not be removed from its end: %w", s.named("undo", e)))
		}
		return nil, err
	}
	return &ParityReport{Set: set, Size: set.SegmentEnd(), Discarded: s.base.a.TornTail()}, nil
}

func (o *ParityOptions) begin(what string, bytes int64) {
	if o.OnBegin != nil {
		o.OnBegin(what, bytes)
	}
}

// unprotected is where begins what has no parity of the share asked for.
func (s *segment) unprotected(o *ParityOptions) (int64, error) {
	if o.All {
		return 0, nil
	}
	sets, err := s.base.a.Parity()
	if err != nil {
		return 0, err
	}
	at := int64(0)
	for i := range sets {
		if x := &sets[i]; x.Begin <= at && parity.ShareOf(x) >= o.Share {
			at = max(at, x.SegmentEnd())
		}
	}
	return at, nil
}

// writeParity makes the frames safe before the trailer.
func (s *segment) writeParity(ctx context.Context, set *format.ParitySet, o *ParityOptions) error {
	if s.base.a.TornTail() > 0 {
		if err := s.cutTo(s.base.end); err != nil {
			return err
		}
	}
	// What this leaves if the power fails must be known for that, also behind an
	// archive that nothing was appended to.
	if _, err := s.f.WriteAt([]byte(format.MagicParity), s.base.end); err != nil {
		return err
	}
	if err := s.f.Sync(); err != nil {
		return err
	}
	tail, err := parity.Write(ctx, s.f, s.f, set, parity.Options{Workers: o.Threads, Progress: o.Progress})
	if err != nil {
		return err
	}
	if err := s.seal(); err != nil {
		return err
	}
	if _, err := s.f.WriteAt(tail, set.IndexAt()); err != nil {
		return err
	}
	return s.f.Sync()
}

func (s *segment) cutTo(end int64) error {
	if err := s.f.Truncate(end); err != nil {
		return err
	}
	return s.f.Sync()
}

// check holds the stored bytes of frames behind an offset, and the index of the
// last segment, against their hashes.
func (s *segment) check(ctx context.Context, begin int64, o *ParityOptions) error {
	var mu sync.Mutex
	step := func(n int64) {
		if o.Progress != nil {
			mu.Lock()
			o.Progress(n)
			mu.Unlock()
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	workers := o.Threads
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	g.SetLimit(workers)
	for row, err := range s.base.a.Frames() {
		if err != nil {
			return err
		}
		if row.Offset < begin || ctx.Err() != nil {
			continue
		}
		g.Go(func() error {
			err := s.checkFrame(&row)
			step(int64(row.HeadSize) + int64(row.Stored))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	t := s.base.a.Trailer()
	h := s.base.a.HashID().New()
	if _, err := io.Copy(h, io.NewSectionReader(s.f, t.Index, t.IndexLen)); err != nil {
		return err
	}
	if h.Sum() != t.IndexHash {
		return format.Damaged("index", t.Index, "it does not have the hash that its trailer says")
	}
	return nil
}

// checkFrame holds a frame against what the index and its own head say.
func (s *segment) checkFrame(row *format.IndexFrame) error {
	b := make([]byte, row.HeadSize)
	if _, err := s.f.ReadAt(b, row.Offset); err != nil {
		return err
	}
	head, err := format.ParseFrameHead(b, row.Offset)
	if err != nil {
		return err
	}
	if head.Row(row.Offset) != *row {
		return format.Damaged("frame head", row.Offset, "it is not what the index says of it")
	}
	h := s.base.a.HashID().New()
	if _, err := io.Copy(h, io.NewSectionReader(s.f, row.Offset+int64(row.HeadSize), int64(row.Stored))); err != nil {
		return err
	}
	if h.Sum() != head.Hash {
		return format.Damaged("frame", row.Offset, "its stored bytes do not have the hash that its head says")
	}
	return nil
}

// leftByParity tells whether what follows an archive was left by an AddParity that
// did not finish: the magic of a frame, or the room for it, and whatever follows.
func leftByParity(src diskSource, end int64) bool {
	b := make([]byte, min(int64(len(format.MagicParity)), src.size-end))
	if _, err := src.ReadAt(b, end); err != nil && err != io.EOF {
		return false
	}
	return string(b) == format.MagicParity || src.size-end <= int64(len(b)) && len(bytes.Trim(b, "\x00")) == 0
}
