package format

import (
	"iter"
	"slices"
)

// The columns that describe content references are the same in directory
// leaves, for the files, in indirect blocks, and in recipes for their input. Spans
// stand elsewhere in all of them and are read before.

func (w *columnWriter) contentKinds(kinds uint64, refs []*Ref) {
	w.add(kinds, func(b []byte) []byte {
		return appendPalette(b, len(refs), func(i int) RefKind { return refs[i].Kind },
			func(b []byte, k RefKind) []byte { return append(b, byte(k)) })
	})
}

func (w *columnWriter) contentNames(form Form, self uint64, refs []*Ref) {
	w.add(ColLiterals, func(b []byte) []byte {
		for r := range ofKind(refs, RefLiteral) {
			b = append(b, r.Literal...)
		}
		return b
	})
	w.add(ColOctets, func(b []byte) []byte {
		for r := range ofKind(refs, RefRun) {
			b = append(b, r.Octet)
		}
		return b
	})
	w.add(ColBlocks, func(b []byte) []byte { return appendNames(b, form, 0, ofKind(refs, RefBlock)) })
	w.add(ColIndirects, func(b []byte) []byte { return appendNames(b, form, self, ofKind(refs, RefIndirect)) })
}

// recipeNames comes behind all columns of lower ids.
func (w *columnWriter) recipeNames(form Form, self uint64, refs []*Ref) {
	w.add(ColRecipes, func(b []byte) []byte { return appendNames(b, form, self, ofKind(refs, RefRecipe)) })
}

func (r *columnReader) contentRefs(c *cursor, kinds int, form Form, self uint64, refs []*Ref) {
	r.col(c, kinds, func(c *cursor) {
		readPalette(c, len(refs), (*cursor).u8, func(i int, v byte) { refs[i].Kind = RefKind(v) })
	})
	for _, x := range refs {
		switch {
		case c.bad != "":
			return
		case x.Kind > RefRecipe:
			c.lacks("a reference of a kind that this program lacks")
		case x.Kind == RefLiteral && x.Span > MaxLiteral:
			c.fail("a literal above its limit")
		case x.Kind == RefBlock && x.Span > MaxDataBlock:
			c.fail("a data block above its limit")
		case x.Kind != RefLiteral && x.Span == 0:
			c.fail("a reference that spans nothing")
		case x.Span > MaxSpan:
			c.fail("a span above its limit")
		}
	}
	r.col(c, ColLiterals, func(c *cursor) {
		c.b = slices.Clone(c.b) // one copy for all literals
		for x := range ofKind(refs, RefLiteral) {
			if x.Span > 0 {
				x.Literal = c.take(x.Span)
			}
		}
	})
	r.col(c, ColOctets, func(c *cursor) {
		for x := range ofKind(refs, RefRun) {
			x.Octet = c.u8()
		}
	})
	r.col(c, ColBlocks, func(c *cursor) { readNames(c, form, 0, ofKind(refs, RefBlock)) })
	r.col(c, ColIndirects, func(c *cursor) { readNames(c, form, self, ofKind(refs, RefIndirect)) })
	r.col(c, ColRecipes, func(c *cursor) { readNames(c, form, self, ofKind(refs, RefRecipe)) })
}

func ofKind(refs []*Ref, k RefKind) iter.Seq[*Ref] {
	return func(yield func(*Ref) bool) {
		for _, r := range refs {
			if r.Kind == k && !yield(r) {
				return
			}
		}
	}
}
