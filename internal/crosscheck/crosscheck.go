package crosscheck

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Check is one thing that is held of every archive.
type Check string

// The checks.
const (
	Classes Check = "errors have one class"
	Random  Check = "random access agrees with itself"
	Mapped  Check = "mapped files read as memory does"
	Plain   Check = "files that are not mapped read as memory does"
	Stream  Check = "the stream agrees with random access"
	Files   Check = "fs.FS agrees with the tree"
	Verify  Check = "verification finds what reading does"
	Bounded Check = "what is read is bounded by the size"
	Same    Check = "what has the original's root has its content"
)

// Checks are all of them.
var Checks = []Check{Classes, Random, Mapped, Plain, Stream, Files, Verify, Bounded, Same}

// Reporter is told of what does not hold.
type Reporter interface {
	Fault(c Check, format string, args ...any)
}

// Failer is what of a *testing.T is used.
type Failer interface {
	Errorf(format string, args ...any)
}

// Test reports to a test.
type Test struct{ Failer }

// Fault fails the test.
func (t Test) Fault(c Check, format string, args ...any) {
	t.Errorf("not so: %s: %s", c, fmt.Sprintf(format, args...))
}

// Limits bound what is read of one archive. A small archive may name any number
// of entries and bytes: directories and lists are shared, runs cost nothing.
type Limits struct {
	Entries int
	Whole   uint64 // bytes of a file that is read whole
	Start   uint64 // bytes read of a longer one
	Total   uint64 // bytes read of all files
}

// Small are limits for archives of some kilobytes.
var Small = Limits{Entries: 3000, Whole: 1 << 20, Start: 64 << 10, Total: 32 << 20}

// For gives limits that let pass what archives of a size hold in practice.
func For(size int64) Limits {
	n := uint64(size)
	return Limits{
		Entries: Small.Entries + int(n/8), Whole: Small.Whole + n, Start: Small.Start, Total: Small.Total + 8*n,
	}
}

// readerOptions keep little, so that what is read twice is decoded twice.
var readerOptions = reader.Options{Name: "archive", CacheBytes: 8 << 20, NodeCacheBytes: 4 << 20}

// Archive reads an archive, which is also in a file, in every way.
func Archive(r Reporter, b []byte, path string, lim Limits) (*View, *Streamed) {
	v := ReadBytes(r, b, lim)
	for _, noMap := range []bool{false, true} {
		o := readerOptions
		if o.NoMap = noMap; noMap {
			o.ReadAhead = -1
		}
		other := ReadRandom(r, lim, func() (*reader.Archive, error) { return reader.OpenFile(path, o) })
		if !bytes.Equal(v.Text.Bytes(), other.Text.Bytes()) {
			check := Mapped
			if noMap {
				check = Plain
			}
			r.Fault(check, "%s", firstDifference(v.Text.String(), other.Text.String()))
		}
	}
	work(r, b)
	s := ReadStream(r, b, lim)
	Agree(r, v, s)
	return v, s
}

// Agree holds random access and the stream against each other.
func Agree(r Reporter, v *View, s *Streamed) {
	if s.Clean && !v.Opened {
		r.Fault(Stream, "it finds no fault, random access cannot open the archive: %s", v.Text.String())
	}
	if !s.Bad && !s.Cut && v.Opened && !v.Bad && !v.Cut {
		if s.Top.Root != v.Top.Root || s.Top.Snapshot != v.Top.Snapshot {
			r.Fault(Stream, "it has root %v, random access %v", s.Top.Root, v.Top.Root)
		}
		if err := same(s.Entries, v.Entries); err != nil {
			r.Fault(Stream, "other entries than by random access: %v", err)
		}
	}
}

// classes of errors about archives.
var classes = []error{format.ErrNotArchive, format.ErrUnsupported, format.ErrDamaged}

// Classed reports an error that is not of exactly one class, or does not say
// where it is from.
func Classed(r Reporter, what string, err error) {
	n := 0
	for _, c := range classes {
		if errors.Is(err, c) {
			n++
		}
	}
	var fe *format.Error
	if n != 1 || !errors.As(err, &fe) {
		r.Fault(Classes, "an error of %d classes: %s: %v", n, what, err)
	}
}

// same holds two lists of entries against each other.
func same(a, b []Entry) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d entries and %d", len(a), len(b))
	}
	var errs []error
	for i := range a {
		x, y := a[i], b[i]
		if !x.Read || !y.Read {
			x.Sum, x.Read, y.Sum, y.Read = format.Hash{}, false, format.Hash{}, false
		}
		if x != y {
			errs = append(errs, fmt.Errorf("%+v is not %+v", x, y))
		}
	}
	return errors.Join(errs...)
}

// firstDifference gives the first lines in which two texts differ.
func firstDifference(a, b string) string {
	for {
		x, restA, moreA := strings.Cut(a, "\n")
		y, restB, moreB := strings.Cut(b, "\n")
		if x != y || !moreA || !moreB {
			return fmt.Sprintf("%q and %q", x, y)
		}
		a, b = restA, restB
	}
}
