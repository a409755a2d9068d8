package reader

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/recipe"
)

// treeMemory bounds what is remembered of directories that several trees, or
// several places of one tree, share.
const treeMemory = 64 << 20

// maxGroups bounds the hard-link groups of a tree that are counted.
const maxGroups = 4 << 20

// dirSum is what the check of a directory gives. Directories are blocks:
// equal ones are checked once.
type dirSum struct {
	size, count uint64
	content     format.Hash
	only        *format.Entry // the one entry, where there is just one
	whole       bool          // every part of it, and below, could be read
	hurt        bool          // something at or below it is damaged
	links       bool          // hard-linked names lie below
}

// listSum is the same for a list of references, or a recipe.
type listSum struct{ hurt bool }

type listKey struct {
	num   uint64
	depth int // recipes above
}

// treeChecker checks the trees of all snapshots.
type treeChecker struct {
	*verifier
	dirs  *cache[uint64, dirSum]
	lists *cache[listKey, listSum]
	tree  *Tree

	contents map[contentKey]contentFile // files whose contents are still to be hashed
	unread   bool                       // one of them could not be read

	inOriginal bool  // what is checked is not in the tree
	steps      int64 // of the search for harm that are left

	spans *spans // in place of what frames say of blocks, where they are not known yet
}

// trees checks every snapshot that the newest leads to, and tells what the
// findings hurt.
func (v *verifier) trees() error { return v.newTreeChecker().trees() }

func (v *verifier) newTreeChecker() *treeChecker {
	return &treeChecker{verifier: v, dirs: newCache[uint64, dirSum](treeMemory, nil), lists: newCache[listKey, listSum](treeMemory/4, nil)}
}

func (c *treeChecker) trees() error {
	v := c.verifier
	newest := true
	for t, err := range v.a.Snapshots() {
		if v.ctx.Err() != nil {
			return v.ctx.Err()
		}
		if c.spans != nil && !v.empty() {
			break // it is done again
		}
		if err != nil {
			c.unreadable(v.a.trailer.Top, err).Hurt(Harm{Snapshot: v.a.trailer.Top + 1, Length: -1})
			continue
		}
		v.rep.Snapshots++
		c.tree = t
		sum := c.check(t)
		if newest {
			v.rep.Entries = sum.count
			newest = false
		}
		c.parents(t)
		switch {
		case !sum.hurt:
		case c.spans != nil:
			c.spans.hurt = true
		default:
			c.harm(t)
		}
	}
	return v.ctx.Err()
}

// parents checks that time does not go backwards from a snapshot's parents.
func (c *treeChecker) parents(t *Tree) {
	for _, p := range t.snapshot.Parents {
		// One that cannot be read comes up by itself.
		if old, err := c.a.treeAt(p.Num); err == nil && t.snapshot.Time.Compare(old.snapshot.Time) < 0 {
			c.mismatch(t.num, "", "snapshot record", "it is older than its parent, in block %d", p.Num)
		}
	}
}

// place is where a check is in the tree. Paths may be long, and many: they are
// put together where something is to be said of them.
type place struct {
	up   *place
	name string
}

func (p *place) String() string {
	n := -1
	for at := p; at != nil; at = at.up {
		n += len(at.name) + 1
	}
	b := make([]byte, max(n, 0))
	for at := p; at != nil; at = at.up {
		n -= len(at.name)
		copy(b[n:], at.name)
		if n--; n >= 0 {
			b[n] = '/'
		}
	}
	return string(b)
}

// check checks one tree.
func (c *treeChecker) check(t *Tree) dirSum {
	root := t.Root()
	c.unread = false
	sum := c.dir(root, nil, 1)
	sum.hurt = c.original() || sum.hurt
	c.hashContents()
	sum.hurt = sum.hurt || c.unread
	if !sum.whole || c.ctx.Err() != nil {
		return sum
	}
	if root.Size != sum.size || root.Count != sum.count {
		c.mismatch(t.num, "", "snapshot record", "it says %d bytes in %d entries, the tree has %d in %d", root.Size, root.Count, sum.size, sum.count)
	}
	if got := c.contentID(root, sum); got != t.snapshot.Content {
		c.mismatch(t.num, "", "snapshot record", "its content id is %v, the tree's is %v", t.snapshot.Content, got)
	}
	if sum.links {
		groups := linkGroups{}
		if c.countLinks(root, groups) {
			c.checkLinks(groups)
		}
	}
	return sum
}

// original checks the file that the tree was made from, if the archive has it.
func (c *treeChecker) original() (hurt bool) {
	_, e, err := c.tree.original()
	if err != nil {
		if n := c.unreadable(c.tree.num, err); n != nil {
			n.Hurt(c.atOriginal(""))
		}
		return true
	}
	if e == nil {
		return false
	}
	c.inOriginal = true
	defer func() { c.inOriginal = false }()
	return c.file(e, nil)
}

