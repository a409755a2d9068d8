package history

import (
	"context"
	"io/fs"
	"iter"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// DiffOptions say what counts as a difference.
type DiffOptions struct {
	// Ignore is a set of things that may differ.
	Ignore What
	// NoRenames leaves a rename as what is deleted and what is added.
	NoRenames bool
	// Match, if not nil, says which paths are of interest, and Below under which
	// of them there may be such.
	Match, Below func(path string) bool
}

// Diff gives the changes from an old tree to a new one, of one archive or of
// two, in the order of their paths, a directory before what is below it. All
// that is below a directory that was added, deleted or retyped is given as well;
// a directory that was renamed as a whole is one change.
//
// Of a directory that cannot be read, an error that names it is given instead
// of what is below, and the rest goes on. Only the end of the context ends it.
//
// To find renames, changes are kept until the end, up to maxKept of them.
// Beyond that they are given as they are found, and so are those that are
// reached later.
func Diff(ctx context.Context, oldArchive *reader.Archive, old *reader.Tree, newArchive *reader.Archive, new *reader.Tree, o DiffOptions) iter.Seq2[Change, error] {
	d := &differ{ctx: ctx, old: side{oldArchive, old}, new: side{newArchive, new}, o: o}
	d.oneHash = oldArchive.HashID() == newArchive.HashID()
	plain := func(yield func(Change, error) bool) {
		d.yield = yield
		d.run()
	}
	if o.NoRenames {
		return plain
	}
	return d.renames(plain)
}

type differ struct {
	ctx      context.Context
	old, new side
	oneHash  bool
	o        DiffOptions
	yield    func(Change, error) bool
	depth    int
}

// run gives the changes without renames.
func (d *differ) run() { d.entry("", d.old.t.Root(), d.new.t.Root()) }

// give gives a change, if anybody is interested; false ends it all.
func (d *differ) give(c Change) bool {
	if d.o.Match != nil && !d.o.Match(c.Path) {
		return true
	}
	if err := d.ctx.Err(); err != nil {
		d.yield(Change{}, err)
		return false
	}
	return d.yield(c, nil)
}

func (d *differ) fail(path string, err error) bool {
	return d.yield(Change{Path: path}, at(path, err))
}

// entry compares what two trees have under a path.
func (d *differ) entry(path string, old, new *format.Entry) bool {
	switch {
	case new == nil:
		return d.whole(path, d.old, old, func(path string, e *format.Entry) Change { return Change{Kind: Deleted, Path: path, Old: e} })
	case old == nil:
		return d.whole(path, d.new, new, func(path string, e *format.Entry) Change { return Change{Kind: Added, Path: path, New: e} })
	case !sameKind(old, new):
		if !d.give(Change{Kind: Retyped, Path: path, Old: old, New: new}) {
			return false
		}
		return d.below(path, d.old, old, func(path string, e *format.Entry) Change { return Change{Kind: Deleted, Path: path, Old: e} }) &&
			d.below(path, d.new, new, func(path string, e *format.Entry) Change { return Change{Kind: Added, Path: path, New: e} })
	}
	w, err := compare(d.old, d.new, old, new)
	if err != nil {
		return d.fail(path, err)
	}
	if w &^= d.o.Ignore; w != 0 && !d.give(Change{Kind: w.Kind(), Path: path, What: w, Old: old, New: new}) {
		return false
	}
	if !new.Kind.IsDir() || d.oneHash && old.Ref.Hash == new.Ref.Hash || !d.reach(path) {
		return true
	}
	if d.depth > format.MaxDepth {
		return d.fail(path, format.Damaged("directory", format.NoOffset, "directories are nested deeper than %d", format.MaxDepth))
	}
	d.depth++
	defer func() { d.depth-- }()
	for p, err := range reader.Pairs(d.old.a, old, d.new.a, new) {
		if err != nil {
			return d.fail(path, err)
		}
		name := ""
		for _, e := range []*format.Entry{p.Old, p.New} {
			if e != nil {
				name = e.Name
			}
		}
		if !d.entry(join(path, name), p.Old, p.New) {
			return false
		}
	}
	return true
}

// reach says whether what is below a path is of interest.
func (d *differ) reach(path string) bool { return d.o.Below == nil || d.o.Below(path) }

// whole gives a change for an entry and all that is below it.
func (d *differ) whole(path string, s side, e *format.Entry, of func(string, *format.Entry) Change) bool {
	return d.give(of(path, e)) && d.below(path, s, e, of)
}

func (d *differ) below(path string, s side, e *format.Entry, of func(string, *format.Entry) Change) bool {
	if !e.Kind.IsDir() || !d.reach(path) {
		return true
	}
	goOn, first := true, true
	err := s.t.WalkFrom(path, e, func(path string, e *format.Entry, err error) error {
		switch {
		case err != nil:
			goOn = d.fail(path, err)
		case first:
			first = false
			return nil
		default:
			goOn = d.give(of(path, e))
		}
		switch {
		case !goOn:
			return fs.SkipAll
		case err == nil && e.Kind.IsDir() && !d.reach(path):
			return fs.SkipDir
		}
		return nil
	})
	if err != nil && goOn {
		goOn = d.fail(path, err)
	}
	return goOn
}
