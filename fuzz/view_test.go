package fuzz

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Bounds on what is read of one archive. A small archive may name any number
// of entries and bytes: directories and lists are shared, runs cost nothing.
const (
	maxEntries = 3000
	maxWhole   = 1 << 20  // bytes of a file read whole
	maxStart   = 64 << 10 // bytes read of a longer one
	maxTotal   = 32 << 20 // bytes read of all files
)

// entry is what a reader says of one name.
type entry struct {
	path string
	kind format.Kind
	meta string // all that is recorded but the content
	size uint64
	sum  format.Hash // of the content, or of its start where it is long
	read bool        // sum is set
}

// view is an archive as a reader sees it.
type view struct {
	opened  bool
	bad     bool // something could not be read
	cut     bool // there is more than the bounds let through
	long    bool // some content was not read whole
	top     format.Top
	entries []entry
	clean   bool // verified whole, nothing found

	text bytes.Buffer // everything, with errors
	size uint64       // read so far
}

// fits reports whether the view is of all that the archive holds.
func (v *view) fits() bool { return !v.cut && !v.long }

// say adds a line, and looks at the error's class.
func (v *view) say(t *testing.T, what string, err error) {
	if err != nil {
		classed(t, what, err)
		v.bad = true
		what += ": " + err.Error()
	}
	v.text.WriteString(what + "\n")
}

// metaOf tells what is recorded of an entry; numbers of blocks, which hold in
// one file only, stay out.
func metaOf(e *format.Entry) string {
	return fmt.Sprintf("%v %o %v %v %v %d %d %q %d:%d %d/%d %q",
		e.Kind, e.Perm, e.Owner, e.Mtime, e.Btime, e.Size, e.Count, e.Target, e.Major, e.Minor, e.LinkID, e.LinkCount, e.Xattrs)
}

// room is how much of a file to read.
func (v *view) room(size uint64) uint64 {
	n := size
	if n > maxWhole {
		n = maxStart
	}
	n = min(n, maxTotal-v.size)
	if n < size {
		v.long = true
	}
	v.size += n
	return n
}

var readerOptions = reader.Options{Name: "archive", CacheBytes: 8 << 20, NodeCacheBytes: 4 << 20}

// viewOf reads an archive by random access: the tree, every file, all that
// Verify finds.
func viewOf(t *testing.T, open func() (*reader.Archive, error)) *view {
	v := new(view)
	a, err := open()
	v.say(t, "open", err)
	if err != nil {
		return v
	}
	defer a.Close()
	v.opened = true
	for _, w := range a.Warnings() {
		v.say(t, w, nil)
	}
	_, err = a.Info()
	v.say(t, "info", err)
	if top, err := a.Top(); err == nil {
		v.top = *top
	}
	err = a.Walk(func(path string, e *format.Entry, err error) error {
		if len(v.entries) >= maxEntries {
			v.cut = true
			return fs.SkipAll
		}
		v.say(t, path, err)
		if err == nil {
			v.entries = append(v.entries, v.entryOf(t, a, path, e))
		}
		return nil
	})
	v.say(t, "walk", err)
	v.verify(t, a)
	return v
}

func (v *view) entryOf(t *testing.T, a *reader.Archive, path string, e *format.Entry) entry {
	out := entry{path: path, kind: e.Kind, meta: metaOf(e), size: e.Size}
	if e.Kind != format.KindFile {
		return out
	}
	f, err := a.ContentOf(e, path)
	v.say(t, path+": content", err)
	if err != nil {
		return out
	}
	if uint64(f.Size()) != e.Size {
		t.Errorf("%q: %d bytes of content, the entry says %d", path, f.Size(), e.Size)
	}
	b := make([]byte, v.room(e.Size))
	n, err := f.ReadAt(b, 0)
	if err == io.EOF && n == len(b) {
		err = nil
	}
	v.say(t, path+": read", err)
	if err == nil {
		out.sum, out.read = format.HashBLAKE3.Sum(b), true
	}
	fmt.Fprintf(&v.text, "%s %v\n", out.meta, out.sum)
	return out
}

// verify verifies the archive. Files are read as a whole only where that is
// known to end: a run may have 2^62 bytes.
func (v *view) verify(t *testing.T, a *reader.Archive) {
	rep, err := a.Verify(context.Background(), reader.VerifyOptions{NoContents: !v.fits(), Workers: 2})
	if err != nil {
		t.Errorf("verify: %v", err)
	}
	if rep.OK() && v.bad {
		t.Errorf("reading failed and verify finds nothing:\n%s", v.text.Bytes())
	}
	v.clean = rep.OK() && v.fits()
	for _, x := range rep.Findings {
		fmt.Fprintf(&v.text, "%s %s %d %d %s\n", x.Class, x.Structure, x.Offset, x.Block, x.Message)
	}
	fast, err := a.Verify(context.Background(), reader.VerifyOptions{Fast: true, Workers: 2})
	if err != nil {
		t.Errorf("fast verify: %v", err)
	}
	if rep.OK() && !fast.OK() {
		t.Errorf("fast verify finds what verify does not: %v", fast.Findings)
	}
}

// bytesView reads an archive in memory.
func bytesView(t *testing.T, b []byte) *view {
	return viewOf(t, func() (*reader.Archive, error) { return reader.Open(reader.Bytes(b), readerOptions) })
}

// same holds two lists of entries against each other.
func same(a, b []entry) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d entries and %d", len(a), len(b))
	}
	var errs []error
	for i := range a {
		x, y := a[i], b[i]
		if !x.read || !y.read {
			x.sum, x.read, y.sum, y.read = format.Hash{}, false, format.Hash{}, false
		}
		if x != y {
			errs = append(errs, fmt.Errorf("%+v is not %+v", x, y))
		}
	}
	return errors.Join(errs...)
}