// contentID gives the content id of a tree.
func (c *treeChecker) contentID(root *format.Entry, sum dirSum) format.Hash {
	type dir struct {
		e   *format.Entry
		sum dirSum
	}
	start := format.ContentStart(dir{root, sum}, func(d dir) format.Kind { return d.e.Kind }, func(d dir) (dir, bool) {
		only := d.sum.only
		if only == nil || !only.Kind.IsDir() {
			return dir{}, false
		}
		return dir{only, c.dir(only, nil, 1)}, true
	})
	return format.ContentID(c.a.header.Hash, start.e, start.sum.content)
}

// mismatch notes something wrong with a tree whose blocks are all right.
func (c *treeChecker) mismatch(num uint64, path, structure, msg string, args ...any) {
	c.mismatchOf(num, c.at(path), structure, msg, args...)
}

func (c *treeChecker) mismatchOf(num uint64, hurts Harm, structure, msg string, args ...any) {
	n := c.note(blockDamage(structure, format.NoOffset, num, "%s: %s", displayPath(hurts.Path), fmt.Sprintf(msg, args...)), 0)
	if n != nil && len(n.Hurts) == 0 {
		n.Hurt(hurts)
	}
}

// at is a whole entry of the current tree, for a finding.
func (c *treeChecker) at(path string) Harm {
	return Harm{Snapshot: c.tree.num, Label: c.tree.snapshot.Label, Path: path, Length: -1}
}

// atOriginal is the file that the current tree was made from.
func (c *treeChecker) atOriginal(name string) Harm {
	h := c.at(name)
	h.Original = true
	return h
}

// totals holds what a directory's entry says against what is below.
func (c *treeChecker) totals(e *format.Entry, at *place, sum *dirSum) {
	if e.Size != sum.size || e.Count != sum.count {
		c.mismatch(e.Ref.Num, at.String(), "directory", "its entry says %d bytes in %d entries, it has %d in %d", e.Size, e.Count, sum.size, sum.count)
	}
}

// dir checks a directory and all below it.
func (c *treeChecker) dir(e *format.Entry, at *place, depth int) dirSum {
	use, err := c.dirs.get(e.Ref.Num, func() (dirSum, int64, error) {
		sum := c.checkDir(e, at, depth)
		// What was cut short must not be taken for the truth later.
		return sum, 512, c.ctx.Err()
	})
	if err != nil {
		return dirSum{}
	}
	defer c.dirs.release(use)
	return use.val
}

func (c *treeChecker) checkDir(e *format.Entry, at *place, depth int) dirSum {
	sum := dirSum{whole: true}
	if depth > format.MaxDepth {
		c.mismatch(e.Ref.Num, at.String(), "directory", "nested deeper than %d", format.MaxDepth)
		return dirSum{hurt: true}
	}
	content := format.NewContentDir(c.a.header.Hash)
	entries := uint64(0)
	for it := c.a.dirIter(e); c.ctx.Err() == nil; {
		x, err := it.next()
		if err != nil {
			c.unreadable(e.Ref.Num, err)
			sum.whole, sum.hurt = false, true
			if classOf(err) == nil {
				break
			}
			continue
		}
		if x == nil {
			break
		}
		entries++
		sum.only = x
		hash := format.Hash{}
		switch {
		case x.Kind.IsDir():
			it.rest()
			in := &place{at, x.Name}
			below := c.dir(x, in, depth+1)
			if below.whole {
				c.totals(x, in, &below)
			}
			sum.whole = sum.whole && below.whole
			sum.hurt = sum.hurt || below.hurt
			sum.links = sum.links || below.links
			sum.count += below.count
			sum.size += below.size
			hash = below.content
		case x.Kind == format.KindFile:
			if c.file(x, at) {
				sum.hurt = true
			}
			sum.size += x.Size
			hash = x.ContentHash(c.a.header.Hash)
		}
		sum.links = sum.links || x.LinkID != 0
		if sum.count++; sum.size > format.MaxSpan || sum.count > format.MaxSpan {
			c.mismatch(e.Ref.Num, at.String(), "directory", "more bytes or entries than there can be")
			return dirSum{hurt: true}
		}
		content.Add(x, hash)
	}
	if entries != 1 {
		sum.only = nil
	}
	sum.content = content.Sum()
	return sum
}

// unreadable notes that a metadata block cannot be read, unless the check of
// its frame has said so already, and gives the finding. num is for an error
// that names no block.
func (c *treeChecker) unreadable(num uint64, err error) *Finding {
	var e *format.Error
	if errors.As(err, &e) && e.Block >= 0 {
		num = uint64(e.Block)
	}
	if n := c.findingOf(num); n != nil {
		return n
	}
	if num < uint64(len(c.state)) && c.absent(num) {
		err = c.absentError(num)
	}
	return c.blame(num, err, 0)
}

