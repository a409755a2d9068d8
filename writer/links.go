package writer

import "github.com/vtdarchive/vtd/internal/fsmeta"

// linkTo enters a name into the group of its inode and reports whether it is
// the first: that one is read for all.
func (t *tree) linkTo(id uint32, n *node, info *fsmeta.Info) (first bool) {
	key := [2]uint64{info.Dev, info.Ino}
	i, ok := t.linkIdx[key]
	if !ok {
		i = uint32(len(t.links))
		t.linkIdx[key] = i
		t.links = append(t.links, linkGroup{first: id, dev: info.Dev, ino: info.Ino})
	}
	n.link = i + 1
	return !ok
}

// others gives for each inode in a set the names that remain beside its first
// one, in walk order.
func (t *tree) others(of map[uint32]bool) map[uint32][]uint32 {
	names := map[uint32][]uint32{}
	t.walk(func(i uint32, n *node) {
		if n.link != 0 && of[n.link-1] && t.links[n.link-1].first != i {
			names[n.link-1] = append(names[n.link-1], i)
		}
	})
	return names
}

// settleLinks gives every name of an inode what its first name found, and
// counts the names. It gives the names that are lost because none could be
// read.
func (t *tree) settleLinks() (lost []uint32) {
	t.linkIdx = nil
	if len(t.links) == 0 {
		return nil
	}
	for k := range t.nodes.len() {
		i := uint32(k)
		n := t.node(i)
		if n.link == 0 || n.state != stateOK {
			continue
		}
		first := t.links[n.link-1].first
		if first == i {
			continue
		}
		name, parent, was := n.name, n.parent, n.change
		*n = *t.node(first)
		n.name, n.parent = name, parent
		if n.change >= changeMeta || was < n.change {
			n.change = was
		}
		if n.state != stateOK {
			lost = append(lost, i)
		}
		if b, ok := t.btimes[first]; ok {
			t.btimes[i] = b
		}
	}
	t.numberLinks()
	return lost
}

// numberLinks counts the names that remain and numbers the groups of two and
// more in walk order.
func (t *tree) numberLinks() {
	for i := range t.links {
		t.links[i].names, t.links[i].id = 0, 0
	}
	t.walk(func(_ uint32, n *node) {
		if n.link != 0 {
			t.links[n.link-1].names++
		}
	})
	next := uint64(1)
	t.walk(func(_ uint32, n *node) {
		if n.link == 0 {
			return
		}
		if g := &t.links[n.link-1]; g.names > 1 && g.id == 0 {
			g.id = next
			next++
		}
	})
}
