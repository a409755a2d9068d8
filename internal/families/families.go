package families

import "github.com/vtdarchive/vtd/scanners"

// A unit joins another if they share JoinShared of the six features, or one and
// their name; one that lies further behind it than near, in bytes of all that is put
// in order, if they share joinFar, or JoinShared and their name. Versions share that
// much. What is alike by chance, and far from one another, would gain little and
// scatter the tree: who reads it from its start needs all frames at once.
const (
	JoinShared = 2
	joinFar    = 3
	near       = 128 << 20
)

// set finds for each unit the earlier one that it resembles most, and
// chains units into families. A unit stands right behind the one it resembles:
// at the end of its family it could be far from it, since families of units
// that have only their beginnings in common grow large.
type set struct {
	name     func(k int32) string // of the file of the k-th unit added
	at       []int64
	sketches []scanners.Sketch
	first    []bool                          // whether a unit begins a family
	next     []int32                         // in the family, -1 at the end
	latest   [len(scanners.Sketch{})][]int32 // unit+1 by the value of a feature
}

func newSet(units int, name func(k int32) string) set {
	f := set{
		name: name, at: make([]int64, 0, units), sketches: make([]scanners.Sketch, 0, units), first: make([]bool, 0, units), next: make([]int32, 0, units),
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

// add adds a unit that begins at an offset.
func (f *set) add(at int64, sk scanners.Sketch, has bool) {
	k := int32(len(f.sketches))
	f.at = append(f.at, at)
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
	if shared > 0 && f.joins(k, best, shared) {
		f.first[k] = false
		f.next[k], f.next[best] = f.next[best], k
	}
}

// joins reports whether k joins best, with which it shares so many features.
func (f *set) joins(k, best int32, shared int) bool {
	alike, named := JoinShared, 1
	if f.at[k]-f.at[best] > near {
		alike, named = joinFar, JoinShared
	}
	return shared >= alike || shared >= named && f.name(best) == f.name(k)
}

// mix spreads minima, which are small numbers, over the table.
func mix(v uint32) uint32 {
	v *= 0x9E3779B1
	return v ^ v>>15
}
