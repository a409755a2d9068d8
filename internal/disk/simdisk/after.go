package simdisk

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Left says how much of what was not synced is found after a power failure.
type Left int

// What may be left.
const (
	Nothing Left = iota
	All
	Some // any part of it; which, the seed tells
)

// sector is what is written whole or not at all.
const sector = 512

// After gives the disk as it may be found after the power failed, of which this
// one knows nothing.
func (d *Disk) After(left Left, seed uint64) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := rand.New(rand.NewPCG(seed, 0))
	names := maps.Clone(d.synced)
	n := 0
	switch left {
	case All:
		n = len(d.changes)
	case Some:
		n = r.IntN(len(d.changes) + 1)
	}
	for i, c := range d.changes[:n] {
		apply(names, c.before)
		if left == Some && i == n-1 && len(c.before) > 0 && r.IntN(2) == 0 {
			break // a rename half done: both names
		}
		apply(names, c.after)
	}
	out := New()
	out.NoUnnamed = d.NoUnnamed
	same := map[*inode]*inode{}
	for _, path := range slices.Sorted(maps.Keys(names)) {
		was := names[path]
		if same[was] == nil {
			out.inodes++
			is := &inode{disk: out, num: out.inodes, mode: was.mode, data: was.after(left, r)}
			is.safe = slices.Clone(is.data)
			same[was] = is
		}
		out.names[path], out.synced[path] = same[was], same[was]
	}
	return out
}

// after gives what is left of a file.
func (n *inode) after(left Left, r *rand.Rand) []byte {
	data := slices.Clone(n.safe)
	if left == Nothing {
		return data
	}
	share := []int{1, 5, 9}[r.IntN(3)]
	kept := func() bool { return left == All || r.IntN(10) < share }
	for _, w := range n.writes {
		if w.truncate {
			if kept() {
				data = w.apply(data)
			}
			continue
		}
		for off := int64(0); off < int64(len(w.data)); {
			end := min((w.off+off)/sector*sector+sector-w.off, int64(len(w.data)))
			if kept() {
				data = write{off: w.off + off, data: w.data[off:end]}.apply(data)
			}
			off = end
		}
	}
	// The size may be on disk before what is in it.
	if left == Some && len(n.writes) > 0 && len(data) < len(n.data) && r.IntN(2) == 0 {
		data = resized(data, int64(len(n.data)))
	}
	return data
}
