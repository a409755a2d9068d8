package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vtdarchive/vtd/cmd/vt/internal/compare"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/human"
)

// directory shows the changes from a state to a directory.
func (r *diffReport) directory(old openedState, o history.DiffOptions) error {
	r.old = old.a.HashID()
	d := &dirDiff{r: r, old: old, dir: r.c.New, o: o}
	ignore := map[string]bool{}
	for _, name := range o.Ignore.Names() {
		ignore[name] = true
	}
	ignore[compare.Size] = ignore[compare.Content]
	err := compare.Tree(r.e.ctx, old.a, old.Tree, d.dir, compare.Options{Ignore: ignore, Quick: !r.c.Checksum, Differ: d.differ})
	if err == nil || archiveFault(err) != nil {
		d.flush()
	}
	return errors.Join(err, d.err)
}

// dirDiff makes changes of differences, which come one by one, those of a path
// together.
type dirDiff struct {
	r    *diffReport
	old  openedState
	dir  string
	o    history.DiffOptions
	path string
	what history.What
	err  error
}

// things are the differences that are in what a change is.
var things = map[string]history.What{
	compare.Size: history.Content, compare.Content: history.Content, compare.Target: history.Target, compare.Device: history.Device,
	compare.Mode: history.Mode, compare.Owner: history.Owner, compare.Group: history.Group, compare.Mtime: history.Mtime,
	compare.Xattrs: history.Xattrs, compare.Links: history.Links,
}

func (d *dirDiff) differ(x compare.Difference) {
	if x.Path != d.path {
		d.flush()
	}
	d.path = x.Path
	switch x.What {
	case compare.Missing:
		d.gone(x.Path)
	case compare.Added:
		d.added(x.Path)
	case compare.Type:
		d.show(history.Change{Kind: history.Retyped, Path: x.Path, Old: d.entry(x.Path), New: d.found(x.Path)})
		d.below(x.Path)
	case compare.Failed:
		d.r.e.message("%s: %s", human.Quote(filepath.Join(d.dir, x.Path)), x.Found)
		d.r.damage = errors.Join(d.r.damage, reported(errNothing))
	default:
		d.what |= things[x.What]
	}
}

// flush shows what is known of a path of which no more is to come.
func (d *dirDiff) flush() {
	w := d.what
	if d.what = 0; w == 0 {
		return
	}
	d.show(history.Change{Kind: w.Kind(), Path: d.path, What: w, Old: d.entry(d.path), New: d.found(d.path)})
}

func (d *dirDiff) entry(path string) *format.Entry {
	e, err := d.old.Lookup(path)
	if err != nil {
		return nil // it was there a moment ago; what is wrong with it was said
	}
	return e
}

// found gives what the directory has under a path, as far as changes show it:
// nil for what is gone since.
func (d *dirDiff) found(path string) *format.Entry {
	info, err := os.Lstat(filepath.Join(d.dir, path))
	if err != nil {
		return nil
	}
	return foundEntry(info)
}

// foundEntry makes an entry with the kind and the size of a file.
func foundEntry(info fs.FileInfo) *format.Entry {
	switch {
	case info.IsDir():
		return &format.Entry{Kind: format.KindDir}
	case info.Mode().IsRegular():
		return &format.Entry{Kind: format.KindFile, Size: uint64(info.Size())}
	}
	return &format.Entry{Kind: format.KindSymlink} // or anything else without a size
}

func (d *dirDiff) show(c history.Change) {
	if d.o.Match != nil && !d.o.Match(c.Path) || d.err != nil {
		return
	}
	d.err = d.r.show(c)
}

// gone shows what is in the archive only, with all below it.
func (d *dirDiff) gone(path string) {
	e, err := d.old.Lookup(path)
	if err == nil {
		err = d.old.WalkFrom(path, e, func(path string, e *format.Entry, err error) error {
			if err == nil && e.Kind != format.KindImplied {
				d.show(history.Change{Kind: history.Deleted, Path: path, Old: e})
			}
			return err
		})
	}
	d.err = errors.Join(d.err, err)
}

// below shows what is below an entry that has become something else.
func (d *dirDiff) below(path string) {
	e := d.entry(path)
	if e != nil && e.Kind.IsDir() {
		for x, err := range d.old.a.ReadDir(e) {
			if err != nil {
				d.err = errors.Join(d.err, err)
				return
			}
			d.gone(path + "/" + x.Name)
		}
		return
	}
	names, err := os.ReadDir(filepath.Join(d.dir, path))
	if err != nil {
		return // it is no directory
	}
	for _, x := range names {
		d.added(path + "/" + x.Name())
	}
}

// added shows what is in the directory only, with all below it.
func (d *dirDiff) added(path string) {
	err := filepath.WalkDir(filepath.Join(d.dir, path), func(full string, x fs.DirEntry, err error) error {
		if err != nil {
			d.r.e.message("%v", err)
			d.r.damage = errors.Join(d.r.damage, reported(errNothing))
			return nil
		}
		rel, err := filepath.Rel(d.dir, full)
		if err != nil {
			return err
		}
		info, err := x.Info()
		if err != nil {
			return nil // it is gone since
		}
		d.show(history.Change{Kind: history.Added, Path: rel, New: foundEntry(info)})
		return nil
	})
	d.err = errors.Join(d.err, err)
}
