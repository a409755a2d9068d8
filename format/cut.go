package format

import "hash/crc32"

// Where directories and lists of references are cut into nodes. A cut follows
// an entry or reference that its own hash chooses, so that cuts fall back into
// step after a change; see "Cutting nodes" in the specification.
const (
	leafMin, leafMask, leafMax    = 128, 511, 4096
	leafBytes                     = 256 << 10 // names, targets, literals, attributes
	innerMin, innerMask, innerMax = 16, 127, 1024
	indirMin, indirMask, indirMax = 64, 255, 2048
)

// nameHasher hashes names without a copy of each on the heap.
type nameHasher []byte

func (h *nameHasher) sum(name string) uint32 {
	*h = append((*h)[:0], name...)
	return crc32.Checksum(*h, castagnoli)
}

// cutGroups cuts n items into groups; ends tells whether an item, the k-th of
// its group, ends it. A last group of one is joined to the one before, so that
// no node above the leaves has a single child.
func cutGroups(n int, ends func(i, k int) bool) [][2]uint32 {
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

// CutLeaves cuts the n entries of a directory into leaves and gives the range
// of each. entry gives an entry's name and its weight, as Entry.Weight does.
func CutLeaves(n int, entry func(i int) (name string, weight int)) [][2]uint32 {
	sum := 0
	var h nameHasher
	return cutGroups(n, func(i, k int) bool {
		name, weight := entry(i)
		sum += weight
		end := k >= leafMin && h.sum(name)&leafMask == leafMask || k >= leafMax || sum >= leafBytes
		if end {
			sum = 0
		}
		return end
	})
}

// Weight counts the bytes of an entry that no column shares with others.
func (e *Entry) Weight() int {
	w := len(e.Name) + len(e.Target)
	for _, x := range e.Xattrs {
		w += len(x.Name) + len(x.Value)
	}
	if e.Kind == KindFile {
		w += len(e.Ref.Literal)
	}
	return w
}

// CutInner cuts the children of a level of inner nodes, by other bits of the
// hash than those that ended their leaves.
func CutInner(children []DirChild) [][2]uint32 {
	var h nameHasher
	return cutGroups(len(children), func(i, k int) bool {
		return k >= innerMin && h.sum(children[i].First)>>9&innerMask == innerMask || k >= innerMax
	})
}

// CutRefs cuts the references of a level of indirect blocks. They carry their
// hashes. Runs have none and end nothing.
func CutRefs(refs []Ref) [][2]uint32 {
	return cutGroups(len(refs), func(i, k int) bool {
		return k >= indirMin && refs[i].Kind != RefRun && refs[i].Hash[0] == indirMask || k >= indirMax
	})
}
