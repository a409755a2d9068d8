package crosscheck

import (
	"fmt"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Original is what a valid archive holds. Whatever is done to the archive, a
// reader that says it has the same root gives the same entries and contents, or
// errors.
type Original struct {
	Name   string
	limits Limits
	trees  map[format.Hash]map[string]Entry // of every snapshot, by root hash: path → entry
	ids    map[format.Hash]format.Hash      // root hash by content id
}

// NewOriginal reads a valid archive. A tree with more entries than the limits
// let through is left out.
func NewOriginal(name string, b []byte, lim Limits) (*Original, error) {
	o := &Original{name, lim, map[format.Hash]map[string]Entry{}, map[format.Hash]format.Hash{}}
	a, err := reader.Open(reader.Bytes(b), readerOptions)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	for tree, err := range a.Snapshots() {
		if err != nil {
			return nil, err
		}
		if tree.Root().Count >= uint64(lim.Entries) {
			continue
		}
		entries, err := o.tree(a, tree)
		if err != nil {
			return nil, err
		}
		root := tree.Root().Ref.Hash
		o.trees[root] = entries
		o.ids[tree.Snapshot().Content] = root
	}
	return o, nil
}

func (o *Original) tree(a *reader.Archive, tree *reader.Tree) (map[string]Entry, error) {
	out := map[string]Entry{}
	err := tree.Walk(func(path string, e *format.Entry, err error) error {
		if err != nil {
			return err
		}
		x := Entry{Path: path, Kind: e.Kind, Meta: metaOf(e), Size: e.Size}
		if e.Kind == format.KindFile && e.Size <= o.limits.Whole { // nothing else is read whole
			f, err := a.ContentOf(e, path)
			if err != nil {
				return err
			}
			b := make([]byte, e.Size)
			if _, err := f.ReadAt(b, 0); err != nil && len(b) > 0 {
				return err
			}
			x.Sum, x.Read = format.HashBLAKE3.Sum(b), true
		}
		out[path] = x
		return nil
	})
	return out, err
}

// Tree gives the entries of the tree with a root hash, by path; nil for any
// other.
func (o *Original) Tree(root format.Hash) map[string]Entry { return o.trees[root] }

// Check holds what was made of a changed archive against the original.
func (o *Original) Check(r Reporter, v *View, s *Streamed) {
	if known := o.trees[v.Top.Root]; v.Opened && known != nil {
		o.compare(r, "random access", known, v.Entries, !v.Bad && !v.Cut)
	}
	// A stream cannot take back what it gave out: its end decides.
	if known := o.trees[s.Top.Root]; known != nil && !s.Bad {
		o.compare(r, "stream", known, s.Entries, !s.Cut)
	}
	// The content id names contents, whatever the structure; verified, it is
	// as good as the root.
	if root, ok := o.ids[v.Top.Content]; ok && v.Clean && o.trees[v.Top.Root] == nil {
		for _, e := range v.Entries {
			if x := o.trees[root][e.Path]; e.Path != "" && x.Read && e.Read && x.Sum != e.Sum {
				r.Fault(Same, "the content id is that of %s, %q is not", o.Name, e.Path)
			}
		}
	}
}

// compare holds entries against the original's; complete says that all of
// them must be there.
func (o *Original) compare(r Reporter, way string, known map[string]Entry, got []Entry, complete bool) {
	for _, e := range got {
		if err := o.entry(known, e); err != nil {
			r.Fault(Same, "%s: %s: %v", o.Name, way, err)
		}
	}
	if complete && len(got) < len(known) {
		r.Fault(Same, "%s: %s: %d entries without an error, not %d", o.Name, way, len(got), len(known))
	}
}

func (o *Original) entry(known map[string]Entry, e Entry) error {
	x, ok := known[e.Path]
	switch {
	case e.Path == "": // its metadata are in the snapshot record
		return nil
	case !ok:
		return fmt.Errorf("%q is new", e.Path)
	case e.Meta != x.Meta:
		return fmt.Errorf("%q is %s, was %s", e.Path, e.Meta, x.Meta)
	case e.Read && x.Read && e.Size <= o.limits.Whole && e.Sum != x.Sum:
		return fmt.Errorf("%q has the wrong content", e.Path)
	}
	return nil
}
