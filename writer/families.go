package writer

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/families"
)

// orderBlocks gives the ids of the data blocks that files refer to and that
// have no number yet, in the order in which they will be stored. Only the tree
// decides. The caller sets the final numbers.
func orderBlocks(t *tree, table *blockTable, order uint8) []uint32 {
	seen := make([]bool, table.blocks.len())
	o := families.New(order == format.OrderFamilies, func(file uint32) string { return t.node(file).name })
	t.walkAll(func(i uint32, n *node) {
		o.File(i)
		t.eachBlock(n, func(id uint32) {
			b := table.at(id)
			fresh := !seen[id] && b.num == 0
			seen[id] = true
			o.Block(id, uint32(b.length), &b.sketch, b.hasSk, fresh)
		})
	})
	return o.Order()
}

// eachBlock visits the blocks of a file in order, those of the inputs of its
// recipes in their place.
func (t *tree) eachBlock(n *node, visit func(id uint32)) {
	if n.kind != format.KindFile {
		return
	}
	switch n.how {
	case contentBlock:
		visit(n.content)
	case contentList:
		t.eachBlockOf(t.lists.at(int(n.content)).pieces, visit)
	}
}

func (t *tree) eachBlockOf(pieces []piece, visit func(id uint32)) {
	for _, p := range pieces {
		switch p.kind {
		case pieceBlock:
			visit(p.id)
		case pieceRecipe:
			t.eachBlockOf(t.lists.at(int(t.recipes.at(int(p.id)).input)).pieces, visit)
		}
	}
}
