package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Format is a kind of file to write.
type Format string

// The formats.
const (
	Tar Format = "tar"
	Zip Format = "zip"
)

// Options say what is written. The zero value of all but Format is the default.
type Options struct {
	Format Format
	// Match, if not nil, says which paths are written, and Below under which of
	// them there may be such.
	Match, Below func(path string) bool
	// Prefix is put before all names, with a slash between.
	Prefix string
	// Level is how hard zip compresses: 1 to 9, 0 for the default 6, negative
	// to store files as they are.
	Level int
	// Workers is how many goroutines read files: 0 means one for each processor.
	Workers int
	// Issue hears of what is not, or not all, in what is written. It is called
	// from one goroutine.
	Issue func(path string, err error)
	// Written hears of each entry, and how many bytes its content has.
	Written func(path string, kind format.Kind, bytes int64)
}

// Report sums up what was written.
type Report struct {
	Entries uint64
	Bytes   uint64 // of contents
	Issues  uint64
}

var (
	// ErrLacking says that the format has nothing for something.
	ErrLacking = errors.New("cannot be in this format")
	errFilled  = errors.New("filled up with zeros")
)

// entryWriter is a format that is being written.
type entryWriter interface {
	// entry writes an entry; content is that of a file. It may give issues to
	// report and go on.
	entry(path string, e *format.Entry, content *content) error
	close() error
}

// Write writes a tree. The error is about the archive as a whole, the output or
// the end of the context; what is missing otherwise is told to Issue.
func Write(ctx context.Context, a *reader.Archive, t *reader.Tree, w io.Writer, o Options) (*Report, error) {
	x := &exporter{a: a, t: t, o: o}
	switch o.Format {
	case Tar:
		x.to = newTarWriter(x, w)
	case Zip:
		z, err := newZipWriter(x, w)
		if err != nil {
			return nil, err
		}
		x.to = z
	default:
		return nil, fmt.Errorf("export: format %q is unknown", o.Format)
	}
	err := x.run(ctx)
	if err == nil {
		err = x.to.close()
	}
	return &x.rep, err
}

type exporter struct {
	a   *reader.Archive
	t   *reader.Tree
	o   Options
	to  entryWriter
	rep Report
}

func (x *exporter) issue(path string, err error) {
	x.rep.Issues++
	if x.o.Issue != nil {
		x.o.Issue(path, err)
	}
}

// lose makes an issue of an error if that is about what is in the archive;
// others end it all.
func (x *exporter) lose(path string, err error) error {
	if !errors.Is(err, format.ErrDamaged) && !errors.Is(err, format.ErrUnsupported) {
		return err
	}
	x.issue(path, err)
	return nil
}

// fill writes zeros for the rest of a file of which too much is promised by now.
func (x *exporter) fill(path string, w io.Writer, failed error, from, n int64) error {
	if err := x.lose(path, fmt.Errorf("%w; %w from %d", failed, errFilled, from)); err != nil {
		return err
	}
	_, err := io.CopyN(w, zeros{}, n)
	return err
}

// zeros is an endless stream of them.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// run writes the entries while others are read.
func (x *exporter) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	items := newReading(ctx, x)
	defer items.stop()
	for it := range items.queue {
		if err := ctx.Err(); err != nil {
			return err
		}
		if it.err != nil {
			if err := x.lose(it.path, it.err); err != nil {
				return err
			}
			continue
		}
		err := x.write(it)
		items.free(it)
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (x *exporter) write(it *item) error {
	if it.content != nil {
		if err := it.content.wait(); err != nil {
			return x.lose(it.path, err)
		}
	}
	before := x.rep.Bytes
	err := x.to.entry(it.path, &it.e, it.content)
	if errors.Is(err, ErrLacking) {
		x.issue(it.path, err)
		return nil
	}
	if err != nil {
		return err
	}
	x.rep.Entries++
	if x.o.Written != nil {
		x.o.Written(it.path, it.e.Kind, int64(x.rep.Bytes-before))
	}
	return nil
}

// name is what an entry is called in what is written.
func (x *exporter) name(path string) string {
	switch {
	case x.o.Prefix == "":
		if path == "" {
			return "."
		}
		return path
	case path == "":
		return x.o.Prefix
	}
	return x.o.Prefix + "/" + path
}

// walk gives the entries to write.
func (x *exporter) walk(visit func(path string, e *format.Entry, err error) error) error {
	return x.t.Walk(func(path string, e *format.Entry, err error) error {
		if err != nil {
			return visit(path, e, err)
		}
		if e.Kind != format.KindImplied && (x.o.Match == nil || x.o.Match(path)) {
			if err := visit(path, e, nil); err != nil {
				return err
			}
		}
		if e.Kind.IsDir() && x.o.Below != nil && !x.o.Below(path) {
			return fs.SkipDir
		}
		return nil
	})
}
