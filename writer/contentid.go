package writer

import "github.com/vtdarchive/vtd/format"

// directories gives the directories that remain, parents first, and notes in
// each which one it is.
func (t *tree) directories() []uint32 {
	var dirs []uint32
	t.walkAll(func(i uint32, n *node) {
		if n.kind.IsDir() {
			n.content = uint32(len(dirs))
			dirs = append(dirs, i)
		}
	})
	return dirs
}

// eachChild visits what remains in a directory, in order of name.
func (t *tree) eachChild(n *node, visit func(i uint32, c *node)) {
	for k := range n.count {
		if c := t.node(n.first + k); c.state == stateOK {
			visit(n.first+k, c)
		}
	}
}

// contentHash gives the hash of a file's whole content.
func (t *tree) contentHash(n *node, table *blockTable, id format.HashID) format.Hash {
	switch n.how {
	case contentBlock:
		return table.at(n.content).hash
	case contentList:
		return t.lists.at(int(n.content)).hash
	case contentOld:
		return t.old.at(int(n.content)).whole
	}
	return id.Sum(t.literal(n))
}

func (t *tree) literal(n *node) []byte {
	if n.how != contentLiteral {
		return nil
	}
	return *t.literals.at(int(n.content))
}

// entry makes the format's entry of a node; Ref, Size and Count of a directory
// are left to the caller, as is the naming of blocks.
func (t *tree) entry(i uint32, n *node) format.Entry {
	e := format.Entry{
		Name: n.name, Kind: n.kind, Perm: n.perm, Mtime: format.Time{Sec: n.sec, Nsec: n.nsec}, Size: n.size,
		Xattrs: t.xattrs[n.xattrs],
	}
	if n.kind == format.KindImplied {
		return e
	}
	e.Owner = t.owners[n.owner]
	e.Btime = t.btimes[i]
	switch {
	case n.kind == format.KindSymlink:
		e.Target = t.targets[n.aux]
		e.Size = 0
	case n.kind.IsDevice():
		e.Major, e.Minor = t.devices[n.aux][0], t.devices[n.aux][1]
	}
	if n.link != 0 {
		if g := &t.links[n.link-1]; g.names > 1 {
			e.LinkID, e.LinkCount = g.id, uint64(g.names)
		}
	}
	return e
}

// contentID computes the content id of the tree from the leaves up.
func contentID(t *tree, table *blockTable, id format.HashID) format.Hash {
	dirs := t.directories()
	sums := make([]format.Hash, len(dirs))
	for k := len(dirs) - 1; k >= 0; k-- {
		d := format.NewContentDir(id)
		t.eachChild(t.node(dirs[k]), func(i uint32, c *node) {
			var sum format.Hash
			if c.kind == format.KindFile {
				sum = t.contentHash(c, table, id)
			} else if c.kind.IsDir() {
				sum = sums[c.content]
			}
			e := t.entry(i, c)
			d.Add(&e, sum)
		})
		sums[k] = d.Sum()
	}
	at := format.ContentStart(0, func(i uint32) format.Kind { return t.node(i).kind }, t.onlyEntry)
	root := t.entry(at, t.node(at))
	return format.ContentID(id, &root, sums[t.node(at).content])
}

// onlyEntry gives what remains in a directory where that is one entry.
func (t *tree) onlyEntry(dir uint32) (entry uint32, ok bool) {
	n := 0
	t.eachChild(t.node(dir), func(i uint32, _ *node) { entry, n = i, n+1 })
	return entry, n == 1
}
