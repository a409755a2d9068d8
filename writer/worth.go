package writer

import (
	"cmp"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// Which streams become recipes is decided from what the archive would be like
// with and without, by estimates that depend on the tree alone. A stream that is
// stored as it is costs its octets, those that others have as well in proportion;
// a recipe costs its own octets and the blocks of its content that no plain file
// has, compressed, each divided by the recipes that have it. All streams begin as
// recipes; those that do not pay are dropped, innermost ones first, and the rest
// is reckoned again until nothing changes.

const (
	// recipeCost is what a recipe takes besides its corrections: its block with the
	// hash of that, and references.
	recipeCost = 90
	// blockCost is what a block takes in index, frame head and references.
	blockCost = 38
	// refCost is what one more reference takes.
	refCost = 4
	// alwaysLoss is the share of a stream, in per cent, by which RecipesAlways lets
	// the archive grow; and that of an archive, which may grow by alwaysOctets more:
	// the least that there can be is made of one recipe.
	alwaysLoss, alwaysOctets = 1, 128
	// contentGain is the share of the content, in per cent, that a recipe must save
	// in RecipesAuto when RecipeGain is slowGain: rebuilding takes as long as the
	// content is, at 15 to 200 MB/s.
	contentGain, slowGain = 1, 25
	// rounds bounds how often it is reckoned.
	rounds = 64
)

// weight is what is estimated of a stream: shares, and octets of the archive.
type weight struct {
	use     bool    // as a recipe
	seen    bool    // in this round, it is in a file or in the content of a recipe
	occ     int     // in how many places then
	height  int     // of recipes in its content
	ratio   float64 // what its content shrinks to, with what is in other streams
	alone   float64 // and without
	dense   float64 // what its own octets shrink to
	recipe  float64
	plain   float64
	content float64 // of recipe, what its content takes
}

// chooser decides which streams become recipes.
type chooser struct {
	c       *creation
	streams []*packedStream // in walk order; each before those in its content
	files   []uint32        // with streams
	users   []uint32        // by block: streams in use with it in their contents
	uses    []uint32        // by block: files and contents with it
	plain   []bool          // by block: some file has it outside recipes
	like    []float32       // by block: what it takes of what it would take alone, see resemble.go
}

// newChooser lists the streams of the tree.
func newChooser(c *creation) *chooser {
	x := &chooser{c: c, uses: make([]uint32, c.table.blocks.len())}
	seen := map[*packedStream]bool{}
	count := func(id uint32) { x.uses[id]++ }
	var list func(in []packedAt, file uint32, parent *packedStream) int
	list = func(in []packedAt, file uint32, parent *packedStream) (height int) {
		for _, p := range in {
			if !seen[p.s] {
				seen[p.s] = true
				x.streams = append(x.streams, p.s)
				p.s.at = place{file, parent, p.off}
				p.s.height = 1 + list(p.s.inner, file, p.s)
				eachData(p.s.pieces, count)
			}
			height = max(height, p.s.height)
		}
		return height
	}
	x.eachFile(func(i uint32, n *node) {
		c.tree.eachBlock(n, count)
		if in := c.tree.packed[i]; len(in) > 0 {
			x.files = append(x.files, i)
			list(in, i, nil)
		}
	})
	return x
}

// eachFile visits files, one name of each.
func (x *chooser) eachFile(visit func(i uint32, n *node)) {
	t := x.c.tree
	t.walkAll(func(i uint32, n *node) {
		if n.kind == format.KindFile && (n.link == 0 || t.links[n.link-1].first == i) {
			visit(i, n)
		}
	})
}

// choose settles which streams are in use, out of those that are.
func (x *chooser) choose() {
	byHeight := slices.Clone(x.streams)
	slices.SortStableFunc(byHeight, func(a, b *packedStream) int { return cmp.Compare(a.height, b.height) })
	for range rounds {
		x.count()
		drop := 0 // the least height of any that does not pay
		for _, s := range byHeight {
			if !s.seen {
				s.use = false
				continue
			}
			x.weigh(s)
			if s.use && !x.pays(s) && drop == 0 {
				drop = s.height
			}
		}
		if drop == 0 {
			return
		}
		// What it means for those around them is not known before they are counted
		// anew: without its streams, a content may be one that a plain file has.
		for _, s := range byHeight {
			if s.use && s.height == drop && !x.pays(s) {
				s.use, s.reason = false, reasonGain
			}
		}
	}
}

// count finds what is in use, and by how many.
func (x *chooser) count() {
	x.users, x.plain = make([]uint32, len(x.uses)), make([]bool, len(x.uses))
	for _, s := range x.streams {
		s.seen, s.occ = false, 0
	}
	var reach func(in []packedAt)
	reach = func(in []packedAt) {
		for _, p := range in {
			s := p.s
			s.occ++
			if s.seen {
				continue
			}
			if s.seen = true; !s.use {
				continue
			}
			eachSpan(s.pieces, s.inner, func(p piece, free uint64, _ *packedStream) {
				if p.kind == pieceBlock && free == p.span {
					x.users[p.id]++
				}
			})
			reach(s.inner)
		}
	}
	for id := range x.plain {
		x.plain[id] = x.c.table.at(uint32(id)).old // it is there already
	}
	x.eachFile(func(i uint32, n *node) {
		in := x.c.tree.packed[i]
		if len(in) == 0 {
			x.c.tree.eachBlock(n, func(id uint32) { x.plain[id] = true })
			return
		}
		eachSpan(x.c.tree.pieces(n), in, func(p piece, free uint64, _ *packedStream) {
			if p.kind == pieceBlock && free == p.span {
				x.plain[p.id] = true
			}
		})
		reach(in)
	})
}

// weigh estimates what a stream costs either way.
func (x *chooser) weigh(s *packedStream) {
	s.plain, s.recipe, s.content = 0, recipeCost+s.extra(), 0
	container := x.container(s)
	from, to := uint64(s.at.off), uint64(s.at.off+s.length)
	at := uint64(0)
	for _, p := range container {
		lo, hi := max(at, from), min(at+p.span, to)
		at += p.span
		if lo < hi && p.kind == pieceBlock && !x.c.table.at(p.id).old {
			share := float64(s.occ) / float64(max(x.uses[p.id], 1))
			s.plain += float64(hi-lo) * s.dense * min(share, 1)
		}
		if at >= to {
			break
		}
	}
	if !s.use {
		return
	}
	eachSpan(s.pieces, s.inner, func(p piece, free uint64, in *packedStream) {
		switch {
		case free == 0:
			return
		case p.kind != pieceBlock:
		case free < p.span:
			s.content += float64(free) * s.ratio
		case !x.plain[p.id]:
			ratio := min(s.ratio, s.alone*float64(x.like[p.id]))
			if in != nil {
				ratio = max(ratio, in.dense) // within a stream that stays as it is
			}
			users := float64(max(x.users[p.id], 1))
			s.recipe += blockCost / users
			s.content += float64(p.span) * ratio / users
		}
		s.recipe += refCost
	})
	for _, p := range s.inner {
		if p.s.use {
			occ := float64(max(p.s.occ, 1))
			s.recipe += (p.s.recipe - p.s.content) / occ
			s.content += p.s.content / occ
		}
	}
	s.recipe += s.content
}

// markDense marks the blocks of streams that stay as they are and do not shrink,
// or no longer.
func (x *chooser) markDense(dense bool) {
	mark := func(pieces []piece, in []packedAt) {
		eachSpan(pieces, in, func(p piece, _ uint64, idle *packedStream) {
			if p.kind == pieceBlock && idle != nil && idle.dense >= minDenseRatio && 2*idle.length > int64(p.span) {
				x.c.table.at(p.id).dense = dense
			}
		})
	}
	for _, i := range x.files {
		mark(x.c.tree.pieces(x.c.tree.node(i)), x.c.tree.packed[i])
	}
	for _, s := range x.streams {
		if s.use {
			mark(s.pieces, s.inner)
		}
	}
}

// pays says whether a recipe is worth it.
func (x *chooser) pays(s *packedStream) bool {
	length := float64(s.length)
	if x.c.o.Recipes == RecipesAlways {
		return s.recipe <= s.plain+length*alwaysLoss/100
	}
	gain := float64(x.c.o.RecipeGain) / 100
	return s.plain-s.recipe >= max(length*gain, float64(s.survey.ContentSize)*gain*contentGain/slowGain, 1)
}

// container gives the pieces of what a stream is read from.
func (x *chooser) container(s *packedStream) []piece {
	if s.at.parent != nil {
		return s.at.parent.pieces
	}
	return x.c.tree.pieces(x.c.tree.node(s.at.file))
}

// pieces gives the content of a file as pieces.
func (t *tree) pieces(n *node) []piece {
	switch n.how {
	case contentBlock:
		return []piece{{span: n.size, id: n.content}}
	case contentList:
		return t.lists.at(int(n.content)).pieces
	}
	return nil
}

// eachSpan visits pieces with how much of each no stream in use covers, and a
// stream that is not in use and covers some of it.
func eachSpan(pieces []piece, in []packedAt, visit func(p piece, free uint64, idle *packedStream)) {
	at := uint64(0)
	for _, p := range pieces {
		end := at + p.span
		for len(in) > 0 && uint64(in[0].off+in[0].s.length) <= at {
			in = in[1:]
		}
		free := p.span
		var idle *packedStream
		for _, q := range in {
			lo, hi := max(at, uint64(q.off)), min(end, uint64(q.off+q.s.length))
			if uint64(q.off) >= end {
				break
			}
			if lo < hi && q.s.use {
				free -= hi - lo
			} else if lo < hi {
				idle = q.s
			}
		}
		visit(p, free, idle)
		at = end
	}
}
