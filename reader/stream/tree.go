package stream

import "github.com/vtdarchive/vtd/format"

// Tree is one version of an archive's tree. Its references have numbers and no
// hashes, and nothing in it is proven before the end of the stream.
type Tree struct {
	Number   uint64 // of the top block
	Top      *format.Top
	Snapshot *format.Snapshot
	nodes    *nodes
}

// newTree parses the top block and the snapshot record of a frame just added.
func newTree(n *nodes, h *format.FrameHead) (*Tree, error) {
	if len(h.Lengths) != 2 {
		return nil, format.Damaged("top block", format.NoOffset, "its frame holds %d blocks, not 2", len(h.Lengths))
	}
	t := &Tree{Number: h.First, nodes: n}
	top, err := n.Node(h.First)
	if err != nil {
		return nil, err
	}
	if t.Top, err = format.ParseTop(top, h.First); err != nil {
		return nil, err
	}
	record, err := n.Node(h.First + 1)
	if err != nil {
		return nil, err
	}
	t.Snapshot, err = format.ParseSnapshot(record, format.Stored, h.First+1)
	return t, err
}

// Root is the entry of the root directory; it has no name.
func (t *Tree) Root() *format.Entry { return &t.Snapshot.Root }

// Node gives a metadata block in stored form, as [Nodes] wants it.
func (t *Tree) Node(num uint64) ([]byte, error) { return t.nodes.Node(num) }
