package format

import (
	"bytes"
	"slices"
)

// DirInner is a node above the leaves of a large directory.
type DirInner struct {
	Level    int // 1 above leaves
	Children []DirChild
	Extra    []Column
}

// DirChild is one child of a DirInner: the first name below it, how many
// entries lie below it, and its block.
type DirChild struct {
	First string
	Count uint64
	Ref   Ref
}

// AppendTo writes the node in a form.
func (d *DirInner) AppendTo(b []byte, form Form, self uint64) []byte {
	b = append(b, byte(BlockDirInner))
	b = appendUvarint(b, uint64(d.Level))
	b = appendUvarint(b, uint64(len(d.Children)))
	w := columnWriter{b: b, extra: d.Extra}
	w.add(ColFirstNames, func(b []byte) []byte {
		for i := range d.Children {
			b = append(append(b, d.Children[i].First...), 0)
		}
		return b
	})
	w.add(ColCounts, func(b []byte) []byte {
		for i := range d.Children {
			b = appendUvarint(b, d.Children[i].Count)
		}
		return b
	})
	w.add(ColChildren, func(b []byte) []byte { return appendNames(b, form, self, slices.Values(d.Refs())) })
	return w.finish()
}

// Refs gives the references to the children.
func (d *DirInner) Refs() []*Ref {
	out := make([]*Ref, len(d.Children))
	for i := range d.Children {
		out[i] = &d.Children[i].Ref
	}
	return out
}

// ParseDirInner reads and checks an inner node.
func ParseDirInner(b []byte, form Form, self uint64) (*DirInner, error) {
	const where = "directory inner node"
	c := cursor{b: b}
	if t := c.u8(); BlockType(t) != BlockDirInner {
		return nil, damagedBlock(where, self, "block type is %d, not %d", t, BlockDirInner)
	}
	d := &DirInner{Level: int(c.count(MaxNodeLevel))}
	n := c.count(min(MaxNodeChildren, uint64(len(b)/2)))
	var r columnReader
	r.parse(&c, ColChildren)
	if c.bad == "" {
		d.Children = make([]DirChild, n)
		d.Extra = r.extra
	}
	r.col(&c, ColFirstNames, func(c *cursor) {
		c.share()
		for i := range d.Children {
			d.Children[i].First = c.cstr(MaxName)
			if c.bad == "" && !ValidName(d.Children[i].First) || i > 0 && d.Children[i-1].First >= d.Children[i].First {
				c.fail("names out of order or not allowed")
			}
		}
	})
	r.col(&c, ColCounts, func(c *cursor) {
		for i := range d.Children {
			if d.Children[i].Count = c.bounded(MaxSpan, "a count above its limit"); d.Children[i].Count == 0 {
				c.fail("an empty child")
			}
		}
	})
	r.col(&c, ColChildren, func(c *cursor) { readNames(c, form, self, slices.Values(d.Refs())) })
	if c.bad == "" && (d.Level == 0 || n < 2) {
		c.fail("level 0 or less than two children")
	}
	if c.bad == "" && !bytes.Equal(d.AppendTo(make([]byte, 0, len(b)), form, self), b) {
		c.fail("not in its one canonical encoding")
	}
	if c.bad != "" {
		return nil, c.err(where, self)
	}
	return d, nil
}

// Indirect is a list of references that together are one content.
type Indirect struct {
	Level int // 1: references to data; n: to indirect blocks of level n-1
	Refs  []Ref
	Extra []Column
}

// AppendTo writes the block in a form.
func (x *Indirect) AppendTo(b []byte, form Form, self uint64) []byte {
	b = append(b, byte(BlockIndirect))
	b = appendUvarint(b, uint64(x.Level))
	b = appendUvarint(b, uint64(len(x.Refs)))
	refs := pointers(x.Refs)
	w := columnWriter{b: b, extra: x.Extra}
	w.contentKinds(ColRefKinds, refs)
	w.add(ColSpans, func(b []byte) []byte {
		for i := range x.Refs {
			b = appendUvarint(b, x.Refs[i].Span)
		}
		return b
	})
	w.contentNames(form, self, refs)
	w.recipeNames(form, self, refs)
	return w.finish()
}

// Named gives the references that name blocks, for resolving.
func (x *Indirect) Named() []*Ref {
	var out []*Ref
	for i := range x.Refs {
		if x.Refs[i].named() {
			out = append(out, &x.Refs[i])
		}
	}
	return out
}

// ParseIndirect reads and checks an indirect block.
func ParseIndirect(b []byte, form Form, self uint64) (*Indirect, error) {
	const where = "indirect block"
	c := cursor{b: b}
	if t := c.u8(); BlockType(t) != BlockIndirect {
		return nil, damagedBlock(where, self, "block type is %d, not %d", t, BlockIndirect)
	}
	x := &Indirect{Level: int(c.count(MaxNodeLevel))}
	n := c.count(min(MaxNodeChildren, uint64(len(b))))
	var r columnReader
	r.parse(&c, ColRecipes)
	if c.bad == "" {
		x.Refs = make([]Ref, n)
		x.Extra = r.extra
	}
	r.col(&c, ColSpans, func(c *cursor) {
		sum := uint64(0)
		for i := range x.Refs {
			x.Refs[i].Span = c.bounded(MaxSpan, "a span above its limit")
			if sum += x.Refs[i].Span; sum > MaxSpan {
				c.fail("spans that sum above their limit")
				return
			}
		}
	})
	r.contentRefs(&c, ColRefKinds, form, self, pointers(x.Refs))
	for i := range x.Refs {
		if (x.Refs[i].Kind == RefIndirect) != (x.Level > 1) {
			c.fail("a reference of a kind that its level does not hold")
		}
		if x.Refs[i].Span == 0 {
			c.fail("a reference that spans nothing")
		}
	}
	if c.bad == "" && (x.Level == 0 || n < 2) {
		c.fail("level 0 or less than two references")
	}
	if c.bad == "" && !bytes.Equal(x.AppendTo(make([]byte, 0, len(b)), form, self), b) {
		c.fail("not in its one canonical encoding")
	}
	if c.bad != "" {
		return nil, c.err(where, self)
	}
	return x, nil
}

func pointers(refs []Ref) []*Ref {
	out := make([]*Ref, len(refs))
	for i := range refs {
		out[i] = &refs[i]
	}
	return out
}
