package testkit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/format"
)

// Block is one block of the archive.
type Block struct {
	Num    uint64
	Kind   format.FrameKind
	Type   format.BlockType // of a metadata block
	Path   string           // of the first entry that needed it; "." is the root
	Hash   format.Hash
	Bytes  []byte // as the frame holds it: stored form, or data
	Absent bool   // has length 0 in the frame

	encode  func(form format.Form, self uint64) []byte
	links   []link
	below   []*Block // what it names, in order
	visited bool     // has been given a place in the order
}

// link is a reference whose number is filled in once numbers are known.
type link struct {
	ref *format.Ref
	to  *Block
}

// planner turns nodes into blocks. Blocks live on from version to version, so
// that what is the same again is not stored again.
type planner struct {
	Options
	hooks *Hooks
	known map[format.Hash]*Block
}

// meta makes a metadata block or finds the one that is the same.
func (p *planner) meta(b *Block, encode func(b []byte, form format.Form, self uint64) []byte) *Block {
	b.Kind = format.FrameMetadata
	b.encode = func(form format.Form, self uint64) []byte {
		for _, l := range b.links {
			l.ref.Num = l.to.Num
		}
		out := encode(nil, form, self)
		if p.hooks.Encoded != nil {
			out = p.hooks.Encoded(b.Path, b.Type, form, out)
		}
		return out
	}
	b.Hash = p.Hash.Sum(b.encode(format.Canonical, 0))
	if old := p.known[b.Hash]; old != nil && b.Type != format.BlockTop && b.Type != format.BlockSnapshot {
		return old
	}
	p.known[b.Hash] = b
	return b
}

func (p *planner) data(path string, content []byte, absent bool) *Block {
	h := p.Hash.Sum(content)
	if old := p.known[h]; old != nil && !old.Absent {
		return old
	}
	b := &Block{Kind: format.FrameData, Path: path, Hash: h, Bytes: content, Absent: absent}
	p.known[h] = b
	return b
}

// version plans a tree: its top block, snapshot record and root directory, and
// the directory of its original, or nil.
func (p *planner) version(v *Version, parents []*Block) (top, snap, root, original *Block, content format.Hash, err error) {
	n := *v.Root
	if !n.Kind.IsDir() {
		return nil, nil, nil, nil, content, fmt.Errorf("the root is a %v", n.Kind)
	}
	root, sum, err := p.dir(&n, ".")
	if err != nil {
		return nil, nil, nil, nil, content, err
	}
	if v.Original != nil {
		if original, _, err = p.dir(Implied("", v.Original), "original"); err != nil {
			return nil, nil, nil, nil, content, err
		}
	}
	n.Name = ""
	content = sum.contentID(p.Hash, &n.Entry)

	s := v.Snapshot
	s.Root, s.Content = n.Entry, content
	if s.Time == (format.Time{}) {
		s.Time = epoch
	}
	if s.Tool == "" {
		s.Tool = "testkit"
	}
	snap = &Block{Type: format.BlockSnapshot, Path: "."}
	for _, parent := range parents {
		s.Parents = append(s.Parents, format.Ref{Hash: parent.Hash})
	}
	if original != nil {
		s.Original = original.Hash
	}
	if p.hooks.Snapshot != nil {
		p.hooks.Snapshot(&s)
	}
	for i, parent := range parents {
		snap.links = append(snap.links, link{&s.Parents[i], parent})
	}
	snap.links = append(snap.links, link{&s.Root.Ref, root})
	snap = p.meta(snap, s.AppendTo)

	t := format.Top{Snapshot: snap.Hash, Root: root.Hash, Content: s.Content, Span: s.Root.Size}
	if p.hooks.Top != nil {
		p.hooks.Top(&t)
	}
	top = p.meta(&Block{Type: format.BlockTop, Path: "."}, func(b []byte, _ format.Form, _ uint64) []byte { return t.AppendTo(b) })
	return top, snap, root, original, content, nil
}

