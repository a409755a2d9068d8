package reader

import (
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// Node is a metadata block other than a top block. One of the pointers is set.
type Node struct {
	Snapshot *format.Snapshot
	Leaf     *format.DirLeaf
	Inner    *format.DirInner
	Indirect *format.Indirect
	Recipe   *format.Recipe
}

// Refs gives the references of a node to blocks, in their order.
func (n *Node) Refs() []*format.Ref {
	switch {
	case n.Snapshot != nil:
		return n.Snapshot.Refs()
	case n.Leaf != nil:
		return n.Leaf.Refs()
	case n.Inner != nil:
		return n.Inner.Refs()
	case n.Indirect != nil:
		return n.Indirect.Named()
	case n.Recipe != nil:
		return n.Recipe.Named()
	}
	return nil
}

// Clone gives a node whose references can be set: nodes are shared.
func (n *Node) Clone() (out Node) {
	switch {
	case n.Snapshot != nil:
		c := *n.Snapshot
		c.Parents = slices.Clone(c.Parents)
		out.Snapshot = &c
	case n.Leaf != nil:
		c := *n.Leaf
		c.Entries = slices.Clone(c.Entries)
		out.Leaf = &c
	case n.Inner != nil:
		c := *n.Inner
		c.Children = slices.Clone(c.Children)
		out.Inner = &c
	case n.Indirect != nil:
		c := *n.Indirect
		c.Refs = slices.Clone(c.Refs)
		out.Indirect = &c
	case n.Recipe != nil:
		c := *n.Recipe
		out.Recipe = &c
	}
	return out
}

// AppendTo appends a node in a form, as the block of a number.
func (n *Node) AppendTo(b []byte, form format.Form, num uint64) []byte {
	switch {
	case n.Snapshot != nil:
		return n.Snapshot.AppendTo(b, form, num)
	case n.Leaf != nil:
		return n.Leaf.AppendTo(b, form, num)
	case n.Inner != nil:
		return n.Inner.AppendTo(b, form, num)
	case n.Indirect != nil:
		return n.Indirect.AppendTo(b, form, num)
	}
	return n.Recipe.AppendTo(b, form, num)
}

// Node gives a metadata block by its number, checked against its hash, with the
// hashes of what it names filled in. It is shared and must not be modified.
func (a *Archive) Node(num uint64) (Node, error) {
	n, err := a.metaNode(num, "metadata block")
	if err == nil && n.top != nil {
		err = blockDamage("block", format.NoOffset, num, "it is a top block, which nothing refers to")
	}
	if err != nil {
		return Node{}, a.named(err)
	}
	return Node{n.snapshot, n.leaf, n.inner, n.indirect, n.recipe}, nil
}
