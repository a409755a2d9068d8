package writer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/recipe"
)

// A file that has changed a little has blocks that are new as a whole, and no frame
// in common with what they were made from. So it becomes a delta of what the base
// has in its place, where that is a good deal smaller. If that is a delta itself,
// the new one is of it, down to deltaDepth, or of what it is made from in the end.

const (
	// deltaLeast is the size of files from which on deltas are tried, and of what
	// is new in them.
	deltaLeast = 256
	// deltaCost is what a delta takes besides its parameters: hash and references of
	// its block, and the hash of the whole content in the entry.
	deltaCost = 90
	// deltaShare is what it may take of what the blocks would take, in per cent:
	// reading it takes two reads and a copy.
	deltaShare = 70
	// deltaLevel is that of zstd by which both are estimated.
	deltaLevel = 3
	// deltaDepth is how many deltas are in one another at most, and so how many are
	// followed to read a file.
	deltaDepth = 4
)

// changedFile is a file with other content than the base has.
type changedFile struct {
	node uint32
	was  format.Ref

	// The delta, if one pays: its parameters, what it is of, and the hash of the
	// whole content.
	params []byte
	from   format.Ref
	whole  format.Hash
}

// addChanged notes a file that has been read and is not what it was.
func (t *tree) addChanged(id uint32, n *node, was *format.Entry) {
	switch {
	case n.size < deltaLeast || n.size > format.MaxDelta || was.Size > format.MaxDelta:
	case was.Size > format.MaxRecipeFree+format.MaxRecipeRatio*n.size:
	case was.Ref.Kind == format.RefBlock || was.Ref.Kind == format.RefIndirect || was.Ref.Kind == format.RefRecipe:
		t.mu.Lock()
		defer t.mu.Unlock()
		t.changed[id] = was.Ref
	}
}