// dir plans a directory and sets the entry's totals and reference. sum is the
// content id of its entries.
func (p *planner) dir(n *Node, path string) (root *Block, sum dirSum, err error) {
	children := slices.Clone(n.Children)
	slices.SortStableFunc(children, func(a, b *Node) int { return strings.Compare(a.Name, b.Name) })
	content := format.NewContentDir(p.Hash)
	n.Size, n.Count = 0, uint64(len(children))
	entries := make([]format.Entry, len(children))
	blocks := make([]*Block, len(children))
	for i, child := range children {
		c := *child
		at := c.Name
		if path != "." {
			at = path + "/" + c.Name
		}
		var h format.Hash
		c.Size = 0
		switch {
		case c.Kind.IsDir():
			below := dirSum{}
			if blocks[i], below, err = p.dir(&c, at); err != nil {
				return nil, sum, err
			}
			n.Count += c.Count
			h = below.entries
			if len(children) == 1 {
				sum.only, sum.below = &c.Entry, &below
			}
		case c.Kind == format.KindFile:
			if blocks[i], err = p.file(&c, at); err != nil {
				return nil, sum, err
			}
			h = p.Hash.SumContent(c.Data)
		}
		n.Size += c.Size
		content.Add(&c.Entry, h)
		entries[i] = c.Entry
	}
	root = p.leaves(path, entries, blocks)
	n.Ref.Hash = root.Hash
	sum.entries = content.Sum()
	return root, sum, nil
}

// leaves cuts entries into leaves and puts inner nodes above them.
func (p *planner) leaves(path string, entries []format.Entry, blocks []*Block) *Block {
	type child struct {
		format.DirChild
		block *Block
	}
	var level []child
	for lo := 0; lo < len(entries) || lo == 0; lo += p.DirLeaf {
		hi := min(len(entries), lo+p.DirLeaf)
		d := &format.DirLeaf{Entries: entries[lo:hi:hi]}
		b := &Block{Type: format.BlockDirLeaf, Path: path}
		for i := range d.Entries {
			if to := blocks[lo+i]; to != nil {
				b.links = append(b.links, link{&d.Entries[i].Ref, to})
				b.below = append(b.below, to)
			}
		}
		first := ""
		if lo < len(entries) {
			first = entries[lo].Name
		}
		if p.hooks.Leaf != nil {
			p.hooks.Leaf(path, d)
		}
		b = p.meta(b, d.AppendTo)
		level = append(level, child{format.DirChild{First: first, Count: uint64(hi - lo), Ref: format.Ref{Hash: b.Hash}}, b})
	}
	for height := 1; len(level) > 1; height++ {
		var up []child
		for _, group := range groups(level, p.DirFan) {
			d := &format.DirInner{Level: height}
			b := &Block{Type: format.BlockDirInner, Path: path}
			count := uint64(0)
			for _, c := range group {
				d.Children = append(d.Children, c.DirChild)
				b.below = append(b.below, c.block)
				count += c.Count
			}
			for i, c := range group {
				b.links = append(b.links, link{&d.Children[i].Ref, c.block})
			}
			if p.hooks.Inner != nil {
				p.hooks.Inner(path, d)
			}
			b = p.meta(b, d.AppendTo)
			up = append(up, child{format.DirChild{First: group[0].First, Count: count, Ref: format.Ref{Hash: b.Hash}}, b})
		}
		level = up
	}
	return level[0].block
}

// groups cuts a level into groups of n; a lone last one joins the group before.
func groups[T any](level []T, n int) (out [][]T) {
	for g := range slices.Chunk(level, max(2, n)) {
		out = append(out, g)
	}
	if k := len(out); k > 1 && len(out[k-1]) == 1 {
		out[k-2] = append(slices.Clone(out[k-2]), out[k-1]...)
		out = out[:k-1]
	}
	return out
}

