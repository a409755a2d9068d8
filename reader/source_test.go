package reader_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// countingSource counts reads and, from a certain one on, lets them go wrong.
type countingSource struct {
	reader.Source
	reads, bytes atomic.Int64
	failAt       atomic.Int64 // number of the read from which on all go wrong; 0 for none
	fault        func(p []byte, off int64) (int, error)
}

func (s *countingSource) ReadAt(p []byte, off int64) (int, error) {
	s.bytes.Add(int64(len(p)))
	if n, at := s.reads.Add(1), s.failAt.Load(); at > 0 && n >= at {
		return s.fault(p, off)
	}
	return s.Source.ReadAt(p, off)
}

// everything reads all there is and gives the errors.
func everything(a *reader.Archive) (errs []error) {
	errs = append(errs, a.Walk(func(path string, e *format.Entry, err error) error {
		errs = append(errs, err)
		if err == nil && e.Kind == format.KindFile {
			f, err := a.ContentOf(e, path)
			if err == nil {
				_, err = f.WriteTo(io.Discard)
			}
			errs = append(errs, err)
		}
		return nil
	}))
	return errs
}

func TestReadsThatFail(t *testing.T) {
	b := testkit.MustBuild(t, zooArchive(func(a *testkit.Archive) { a.Options.BlocksPerFrame = 40 }))
	faults := map[string]struct {
		do    func(p []byte, off int64) (int, error)
		class error
	}{
		"fails":  {func([]byte, int64) (int, error) { return 0, syscall.EIO }, syscall.EIO},
		"short":  {func(p []byte, _ int64) (int, error) { return len(p) / 2, io.EOF }, format.ErrDamaged},
		"silent": {func(p []byte, _ int64) (int, error) { return 0, nil }, io.ErrNoProgress},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			for n := int64(1); ; n++ {
				src := &countingSource{Source: reader.Bytes(b), fault: fault.do}
				src.failAt.Store(n)
				a, err := reader.Open(src, reader.Options{ReadAhead: -1})
				errs := []error{err}
				if err == nil {
					errs = everything(a)
				}
				if src.reads.Load() < n {
					break // read n never came: nothing is left to fail
				}
				failed := 0
				for _, err := range errs {
					if err != nil {
						failed++
						if !errors.Is(err, fault.class) {
							t.Errorf("read %d: %v", n, err)
						}
					}
				}
				if failed == 0 {
					t.Errorf("read %d failed and nobody noticed", n)
				}
				if err != nil {
					continue
				}
				// A failure is not kept: the next try succeeds.
				src.failAt.Store(0)
				for _, err := range everything(a) {
					if err != nil {
						t.Errorf("after read %d: %v", n, err)
					}
				}
			}
		})
	}
}

func TestFileCutWhileMapped(t *testing.T) {
	// Large enough that pages behind the cut are gone: the map faults there.
	root := testkit.Dir("", testkit.File("big", string(testkit.Noise(1, 1<<20))), testkit.File("small", "s"))
	b := testkit.MustBuild(t, &testkit.Archive{Options: testkit.Options{Chunk: 1 << 16}, Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: root}}}}})
	for _, noMap := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "a.vtd")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := reader.OpenFile(path, reader.Options{NoMap: noMap, CacheBytes: 1})
		if err != nil {
			t.Fatal(err)
		}
		e, err := a.Lookup("big")
		if err != nil {
			t.Fatal(err)
		}
		f, err := a.Content(e)
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 1000)
		if _, err := f.ReadAt(buf, 0); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 200_000); err != nil {
			t.Fatal(err)
		}
		if _, err := f.ReadAt(buf, 1<<20-1000); !errors.Is(err, format.ErrDamaged) {
			t.Errorf("NoMap %v: %v", noMap, err)
		}
		if _, err := f.ReadAt(buf, 0); err != nil || !bytes.Equal(buf, testkit.Noise(1, 1000)) {
			t.Errorf("NoMap %v: what is left cannot be read: %v", noMap, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAfterClose(t *testing.T) {
	for name, open := range openings(t, testkit.MustBuild(t, zooArchive())) {
		a, err := open(reader.Options{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := a.Lookup("dir/big")
		if err != nil {
			t.Fatal(err)
		}
		f, err := a.Content(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Error(name, err)
		}
		if _, err := f.ReadAt(make([]byte, 10), 0); !errors.Is(err, fs.ErrClosed) {
			t.Error(name, err)
		}
		if err := a.Close(); !errors.Is(err, fs.ErrClosed) {
			t.Error(name, err)
		}
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, fifo, filepath.Join(dir, "none")} {
		if a, err := reader.OpenFile(path, reader.Options{}); err == nil {
			a.Close()
			t.Error(path, "opened")
		}
	}
}

// TestOpenReadsLittle holds opening, and Info, to a number of bytes that does
// not depend on the count of entries.
func TestOpenReadsLittle(t *testing.T) {
	var cost []int64
	for _, n := range []int{10, 20_000} {
		a := testkit.One(testkit.Dir("", testkit.Dir("many", testkit.Numbered(n)...)))
		a.Options = testkit.Options{DirLeaf: 500, BlocksPerFrame: 16, Codec: codec.Zstd}
		src := &countingSource{Source: reader.Bytes(testkit.MustBuild(t, a))}
		ar, err := reader.Open(src, reader.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if opened := src.bytes.Load(); opened > 8<<10 {
			t.Errorf("%d entries: opening reads %d bytes", n, opened)
		}
		if info, err := ar.Info(); err != nil || info.Entries != uint64(n)+1 {
			t.Errorf("%d entries: %+v, %v", n, info, err)
		}
		cost = append(cost, src.bytes.Load())
		if _, err := ar.Lookup("many/n00007"); err != nil {
			t.Error(err)
		}
		if looked := src.bytes.Load() - cost[len(cost)-1]; looked > 200<<10 {
			t.Errorf("%d entries: looking one up reads %d bytes", n, looked)
		}
		ar.Close()
	}
	// The table of frames is searched, a page at a time: a few pages more.
	if cost[1] > 64<<10 {
		t.Errorf("Info reads %d bytes of a small archive, %d of a large one", cost[0], cost[1])
	}
}
