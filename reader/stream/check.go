package stream

import (
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// checkSegment checks what has come against a trailer: the last tree up to its
// top block, the index, and what the trailer itself says.
func (p *producer) checkSegment(t *format.Trailer) {
	p.pending.Wait()
	// A segment that follows brings a corrected tree: only the last one counts.
	if string(p.in.peek(8)) != format.MagicFrame {
		if err := p.checkTree(t); err != nil {
			p.damage(err, 0, 0)
		}
	}
	x := p.index
	if x == nil {
		p.damage(format.Damaged("index", t.Index, "it is missing"), 0, 0)
		return
	}
	switch {
	case x.at != t.Index || x.size != uint64(t.IndexLen):
		p.damage(format.Damaged("trailer", t.Offset, "its index lies at %d, not at %d", x.at, t.Index), 0, 0)
	case x.sum != t.IndexHash:
		p.damage(format.Damaged("index", x.at, "it does not match its hash in the trailer"), 0, 0)
		return
	case (x.first == 0) != (t.Base == 0):
		p.damage(format.Damaged("trailer", t.Offset, "its index begins with block %d; the base trailer, for those before, is at %d", x.first, t.Base), 0, 0)
	case t.Blocks != p.next:
		p.damage(format.Damaged("trailer", t.Offset, "it counts %d blocks, the frames have %d", t.Blocks, p.next), 0, 0)
	}
	if x.rows != nil {
		p.damage(x.rows, 0, 0)
	}
	for _, num := range x.differs {
		e := format.Damaged("index", format.NoOffset, "the block's hash is not the one in the index")
		e.Block = int64(num)
		if !p.damage(e, num, num+1) {
			return
		}
	}
	nums := make([]uint64, 0, len(x.meta))
	for num := range x.meta {
		nums = append(nums, num)
	}
	slices.Sort(nums)
	for _, num := range nums {
		want := x.meta[num]
		have, ok := p.hashes.get(num)
		if !ok || have == want || want.IsZero() {
			continue
		}
		e := format.Damaged("index", format.NoOffset, "the metadata block's hash is not the one in the index")
		e.Block = int64(num)
		if !p.damage(e, 0, 0) {
			return
		}
	}
}

// checkTree hashes the last tree from its leaves up to the top block.
func (p *producer) checkTree(t *format.Trailer) error {
	if len(p.trees) == 0 {
		return format.Damaged("archive", format.NoOffset, "it has no readable tree")
	}
	tree := p.trees[len(p.trees)-1]
	c := checker{Reader: p.Reader, doing: make(map[uint64]bool)}
	nums := p.nodes.numbers()
	// Nodes come before those they name, so that from the end most can be
	// hashed at once; resolve does the others.
	for _, num := range slices.Backward(nums) {
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		if _, err := c.node(num); err != nil {
			return err
		}
	}
	if err := c.resolve(tree.Number + 1); err != nil {
		return err
	}
	if err := c.resolve(tree.Root().Ref.Num); err != nil {
		return err
	}
	top, err := tree.Node(tree.Number)
	if err != nil {
		return err
	}
	sum := p.header.Hash.Sum(top)
	p.hashes.set(tree.Number, sum)
	record, _ := p.hashes.get(tree.Number + 1)
	root, _ := p.hashes.get(tree.Root().Ref.Num)
	switch {
	case t.Top != tree.Number:
		return format.Damaged("trailer", t.Offset, "the top block is %d, not %d", tree.Number, t.Top)
	case sum != t.TopHash:
		return damagedNode(tree.Number, "the top block is not the one of the trailer")
	case record != tree.Top.Snapshot:
		return damagedNode(tree.Number+1, "the snapshot record is not the one of the top block")
	case root != tree.Top.Root:
		return damagedNode(tree.Root().Ref.Num, "the tree is not the one of the top block")
	case tree.Snapshot.Content != tree.Top.Content || tree.Root().Size != tree.Top.Span:
		return damagedNode(tree.Number, "content id or size are not those of the snapshot record")
	}
	return nil
}

// checker makes canonical hashes of metadata blocks.
type checker struct {
	*Reader
	doing map[uint64]bool // blocks that wait for those they name
}

// node hashes a block when all it names have been. It gives the numbers of
// those that have not.
func (c *checker) node(num uint64) (missing []uint64, err error) {
	if _, ok := c.hashes.get(num); ok {
		return nil, nil
	}
	b, err := c.nodes.Node(num)
	if err != nil {
		return nil, err
	}
	refs, canonical, err := parseNode(b, num)
	if err != nil {
		return nil, err
	}
	for _, r := range refs {
		h, ok := c.hashes.get(r.Num)
		if !ok {
			missing = append(missing, r.Num)
		}
		r.Hash = h
	}
	if len(missing) > 0 {
		return missing, nil
	}
	c.hashes.set(num, c.header.Hash.Sum(canonical(make([]byte, 0, 2*len(b)))))
	return nil, nil
}

// resolve hashes a block and, before it, all that it needs. The stack is of
// numbers: a deep tree costs little.
func (c *checker) resolve(num uint64) error {
	stack := []uint64{num}
	for len(stack) > 0 {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		num := stack[len(stack)-1]
		missing, err := c.node(num)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			delete(c.doing, num)
			stack = stack[:len(stack)-1]
			continue
		}
		if c.doing[num] {
			return damagedNode(num, "the block cannot be checked: it names itself, or one that cannot be")
		}
		c.doing[num] = true
		stack = append(stack, missing...)
	}
	return nil
}

// parseNode gives the references of a metadata block and how to write it in
// canonical form once they have their hashes.
func parseNode(b []byte, num uint64) (refs []*format.Ref, canonical func([]byte) []byte, err error) {
	switch format.BlockType(b[0]) {
	case format.BlockTop:
		return nil, func([]byte) []byte { return b }, nil
	case format.BlockSnapshot:
		s, err := format.ParseSnapshot(b, format.Stored, num)
		if err != nil {
			return nil, nil, err
		}
		return s.Refs(), func(out []byte) []byte { return s.AppendTo(out, format.Canonical, 0) }, nil
	case format.BlockDirLeaf:
		d, err := format.ParseDirLeaf(b, format.Stored, num)
		if err != nil {
			return nil, nil, err
		}
		return d.Refs(), func(out []byte) []byte { return d.AppendTo(out, format.Canonical, 0) }, nil
	case format.BlockDirInner:
		d, err := format.ParseDirInner(b, format.Stored, num)
		if err != nil {
			return nil, nil, err
		}
		return d.Refs(), func(out []byte) []byte { return d.AppendTo(out, format.Canonical, 0) }, nil
	case format.BlockIndirect:
		x, err := format.ParseIndirect(b, format.Stored, num)
		if err != nil {
			return nil, nil, err
		}
		return x.Named(), func(out []byte) []byte { return x.AppendTo(out, format.Canonical, 0) }, nil
	case format.BlockRecipe:
		x, err := format.ParseRecipe(b, format.Stored, num)
		if err != nil {
			return nil, nil, err
		}
		return x.Named(), func(out []byte) []byte { return x.AppendTo(out, format.Canonical, 0) }, nil
	}
	return nil, nil, damagedNode(num, "metadata block of type %d is unknown", b[0])
}