func uniform(b []byte) bool { return len(b) > 0 && bytes.Count(b, b[:1]) == len(b) }

// file plans a file's content; the block is nil where it needs none.
func (p *planner) file(n *Node, path string) (*Block, error) {
	pieces := n.Pieces
	if pieces != nil {
		n.Data = bytes.Join(pieces, nil)
	} else {
		pieces = slices.Collect(slices.Chunk(n.Data, p.Chunk))
	}
	n.Size = uint64(len(n.Data))
	sum := p.Hash.SumContent(n.Data)
	if n.Streams != nil {
		c, err := p.withStreams(path, n.Data, n.Streams)
		n.Ref, n.Content = c.ref, sum
		return c.block, err
	}
	shape := n.Shape
	if shape == ShapeAuto {
		switch {
		case n.Pieces != nil:
			shape = ShapeIndirect
		case len(n.Data) <= p.LiteralMax:
			shape = ShapeLiteral
		case len(n.Data) >= p.RunMin && uniform(n.Data):
			shape = ShapeRun
		case len(pieces) == 1:
			shape = ShapeBlock
		default:
			shape = ShapeIndirect
		}
	}
	switch shape {
	case ShapeLiteral:
		n.Ref = format.Ref{Kind: format.RefLiteral, Span: n.Size, Literal: n.Data}
		return nil, nil
	case ShapeRun:
		if !uniform(n.Data) {
			return nil, fmt.Errorf("%s: not a run", path)
		}
		n.Ref = format.Ref{Kind: format.RefRun, Span: n.Size, Octet: n.Data[0]}
		n.Content = sum
		return nil, nil
	case ShapeBlock:
		b := p.data(path, n.Data, n.Absent)
		n.Ref = format.Ref{Kind: format.RefBlock, Span: n.Size, Hash: b.Hash}
		return b, nil
	}
	if len(pieces) < 2 {
		return nil, fmt.Errorf("%s: an indirect block needs two pieces", path)
	}
	n.Content = sum
	b := p.indirect(path, p.parts(path, pieces, n.Absent))
	n.Ref = format.Ref{Kind: format.RefIndirect, Span: n.Size, Hash: b.Hash}
	return b, nil
}

// held is a reference of a content, and the block it names.
type held struct {
	ref   format.Ref
	block *Block
}

// parts makes a part of each piece.
func (p *planner) parts(path string, pieces [][]byte, absent bool) (out []held) {
	for _, piece := range pieces {
		c := held{ref: format.Ref{Span: uint64(len(piece))}}
		if len(piece) >= p.RunMin && uniform(piece) {
			c.ref.Kind, c.ref.Octet = format.RefRun, piece[0]
		} else {
			c.block = p.data(path, piece, absent)
			c.ref.Kind, c.ref.Hash = format.RefBlock, c.block.Hash
		}
		out = append(out, c)
	}
	return out
}

// indirect puts indirect blocks above the parts of a content.
func (p *planner) indirect(path string, level []held) *Block {
	for height := 1; height == 1 || len(level) > 1; height++ {
		var up []held
		for _, group := range groups(level, p.FanOut) {
			x := &format.Indirect{Level: height}
			b := &Block{Type: format.BlockIndirect, Path: path}
			span := uint64(0)
			for _, c := range group {
				x.Refs = append(x.Refs, c.ref)
				span += c.ref.Span
			}
			for i, c := range group {
				if c.block != nil {
					b.links = append(b.links, link{&x.Refs[i], c.block})
					b.below = append(b.below, c.block)
				}
			}
			if p.hooks.Indirect != nil {
				p.hooks.Indirect(path, x)
			}
			b = p.meta(b, x.AppendTo)
			up = append(up, held{format.Ref{Kind: format.RefIndirect, Span: span, Hash: b.Hash}, b})
		}
		level = up
	}
	return level[0].block
}
