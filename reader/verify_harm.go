package reader

import (
	"context"
	"errors"
	"io/fs"

	"github.com/vtdarchive/vtd/format"
)

// maxWalked bounds the entries that are walked by path, where the same
// directory in many places is many entries.
const maxWalked = 64 << 20

var errTooMany = errors.New("too many entries or groups")

// maxHarms bounds what one snapshot adds to all findings together.
const maxHarms = 100_000

// harm goes through the damaged parts of a tree and tells each finding what
// it hurts there.
func (c *treeChecker) harm(t *Tree) {
	left := maxHarms
	_ = t.Walk(func(path string, e *format.Entry, err error) error {
		if c.ctx.Err() != nil || left <= 0 {
			return fs.SkipAll
		}
		switch {
		case err != nil:
			left--
			var fe *format.Error
			if errors.As(err, &fe) && fe.Block >= 0 {
				c.findingOf(uint64(fe.Block)).Hurt(c.at(path))
			}
			return nil
		case e.Kind.IsDir():
			if !c.dir(e, path, 1).hurt {
				return fs.SkipDir
			}
		case e.Kind == format.KindFile:
			c.harmRef(&e.Ref, 0, path, anyLevel, &left)
		}
		return nil
	})
}

// harmRef tells which bytes of a file, from start on, a reference loses.
func (c *treeChecker) harmRef(r *format.Ref, start uint64, path string, level int, left *int) {
	if *left <= 0 || c.ctx.Err() != nil {
		return
	}
	lost := func(num uint64) {
		*left--
		h := c.at(path)
		h.Offset, h.Length = int64(start), int64(r.Span)
		c.findingOf(num).Hurt(h)
	}
	switch r.Kind {
	case format.RefBlock:
		if c.dataRef(r) {
			lost(r.Num)
		}
	case format.RefIndirect:
		n, err := c.a.indirect(r, level)
		if err != nil {
			lost(r.Num)
			return
		}
		if !c.ref(r, level, path) {
			return
		}
		for i := range n.indirect.Refs {
			x := &n.indirect.Refs[i]
			c.harmRef(x, start, path, n.indirect.Level-1, left)
			start += x.Span
		}
	}
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
