package writer

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/scanners"
)

// swapper puts recipes in the place of the pieces of streams.
type swapper struct {
	c   *creation
	ctx context.Context
	r   *fileReader // enters blocks
}

// swap gives files the recipes of the streams in use. undo gives them back what
// they had.
func (c *creation) swap(ctx context.Context, x *chooser) (undo func(), err error) {
	w := swapper{c, ctx, newFileReader(c.scan)}
	lists := map[uint32]uint32{} // of a file: its new list
	for _, i := range x.files {
		n := c.tree.node(i)
		in := inUse(c.tree.packed[i])
		if len(in) == 0 {
			continue
		}
		pieces, err := w.content(c.tree.pieces(n), in)
		if errors.Is(err, errLost) {
			continue // it changed: what is lost will be found when it is written
		}
		if err != nil {
			return nil, err
		}
		lists[i] = c.tree.addList(contentRefs{pieces: pieces, hash: c.tree.contentHash(n, c.table, c.o.Hash)})
	}
	had := map[uint32]node{}
	c.tree.relist(lists, func(k uint32, n *node) { had[k] = *n })
	return func() {
		for k, was := range had {
			*c.tree.node(k) = was
		}
		for _, s := range x.streams {
			s.id = 0
		}
	}, nil
}

// tell reports the models of recipes, file by file.
func (x *chooser) tell() {
	if x.c.o.OnRecipes == nil {
		return
	}
	for _, i := range x.files {
		in := inUse(x.c.tree.packed[i])
		if slices.ContainsFunc(x.c.tree.pieces(x.c.tree.node(i)), func(p piece) bool { return p.kind == pieceRecipe }) {
			models := map[string]int{}
			countModels(in, models)
			x.c.o.OnRecipes(x.c.tree.path(i), models)
		}
	}
}

func countModels(in []packedAt, models map[string]int) {
	for _, p := range in {
		models[p.s.model]++
		countModels(inUse(p.s.inner), models)
	}
}

func inUse(in []packedAt) (out []packedAt) {
	for _, p := range in {
		if p.s.use {
			out = append(out, p)
		}
	}
	return out
}

// recipe makes the recipe of a stream, once.
func (w *swapper) recipe(s *packedStream) (uint32, error) {
	if s.id != 0 {
		return s.id - 1, nil
	}
	pieces := s.pieces
	if in := inUse(s.inner); len(in) > 0 {
		var err error
		if pieces, err = w.content(pieces, in); err != nil {
			return 0, err
		}
	}
	i, _ := w.c.tree.recipes.add(madeRecipe{
		params: s.params, length: uint64(s.length), input: w.c.tree.addList(contentRefs{pieces: pieces}), span: uint64(s.survey.ContentSize),
	})
	s.id = uint32(i) + 1
	return uint32(i), nil
}

// content gives a content's pieces with recipes for some streams. What lies
// between two recipes keeps the pieces that it has whole; the rest of it is cut
// anew.
func (w *swapper) content(pieces []piece, in []packedAt) ([]piece, error) {
	r := w.c.source.content(w.ctx, pieces)
	defer r.close()
	var out []piece
	at := int64(0) // what is before it is in out
	k := 0
	between := func(to int64) error {
		for at < to {
			for k < len(pieces) && r.ends[k] <= at {
				k++
			}
			from, end := r.ends[k]-int64(pieces[k].span), r.ends[k]
			if from == at && end <= to {
				out = append(out, pieces[k])
				at = end
				continue
			}
			// Up to the next whole piece, or, if there is none, to the recipe.
			stop := min(end, to)
			if k+1 < len(pieces) && stop < to && r.ends[k+1] > to {
				stop = to
			}
			cut, err := w.fragment(r, at, stop)
			if err != nil {
				return err
			}
			out = append(out, cut...)
			at = stop
		}
		return nil
	}
	for _, p := range in {
		if err := between(p.off); err != nil {
			return nil, err
		}
		id, err := w.recipe(p.s)
		if err != nil {
			return nil, err
		}
		out = append(out, piece{span: uint64(p.s.length), id: id, kind: pieceRecipe})
		at = p.off + p.s.length
	}
	err := between(r.ends[len(r.ends)-1])
	return out, err
}

// fragment stores octets that are a part of pieces only.
func (w *swapper) fragment(r io.ReaderAt, from, to int64) (out []piece, err error) {
	b, err := readAt(r, from, to-from)
	if err != nil {
		return nil, err
	}
	if len(b) <= format.MaxLiteral {
		return []piece{{span: uint64(len(b)), id: w.c.tree.addLiteral(b), kind: pieceLiteral}}, nil
	}
	for sp := range scanners.Split(w.c.o.Chunks, nil, b) {
		p := piece{span: uint64(sp.Length), octet: sp.Octet, kind: pieceRun}
		if !sp.Run {
			p = piece{span: uint64(sp.Length), id: w.r.enter(b[sp.Offset:sp.Offset+sp.Length], noFile, 0)}
		}
		out = append(out, p)
	}
	return out, w.r.spoolErr
}

// recipes finds the streams of which recipes are made, and puts them in place.
func (c *creation) recipes(ctx context.Context) error {
	if len(c.tree.packed) == 0 {
		return nil
	}
	x := newChooser(c)
	for _, s := range x.streams {
		s.use = true
	}
	x.resemble()
	if err := x.estimate(ctx); err != nil {
		return err
	}
	x.choose()
	if err := x.prove(ctx); err != nil {
		return err
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	if !x.any() {
		x.markDense(true)
	}
	x.tell()
	c.rep.Recipes = x.recipeReport()
	return nil
}
