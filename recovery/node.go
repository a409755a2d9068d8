package recovery

import (
	"fmt"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/recipe"
)

// node is a parsed metadata block; one of the first six is set.
type node struct {
	top      *format.Top
	snapshot *format.Snapshot
	leaf     *format.DirLeaf
	inner    *format.DirInner
	indirect *format.Indirect
	recipe   *format.Recipe

	made *recipe.Recipe // recipe: what it makes; nil if it cannot be used
	size int
}

func parseNode(b []byte, num uint64) (n *node, err error) {
	if len(b) == 0 || len(b) > format.MaxMetaBlock {
		return nil, lacking(num, "a metadata block of %d bytes", len(b))
	}
	n = &node{size: len(b)}
	switch format.BlockType(b[0]) {
	case format.BlockTop:
		n.top, err = format.ParseTop(b, num)
	case format.BlockSnapshot:
		n.snapshot, err = format.ParseSnapshot(b, format.Stored, num)
	case format.BlockDirLeaf:
		n.leaf, err = format.ParseDirLeaf(b, format.Stored, num)
	case format.BlockDirInner:
		n.inner, err = format.ParseDirInner(b, format.Stored, num)
	case format.BlockIndirect:
		n.indirect, err = format.ParseIndirect(b, format.Stored, num)
	case format.BlockRecipe:
		if n.recipe, err = format.ParseRecipe(b, format.Stored, num); err == nil {
			n.made, _ = recipe.Parse(n.recipe)
		}
	default:
		err = lacking(num, "block type %d is unknown", b[0])
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

// refs gives all references to blocks.
func (n *node) refs() []*format.Ref {
	x := n.asRead()
	return x.Refs()
}

// asRead gives what reader has for such a node.
func (n *node) asRead() reader.Node {
	return reader.Node{Snapshot: n.snapshot, Leaf: n.leaf, Inner: n.inner, Indirect: n.indirect, Recipe: n.recipe}
}

// cloneOf gives a node whose references can be set.
func cloneOf(x reader.Node) *node {
	c := x.Clone()
	return &node{snapshot: c.Snapshot, leaf: c.Leaf, inner: c.Inner, indirect: c.Indirect, recipe: c.Recipe}
}

// append writes the node in a form.
func (n *node) append(b []byte, form format.Form, num uint64) []byte {
	if n.top != nil {
		return n.top.AppendTo(b)
	}
	x := n.asRead()
	return x.AppendTo(b, form, num)
}

func (n *node) canonical(num uint64) []byte {
	return n.append(make([]byte, 0, n.size+64), format.Canonical, num)
}

// cost is about what a node takes in memory.
func (n *node) cost() int64 {
	c := int64(1<<10 + 2*n.size)
	switch {
	case n.leaf != nil:
		c += int64(len(n.leaf.Entries)) * 384
	case n.inner != nil:
		c += int64(len(n.inner.Children)) * 160
	case n.indirect != nil:
		c += int64(len(n.indirect.Refs)) * 112
	case n.recipe != nil:
		c += int64(len(n.recipe.Params)) * 16
	}
	return c
}

// lacking is the error about a block that is not there, or not what it should
// be.
func lacking(num uint64, msg string, args ...any) error {
	return &format.Error{Class: format.ErrDamaged, Structure: "block", Offset: format.NoOffset, Block: int64(num), Msg: fmt.Sprintf(msg, args...)}
}

// node gives a metadata block by its number in the damaged archive, or one that
// was made. Its references carry numbers; hashes are filled in by sum.
func (r *recovery) node(num uint64) (*node, error) {
	if num >= madeMeta && num < foreignMeta {
		if k := num - madeMeta; k < uint64(len(r.made)) {
			return r.made[k].node, nil
		}
		return nil, lacking(num, "it is not there")
	}
	return r.nodes.get(num, func() (*node, int64, error) {
		if x, ok := r.foreign.at[num]; ok {
			n, err := r.fromElsewhere(num, x)
			if err != nil {
				return nil, 0, err
			}
			return n, n.cost(), nil
		}
		b, err := r.metaBytes(num)
		if err != nil {
			return nil, 0, err
		}
		n, err := parseNode(b, num)
		if err != nil {
			return nil, 0, err
		}
		if want, proven, ok := r.s.said(num); ok && proven && !r.proved[num] {
			if !r.provesNode(num, b, want) {
				return nil, 0, lacking(num, "it does not have its hash")
			}
			r.proved[num] = true
		}
		return n, n.cost(), nil
	})
}

// metaBytes gives the bytes of a metadata block.
func (r *recovery) metaBytes(num uint64) ([]byte, error) {
	if b := r.meta[num]; b != nil {
		return b, nil
	}
	f, i := r.s.find(num)
	switch {
	case f == nil || f.flags[i]&flagBad != 0 || !f.sound:
		return nil, lacking(num, "it is lost")
	case f.head.Kind != format.FrameMetadata:
		return nil, lacking(num, "it is file content")
	case f.head.Lengths[i] == 0:
		return nil, lacking(num, "it is absent")
	}
	return r.block(f, i)
}

// block gives the bytes of a block of a whole frame, valid as long as they are
// needed: they are never written again.
func (r *recovery) block(f *frame, i int) ([]byte, error) {
	d, err := r.frames.get(f, func() (*decoded, int64, error) {
		d, err := decode(f)
		return d, int64(f.head.RawLen) + int64(len(f.head.Lengths))*4 + 256, err
	})
	if err != nil {
		return nil, err
	}
	return d.raw[d.starts[i]:d.starts[i+1]:d.starts[i+1]], nil
}

// decoded is a frame's content and where its blocks begin.
type decoded struct {
	raw    []byte
	starts []uint32
}

func decode(f *frame) (*decoded, error) {
	stored, put := buffer(int(f.head.Stored))
	defer put()
	if err := f.img.read(stored, f.off+int64(f.head.Size)); err != nil {
		return nil, err
	}
	if f.hash.Sum(stored) != f.head.Hash {
		return nil, format.Damaged("frame", f.off, "it has changed since it was first read")
	}
	raw, err := codec.Decode(nil, f.head.Codec, stored, int(f.head.RawLen))
	if err != nil {
		return nil, codecError(err, f.off)
	}
	d := &decoded{raw: raw, starts: make([]uint32, len(f.head.Lengths)+1)}
	for i, n := range f.head.Lengths {
		d.starts[i+1] = d.starts[i] + n
	}
	return d, nil
}
