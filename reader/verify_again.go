package reader

import (
	"cmp"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/vtdarchive/vtd/format"
)

// contentKey tells contents and what is said of them: equal ones are hashed
// once.
type contentKey struct {
	kind  format.RefKind
	octet byte
	num   uint64
	span  uint64
	says  format.Hash
}

func keyOf(e *format.Entry) contentKey {
	return contentKey{e.Ref.Kind, e.Ref.Octet, e.Ref.Num, e.Ref.Span, e.Content}
}

type contentFile struct {
	e     *format.Entry
	at    place
	first uint64 // data block, about
	n     int    // in the order of the tree

	original bool // it is not in the tree, which was made from it
}

// harmOf is the whole of a file.
func (c *treeChecker) harmOf(x *contentFile) Harm {
	h := c.at(x.at.String())
	h.Original = x.original
	return h
}

// maxContents bounds how many files wait to be hashed.
const maxContents = 1 << 15

// firstBlock finds the data block that a content begins with or, where it
// begins with something else, a number that is as good for the order.
func (c *treeChecker) firstBlock(r *format.Ref) uint64 {
	for level, recipes := anyLevel, 0; r.Kind == format.RefIndirect || r.Kind == format.RefRecipe; {
		if r.Kind == format.RefRecipe {
			n, err := c.a.recipe(r)
			if recipes++; err != nil || recipes > format.MaxRecipeDepth {
				return 0
			}
			level, r = anyLevel, &n.recipe.Input
			continue
		}
		n, err := c.a.indirect(r, level)
		if err != nil {
			return 0
		}
		level = n.indirect.Level - 1
		for i := range n.indirect.Refs {
			if k := n.indirect.Refs[i].Kind; k == format.RefBlock || k == format.RefIndirect || k == format.RefRecipe {
				r = &n.indirect.Refs[i]
				break
			}
		}
		if level < 0 {
			break
		}
	}
	return r.Num
}

// hashContents holds the contents that were put off against their hashes, in
// the order in which their blocks lie: in that of the tree, frames would be
// decoded again and again. Several at a time are near each other, so that they
// need the same frames.
func (c *treeChecker) hashContents() {
	files := slices.SortedFunc(maps.Values(c.contents), func(a, b contentFile) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.n, b.n))
	})
	c.contents = nil
	sums := make([]format.Hash, len(files))
	errs := make([]error, len(files))
	var g errgroup.Group
	g.SetLimit(c.opts.Workers)
	for i, x := range files {
		if c.ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			f := &File{a: c.a, e: x.e, name: displayPath(x.at.String())}
			h := c.a.header.Hash.NewContent()
			if _, errs[i] = f.WriteTo(ctxWriter{c.ctx, h}); errs[i] == nil {
				sums[i] = h.Sum()
			}
			return nil
		})
	}
	_ = g.Wait()
	for i, x := range files {
		if c.ctx.Err() != nil {
			return
		}
		if err := errs[i]; err != nil {
			if n := c.note(err, 0); n != nil && len(n.Hurts) == 0 {
				n.Hurt(c.harmOf(&x))
			}
			c.unread = true
			continue
		}
		if sums[i] != x.e.Content {
			c.mismatchOf(x.e.Ref.Num, c.harmOf(&x), "directory", "the hash of its whole content is %v; its entry says %v", sums[i], x.e.Content)
		}
	}
}
