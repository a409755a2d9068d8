package extract

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/reader/stream"
)

// place is where an entry is in the target.
type place struct {
	dir  int32
	name string
}

// before tells a planner what the tree before has left behind.
type before struct {
	dirs  map[place]int32
	files map[place]uint32
	links map[place]int
	tree  *stream.Tree
	old   *format.Entry // the one under the name of the entry being entered, if any
	stale []uint32      // incomplete files that another takes the place of
}

// correct changes what was planned, and done, for an earlier tree to a later
// one. Subtrees that are the same block are not looked at.
func (p *planner) correct(old, now *stream.Tree, r *stream.Reader) error {
	p.drain()
	p.corrected = true
	b := &before{tree: old, dirs: make(map[place]int32), files: make(map[place]uint32), links: make(map[place]int)}
	for id := range p.dirs.rows {
		d := &p.dirs.rows[id]
		b.dirs[place{d.parent, d.name}] = int32(id)
	}
	for i := range p.files {
		if f := &p.files[i]; f.state != fileGone && !f.isInput() {
			b.files[place{f.dir, f.name}] = uint32(i)
		}
	}
	for i, l := range p.links {
		b.links[place{l.dir, l.name}] = i
	}
	p.before = b
	newFiles := len(p.files)
	p.begin(streamTree{now})
	c := correction{planner: p, old: old, now: now, in: make(map[uint64]bool)}
	if err := c.dir(0, old.Root().Ref.Num, now.Root().Ref.Num); err != nil {
		return err
	}
	live := p.links[:0]
	for _, l := range p.links {
		if l.to != nil {
			live = append(live, l)
		}
	}
	p.links = live
	if err := p.end(); err != nil {
		return err
	}
	p.drain()
	p.readBack(newFiles, now.Number, r)
	return p.ctx.Err()
}

// correction compares two trees.
type correction struct {
	*planner
	old, now *stream.Tree
	in       map[uint64]bool // old directories being compared
}

// dir compares the entries of two directories at a depth.
func (c *correction) dir(depth int, oldNum, newNum uint64) error {
	if oldNum == newNum {
		return nil
	}
	if c.in[oldNum] || depth > format.MaxDepth {
		return format.Damaged("directory", format.NoOffset, "directories contain themselves or are nested too deep")
	}
	c.in[oldNum] = true
	defer delete(c.in, oldNum)
	olds := make(map[string]format.Entry)
	for e, err := range stream.Entries(c.old, oldNum) {
		if err != nil {
			break // what cannot be read was not restored either
		}
		olds[e.Name] = *e
	}
	for e, err := range stream.Entries(c.now, newNum) {
		if err != nil {
			return c.Broken(depth-1, nil, err)
		}
		old, had := olds[e.Name]
		delete(olds, e.Name)
		if err := c.entry(depth, had, &old, e); err != nil && err != fs.SkipDir {
			return err
		}
	}
	for _, e := range olds {
		c.remove(c.levels[depth].dir, c.prefix[:c.levels[depth].path], depth, &e)
	}
	return nil
}

func (c *correction) entry(depth int, had bool, old, e *format.Entry) error {
	if had && !e.Kind.IsDir() && sameEntry(old, e) {
		return nil
	}
	if had && old.Kind.IsDir() && !e.Kind.IsDir() {
		c.remove(c.levels[depth].dir, c.prefix[:c.levels[depth].path], depth, old)
	}
	c.before.old = nil
	if had && !old.Kind.IsDir() {
		c.before.old = old
	}
	if err := c.Visit(depth, e); err != nil || !e.Kind.IsDir() {
		return err
	}
	if had && old.Kind.IsDir() {
		return c.dir(depth+1, old.Ref.Num, e.Ref.Num)
	}
	c.before.old = nil
	return stream.Walk(c.now, e, below{c.planner, depth + 1})
}

// sameEntry compares everything that is recorded.
func sameEntry(a, b *format.Entry) bool {
	row := func(e *format.Entry) []byte {
		d := format.DirLeaf{Entries: []format.Entry{*e}}
		return d.AppendTo(nil, format.Stored, 0)
	}
	return bytes.Equal(row(a), row(b))
}

// below is a planner that visits a subtree.
type below struct {
	p     *planner
	depth int
}

func (b below) Visit(depth int, e *format.Entry) error { return b.p.Visit(b.depth+depth, e) }

func (b below) Broken(depth int, e *format.Entry, err error) error {
	return b.p.Broken(b.depth+depth, e, err)
}

// supersede makes room for an entry that is new or has changed. ours tells
// that what exists under its name is this extraction's; keep that an older
// file stays.
func (b *before) supersede(p *planner, in int32, e *format.Entry) (ours, keep bool) {
	at := place{in, e.Name}
	if p.stayed[at] {
		return false, true
	}
	if i, ok := b.links[at]; ok {
		p.links[i].to = nil
		return false, false
	}
	i, ok := b.files[at]
	if !ok {
		if b.old != nil {
			p.uncount(b.old.Kind, b.old.Size)
		}
		return b.old != nil, false
	}
	f := &p.files[i]
	switch {
	case f.state == fileDone:
		p.uncount(format.KindFile, f.size)
	case f.state == fileMade && e.Kind == format.KindFile:
		// The blocks it has may be wanted for the new one.
		b.stale = append(b.stale, i)
		return true, false
	case f.state == fileMade:
		p.discard(f)
	}
	f.state = fileGone
	return true, false
}

// uncount takes a complete entry back that is replaced or removed.
func (e *engine) uncount(kind format.Kind, size uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.res.count(kind, size, -1)
}

// remove takes back an entry that the later tree does not have. prefix is its
// directory's in the archive.
func (p *planner) remove(in int32, prefix []byte, depth int, e *format.Entry) {
	at := place{in, e.Name}
	path := joined(prefix, e.Name)
	if e.Kind.IsDir() {
		id, ok := p.before.dirs[at]
		if !ok || p.dirs.at(id).state != dirMade {
			return
		}
		for below, err := range stream.Entries(p.before.tree, e.Ref.Num) {
			if err != nil {
				break
			}
			p.remove(id, path, depth+1, below)
		}
		p.dirs.set(id, func(d *dir) { d.state = dirFailed })
	} else if i, ok := p.before.files[at]; ok {
		f := &p.files[i]
		if f.state == fileKept {
			return
		}
		if f.state == fileDone {
			p.uncount(format.KindFile, f.size)
		}
		p.discard(f)
		f.state = fileGone
		return
	} else if i, ok := p.before.links[at]; ok {
		p.links[i].to = nil
		return
	} else if depth < p.opts.Strip || p.stayed[at] || !p.selected(string(path), false) {
		return
	} else {
		p.uncount(e.Kind, e.Size)
	}
	h, err := p.cache.Get(int(in))
	if err == nil {
		err = fsmeta.Remove(h.FD(), e.Name)
		h.Release()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.problem(in, e.Name, "", err)
	}
}