// file checks the references of a file's content and tells whether some of
// it cannot be read.
func (c *treeChecker) file(e *format.Entry, dir *place) (hurt bool) {
	hurt = c.ref(&e.Ref, anyLevel, 0)
	if c.opts.NoContents || hurt || !e.HasContentHash() || c.pass.right(keyOf(e)) {
		return hurt
	}
	if c.contents == nil {
		c.contents = make(map[contentKey]contentFile)
	}
	c.contents[keyOf(e)] = contentFile{e, place{dir, e.Name}, c.firstBlock(&e.Ref), len(c.contents), c.inOriginal}
	if len(c.contents) == maxContents {
		c.hashContents()
	}
	return false
}

// ref checks a reference to content, below so many recipes.
func (c *treeChecker) ref(r *format.Ref, level, depth int) (hurt bool) {
	switch r.Kind {
	case format.RefBlock:
		return c.dataRef(r)
	case format.RefIndirect:
		n, err := c.a.indirect(r, level)
		if err != nil {
			c.unreadable(r.Num, err)
			return true
		}
		return c.once(r.Num, depth, func() (hurt bool) {
			for i := range n.indirect.Refs {
				if c.ref(&n.indirect.Refs[i], n.indirect.Level-1, depth) {
					hurt = true
				}
			}
			return hurt
		})
	case format.RefRecipe:
		n, err := c.a.recipe(r)
		if err == nil && depth == format.MaxRecipeDepth {
			err = inBlock(recipe.ErrDepth, r.Num)
		}
		if err != nil {
			c.unreadable(r.Num, err)
			return true
		}
		return c.once(r.Num, depth, func() bool { return c.ref(&n.recipe.Input, anyLevel, depth+1) })
	}
	return false
}

// once checks what a list or a recipe names, and remembers the answer.
func (c *treeChecker) once(num uint64, depth int, check func() (hurt bool)) (hurt bool) {
	use, err := c.lists.get(listKey{num, depth}, func() (listSum, int64, error) {
		return listSum{check()}, 256, c.ctx.Err()
	})
	if err != nil {
		return true
	}
	defer c.lists.release(use)
	return use.val.hurt
}

// dataRef checks a reference to a data block.
func (c *treeChecker) dataRef(r *format.Ref) (hurt bool) {
	if c.spans != nil {
		return !c.spans.see(r.Num, r.Span)
	}
	switch {
	case r.Num >= uint64(len(c.state)):
		return true // its hash could not be looked up: the node is bad
	case c.state[r.Num]&stBad != 0:
		return true
	case c.absent(r.Num):
		if c.findingOf(r.Num) == nil {
			c.blame(r.Num, c.absentError(r.Num), 0)
		}
		return true
	case c.state[r.Num]&stKnown == 0: // of a frame whose row is bad: said there
		return true
	}
	if n := c.state[r.Num] & stLength; uint64(n) != r.Span {
		c.blame(r.Num, blockDamage("block", format.NoOffset, r.Num, "it has %d bytes; a reference to it spans %d", n, r.Span), 0)
		return true
	}
	return false
}

// linkGroups counts the names of each hard-link group.
type linkGroups map[uint64]*linkGroup

type linkGroup struct {
	seen, want uint64
	same       format.Hash // of all that the names must agree on, with btime
	btime      format.Time
	path       string // of the first name, its beginning
	uneven     bool   // they do not
}

// countLinks goes through the directories that have linked names below. It
// gives up, false, where there are too many groups to count.
func (c *treeChecker) countLinks(root *format.Entry, groups linkGroups) bool {
	total, most := int64(0), c.most()
	err := c.tree.WalkFrom("", root, func(path string, e *format.Entry, err error) error {
		switch {
		case err != nil || c.ctx.Err() != nil:
			return fs.SkipAll
		case e.Kind.IsDir():
			if !c.dir(e, &place{nil, path}, 1).links {
				return fs.SkipDir
			}
		case e.LinkID != 0:
			id := c.a.header.Hash
			same := format.ContentID(id, e, e.ContentHash(id)) // the name does not count
			g := groups[e.LinkID]
			if g == nil {
				if len(groups) >= maxGroups {
					return errTooMany
				}
				g = &linkGroup{want: e.LinkCount, same: same, btime: e.Btime, path: path[:min(len(path), maxShown)]}
				groups[e.LinkID] = g
			}
			g.seen++
			g.uneven = g.uneven || e.LinkCount != g.want || same != g.same || e.Btime != g.btime
		}
		// Equal directories are walked each time: names without end could
		// come from few bytes.
		if total += walkCost(path); total > most {
			return errTooMany
		}
		return nil
	})
	if err != nil {
		c.rep.Warnings = append(c.rep.Warnings, fmt.Sprintf("hard-link groups of snapshot %d were not counted: %v", c.tree.num, err))
	}
	return err == nil && c.ctx.Err() == nil
}

func (c *treeChecker) checkLinks(groups linkGroups) {
	for id, g := range groups {
		switch {
		case g.uneven:
			c.mismatch(c.tree.num, g.path, "directory", "the names of hard-link group %d do not all say the same", id)
		case g.seen != g.want:
			c.mismatch(c.tree.num, g.path, "directory", "hard-link group %d has %d names; its entries say %d", id, g.seen, g.want)
		}
	}
}
