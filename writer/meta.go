package writer

import (
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// metaBlock is one distinct metadata block of the tree. What it holds is found
// again in the tree when it is written.
type metaBlock struct {
	hash     format.Hash
	num      uint64 // in the file; valid once numbered
	below    uint64 // directory: entries; indirect: bytes
	from, to uint32 // leaf: range of nodes; indirect of level 1: of pieces; others: of children
	of       uint32 // inner: first node below; indirect of level 1: index into lists; recipe: into recipes
	kind     format.BlockType
	level    uint8
	numbered bool
	stale    bool // names what is absent
	old      bool // of the base: what it names has numbers, too
}

// dirInfo is what is known of a directory from the leaves up.
type dirInfo struct {
	size, count uint64
	block       uint32 // id of the node that names it
}

// metaTree is the tree as metadata blocks.
type metaTree struct {
	t        *tree
	table    *blockTable
	hash     format.HashID
	blocks   paged[metaBlock]
	index    hashIndex
	children []uint32  // of inner nodes and of indirect blocks above level 1
	dirs     []dirInfo // by the directory's index
	same     []bool    // which of them, and all below, are as in the base
	lists    []uint32  // list → its top indirect block + 1
	recipes  []uint32  // recipe → its block + 1
	buf      []byte    // canonical forms
	es       []format.Entry
}

func newMetaTree(t *tree, table *blockTable, hash format.HashID) *metaTree {
	m := &metaTree{t: t, table: table, hash: hash}
	m.index = newHashIndex(func(id uint32) *format.Hash { return &m.at(id).hash })
	return m
}

func (m *metaTree) at(id uint32) *metaBlock { return m.blocks.at(int(id)) }

// build makes the blocks of the tree from the leaves up. Blocks that an
// earlier build made are found again.
func (m *metaTree) build() {
	dirs := m.t.directories()
	m.same = m.t.sameDirs(dirs)
	m.dirs, m.lists, m.recipes = make([]dirInfo, len(dirs)), make([]uint32, m.t.lists.len()), make([]uint32, m.t.recipes.len())
	for k := len(dirs) - 1; k >= 0; k-- {
		switch d := m.t.node(dirs[k]); {
		case !m.same[k]:
			m.dirs[k] = m.buildDir(dirs[k])
		case k == 0 || !m.same[m.t.node(d.parent).content]:
			e := &m.t.oldDirs[d.aux-1].entry
			m.dirs[k] = dirInfo{size: e.Size, count: e.Count, block: m.addOld(e.Ref.Hash, e.Ref.Num)}
		}
	}
}

// intern gives the id of the block whose canonical form is in the buffer.
func (m *metaTree) intern(b metaBlock) uint32 {
	b.hash = m.hash.Sum(m.buf)
	if id, ok := m.index.find(&b.hash); ok && !m.at(id).stale {
		if have := m.at(id); have.kind == 0 { // addOld did not know what it holds
			b.num, b.numbered, b.old = have.num, true, true
			*have = b
		}
		return id
	}
	if num, ok := m.table.base.metadata(&b.hash); ok {
		b.num, b.numbered, b.old = num, true, true
	}
	id, _ := m.blocks.add(b)
	m.index.put(&b.hash, uint32(id))
	return uint32(id)
}

// addOld gives the id of a block of the base.
func (m *metaTree) addOld(hash format.Hash, num uint64) uint32 {
	if id, ok := m.index.find(&hash); ok && !m.at(id).stale {
		return id
	}
	id, _ := m.blocks.add(metaBlock{hash: hash, num: num, numbered: true, old: true})
	m.index.put(&hash, uint32(id))
	return uint32(id)
}

// addChildren keeps the children of a block and gives their range.
func (m *metaTree) addChildren(ids []uint32) (from, to uint32) {
	from = uint32(len(m.children))
	m.children = append(m.children, ids...)
	return from, uint32(len(m.children))
}

// forget drops the blocks that name an absent data block, directly or not: the
// stored form has its number, and what takes its place has another one. The
// tree must be as it was when they were built.
func (m *metaTree) forget() {
	for id := range uint32(m.blocks.len()) { // what is named has the lower id
		b := m.at(id)
		m.eachNamed(id, func(c uint32) { b.stale = b.stale || m.at(c).stale })
		m.eachData(b, func(d uint32) { b.stale = b.stale || m.table.at(d).absent })
	}
}

// eachData visits the data blocks that a block names itself.
func (m *metaTree) eachData(b *metaBlock, visit func(id uint32)) {
	switch {
	case b.kind == format.BlockDirLeaf:
		for i := b.from; i < b.to; i++ {
			if n := m.t.node(i); n.state == stateOK && n.how == contentBlock {
				visit(n.content)
			}
		}
	case b.kind == format.BlockIndirect && b.level == 1:
		eachData(m.t.lists.at(int(b.of)).pieces[b.from:b.to], visit)
	case b.kind == format.BlockRecipe:
		if l := m.input(b); len(l.pieces) == 1 {
			eachData(l.pieces, visit)
		}
	}
}

func eachData(pieces []piece, visit func(id uint32)) {
	for _, p := range pieces {
		if p.kind == pieceBlock {
			visit(p.id)
		}
	}
}

// entryOf makes the full entry of a node.
func (m *metaTree) entryOf(i uint32, n *node) format.Entry {
	e := m.t.entry(i, n)
	switch {
	case n.kind.IsDir():
		d := &m.dirs[n.content]
		e.Size, e.Count = d.size, d.count
		m.name(&e.Ref, d.block)
	case n.kind == format.KindFile:
		e.Ref = m.contentRef(n)
		switch n.how {
		case contentList:
			e.Content = m.t.lists.at(int(n.content)).hash
		case contentOld:
			e.Content = m.t.old.at(int(n.content)).whole
		}
	}
	return e
}

// dirOf gives what is known of a directory.
func (m *metaTree) dirOf(dir uint32) *dirInfo { return &m.dirs[m.t.node(dir).content] }

// name points a reference at a metadata block.
func (m *metaTree) name(r *format.Ref, id uint32) {
	b := m.at(id)
	r.Hash, r.Num = b.hash, b.num
}

func (m *metaTree) contentRef(n *node) format.Ref {
	switch n.how {
	case contentBlock:
		return m.pieceRef(piece{span: n.size, id: n.content})
	case contentList:
		return m.listRef(n.content, n.size)
	case contentOld:
		return m.t.old.at(int(n.content)).ref(n.size)
	}
	return format.Ref{Kind: format.RefLiteral, Span: n.size, Literal: m.t.literal(n)}
}

// listRef makes the reference to a content of a size.
func (m *metaTree) listRef(i uint32, size uint64) format.Ref {
	l := m.t.lists.at(int(i))
	if len(l.pieces) == 1 {
		return m.pieceRef(l.pieces[0])
	}
	r := format.Ref{Kind: format.RefIndirect, Span: size}
	m.name(&r, m.list(i, l))
	return r
}

func (m *metaTree) pieceRef(p piece) format.Ref {
	switch p.kind {
	case pieceRun:
		return format.Ref{Kind: format.RefRun, Span: p.span, Octet: p.octet}
	case pieceLiteral:
		return format.Ref{Kind: format.RefLiteral, Span: p.span, Literal: *m.t.literals.at(int(p.id))}
	case pieceRecipe:
		r := format.Ref{Kind: format.RefRecipe, Span: p.span}
		m.name(&r, m.recipe(p.id))
		return r
	}
	b := m.table.at(p.id)
	return format.Ref{Kind: format.RefBlock, Span: p.span, Hash: b.hash, Num: b.num}
}

func (m *metaTree) buildDir(dir uint32) dirInfo {
	d := m.t.node(dir)
	var kids []uint32 // what remains
	m.t.eachChild(d, func(i uint32, _ *node) { kids = append(kids, i) })
	cuts := m.cutLeaves(kids)
	if len(kids) == 0 {
		cuts = [][2]uint32{{0, 0}}
	}
	var info dirInfo
	level := make([]uint32, 0, len(cuts))
	for _, c := range cuts {
		b := metaBlock{kind: format.BlockDirLeaf}
		if c[1] > c[0] {
			b.from, b.to = kids[c[0]], kids[c[1]-1]+1
		}
		leaf := format.DirLeaf{Entries: m.entries(b.from, b.to)}
		for i := range leaf.Entries {
			info.size += leaf.Entries[i].Size
			info.count += 1 + leaf.Entries[i].Count
		}
		b.of, b.below = b.from, uint64(len(leaf.Entries))
		m.buf = leaf.AppendTo(m.buf[:0], format.Canonical, 0)
		level = append(level, m.intern(b))
	}
	for height := uint8(1); len(level) > 1; height++ {
		level = m.innerLevel(level, height)
	}
	info.block = level[0]
	return info
}

// entries gives the full entries of the nodes in a range that remain. They
// are good until the next call.
func (m *metaTree) entries(from, to uint32) []format.Entry {
	clear(m.es)
	m.es = m.es[:0]
	for i := from; i < to; i++ {
		if n := m.t.node(i); n.state == stateOK {
			m.es = append(m.es, m.entryOf(i, n))
		}
	}
	return m.es
}

// dirChildren describes the nodes below an inner node.
func (m *metaTree) dirChildren(ids []uint32) []format.DirChild {
	kids := make([]format.DirChild, len(ids))
	for i, c := range ids {
		b := m.at(c)
		kids[i] = format.DirChild{First: m.t.node(b.of).name, Count: b.below}
		m.name(&kids[i].Ref, c)
	}
	return kids
}

func (m *metaTree) innerLevel(ids []uint32, height uint8) (up []uint32) {
	kids := m.dirChildren(ids)
	for _, c := range format.CutInner(kids) {
		node := format.DirInner{Level: int(height), Children: kids[c[0]:c[1]]}
		m.buf = node.AppendTo(m.buf[:0], format.Canonical, 0)
		b := metaBlock{kind: format.BlockDirInner, level: height, of: m.at(ids[c[0]]).of}
		b.from, b.to = m.addChildren(ids[c[0]:c[1]])
		for _, k := range node.Children {
			b.below += k.Count
		}
		up = append(up, m.intern(b))
	}
	return up
}

// list builds the indirect blocks of a file of several spans and gives the
// top one.
func (m *metaTree) list(i uint32, l *contentRefs) uint32 {
	if m.lists[i] != 0 {
		return m.lists[i] - 1
	}
	refs := make([]format.Ref, len(l.pieces))
	for k, p := range l.pieces {
		refs[k] = m.pieceRef(p)
	}
	var ids []uint32
	for height := uint8(1); len(ids) != 1; height++ {
		var upIDs []uint32
		for _, c := range format.CutRefs(refs) {
			x := format.Indirect{Level: int(height), Refs: refs[c[0]:c[1]]}
			m.buf = x.AppendTo(m.buf[:0], format.Canonical, 0)
			b := metaBlock{kind: format.BlockIndirect, level: height, of: i, from: c[0], to: c[1]}
			for _, r := range x.Refs {
				b.below += r.Span
			}
			if height > 1 {
				b.from, b.to = m.addChildren(ids[c[0]:c[1]])
			}
			upIDs = append(upIDs, m.intern(b))
		}
		ids, refs = upIDs, m.indirects(upIDs)
	}
	m.lists[i] = ids[0] + 1
	return ids[0]
}

// indirects gives references to indirect blocks.
func (m *metaTree) indirects(ids []uint32) []format.Ref {
	refs := make([]format.Ref, len(ids))
	for i, c := range ids {
		refs[i] = format.Ref{Kind: format.RefIndirect, Span: m.at(c).below}
		m.name(&refs[i], c)
	}
	return refs
}

// number gives the blocks of the tree that have no number yet theirs, from
// next on, each node before those that it is the first to name. It gives the
// ids in that order.
func (m *metaTree) number(next uint64) []uint32 {
	var order []uint32
	stack := []uint32{m.dirs[0].block} // of our own: trees may be thousands deep
	if m.t.original != 0 {
		stack = []uint32{m.dirOf(m.t.original).block, stack[0]}
	}
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		b := m.at(id)
		if b.numbered {
			continue
		}
		b.numbered, b.num = true, next
		next++
		order = append(order, id)
		at := len(stack)
		m.eachNamed(id, func(c uint32) {
			if !m.at(c).numbered {
				stack = append(stack, c)
			}
		})
		slices.Reverse(stack[at:])
	}
	return order
}

