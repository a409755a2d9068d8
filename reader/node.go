package reader

import (
	"fmt"
	"sort"
	"sync"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/recipe"
)

// node is a parsed metadata block whose hash has been checked. One of the
// pointers is set.
type node struct {
	top      *format.Top
	snapshot *format.Snapshot
	leaf     *format.DirLeaf
	inner    *format.DirInner
	indirect *format.Indirect
	recipe   *format.Recipe
	made     *recipe.Recipe // recipe: what it makes; nil with lack
	lack     error          // recipe: why it cannot be used
	ends     []uint64       // indirect: where each reference's span ends
}

// Memory of parsed nodes, for the cache: a row and what hangs on it.
const (
	nodeOverhead = 512
	entryCost    = 384
	childCost    = 160
	refCost      = 112
	paramCost    = 16 // for each octet of a recipe's parameters
)

// metaNode gives a metadata block by number, parsed and checked against its
// hash in the index, which is also where the hash of every reference is from.
// as says what it should be, for the error if it is nothing known.
func (a *Archive) metaNode(num uint64, as string) (*node, error) {
	use, err := a.nodes.get(num, func() (*node, int64, error) { return a.loadNode(num, as) })
	if err != nil {
		return nil, err
	}
	n := use.val // nodes need no closing: it may outlive its place in the cache
	a.nodes.release(use)
	return n, nil
}

func (a *Archive) loadNode(num uint64, as string) (*node, int64, error) {
	row, err := a.frameOf(num)
	if err != nil {
		return nil, 0, err
	}
	if row.Kind != format.FrameMetadata {
		return nil, 0, blockDamage("block", row.Offset, num, "metadata refers to it as metadata, but it is file content")
	}
	b, err := a.rawBlock(row, num)
	if err != nil {
		return nil, 0, err
	}
	n, err := a.parseNode(b, num, as)
	if err != nil {
		return nil, 0, atFrame(err, row.Offset)
	}
	return n, n.cost(len(b)), nil
}

// parseNode parses a metadata block in stored form, fills in the hashes of its
// references and checks its own, taken over the canonical form.
func (a *Archive) parseNode(b []byte, num uint64, as string) (*node, error) {
	if len(b) > format.MaxMetaBlock {
		return nil, blockDamage("block", format.NoOffset, num, "%d bytes are above %d", len(b), format.MaxMetaBlock)
	}
	room := canonicals.Get().(*[]byte)
	defer canonicals.Put(room)
	n, canonical, err := parseStored(b, num, as, (*room)[:0], a.hashOf)
	if err != nil {
		return nil, err
	}
	*room = canonical
	want, err := a.hashOf(num)
	if err != nil {
		return nil, err
	}
	if got := a.header.Hash.Sum(canonical); got != want {
		return nil, blockDamage("block", format.NoOffset, num, "its hash is %v, the index says %v", got, want)
	}
	if n.recipe != nil {
		n.made, n.lack = recipe.Parse(n.recipe)
	}
	if x := n.indirect; x != nil {
		n.ends = make([]uint64, len(x.Refs))
		end := uint64(0)
		for i := range x.Refs {
			end += x.Refs[i].Span
			n.ends[i] = end
		}
	}
	return n, nil
}

// canonicals holds memory for canonical forms, which are many times as long as
// stored ones and needed for their hash alone.
var canonicals = sync.Pool{New: func() any { return new([]byte) }}

// parseStored parses a block of any type and appends its canonical form to room.
func parseStored(b []byte, num uint64, as string, room []byte, hashOf func(uint64) (format.Hash, error)) (n *node, canonical []byte, err error) {
	n = new(node)
	switch format.BlockType(b[0]) {
	case format.BlockTop:
		if n.top, err = format.ParseTop(b, num); err == nil {
			canonical = n.top.AppendTo(room)
		}
	case format.BlockSnapshot:
		if n.snapshot, err = format.ParseSnapshot(b, format.Stored, num); err == nil {
			err = format.ResolveRefs(n.snapshot.Refs(), hashOf)
			canonical = n.snapshot.AppendTo(room, format.Canonical, num)
		}
	case format.BlockDirLeaf:
		if n.leaf, err = format.ParseDirLeaf(b, format.Stored, num); err == nil {
			err = format.ResolveRefs(n.leaf.Refs(), hashOf)
			canonical = n.leaf.AppendTo(room, format.Canonical, num)
		}
	case format.BlockDirInner:
		if n.inner, err = format.ParseDirInner(b, format.Stored, num); err == nil {
			err = format.ResolveRefs(n.inner.Refs(), hashOf)
			canonical = n.inner.AppendTo(room, format.Canonical, num)
		}
	case format.BlockIndirect:
		if n.indirect, err = format.ParseIndirect(b, format.Stored, num); err == nil {
			err = format.ResolveRefs(n.indirect.Named(), hashOf)
			canonical = n.indirect.AppendTo(room, format.Canonical, num)
		}
	case format.BlockRecipe:
		if n.recipe, err = format.ParseRecipe(b, format.Stored, num); err == nil {
			err = format.ResolveRefs(n.recipe.Named(), hashOf)
			canonical = n.recipe.AppendTo(room, format.Canonical, num)
		}
	default:
		err = blockDamage(as, format.NoOffset, num, "block type %d is unknown", b[0])
	}
	return n, canonical, err
}

// atFrame gives an error about a block the offset of the frame it is in.
func atFrame(err error, off int64) error {
	if e, ok := err.(*format.Error); ok && e.Offset < 0 {
		c := *e
		c.Offset = off
		return &c
	}
	return err
}

// cost estimates the memory of a node parsed from n bytes.
func (n *node) cost(size int) int64 {
	c := nodeOverhead + int64(size)
	switch {
	case n.leaf != nil:
		c += int64(len(n.leaf.Entries)) * entryCost
	case n.inner != nil:
		c += int64(len(n.inner.Children)) * childCost
	case n.indirect != nil:
		c += int64(len(n.indirect.Refs)) * (refCost + 8)
	case n.recipe != nil:
		c += int64(len(n.recipe.Params)) * paramCost
	}
	return c
}

// typeName names a node's type for messages.
func (n *node) typeName() string {
	switch {
	case n.top != nil:
		return "a top block"
	case n.snapshot != nil:
		return "a snapshot record"
	case n.leaf != nil:
		return "a directory leaf"
	case n.inner != nil:
		return fmt.Sprintf("a directory inner node of level %d", n.inner.Level)
	case n.recipe != nil:
		return "a recipe"
	}
	return fmt.Sprintf("an indirect block of level %d", n.indirect.Level)
}

// refAt finds the reference of an indirect block that covers an offset, and
// where it begins.
func (n *node) refAt(off uint64) (i int, start uint64) {
	i = sort.Search(len(n.ends), func(i int) bool { return n.ends[i] > off })
	if i > 0 {
		start = n.ends[i-1]
	}
	return i, start
}
