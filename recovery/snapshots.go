package recovery

import (
	"cmp"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// version is a tree that is written.
type version struct {
	num    uint64           // of its record in the damaged archive; 0 if that is lost
	record *format.Snapshot // numbers in it are of the damaged archive, or made
	top    *format.Top      // as it was; nil if it is lost
	root   *built
	whole  bool
	proven bool
	made   bool
	lost   bool  // some parent of it is
	after  []int // parents

	original uint64 // the directory of what the tree was made from; 0: there is none
	hash     format.Hash
	out      uint64 // number of the record in what is written
}

// live gives the records of trees of which something is there, in the order of
// their numbers.
func (r *recovery) live() []uint64 {
	var out []uint64
	for _, num := range r.records {
		if n, err := r.node(num); err == nil && r.hasRoot(n.snapshot) {
			out = append(out, num)
		}
	}
	return out
}

// hasRoot tells whether anything of a tree is there.
func (r *recovery) hasRoot(s *format.Snapshot) bool {
	n, err := r.node(s.Root.Ref.Num)
	return err == nil && (n.leaf != nil || n.inner != nil)
}

// dropSuperseded leaves out tree versions that a corrected one follows in the
// same segment, where that is whole: they name what could not be stored.
func (r *recovery) dropSuperseded(vs []*version) []*version {
	for i := len(vs) - 2; i >= 0; i-- {
		if !r.superseded(vs[i].num, vs[i+1]) {
			continue
		}
		vs = slices.Delete(vs, i, i+1)
		for _, v := range vs {
			v.after = slices.DeleteFunc(v.after, func(k int) bool { return k == i })
			for k := range v.after {
				if v.after[k] > i {
					v.after[k]--
				}
			}
		}
	}
	return vs
}

func (r *recovery) superseded(num uint64, by *version) bool {
	f, _ := r.s.find(num)
	g, _ := r.s.find(by.num)
	if f == nil || g == nil || g.img != f.img || g.off < f.off || slices.ContainsFunc(r.s.marks, func(m int64) bool { return m > f.off && m < g.off }) {
		return false
	}
	absent := slices.ContainsFunc(r.s.frames, func(x *frame) bool {
		return x.head.First > num && x.head.End() <= by.num && slices.Contains(x.head.Lengths, 0)
	})
	return absent && r.dir(by.record.Root.Ref.Num).whole
}

// versions makes out what trees there are and which of them are proven.
func (r *recovery) versions() []*version {
	var out []*version
	index := map[uint64]int{}
	for _, num := range r.live() {
		n, err := r.node(num)
		if err != nil {
			continue
		}
		s := *n.snapshot
		v := &version{num: num, record: &s}
		for _, p := range s.Parents {
			if i, ok := index[p.Num]; ok {
				v.after = append(v.after, i)
			} else {
				v.lost = true
			}
		}
		if num > 0 {
			if t, err := r.node(num - 1); err == nil && t.top != nil {
				v.top = t.top
			}
		}
		root, ok := r.sum(s.Root.Ref.Num)
		v.proven = ok && v.top != nil && v.top.Root == root
		index[num] = len(out)
		out = append(out, v)
	}
	return out
}

// lostRoots gives the nodes of root directories whose snapshot records are
// lost. A tree version begins with a frame of its top block and its record and
// nothing else, and its root follows: so two numbers are missing before it, none
// before those, and nothing names it.
func (r *recovery) lostRoots() []uint64 {
	var out []uint64
	next, begun := uint64(0), false // of the version: something of it has passed
	var last *frame
	for _, f := range r.s.frames {
		num := f.head.First
		if !f.sound && f.head.Kind == format.FrameMetadata && (r.meta[num] == nil || r.lacksRecord(f)) {
			continue // as if it were not there
		}
		if last != nil && r.parted(last, f) {
			begun = false
		}
		gap := num - next
		next, last = f.head.End(), f
		if f.head.Kind == format.FrameData {
			continue
		}
		first := !begun
		begun = true
		if !first || gap != 2 || f.flags[0]&(flagNamed|flagBad) != 0 || r.closed(num-2) {
			continue
		}
		if n, err := r.node(num); err == nil && (n.leaf != nil || n.inner != nil) {
			out = append(out, num)
		}
	}
	return out
}

// lacksRecord tells whether a frame is that of a top block and a record, of which
// the record is lost.
func (r *recovery) lacksRecord(f *frame) bool {
	top, err := r.node(f.head.First)
	return len(f.head.Lengths) == 2 && err == nil && top.top != nil && r.meta[f.head.First+1] == nil
}

// parted tells whether a tree version begins between two frames.
func (r *recovery) parted(f, g *frame) bool {
	if f.head.Kind == format.FrameData && g.head.Kind == format.FrameMetadata {
		return true
	}
	return f.img == g.img && slices.ContainsFunc(r.s.marks, func(m int64) bool { return m > f.off && m < g.off })
}

// closed tells whether a segment has a trailer that names another top block
// than the one of a number: then its tree was corrected.
func (r *recovery) closed(top uint64) bool {
	for _, t := range r.s.trailers {
		if t.Top == top {
			return false
		}
	}
	for _, t := range r.s.trailers {
		if top < t.Blocks && top >= r.before(t) {
			return true
		}
	}
	return false
}

// before gives the count of blocks in front of a trailer's segment, or a number
// that nothing reaches if that is not known.
func (r *recovery) before(t foundTrailer) uint64 {
	if t.Prev == 0 {
		return 0
	}
	for _, o := range r.s.trailers {
		if o.Offset == t.Prev {
			return o.Blocks
		}
	}
	return format.MaxSpan
}

// newest gives the newest time of modification in a tree that was made, for a
// record that has none. It looks at the upper entries alone.
func (r *recovery) newest(root uint64) (t format.Time) {
	r.eachLeaf(root, func(_ uint64, leaf *format.DirLeaf) {
		for i := range leaf.Entries {
			if e := &leaf.Entries[i]; e.Mtime.Compare(t) > 0 {
				t = e.Mtime
			}
		}
	}, func(string, uint64) {})
	return t
}

// connect sees to it that the last version leads to all others, and that none
// is older than those before it.
func (r *recovery) connect(vs []*version) {
	for i, v := range vs {
		if v.lost && i > 0 && len(v.after) == 0 {
			v.after = []int{i - 1}
		}
		if v.made && i > 0 {
			v.after = []int{i - 1}
		}
	}
	for i := len(vs) - 2; i >= 0; i-- {
		if reached := r.reached(vs); !reached[i] {
			v := vs[i+1]
			if len(v.after) < format.MaxParents {
				v.after = append(v.after, i)
				v.lost = true
			}
		}
	}
	for _, v := range vs {
		for _, k := range v.after {
			if vs[k].record.Time.Compare(v.record.Time) > 0 {
				v.record.Time = vs[k].record.Time
			}
		}
		slices.SortFunc(v.after, func(a, b int) int { return cmp.Compare(a, b) })
	}
}

func (r *recovery) reached(vs []*version) []bool {
	seen := make([]bool, len(vs))
	for stack := []int{len(vs) - 1}; len(stack) > 0; {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !seen[i] {
			seen[i] = true
			stack = append(stack, vs[i].after...)
		}
	}
	return seen
}
