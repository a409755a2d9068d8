package recovery

import (
	"maps"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

const anyLevel = -1

// How deep nodes may lie below one another. What is deeper is a lie, and is
// looked at as if it began there.
const (
	maxLists = (format.MaxNodeLevel + 1) * (format.MaxRecipeDepth + 1)
	maxSums  = (format.MaxNodeLevel + 1) * format.MaxDepth
)

// dirInfo is what is known of a directory by its node.
type dirInfo struct {
	whole       bool // all of it and all below is there
	links       bool // hard-linked names lie below
	size, count uint64
	content     format.Hash   // of its entries, if whole
	only        *format.Entry // its one entry, if it has just one
	height      int           // directories below one another, this one included
}

// listInfo is the same for an indirect block or a recipe.
type listInfo struct {
	whole  bool
	recipe bool
	level  int
	span   uint64
	height int // recipes in one another
}

// sum gives the hash of a metadata block, if all is there that it takes.
func (r *recovery) sum(num uint64) (h format.Hash, ok bool) {
	if num >= madeMeta && num < foreignMeta {
		if k := num - madeMeta; k < uint64(len(r.made)) {
			return r.made[k].hash, true
		}
		return h, false
	}
	if x, ok := r.foreign.at[num]; ok {
		_, err := r.node(num)
		return x.hash, err == nil
	}
	if h, ok := r.sums[num]; ok {
		return h, h != format.Hash{}
	}
	if r.deepSum == maxSums {
		return h, false
	}
	r.deepSum++
	defer func() { r.deepSum-- }()
	r.sums[num] = format.Hash{} // should it lead back to itself
	n, err := r.node(num)
	if err != nil || !r.resolve(n) {
		return h, false
	}
	h = r.id.Sum(n.canonical(num))
	r.sums[num] = h
	return h, true
}

// resolve fills in the hashes of what a node names.
func (r *recovery) resolve(n *node) bool {
	if n.snapshot != nil {
		for i := range n.snapshot.Parents {
			p := &n.snapshot.Parents[i]
			var ok bool
			if p.Hash, ok = r.metaHash(p.Num); !ok {
				return false
			}
		}
		var ok bool
		n.snapshot.Root.Ref.Hash, ok = r.metaHash(n.snapshot.Root.Ref.Num)
		return ok
	}
	for _, x := range n.refs() {
		var ok bool
		if x.Kind == format.RefBlock {
			x.Hash, _, ok = r.data(x.Num)
		} else {
			x.Hash, ok = r.metaHash(x.Num)
		}
		if !ok {
			return false
		}
	}
	return true
}

// metaHash is sum, or what a proven index says.
func (r *recovery) metaHash(num uint64) (format.Hash, bool) {
	if h, ok := r.sum(num); ok {
		return h, true
	}
	if num < madeMeta {
		if h, proven, ok := r.s.said(num); ok && proven {
			return h, true
		}
	}
	return format.Hash{}, false
}

// whole tells whether all of a content is there, below so many recipes.
func (r *recovery) whole(x *format.Ref, level, depth int) bool {
	switch x.Kind {
	case format.RefBlock:
		_, n, ok := r.data(x.Num)
		return ok && uint64(n) == x.Span
	case format.RefIndirect, format.RefRecipe:
		l := r.list(x.Num)
		return l.whole && l.recipe == (x.Kind == format.RefRecipe) && l.span == x.Span && depth+l.height <= format.MaxRecipeDepth &&
			(l.recipe || level == anyLevel || l.level == level)
	}
	return true
}

// list checks an indirect block or a recipe with all below.
func (r *recovery) list(num uint64) listInfo {
	if l, ok := r.lists[num]; ok {
		return l
	}
	if r.deepList == maxLists {
		return listInfo{}
	}
	r.deepList++
	defer func() { r.deepList-- }()
	r.lists[num] = listInfo{} // should it lead back to itself
	l := r.checkList(num)
	r.lists[num] = l
	return l
}

func (r *recovery) checkList(num uint64) (l listInfo) {
	n, err := r.node(num)
	switch {
	case err != nil:
		return listInfo{}
	case n.recipe != nil:
		x := &n.recipe.Input
		l = listInfo{recipe: true, span: n.recipe.Length, height: 1 + r.heightOf(x)}
		l.whole = n.made != nil && l.height <= format.MaxRecipeDepth && r.whole(x, anyLevel, 0)
	case n.indirect != nil:
		l = listInfo{whole: true, level: n.indirect.Level}
		for i := range n.indirect.Refs {
			x := &n.indirect.Refs[i]
			l.whole = r.whole(x, l.level-1, 0) && l.whole
			l.height = max(l.height, r.heightOf(x))
			l.span += x.Span
		}
	}
	return l
}

func (r *recovery) heightOf(x *format.Ref) int {
	if x.Kind == format.RefIndirect || x.Kind == format.RefRecipe {
		return r.list(x.Num).height
	}
	return 0
}

// eachLeaf visits the leaves of a directory that are there and as its inner
// nodes say, in order, and tells of those that are not.
func (r *recovery) eachLeaf(num uint64, leaf func(num uint64, d *format.DirLeaf), lost func(after string, count uint64)) {
	n, err := r.node(num)
	switch {
	case err == nil && n.leaf != nil:
		leaf(num, n.leaf)
	case err == nil && n.inner != nil:
		r.inner(n.inner, "", leaf, lost)
	default:
		lost("", 0)
	}
}

// inner goes through an inner node; next is the first name behind it, or "".
func (r *recovery) inner(d *format.DirInner, next string, leaf func(uint64, *format.DirLeaf), lost func(string, uint64)) {
	for i := range d.Children {
		c := &d.Children[i]
		end := next
		if i+1 < len(d.Children) {
			end = d.Children[i+1].First
		}
		n, err := r.node(c.Ref.Num)
		switch {
		case err == nil && d.Level == 1 && n.leaf != nil && leafFits(n.leaf, c, end):
			leaf(c.Ref.Num, n.leaf)
		case err == nil && d.Level > 1 && n.inner != nil && n.inner.Level == d.Level-1 && innerFits(n.inner, c, end):
			r.inner(n.inner, end, leaf, lost)
		default:
			lost(c.First, c.Count)
		}
	}
}

func leafFits(d *format.DirLeaf, c *format.DirChild, end string) bool {
	k := len(d.Entries)
	return k > 0 && uint64(k) == c.Count && d.Entries[0].Name == c.First && (end == "" || d.Entries[k-1].Name < end)
}

func innerFits(d *format.DirInner, c *format.DirChild, end string) bool {
	sum := uint64(0)
	for i := range d.Children {
		sum += d.Children[i].Count
	}
	return sum == c.Count && d.Children[0].First == c.First && (end == "" || d.Children[len(d.Children)-1].First < end)
}

// dir checks a directory with all below.
func (r *recovery) dir(num uint64) *dirInfo {
	if d := r.dirs[num]; d != nil {
		return d
	}
	if r.deepDir == format.MaxDepth {
		return &dirInfo{}
	}
	r.deepDir++
	defer func() { r.deepDir-- }()
	r.dirs[num] = &dirInfo{} // should it lead back to itself
	d := r.checkDir(num)
	r.dirs[num] = d
	return d
}

func (r *recovery) checkDir(num uint64) *dirInfo {
	d := &dirInfo{whole: true, height: 1}
	content := format.NewContentDir(r.id)
	entries := 0
	if r.ctx.Err() != nil {
		return &dirInfo{}
	}
	r.eachLeaf(num, func(_ uint64, leaf *format.DirLeaf) {
		for i := range leaf.Entries {
			e := &leaf.Entries[i]
			sum, ok := r.entry(e, d)
			if !ok || !d.whole {
				d.whole = false
				continue
			}
			content.Add(e, sum)
			if entries++; entries == 1 {
				only := *e
				d.only = &only
			}
		}
	}, func(string, uint64) { d.whole = false })
	if entries != 1 {
		d.only = nil
	}
	if d.size > format.MaxSpan || d.count > format.MaxSpan || d.height > format.MaxDepth {
		d.whole = false
	}
	// Its own hash is what others name it by.
	if d.whole {
		_, d.whole = r.sum(num)
	}
	d.content = content.Sum()
	return d
}

// entry checks an entry, adds it to what its directory has, and gives the hash
// that counts for the content id.
func (r *recovery) entry(e *format.Entry, d *dirInfo) (sum format.Hash, ok bool) {
	d.links = d.links || e.LinkID != 0
	d.count++
	switch {
	case e.Kind.IsDir():
		below := r.dir(e.Ref.Num)
		d.links = d.links || below.links
		d.size += e.Size
		d.count += e.Count
		d.height = max(d.height, below.height+1)
		return below.content, below.whole && below.size == e.Size && below.count == e.Count && d.size <= format.MaxSpan && d.count <= format.MaxSpan
	case e.Kind == format.KindFile:
		d.size += e.Size
		if !r.whole(&e.Ref, anyLevel, 0) || d.size > format.MaxSpan {
			return sum, false
		}
		if r.distrust && e.HasContentHash() && !r.sameContent(e) {
			return sum, false
		}
		if e.Ref.Kind == format.RefBlock {
			e.Ref.Hash, _, _ = r.data(e.Ref.Num)
		}
		return e.ContentHash(r.id), true
	}
	return sum, true
}

// mark notes what metadata names, and which blocks are records of snapshots.
func (r *recovery) mark() error {
	var single []uint64 // directories of one file
	note := func(num uint64) {
		n, err := r.node(num)
		if err != nil {
			return
		}
		if n.snapshot != nil {
			r.records = append(r.records, num)
		}
		if isOriginal(n) {
			single = append(single, num)
		}
		for _, x := range n.refs() {
			if g, k := r.s.find(x.Num); g != nil {
				g.flags[k] |= flagNamed
			}
		}
		r.blocks++
	}
	r.eachMeta(note)
	for _, num := range slices.Sorted(maps.Keys(r.foreign.at)) {
		if f, _ := r.s.find(num); f == nil {
			note(num)
		}
	}
	slices.Sort(r.records)
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.findOriginals(single)
	return nil
}
