package reader

import (
	"cmp"
	"slices"
	"sort"

	"github.com/vtdarchive/vtd/format"
)

// passPlan says what is done for whole contents in which frame.
type passPlan struct {
	within [][]int32    // by frame: files that are consecutive blocks of it
	steps  [][]passStep // by frame: files that go on in it
	keeps  []keep       // blocks that are needed again, by number
	drop   [][]uint64   // by frame: those that are not, after it
}

// keep is a block that is kept until a frame has passed.
type keep struct {
	num, span uint64
	until     int32
}

// planner makes a passPlan.
type planner struct {
	*contentPass
	left  int64 // pieces that may still be looked at
	until map[uint64]keep

	// What is in memory while frames pass, by stretches of them: kept bytes,
	// kept blocks, and hashers.
	stretches []load
}

type load struct{ bytes, blocks, hashers int64 }

// maxStretches bounds how finely memory is reckoned.
const maxStretches = 1024

// piecesPerBlock bounds how many pieces are looked at for the plan: so many for
// each block of the archive, and some. A few blocks may make files without end.
const (
	piecesPerBlock = 8
	piecesFree     = 1 << 16
)

// makePlan decides which contents are hashed while frames pass, and how. Rows are
// those of the data frames. Parsed metadata is at hand: it has just been checked.
func (p *contentPass) makePlan(rows []format.IndexFrame) {
	defer close(p.made)
	p.rows = rows
	p.state = make([]frameProgress, len(rows))
	p.sortFiles()
	p.plan = passPlan{within: make([][]int32, len(rows)), steps: make([][]passStep, len(rows)), drop: make([][]uint64, len(rows))}
	if len(rows) == 0 {
		return
	}
	pl := &planner{contentPass: p, until: make(map[uint64]keep)}
	pl.left = piecesPerBlock*int64(p.v.a.Blocks()) + piecesFree
	pl.stretches = make([]load, min(len(rows), maxStretches))
	for i := range p.files {
		if pl.left <= 0 || p.v.ctx.Err() != nil {
			break
		}
		pl.file(int32(i))
	}
	for _, k := range pl.until {
		p.plan.keeps = append(p.plan.keeps, k)
		p.plan.drop[k.until] = append(p.plan.drop[k.until], k.num)
	}
	slices.SortFunc(p.plan.keeps, func(a, b keep) int { return cmp.Compare(a.num, b.num) })
}

// route is the way of a content through the frames.
type route struct {
	frames      []int32 // in which it goes on
	keeps       []keep
	first, next uint64 // blocks, as long as they are consecutive
	plain       bool
	need        []uint64 // blocks, and their spans, that are needed at once
	spans       []uint64
}

// file finds the way of a content and, if there is room, puts it into the plan.
func (pl *planner) file(i int32) {
	x := &pl.files[i]
	if x.kind == format.RefRun { // of any length, but long ones cost nothing
		pl.left -= int64(min(x.span, format.LongRun) / runChunk)
		h := pl.v.a.header.Hash.NewContent()
		h.WriteRun(x.octet, x.span)
		x.ok = h.Sum() == x.says
		return
	}
	rt := route{plain: true}
	if !pl.follow(&rt, x) || len(rt.frames) == 0 {
		return
	}
	if rt.plain && len(rt.frames) == 1 && rt.next > rt.first {
		x.first, x.count = rt.first, uint32(rt.next-rt.first)
		pl.plan.within[rt.frames[0]] = append(pl.plan.within[rt.frames[0]], i)
		return
	}
	if !pl.reserve(&rt) {
		return
	}
	x.steps = int32(len(rt.frames))
	for k, f := range rt.frames {
		pl.plan.steps[f] = append(pl.plan.steps[f], passStep{i, int32(k)})
	}
}

// follow goes through the pieces of a content. It is false where it cannot be
// followed.
func (pl *planner) follow(rt *route, x *passing) bool {
	file := File{a: pl.v.a, e: &format.Entry{Kind: format.KindFile, Size: x.span, Ref: x.ref()}}
	c := cursor{f: &file}
	for at := uint64(0); at < x.span; {
		if pl.left--; pl.left <= 0 {
			return false
		}
		piece, err := c.piece(at)
		if err != nil {
			return false
		}
		r := &piece.Ref
		at += r.Span
		switch r.Kind {
		case format.RefBlock:
			if rt.next == rt.first {
				rt.first, rt.next = r.Num, r.Num
			}
			rt.plain = rt.plain && r.Num == rt.next
			rt.next++
			if !pl.needs(rt, r) || !pl.arrive(rt) {
				return false
			}
		case format.RefRecipe:
			rt.plain = false
			if !pl.followRecipe(rt, r) {
				return false
			}
		default:
			rt.plain = false
		}
	}
	return true
}

