package recovery

import (
	"fmt"

	"github.com/vtdarchive/vtd/format"
)

// built is a directory of the new tree.
type built struct {
	num         uint64 // of its node: in the damaged archive, or made
	size, count uint64
	content     format.Hash
	only        *format.Entry // its one entry, if it has just one
	below       *built        // and that, if it is a directory
}

// build makes the nodes of a directory.
func (p *planner) build(num uint64) *built {
	d := p.dir(num)
	x := p.plans[num]
	if x == nil && d.whole && !(d.links && p.relabel) {
		b := &built{num: num, size: d.size, count: d.count, content: d.content, only: d.only}
		if d.only != nil && d.only.Kind.IsDir() {
			b.below = p.build(d.only.Ref.Num)
		}
		return b
	}
	var entries []format.Entry
	if x != nil {
		if x.busy {
			return p.buildEntries(nil)
		}
		entries = x.entries
		x.busy = true
		defer func() { x.busy = false }()
	} else {
		p.eachLeaf(num, func(_ uint64, leaf *format.DirLeaf) { entries = append(entries, leaf.Entries...) }, func(string, uint64) {})
	}
	return p.buildEntries(entries)
}

// buildEntries makes the nodes of a directory out of its entries, and of all
// below.
func (p *planner) buildEntries(from []format.Entry) *built {
	b := &built{}
	entries := make([]format.Entry, len(from))
	content := format.NewContentDir(p.id)
	for i := range from {
		entries[i] = from[i]
		e := &entries[i]
		var sum format.Hash
		switch {
		case e.Kind.IsDir():
			below := p.build(e.Ref.Num)
			e.Ref.Num, e.Size, e.Count = below.num, below.size, below.count
			sum = below.content
			b.count += e.Count
			b.below = below
		case e.Kind == format.KindFile:
			if e.Ref.Kind == format.RefBlock {
				e.Ref.Hash, _, _ = p.data(e.Ref.Num)
			}
			sum = e.ContentHash(p.id)
		}
		if e.LinkID != 0 && p.relabel {
			e.LinkID, e.LinkCount = p.label(e.LinkID)
		}
		b.count++
		b.size += e.Size
		content.Add(e, sum)
	}
	b.content = content.Sum()
	if len(entries) == 1 {
		b.only = &entries[0]
	} else {
		b.below = nil
	}
	b.num = p.makeDir(entries)
	return b
}

// makeDir makes the nodes of a directory, as section 11 of the specification
// has it.
func (p *planner) makeDir(entries []format.Entry) uint64 {
	cuts := format.CutLeaves(len(entries), func(i int) (string, int) { return entries[i].Name, entries[i].Weight() })
	if len(entries) == 0 {
		cuts = [][2]uint32{{0, 0}}
	}
	var level []format.DirChild
	for _, c := range cuts {
		leaf := &format.DirLeaf{Entries: entries[c[0]:c[1]]}
		child := format.DirChild{Count: uint64(len(leaf.Entries)), Ref: format.Ref{Num: p.make(&node{leaf: leaf})}}
		if len(leaf.Entries) > 0 {
			child.First = leaf.Entries[0].Name
		}
		level = append(level, child)
	}
	for height := 1; len(level) > 1; height++ {
		var up []format.DirChild
		for _, c := range format.CutInner(level) {
			d := &format.DirInner{Level: height, Children: level[c[0]:c[1]]}
			child := format.DirChild{First: d.Children[0].First, Ref: format.Ref{Num: p.make(&node{inner: d})}}
			for i := range d.Children {
				child.Count += d.Children[i].Count
			}
			up = append(up, child)
		}
		level = up
	}
	return level[0].Ref.Num
}

// contentID gives the content id of a tree.
func (p *planner) contentID(root *format.Entry, b *built) format.Hash {
	type dir struct {
		e *format.Entry
		b *built
	}
	start := format.ContentStart(dir{root, b}, func(d dir) format.Kind { return d.e.Kind }, func(d dir) (dir, bool) {
		if d.b.only == nil || !d.b.only.Kind.IsDir() || d.b.below == nil {
			return dir{}, false
		}
		return dir{d.b.only, d.b.below}, true
	})
	return format.ContentID(p.id, start.e, start.b.content)
}

// maxNamed bounds the names of hard-link groups that are counted: equal
// directories are gone through each time.
const maxNamed = 16 << 20

// countLinks finds out how many names each hard-link group is going to have,
// and whether that differs from what entries say.
func (p *planner) countLinks(num uint64) {
	p.groups = map[uint64]*group{}
	next := uint64(1)
	p.countDir(num, &next, 1)
	for _, g := range p.groups {
		if g.seen != g.want || g.uneven {
			p.relabel = true
		}
	}
	if p.named > maxNamed {
		p.relabel = true
		p.groups = map[uint64]*group{}
		p.rep.Warnings = append(p.rep.Warnings, fmt.Sprintf("a tree has more than %d names of hard-linked files: they are no longer linked", maxNamed))
	}
	if !p.relabel {
		return
	}
	// Groups are numbered as a walk meets them; those of one name are none.
	p.named, next = 0, 1
	p.numberDir(num, &next, 1)
}

func (p *planner) eachEntry(num uint64, visit func(e *format.Entry)) {
	if x := p.plans[num]; x != nil {
		if x.busy {
			return
		}
		x.busy = true
		defer func() { x.busy = false }()
		for i := range x.entries {
			visit(&x.entries[i])
		}
		return
	}
	if d := p.dir(num); !d.links || !d.whole {
		return
	}
	p.eachLeaf(num, func(_ uint64, leaf *format.DirLeaf) {
		for i := range leaf.Entries {
			visit(&leaf.Entries[i])
		}
	}, func(string, uint64) {})
}

func (p *planner) countDir(num uint64, next *uint64, depth int) {
	p.eachEntry(num, func(e *format.Entry) {
		if p.named++; p.named > maxNamed || p.ctx.Err() != nil {
			return
		}
		if e.Kind.IsDir() {
			if depth < format.MaxDepth {
				p.countDir(e.Ref.Num, next, depth+1)
			}
			return
		}
		if e.LinkID == 0 {
			return
		}
		if e.Kind == format.KindFile && e.Ref.Kind == format.RefBlock {
			e.Ref.Hash, _, _ = p.data(e.Ref.Num)
		}
		var sum format.Hash
		if e.Kind == format.KindFile {
			sum = e.ContentHash(p.id)
		}
		same := format.ContentID(p.id, e, sum)
		g := p.groups[e.LinkID]
		if g == nil {
			g = &group{want: e.LinkCount, same: same, btime: e.Btime}
			p.groups[e.LinkID] = g
		}
		g.seen++
		g.uneven = g.uneven || g.want != e.LinkCount || g.same != same || g.btime != e.Btime
	})
}

func (p *planner) numberDir(num uint64, next *uint64, depth int) {
	p.eachEntry(num, func(e *format.Entry) {
		if p.named++; p.named > maxNamed || p.ctx.Err() != nil {
			return
		}
		if e.Kind.IsDir() {
			if depth < format.MaxDepth {
				p.numberDir(e.Ref.Num, next, depth+1)
			}
			return
		}
		if g := p.groups[e.LinkID]; e.LinkID != 0 && g != nil && g.id == 0 && g.seen > 1 && !g.uneven {
			g.id = *next
			*next++
		}
	})
}

// label gives the new number and count of a group.
func (p *planner) label(id uint64) (uint64, uint64) {
	if g := p.groups[id]; g != nil && g.id != 0 {
		return g.id, g.seen
	}
	return 0, 0
}
