package writer

import (
	"bytes"
	"context"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/recipe"
)

// contentOf reads pieces, and makes what is made.
func contentOf(t testing.TB, c *creation, pieces []piece) (out []byte) {
	r := c.source.reader()
	defer r.close()
	for _, p := range pieces {
		n := len(out)
		switch p.kind {
		case pieceRun:
			out = append(out, bytes.Repeat([]byte{p.octet}, int(p.span))...)
		case pieceLiteral:
			out = append(out, *c.tree.literals.at(int(p.id))...)
		case pieceBlock:
			var ok bool
			var err error
			out, ok, err = r.append(context.Background(), out, p.id)
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
		case pieceRecipe:
			x := c.tree.recipes.at(int(p.id))
			input := contentOf(t, c, c.tree.lists.at(int(x.input)).pieces)
			if uint64(len(input)) != x.span {
				t.Fatalf("an input of %d octets, not %d", len(input), x.span)
			}
			made, err := recipe.Parse(&format.Recipe{Transform: format.TransformDeflate, Params: x.params, Length: x.length, Input: format.Ref{Kind: format.RefRun, Span: x.span}})
			must(t, err)
			for i := range made.Parts() {
				q := made.Part(i)
				out, err = made.Make(out, i, input[q.From:q.To])
				must(t, err)
			}
		}
		if uint64(len(out)-n) != p.span {
			t.Fatalf("a piece of kind %d has %d octets, not %d", p.kind, len(out)-n, p.span)
		}
	}
	return out
}

// TestSwap: with recipes in their places, files are what they were.
func TestSwap(t *testing.T) {
	slowUnderRace(t)
	o := withRecipes(packedTree(t), RecipesAlways)
	must(t, o.setDefaults())
	c := &creation{o: &o, tree: newTree(), table: newBlockTable(o.KeepBytes)}
	sp := &spool{}
	defer sp.close()
	c.scan = &scan{o: &o, t: c.tree, table: c.table, spool: sp, streams: newStreamTable()}
	defer c.scan.close()
	must(t, c.scan.run(context.Background(), false))
	c.source = &blockSource{o: &o, table: c.table, dirs: c.scan.dirs, spool: sp}
	before := map[uint32][]byte{}
	c.tree.walk(func(i uint32, n *node) {
		if n.kind == format.KindFile {
			before[i] = contentOf(t, c, c.tree.pieces(n))
		}
	})
	must(t, c.recipes(context.Background()))
	if c.tree.recipes.len() == 0 {
		t.Fatal("no recipes")
	}
	for i, want := range before {
		if !bytes.Equal(contentOf(t, c, c.tree.pieces(c.tree.node(i))), want) {
			t.Errorf("%s: other octets", c.tree.path(i))
		}
	}
}
