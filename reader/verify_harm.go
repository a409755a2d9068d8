package reader

import (
	"context"
	"errors"
	"io/fs"

	"github.com/vtdarchive/vtd/format"
)

// maxWalked bounds the entries that are walked by path, where the same
// directory in many places is many entries: so many and one for each byte of
// the archive, which is more than any tree has that was archived. A few
// kilobytes can name more of them than there are atoms.
const (
	maxWalked     = 1 << 14
	walkedPerByte = 1
)

// walkCost is what an entry counts: a long path is worth several.
func walkCost(path string) int64 { return 1 + int64(len(path))/64 }

// maxShown is how much of a path is kept for each of many messages.
const maxShown = 4096

func (c *treeChecker) most() int64 { return maxWalked + walkedPerByte*c.a.Size() }

var errTooMany = errors.New("too many entries or groups")

// maxHarms bounds what one snapshot adds to all findings together.
const maxHarms = 100_000

// harm goes through the damaged parts of a tree and tells each finding what
// it hurts there.
func (c *treeChecker) harm(t *Tree) {
	left := int64(maxHarms)
	file := func(e *format.Entry, at Harm) {
		c.harmRef(&e.Ref, 0, anyLevel, 0, func(num, off, n uint64) bool {
			at.Offset, at.Length = int64(off), int64(n)
			c.findingOf(num).Hurt(at)
			left -= walkCost(at.Path)
			return left > 0 && c.ctx.Err() == nil
		})
	}
	c.steps = c.most() / 4 // what is hurt is a part, and being told of most of it is enough
	_ = t.Walk(func(path string, e *format.Entry, err error) error {
		if c.steps -= walkCost(path); c.ctx.Err() != nil || left <= 0 || c.steps <= 0 {
			return fs.SkipAll
		}
		switch {
		case err != nil:
			left -= walkCost(path)
			var fe *format.Error
			if errors.As(err, &fe) && fe.Block >= 0 {
				c.findingOf(uint64(fe.Block)).Hurt(c.at(path))
			}
			return nil
		case e.Kind.IsDir():
			if !c.dir(e, &place{nil, path}, 1).hurt {
				return fs.SkipDir
			}
		case e.Kind == format.KindFile:
			file(e, c.at(path))
		}
		return nil
	})
	if _, e, err := t.original(); err == nil && e != nil && left > 0 && c.ctx.Err() == nil {
		file(e, c.atOriginal(e.Name))
	}
}

// harmRef tells which bytes of content, from start on, a reference loses, and
// the block because of which. It ends when it is told that this is enough: lose
// and harmRef give false.
func (c *treeChecker) harmRef(r *format.Ref, start uint64, level, depth int, lose func(num, off, n uint64) bool) bool {
	if c.steps--; c.steps <= 0 { // what is hurt may be named without end, and lose nothing
		return false
	}
	switch r.Kind {
	case format.RefBlock:
		if c.dataRef(r) {
			return lose(r.Num, start, r.Span)
		}
	case format.RefIndirect:
		n, err := c.a.indirect(r, level)
		if err != nil {
			return lose(r.Num, start, r.Span)
		}
		if !c.ref(r, level, depth) {
			return true
		}
		for i := range n.indirect.Refs {
			x := &n.indirect.Refs[i]
			if !c.harmRef(x, start, n.indirect.Level-1, depth, lose) {
				return false
			}
			start += x.Span
		}
	case format.RefRecipe:
		n, err := c.a.recipe(r)
		if err != nil || depth == format.MaxRecipeDepth {
			return lose(r.Num, start, r.Span)
		}
		if !c.ref(r, level, depth) {
			return true
		}
		return c.harmRef(&n.recipe.Input, 0, anyLevel, depth+1, func(num, off, count uint64) bool {
			for p := range n.made.MadeFrom(int64(off), int64(off+count)) {
				if !lose(num, start+uint64(p.Offset), uint64(p.Length)) {
					return false
				}
			}
			return true
		})
	}
	return true
}

// ctxWriter ends when its context does.
type ctxWriter struct {
	ctx context.Context
	w   *format.ContentHasher
}

func (w ctxWriter) Write(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(b)
}

func (w ctxWriter) WriteRun(octet byte, n uint64) { w.w.WriteRun(octet, n) }