// deltas puts deltas in the place of changed files.
func (c *creation) deltas(ctx context.Context) error {
	if len(c.tree.changed) == 0 || c.o.Recipes == RecipesOff {
		return nil
	}
	uses := make([]uint32, c.table.blocks.len())
	var files []changedFile
	c.tree.walk(func(i uint32, n *node) {
		if n.link != 0 && c.tree.links[n.link-1].first != i {
			return
		}
		c.tree.eachBlock(n, func(id uint32) { uses[id]++ })
		if was, ok := c.tree.changed[i]; ok && n.kind == format.KindFile && n.change == changeContent {
			files = append(files, changedFile{node: i, was: was})
		}
	})
	g, ctx := errgroup.WithContext(ctx)
	jobs := make(chan int)
	g.Go(func() error {
		defer close(jobs)
		for k := range files {
			select {
			case jobs <- k:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range c.o.Threads {
		g.Go(func() error {
			d, err := newDeltaMaker(c, uses)
			if err != nil {
				return err
			}
			for k := range jobs {
				if err := d.try(ctx, &files[k]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	c.useDeltas(files)
	return nil
}

// useDeltas gives files, with all their names, the deltas that were made. While
// these are made, several goroutines read the tree.
func (c *creation) useDeltas(files []changedFile) {
	lists := map[uint32]uint32{}
	for _, f := range files {
		if f.params != nil {
			lists[f.node] = c.tree.addDelta(f.params, f.from, c.tree.node(f.node).size, f.whole)
		}
	}
	c.tree.relist(lists, func(uint32, *node) {})
	c.deltaFiles = int64(len(lists))
}

// deltaMaker makes deltas for one goroutine.
type deltaMaker struct {
	c             *creation
	uses          []uint32
	enc           *codec.Encoder
	was, is, made []byte
	out           []byte
	table         []int32
}

func newDeltaMaker(c *creation, uses []uint32) (*deltaMaker, error) {
	enc, err := codec.NewEncoder(codec.Params{Level: deltaLevel})
	return &deltaMaker{c: c, uses: uses, enc: enc}, err
}

// try makes the delta of a file, if it pays.
func (d *deltaMaker) try(ctx context.Context, f *changedFile) error {
	n := d.c.tree.node(f.node)
	pieces := d.c.tree.pieces(n)
	blocks, fresh := d.newIn(pieces)
	if fresh < deltaLeast {
		return nil
	}
	starts := d.starts(&f.was)
	if len(starts) == 0 {
		return nil
	}
	r := d.c.source.content(ctx, pieces)
	defer r.close()
	d.is = slices.Grow(d.is[:0], int(n.size))[:n.size]
	switch _, err := r.ReadAt(d.is, 0); {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errLost):
		return nil // when it is written, it will be read anew
	case err != nil:
		return err
	}
	most := float64(d.packed(d.is))*fresh/float64(n.size) + blockCost*blocks // that it may take
	if d.c.o.Recipes != RecipesAlways {
		most *= deltaShare / 100.0
	}
	var best []byte
	var from format.Ref
	for _, s := range starts {
		params := d.delta(&s)
		if takes := float64(d.packed(params) + deltaCost); params != nil && takes <= most {
			best, from, most = params, s, takes
		}
	}
	if best != nil {
		f.params, f.from, f.whole = best, from, d.c.tree.contentHash(n, d.c.table, d.c.o.Hash)
	}
	return nil
}

// delta makes the parameters of the file as a delta of a content of the base, and
// proves them. It gives nil if it cannot.
func (d *deltaMaker) delta(from *format.Ref) []byte {
	if from.Span > format.MaxDelta || from.Span > format.MaxRecipeFree+format.MaxRecipeRatio*uint64(len(d.is)) || !d.readOld(from) {
		return nil
	}
	x, ok := d.find()
	if !ok {
		return nil
	}
	params := x.Encode()
	if !d.proves(params, from) {
		return nil
	}
	return params
}

// newIn tells how many blocks and octets of a content are in no other file, shared
// ones in proportion, and not in the base.
func (d *deltaMaker) newIn(pieces []piece) (blocks, octets float64) {
	for _, p := range pieces {
		if p.kind == pieceRecipe {
			return 0, 0 // it is packed: deltas of such say nothing
		}
		if p.kind != pieceBlock {
			continue
		}
		if b := d.c.table.at(p.id); !b.old {
			blocks += 1 / float64(max(d.uses[p.id], 1))
			octets += float64(b.length) / float64(max(d.uses[p.id], 1))
		}
	}
	return blocks, octets
}

// starts gives what a file may be a delta of, given what the base has in its place.
func (d *deltaMaker) starts(was *format.Ref) []format.Ref {
	last, depth := *was, 1 // of the delta to be made of was
	for ; last.Kind == format.RefRecipe; depth++ {
		x, err := d.c.base.a.Recipe(&last)
		if err != nil || x.Transform != format.TransformDelta || depth > format.MaxRecipeDepth {
			return nil
		}
		last = x.Input
	}
	switch {
	case last.Kind != format.RefBlock && !d.isPlain(&last):
		return nil
	case depth == 1 || depth > deltaDepth:
		return []format.Ref{last}
	}
	return []format.Ref{*was, last}
}

// isPlain reports whether a content of several blocks is without recipes.
func (d *deltaMaker) isPlain(r *format.Ref) bool {
	if r.Kind != format.RefIndirect {
		return false
	}
	f, err := d.c.base.a.Content(&format.Entry{Kind: format.KindFile, Size: r.Span, Ref: *r})
	if err != nil {
		return false
	}
	for p, err := range f.Pieces(0) {
		if err != nil || p.Ref.Kind == format.RefRecipe {
			return false
		}
	}
	return true
}

func (d *deltaMaker) readOld(from *format.Ref) bool {
	f, err := d.c.base.a.Content(&format.Entry{Kind: format.KindFile, Size: from.Span, Ref: *from})
	if err != nil {
		return false
	}
	d.was = slices.Grow(d.was[:0], int(from.Span))[:from.Span]
	_, err = f.ReadAt(d.was, 0)
	return err == nil
}

// packed estimates what octets take.
func (d *deltaMaker) packed(b []byte) int {
	_, d.out = d.enc.Encode(d.out[:0], b)
	return len(d.out)
}

// proves follows the recipe, and compares what it makes with the file.
func (d *deltaMaker) proves(params []byte, from *format.Ref) bool {
	if len(params) > format.MaxRecipeParams {
		return false
	}
	r, err := recipe.Parse(&format.Recipe{
		Transform: format.TransformDelta, Params: params, Length: uint64(len(d.is)), Input: *from,
	})
	if err == nil {
		d.made, err = r.Make(d.made[:0], 0, d.was)
	}
	return err == nil && bytes.Equal(d.made, d.is)
}

const (
	// deltaWindow is the least that is copied, and deltaStep how far apart the places
	// of the old content are that copies are looked for at.
	deltaWindow = 32
	deltaStep   = 1
)

// find finds copies: at the place that follows from the copy before, or where the
// old content has the same window. ok is false if there are none.
func (d *deltaMaker) find() (out recipe.Delta, ok bool) {
	was, is := d.was, d.is
	if len(was) < deltaWindow {
		return out, false
	}
	d.index()
	shift := 64 - bits.TrailingZeros(uint(len(d.table)))
	from, end := 0, 0 // of the literals before the copy to come; where the last one ended
	for i := 0; i+deltaWindow <= len(is); {
		at := end + i - from
		if at < 0 || at+deltaWindow > len(was) || !bytes.Equal(was[at:at+deltaWindow], is[i:i+deltaWindow]) {
			at = int(d.table[windowHash(is[i:])>>shift]) - 1
			if at < 0 || !bytes.Equal(was[at:at+deltaWindow], is[i:i+deltaWindow]) {
				i++
				continue
			}
		}
		n := deltaWindow
		for i > from && at > 0 && was[at-1] == is[i-1] {
			i, at, n = i-1, at-1, n+1
		}
		for i+n < len(is) && at+n < len(was) && was[at+n] == is[i+n] {
			n++
		}
		out.Copies = append(out.Copies, recipe.Copy{Literals: i - from, From: at, Length: n})
		out.Literals = append(out.Literals, is[from:i]...)
		i += n
		from, end = i, at+n
	}
	out.Literals = append(out.Literals, is[from:]...)
	out.Sum = recipe.Sum(is)
	return out, len(out.Copies) > 0
}

// index enters windows of the old content, of equal ones the first.
func (d *deltaMaker) index() {
	size := 1 << max(8, bits.Len(uint(len(d.was)/deltaStep)))
	d.table = slices.Grow(d.table[:0], size)[:size]
	clear(d.table)
	shift := 64 - bits.TrailingZeros(uint(size))
	for at := 0; at+deltaWindow <= len(d.was); at += deltaStep {
		if slot := &d.table[windowHash(d.was[at:])>>shift]; *slot == 0 {
			*slot = int32(at) + 1
		}
	}
}

// windowHash hashes a window; its high bits are good.
func windowHash(b []byte) uint64 {
	x := binary.LittleEndian.Uint64(b)*0x9E3779B185EBCA87 ^ bits.RotateLeft64(binary.LittleEndian.Uint64(b[24:])*0xC2B2AE3D27D4EB4F, 31)
	return x * 0x9E3779B185EBCA87
}
