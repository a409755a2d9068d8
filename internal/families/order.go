package families

import "github.com/vtdarchive/vtd/scanners"

// Units are what is put in order together. Files that are larger are more than
// one, or versions of them would lie too far apart to be compressed together.
// Where a unit ends is decided by content, so that those of versions are alike: in
// front of a block of which the first number of the sketch, which such blocks are
// likely to have in common, is a multiple of unitEnd.
const (
	UnitSize  = 1 << 20 // at most, but for a single block
	unitLeast = UnitSize / 4
	unitEnd   = 4
)

// unit is a file, or a part of a large one, by the new blocks it brings.
type unit struct {
	file     uint32
	from, to uint32 // of the list of all new blocks
	at       int64  // where it begins among all fresh blocks
	sketch   scanners.Sketch
	hasSk    bool
}

// Orderer takes blocks in walk order, file by file. Units are taken in this
// order, and in families a unit stands behind the earlier one that it resembles
// most; a family is stored where its first member stands.
type Orderer struct {
	families bool
	name     func(file uint32) string
	ids      []uint32 // in walk order
	units    []unit
	unit     unit
	size     int   // of the unit
	pos      int64 // behind the last fresh block
}

// New makes an Orderer. Without families the order is the one in which blocks
// come. name gives the name of a file, without its directory.
func New(families bool, name func(file uint32) string) *Orderer {
	return &Orderer{families: families, name: name}
}

// File begins with a file.
func (o *Orderer) File(file uint32) {
	o.end()
	o.unit.file = file
}

// Block adds a block of the file, with its sketch if it has one. One that is not
// fresh has its place already, but tells what the file resembles.
func (o *Orderer) Block(id, length uint32, sk *scanners.Sketch, hasSk, fresh bool) {
	if o.size += int(length); o.size > UnitSize || o.size > unitLeast && hasSk && sk[0]%unitEnd == 0 {
		o.end()
		o.size = int(length)
	}
	if fresh {
		// Others do not count: who packs an archive anew leaves out directories that
		// come again.
		o.ids = append(o.ids, id)
		o.pos += int64(length)
	}
	// Blocks that earlier units have tell best what it resembles.
	if hasSk {
		o.unit.sketch, o.unit.hasSk = merge(o.unit.sketch, o.unit.hasSk, *sk), true
	}
}

func (o *Orderer) end() {
	if o.unit.to = uint32(len(o.ids)); o.unit.from < o.unit.to {
		o.units = append(o.units, o.unit)
	}
	o.unit = unit{file: o.unit.file, from: o.unit.to, at: o.pos}
	o.size = 0
}

// Order gives the ids of all blocks that were fresh.
func (o *Orderer) Order() []uint32 {
	o.end()
	if !o.families {
		return o.ids
	}
	s := newSet(len(o.units), func(k int32) string { return o.name(o.units[k].file) })
	for k := range o.units {
		s.add(o.units[k].at, o.units[k].sketch, o.units[k].hasSk)
	}
	ordered := make([]uint32, 0, len(o.ids))
	for k := range o.units {
		for m := int32(k); s.first[k] && m >= 0; m = s.next[m] {
			ordered = append(ordered, o.ids[o.units[m].from:o.units[m].to]...)
		}
	}
	return ordered
}

// merge gives the sketch of two parts together: minima of minima.
func merge(a scanners.Sketch, has bool, b scanners.Sketch) scanners.Sketch {
	if !has {
		return b
	}
	for i := range a {
		a[i] = min(a[i], b[i])
	}
	return a
}