// eachNamed visits the metadata blocks that a block names, in order.
func (m *metaTree) eachNamed(id uint32, visit func(uint32)) {
	b := m.at(id)
	switch {
	case b.old:
		return
	case b.kind == format.BlockIndirect && b.level == 1:
		for _, p := range m.t.lists.at(int(b.of)).pieces[b.from:b.to] {
			if p.kind == pieceRecipe {
				visit(m.recipe(p.id))
			}
		}
		return
	case b.kind == format.BlockRecipe:
		m.eachTop(m.t.recipes.at(int(b.of)).input, visit)
		return
	case b.kind != format.BlockDirLeaf:
		for _, c := range m.children[b.from:b.to] {
			visit(c)
		}
		return
	}
	for i := b.from; i < b.to; i++ {
		n := m.t.node(i)
		switch {
		case n.state != stateOK:
		case n.kind.IsDir():
			visit(m.dirs[n.content].block)
		case n.kind == format.KindFile && n.how == contentList:
			m.eachTop(n.content, visit)
		}
	}
}

// stored writes the stored form of a block.
func (m *metaTree) stored(b []byte, id uint32) []byte {
	x := m.at(id)
	switch x.kind {
	case format.BlockDirLeaf:
		leaf := format.DirLeaf{Entries: m.entries(x.from, x.to)}
		return leaf.AppendTo(b, format.Stored, x.num)
	case format.BlockDirInner:
		node := format.DirInner{Level: int(x.level), Children: m.dirChildren(m.children[x.from:x.to])}
		return node.AppendTo(b, format.Stored, x.num)
	}
	if x.kind == format.BlockRecipe {
		r := m.recipeBlock(x.of)
		return r.AppendTo(b, format.Stored, x.num)
	}
	ind := format.Indirect{Level: int(x.level)}
	if x.level == 1 {
		for _, p := range m.t.lists.at(int(x.of)).pieces[x.from:x.to] {
			ind.Refs = append(ind.Refs, m.pieceRef(p))
		}
	} else {
		ind.Refs = m.indirects(m.children[x.from:x.to])
	}
	return ind.AppendTo(b, format.Stored, x.num)
}
