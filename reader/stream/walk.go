package stream

import (
	"errors"
	"io/fs"
	"iter"

	"github.com/vtdarchive/vtd/format"
)

// Nodes gives metadata blocks by number in stored form. A Tree does; so can
// anything with random access.
type Nodes interface {
	Node(num uint64) ([]byte, error)
}

// SkipDir, returned by a visitor for a directory, leaves out what is below.
var SkipDir = fs.SkipDir

// maxOpen bounds the entries of the directories that a walk is in: 300 MB. A
// tree that deep and wide at once is made to exhaust memory.
const maxOpen = 1 << 20

// Visitor receives a walk. Depth is 0 for the entries of the root.
type Visitor interface {
	// Visit gets each entry before those below it. An error ends the walk,
	// but for SkipDir.
	Visit(depth int, e *format.Entry) error
	// Broken is told of a directory of which some or all entries cannot be
	// read; for a large one it may be told several times. A nil answer goes on
	// behind them. Depth is that of the directory itself, -1 for the root.
	Broken(depth int, e *format.Entry, err error) error
}

// Walk goes over everything below a directory, in the order of the bytes of
// names, each directory before what it holds.
func Walk(n Nodes, root *format.Entry, v Visitor) error {
	w := walk{n: n, v: v, in: make(map[uint64]bool)}
	return w.dir(root, 0)
}

type walk struct {
	n    Nodes
	v    Visitor
	in   map[uint64]bool // directories being walked
	open int
}

func (w *walk) dir(d *format.Entry, depth int) error {
	num := d.Ref.Num
	switch {
	case w.in[num]:
		return w.v.Broken(depth-1, d, damagedNode(num, "the directory contains itself"))
	case depth > format.MaxDepth:
		return w.v.Broken(depth-1, d, damagedNode(num, "directories are nested more than %d deep", format.MaxDepth))
	}
	w.in[num] = true
	defer delete(w.in, num)
	var visitor error
	err := leaves(w.n, num, func(es []format.Entry) error {
		if w.open += len(es); w.open > maxOpen {
			w.open -= len(es)
			return damagedNode(num, "more than %d entries on the way down to it", maxOpen)
		}
		defer func() { w.open -= len(es) }()
		for i := range es {
			visitor = w.v.Visit(depth, &es[i])
			if visitor == nil && es[i].Kind.IsDir() {
				visitor = w.dir(&es[i], depth+1)
			}
			if visitor != nil && visitor != fs.SkipDir {
				return visitor
			}
			visitor = nil
		}
		return nil
	}, func(err error) error {
		visitor = w.v.Broken(depth-1, d, err)
		return visitor
	})
	if err != nil && visitor == nil {
		return w.v.Broken(depth-1, d, err)
	}
	return err
}

// Entries yields the entries of a directory's node in order of name.
func Entries(n Nodes, num uint64) iter.Seq2[*format.Entry, error] {
	return func(yield func(*format.Entry, error) bool) {
		stop := errors.New("stop")
		err := leaves(n, num, func(es []format.Entry) error {
			for i := range es {
				if !yield(&es[i], nil) {
					return stop
				}
			}
			return nil
		}, func(err error) error { return err })
		if err != nil && err != stop {
			yield(nil, err)
		}
	}
}

// leaves gives a directory's entries, leaf by leaf. Parts of it that cannot be
// read are given to broken, and left out if that has no objection.
func leaves(n Nodes, num uint64, do func([]format.Entry) error, broken func(error) error) error {
	last, count := "", uint64(0) // of the entries so far
	first := ""                  // the name that the next leaf must begin with
	ended := false               // by do or broken
	var node func(num uint64, level int) error
	node = func(num uint64, level int) error {
		b, err := n.Node(num)
		if err != nil {
			return err
		}
		if len(b) == 0 {
			return damagedNode(num, "the block is empty")
		}
		if format.BlockType(b[0]) == format.BlockDirInner {
			d, err := format.ParseDirInner(b, format.Stored, num)
			if err != nil {
				return err
			}
			if level >= 0 && d.Level != level {
				return damagedNode(num, "inner node of level %d where %d is due", d.Level, level)
			}
			for i := range d.Children {
				c, before := &d.Children[i], count
				if c.First <= last && last != "" {
					return damagedNode(num, "the names %q and %q are out of order", last, c.First)
				}
				first = c.First
				err := node(c.Ref.Num, d.Level-1)
				if err == nil && count-before != c.Count {
					err = damagedNode(num, "a child has %d entries, not %d", count-before, c.Count)
				}
				if err != nil && !ended {
					// An inner node that has told of its parts is none.
					err = broken(err)
					ended = err != nil
					count = before + c.Count
				}
				if err != nil {
					return err
				}
			}
			return nil
		}
		if level > 0 {
			return damagedNode(num, "not an inner node of level %d", level)
		}
		d, err := format.ParseDirLeaf(b, format.Stored, num)
		if err != nil {
			return err
		}
		switch {
		case len(d.Entries) == 0 && level < 0:
			return nil
		case len(d.Entries) == 0:
			return damagedNode(num, "an empty leaf below an inner node")
		case level >= 0 && d.Entries[0].Name != first:
			return damagedNode(num, "the first name is %q, not %q", d.Entries[0].Name, first)
		}
		count += uint64(len(d.Entries))
		last = d.Entries[len(d.Entries)-1].Name
		err = do(d.Entries)
		ended = err != nil
		return err
	}
	return node(num, -1)
}

// Parts gives the references that make up a content, in order, with where in
// it each one begins. Indirect references are replaced by what they stand for;
// those to recipes are not.
func Parts(n Nodes, ref *format.Ref, do func(off uint64, r *format.Ref) error) error {
	return parts(n, ref, 0, -1, do)
}

func parts(n Nodes, ref *format.Ref, off uint64, level int, do func(off uint64, r *format.Ref) error) error {
	if ref.Kind != format.RefIndirect {
		return do(off, ref)
	}
	b, err := n.Node(ref.Num)
	if err != nil {
		return err
	}
	x, err := format.ParseIndirect(b, format.Stored, ref.Num)
	if err != nil {
		return err
	}
	if level >= 0 && x.Level != level {
		return damagedNode(ref.Num, "indirect block of level %d where %d is due", x.Level, level)
	}
	sum := uint64(0)
	for i := range x.Refs {
		sum += x.Refs[i].Span
	}
	if sum != ref.Span {
		return damagedNode(ref.Num, "an indirect block spans %d bytes, not %d", sum, ref.Span)
	}
	for i := range x.Refs {
		if err := parts(n, &x.Refs[i], off, x.Level-1, do); err != nil {
			return err
		}
		off += x.Refs[i].Span
	}
	return nil
}

// Recipe gives the recipe that a reference of kind recipe names.
func Recipe(n Nodes, ref *format.Ref) (*format.Recipe, error) {
	b, err := n.Node(ref.Num)
	if err != nil {
		return nil, err
	}
	x, err := format.ParseRecipe(b, format.Stored, ref.Num)
	if err == nil && x.Length != ref.Span {
		err = damagedNode(ref.Num, "a recipe makes %d bytes, not %d", x.Length, ref.Span)
	}
	if err != nil {
		return nil, err
	}
	return x, nil
}

func damagedNode(num uint64, msg string, args ...any) error {
	e := format.Damaged("metadata", format.NoOffset, msg, args...)
	e.Block = int64(num)
	return e
}
