package writer

import "github.com/vtdarchive/vtd/format"

// cutLeaves cuts the entries of a directory.
func (m *metaTree) cutLeaves(kids []uint32) [][2]uint32 {
	return format.CutLeaves(len(kids), func(i int) (string, int) {
		n := m.t.node(kids[i])
		return n.name, m.weigh(n)
	})
}

// weigh counts the bytes of an entry that no column shares with others, as
// format.Entry.Weight does.
func (m *metaTree) weigh(n *node) int {
	w := len(n.name)
	if n.kind == format.KindSymlink {
		w += len(m.t.targets[n.aux])
	}
	for _, x := range m.t.xattrs[n.xattrs] {
		w += len(x.Name) + len(x.Value)
	}
	return w + len(m.t.literal(n))
}
