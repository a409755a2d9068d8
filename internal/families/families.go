package families

import "github.com/vtdarchive/vtd/scanners"

// JoinShared: a unit joins another if they share this many of the six features,
// or one and their name.
const JoinShared = 2

// set finds for each unit the earlier one that it resembles most, and
// chains units into families. A unit stands right behind the one it resembles:
// at the end of its family it could be far from it, since families of units
// that have only their beginnings in common grow large.
type set struct {
	name     func(k int32) string // of the file of the k-th unit added
	sketches []scanners.Sketch
	first    []bool                          // whether a unit begins a family
	next     []int32                         // in the family, -1 at the end
	latest   [len(scanners.Sketch{})][]int32 // unit+1 by the value of a feature
}

func newSet(units int, name func(k int32) string) set {
	f := set{
		name: name, sketches: make([]scanners.Sketch, 0, units), first: make([]bool, 0, units), next: make([]int32, 0, units),
	}
	n := 1 << 8
	for n < 2*units {
		n *= 2
	}
	for i := range f.latest {
		f.latest[i] = make([]int32, n)
	}
	return f
}

func (f *set) add(sk scanners.Sketch, has bool) {
	k := int32(len(f.sketches))
	f.sketches, f.first, f.next = append(f.sketches, sk), append(f.first, true), append(f.next, -1)
	if !has {
		return
	}
	best, shared := int32(-1), 0
	for i, v := range sk {
		slot := &f.latest[i][mix(v)&uint32(len(f.latest[i])-1)]
		if j := *slot - 1; j >= 0 && j != best {
			if n := sk.Shared(&f.sketches[j]); n > shared || n == shared && j > best && best >= 0 {
				best, shared = j, n
			}
		}
		*slot = k + 1
	}
	if shared >= JoinShared || shared > 0 && f.name(best) == f.name(k) {
		f.first[k] = false
		f.next[k], f.next[best] = f.next[best], k
	}
}

// mix spreads minima, which are small numbers, over the table.
func mix(v uint32) uint32 {
	v *= 0x9E3779B1
	return v ^ v>>15
}
