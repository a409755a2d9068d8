package writer

import "github.com/vtdarchive/vtd/format"

// recipe builds the block of a recipe, and those of its input, and gives it.
func (m *metaTree) recipe(i uint32) uint32 {
	if m.recipes[i] != 0 {
		return m.recipes[i] - 1
	}
	x := m.recipeBlock(i) // before the buffer is used: its input needs it too
	m.buf = x.AppendTo(m.buf[:0], format.Canonical, 0)
	id := m.intern(metaBlock{kind: format.BlockRecipe, of: i, below: x.Length})
	m.recipes[i] = id + 1
	return id
}

func (m *metaTree) recipeBlock(i uint32) format.Recipe {
	r := m.t.recipes.at(int(i))
	if r.from != nil {
		return format.Recipe{Transform: format.TransformDelta, Params: r.params, Length: r.length, Input: *r.from}
	}
	return format.Recipe{
		Transform: format.TransformDeflate, Params: r.params, Length: r.length, Input: m.listRef(r.input, r.span),
	}
}

// input gives the content that a recipe block makes its bytes from.
func (m *metaTree) input(b *metaBlock) *contentRefs {
	return m.t.lists.at(int(m.t.recipes.at(int(b.of)).input))
}

// eachTop visits the metadata block that stands for a content, if any does: its
// top indirect block, or its only recipe. A block that an equal one took the
// place of may name what this build has not come to: it is found now.
func (m *metaTree) eachTop(list uint32, visit func(uint32)) {
	l := m.t.lists.at(int(list))
	switch {
	case len(l.pieces) > 1:
		visit(m.list(list, l))
	case len(l.pieces) == 1 && l.pieces[0].kind == pieceRecipe:
		visit(m.recipe(l.pieces[0].id))
	}
}