// followRecipe does so for what a recipe makes, part by part.
func (pl *planner) followRecipe(rt *route, r *format.Ref) bool {
	n, err := pl.v.a.recipe(r)
	if err != nil {
		return false
	}
	for i := range n.made.Parts() {
		part := n.made.Part(i)
		ok := pl.v.a.inputPieces(n, part.From, part.To, func(x *Piece, _, _ uint64) bool {
			pl.left--
			return pl.left > 0 && (x.Ref.Kind != format.RefBlock || pl.needs(rt, &x.Ref))
		})
		if !ok || !pl.arrive(rt) {
			return false
		}
	}
	return true
}

// needs adds a block to those that are needed at once.
func (pl *planner) needs(rt *route, r *format.Ref) bool {
	if r.Span > format.MaxDataBlock {
		return false
	}
	rt.need, rt.spans = append(rt.need, r.Num), append(rt.spans, r.Span)
	return true
}

// arrive goes on to the frame in which all blocks are there that are needed at
// once. Those of frames before it are kept until then.
func (pl *planner) arrive(rt *route) bool {
	cur := int32(-1)
	if n := len(rt.frames); n > 0 {
		cur = rt.frames[n-1]
	}
	last := cur
	for _, num := range rt.need {
		f := pl.frame(num)
		if f < 0 {
			return false
		}
		last = max(last, f)
	}
	if last > cur {
		rt.frames = append(rt.frames, last)
	}
	for i, num := range rt.need {
		if pl.frame(num) < last {
			rt.keeps = append(rt.keeps, keep{num, rt.spans[i], last})
		}
	}
	rt.need, rt.spans = rt.need[:0], rt.spans[:0]
	return int64(len(rt.keeps)) <= pl.limits.keeps
}

// frame gives the place of a block's frame among those of data, or -1.
func (pl *planner) frame(num uint64) int32 {
	i := sort.Search(len(pl.rows), func(i int) bool { return pl.rows[i].First > num }) - 1
	if i < 0 || !holds(&pl.rows[i], num) {
		return -1
	}
	return int32(i)
}

// reserve takes the memory that a content needs while frames pass, or tells
// that there is too little.
func (pl *planner) reserve(rt *route) bool {
	for i, k := range rt.keeps {
		if !pl.extend(k, &rt.keeps[i]) {
			pl.undo(rt.keeps[:i])
			return false
		}
	}
	if len(rt.frames) == 1 {
		return true
	}
	over := func(s *load) bool { return s.hashers >= pl.limits.hashers }
	if !pl.add(rt.frames[0], rt.frames[len(rt.frames)-1], load{hashers: 1}, over) {
		pl.undo(rt.keeps)
		return false
	}
	return true
}

// extend keeps a block until a frame. What was until then goes to old.
func (pl *planner) extend(k keep, old *keep) bool {
	from := pl.frame(k.num)
	*old = keep{num: k.num, until: -1}
	if was, ok := pl.until[k.num]; ok {
		if was.span != k.span {
			return false
		}
		if *old = was; was.until >= k.until {
			return true
		}
		from = was.until + 1
	}
	over := func(s *load) bool { return s.bytes+int64(k.span) > pl.limits.kept || s.blocks >= pl.limits.keeps }
	if int64(len(pl.until)) >= 4*pl.limits.keeps || !pl.add(from, k.until, load{bytes: int64(k.span), blocks: 1}, over) {
		return false
	}
	pl.until[k.num] = k
	return true
}

// undo takes back what extend has done, given what was before.
func (pl *planner) undo(old []keep) {
	for _, was := range slices.Backward(old) {
		k := pl.until[was.num]
		switch {
		case was.until >= 0 && was.until < k.until:
			pl.stretch(was.until+1, k.until, load{bytes: -int64(k.span), blocks: -1})
			pl.until[was.num] = was
		case was.until < 0:
			pl.stretch(pl.frame(k.num), k.until, load{bytes: -int64(k.span), blocks: -1})
			delete(pl.until, was.num)
		}
	}
}

// add reckons with something while frames pass, unless that is too much.
func (pl *planner) add(from, to int32, x load, over func(*load) bool) bool {
	i, j := pl.between(from, to)
	if slices.ContainsFunc(pl.stretches[i:j], func(s load) bool { return over(&s) }) {
		return false
	}
	pl.stretch(from, to, x)
	return true
}

func (pl *planner) stretch(from, to int32, x load) {
	i, j := pl.between(from, to)
	for s := range pl.stretches[i:j] {
		at := &pl.stretches[i+s]
		at.bytes += x.bytes
		at.blocks += x.blocks
		at.hashers += x.hashers
	}
}

// between gives the stretches that frames lie in. Frames end a little later than
// others begin.
func (pl *planner) between(from, to int32) (i, j int) {
	at := func(i int) int { return i * len(pl.stretches) / len(pl.rows) }
	return at(int(from)), at(min(int(to)+pl.v.opts.Workers, len(pl.rows)-1)) + 1
}
