package crosscheck

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Entry is what a reader says of one name.
type Entry struct {
	Path string
	Kind format.Kind
	Meta string // all that is recorded but the content
	Size uint64
	Sum  format.Hash // of the content, or of its start where it is long
	Read bool        // Sum is set
}

// View is an archive as a reader sees it.
type View struct {
	Opened  bool
	Bad     bool // something could not be read
	Cut     bool // there is more than the limits let through
	Long    bool // some content was not read whole
	Top     format.Top
	Entries []Entry
	Clean   bool // verified whole, nothing found

	Text bytes.Buffer // everything, with errors

	limits Limits
	size   uint64 // read so far
}

// Fits reports whether the view is of all that the archive holds.
func (v *View) Fits() bool { return !v.Cut && !v.Long }

// say adds a line, and looks at the error's class.
func (v *View) say(r Reporter, what string, err error) {
	if err != nil {
		Classed(r, what, err)
		v.Bad = true
		what += ": " + err.Error()
	}
	v.Text.WriteString(what + "\n")
}

// metaOf tells what is recorded of an entry; numbers of blocks, which hold in
// one file only, stay out.
func metaOf(e *format.Entry) string {
	return fmt.Sprintf("%v %o %v %v %v %d %d %q %d:%d %d/%d %q",
		e.Kind, e.Perm, e.Owner, e.Mtime, e.Btime, e.Size, e.Count, e.Target, e.Major, e.Minor, e.LinkID, e.LinkCount, e.Xattrs)
}

// room is how much of a file to read.
func (v *View) room(size uint64) uint64 {
	n := size
	if n > v.limits.Whole {
		n = v.limits.Start
	}
	n = min(n, v.limits.Total-v.size)
	if n < size {
		v.Long = true
	}
	v.size += n
	return n
}

// ReadRandom reads an archive by random access: the tree, every file, all that
// Verify finds, and the tree once more through fs.FS.
func ReadRandom(r Reporter, lim Limits, open func() (*reader.Archive, error)) *View {
	v := &View{limits: lim}
	a, err := open()
	v.say(r, "open", err)
	if err != nil {
		return v
	}
	defer a.Close()
	v.Opened = true
	for _, w := range a.Warnings() {
		v.say(r, w, nil)
	}
	_, err = a.Info()
	v.say(r, "info", err)
	if top, err := a.Top(); err == nil {
		v.Top = *top
	}
	err = a.Walk(func(path string, e *format.Entry, err error) error {
		if len(v.Entries) >= lim.Entries {
			v.Cut = true
			return fs.SkipAll
		}
		v.say(r, path, err)
		if err == nil {
			v.Entries = append(v.Entries, v.entryOf(r, a, path, e))
		}
		return nil
	})
	v.say(r, "walk", err)
	v.verify(r, a)
	v.files(r, a)
	return v
}

// ReadBytes reads an archive in memory.
func ReadBytes(r Reporter, b []byte, lim Limits) *View {
	return ReadRandom(r, lim, func() (*reader.Archive, error) { return reader.Open(reader.Bytes(b), readerOptions) })
}

func (v *View) entryOf(r Reporter, a *reader.Archive, path string, e *format.Entry) Entry {
	out := Entry{Path: path, Kind: e.Kind, Meta: metaOf(e), Size: e.Size}
	if e.Kind != format.KindFile {
		return out
	}
	f, err := a.ContentOf(e, path)
	v.say(r, path+": content", err)
	if err != nil {
		return out
	}
	if uint64(f.Size()) != e.Size {
		r.Fault(Random, "%q: %d bytes of content, the entry says %d", path, f.Size(), e.Size)
	}
	b := make([]byte, v.room(e.Size))
	n, err := f.ReadAt(b, 0)
	if err == io.EOF && n == len(b) {
		err = nil
	}
	v.say(r, path+": read", err)
	if err == nil {
		out.Sum, out.Read = format.HashBLAKE3.Sum(b), true
	}
	fmt.Fprintf(&v.Text, "%s %v\n", out.Meta, out.Sum)
	return out
}

// allFit tells whether what earlier snapshots hold beside the newest, and the
// originals of trees, keeps the limits, too: verification reads all of it.
func (v *View) allFit(a *reader.Archive) bool {
	entries, left := 0, v.limits.Total
	type content struct {
		kind  format.RefKind
		octet byte
		num   uint64
		span  uint64
	}
	seen := map[content]bool{}
	fits := func(e *format.Entry) bool {
		if entries++; entries > v.limits.Entries {
			return false
		}
		key := content{e.Ref.Kind, e.Ref.Octet, e.Ref.Num, e.Ref.Span}
		if !e.HasContentHash() || seen[key] {
			return true
		}
		seen[key] = true
		if e.Size > left {
			return false
		}
		left -= e.Size
		return true
	}
	for t, err := range a.Snapshots() {
		if err != nil {
			continue
		}
		all := true
		_ = t.Walk(func(_ string, e *format.Entry, err error) error {
			if err == nil && !fits(e) {
				all = false
				return fs.SkipAll
			}
			return nil
		})
		if _, e, err := t.Original(); err == nil && e != nil {
			all = all && fits(e)
		}
		if !all {
			return false
		}
	}
	return true
}

// verify verifies the archive. Files are read as a whole only where that is
// known to end: a run may have 2^62 bytes.
func (v *View) verify(r Reporter, a *reader.Archive) {
	contents := v.Fits() && v.allFit(a)
	rep, err := a.Verify(context.Background(), reader.VerifyOptions{NoContents: !contents, Workers: 2})
	if err != nil {
		r.Fault(Verify, "it fails: %v", err)
		return
	}
	if rep.OK() && v.Bad {
		r.Fault(Verify, "it finds nothing, and reading failed: %s", v.Text.Bytes())
	}
	v.Clean = rep.OK() && contents
	for _, x := range rep.Findings {
		fmt.Fprintf(&v.Text, "%s %s %d %d %s\n", x.Class, x.Structure, x.Offset, x.Block, x.Message)
	}
	fast, err := a.Verify(context.Background(), reader.VerifyOptions{Fast: true, Workers: 2})
	if err != nil {
		r.Fault(Verify, "it fails: fast: %v", err)
		return
	}
	if rep.OK() && !fast.OK() {
		r.Fault(Verify, "fast, it finds what else it does not: %v", fast.Findings)
	}
}
