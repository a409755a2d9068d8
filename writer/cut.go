package writer

import (
	"hash/crc32"

	"github.com/vtdarchive/vtd/format"
)

// Where nodes are cut. A cut follows an entry or reference that its own hash
// chooses, so that cuts fall back into step after a change; see "Cutting
// nodes" in the specification.
const (
	leafMin, leafMask, leafMax    = 128, 511, 4096
	leafBytes                     = 256 << 10 // names, targets, literals, attributes
	innerMin, innerMask, innerMax = 16, 127, 1024
	indirMin, indirMask, indirMax = 64, 255, 2048
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (m *metaTree) nameHash(name string) uint32 {
	m.nameBuf = append(m.nameBuf[:0], name...)
	return crc32.Checksum(m.nameBuf, castagnoli)
}

// groups cuts n items into groups; ends tells whether an item, the k-th of its
// group, ends it. A last group of one is joined to the one before, so that
// no node above the leaves has a single child.
func groups(n int, ends func(i, k int) bool) [][2]uint32 {
	var out [][2]uint32
	from := 0
	for i := range n {
		if ends(i, i-from+1) || i == n-1 {
			if i == n-1 && i == from && len(out) > 0 {
				out[len(out)-1][1]++
			} else {
				out = append(out, [2]uint32{uint32(from), uint32(i + 1)})
			}
			from = i + 1
		}
	}
	return out
}

// cutLeaves cuts the entries of a directory.
func (m *metaTree) cutLeaves(kids []uint32) [][2]uint32 {
	weight := 0
	return groups(len(kids), func(i, k int) bool {
		n := m.t.node(kids[i])
		weight += m.weigh(n)
		end := k >= leafMin && m.nameHash(n.name)&leafMask == leafMask || k >= leafMax || weight >= leafBytes
		if end {
			weight = 0
		}
		return end
	})
}

// cutInner cuts the children of a level of inner nodes, by other bits of the
// hash than those that ended their leaves.
func (m *metaTree) cutInner(kids []format.DirChild) [][2]uint32 {
	return groups(len(kids), func(i, k int) bool {
		return k >= innerMin && m.nameHash(kids[i].First)>>9&innerMask == innerMask || k >= innerMax
	})
}

// cutRefs cuts the references of a level of indirect blocks. Runs have no hash
// and end nothing.
func cutRefs(refs []format.Ref) [][2]uint32 {
	return groups(len(refs), func(i, k int) bool {
		return k >= indirMin && refs[i].Kind != format.RefRun && refs[i].Hash[0] == indirMask || k >= indirMax
	})
}

// weigh counts the bytes of an entry that no column shares with others.
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
