package format

import "bytes"

// Recipe says how bytes are made: they are what a transform makes of its
// input. A reference of kind RefRecipe stands for them.
type Recipe struct {
	Transform Transform
	Params    []byte // of the transform
	Length    uint64 // bytes that are made, at least 1
	Input     Ref    // what they are made from; any kind, and of any span
	Extra     []Column
}

// AppendTo writes the block in a form.
func (x *Recipe) AppendTo(b []byte, form Form, self uint64) []byte {
	b = append(b, byte(BlockRecipe))
	w := columnWriter{b: b, extra: x.Extra}
	w.add(ColTransform, func(b []byte) []byte { return appendUvarint(b, uint64(x.Transform)) })
	w.put(ColParams, x.Params)
	w.add(ColLength, func(b []byte) []byte { return appendUvarint(b, x.Length) })
	w.add(ColInput, func(b []byte) []byte { return appendUvarint(b, x.Input.Span) })
	input := []*Ref{&x.Input}
	w.contentKinds(ColFileKinds, input)
	w.contentNames(form, self, input)
	w.recipeNames(form, self, input)
	return w.finish()
}

// Named gives the references that name blocks, for resolving.
func (x *Recipe) Named() []*Ref {
	if x.Input.named() {
		return []*Ref{&x.Input}
	}
	return nil
}

// ParseRecipe reads and checks a recipe. Whether the transform is known, and its
// parameters make sense, is for package recipe to say.
func ParseRecipe(b []byte, form Form, self uint64) (*Recipe, error) {
	const where = "recipe"
	c := cursor{b: b}
	if t := c.u8(); BlockType(t) != BlockRecipe {
		return nil, damagedBlock(where, self, "block type is %d, not %d", t, BlockRecipe)
	}
	x := new(Recipe)
	var r columnReader
	r.parse(&c, ColRecipes)
	x.Extra = r.extra
	r.col(&c, ColTransform, func(c *cursor) { x.Transform = Transform(c.uvarint()) })
	x.Params = bytes.Clone(r.known[ColParams])
	r.col(&c, ColLength, func(c *cursor) { x.Length = c.bounded(MaxSpan, "a length above its limit") })
	r.col(&c, ColInput, func(c *cursor) { x.Input.Span = c.bounded(MaxSpan, "a span above its limit") })
	r.contentRefs(&c, ColFileKinds, form, self, []*Ref{&x.Input})
	if c.bad == "" && len(x.Params) > MaxRecipeParams {
		c.fail("parameters above their limit")
	}
	if c.bad == "" && x.Length == 0 {
		c.fail("it makes nothing")
	}
	if c.bad == "" && x.Input.Span > MaxRecipeFree && (x.Input.Span-MaxRecipeFree-1)/MaxRecipeRatio >= x.Length {
		c.fail("its input is too large for what it makes")
	}
	if c.bad == "" && !bytes.Equal(x.AppendTo(make([]byte, 0, len(b)), form, self), b) {
		c.fail("not in its one canonical encoding")
	}
	if c.bad != "" {
		return nil, c.err(where, self)
	}
	return x, nil
}
