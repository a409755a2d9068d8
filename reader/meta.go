package reader

import "github.com/vtdarchive/vtd/format"

// Node is a metadata block other than a top block. One of the pointers is set.
type Node struct {
	Snapshot *format.Snapshot
	Leaf     *format.DirLeaf
	Inner    *format.DirInner
	Indirect *format.Indirect
	Recipe   *format.Recipe
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
