package recovery

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/format"
)

// planner makes a new tree of what is left of one.
type planner struct {
	*recovery
	snapshot int
	plans    map[uint64]*plan // of directories that are not whole, by their nodes
	groups   map[uint64]*group
	relabel  bool
	named    uint64 // names of groups that were counted
}

// plan is a directory as it is going to be.
type plan struct {
	entries []format.Entry
	left    []leftEntry // to be put among them, under other names
	busy    bool
}

// leftEntry is a file of which some is missing, and where Report.Losses says so,
// or -1.
type leftEntry struct {
	format.Entry
	loss int
}

// group is a hard-link group.
type group struct {
	seen, want uint64
	id         uint64 // the new one; 0: no group any more
	same       format.Hash
	btime      format.Time
	uneven     bool
}

// dirPlan makes the plan of a directory that is not whole, or was given more
// names by links.
func (p *planner) dirPlan(num uint64, path string, depth int) *plan {
	if x := p.plans[num]; x != nil {
		return x
	}
	x := &plan{busy: true}
	p.plans[num] = x
	size := uint64(0)
	p.eachLeaf(num, func(_ uint64, leaf *format.DirLeaf) {
		for i := range leaf.Entries {
			if p.ctx.Err() != nil {
				return
			}
			e := leaf.Entries[i]
			if size+e.Size > format.MaxSpan {
				p.lose(path, &e, "more bytes than there can be")
				continue
			}
			size += e.Size
			p.planEntry(x, e, join(path, e.Name), depth)
		}
	}, func(after string, count uint64) {
		l := Loss{Snapshot: p.snapshot, What: LossEntries, Path: path, Entries: count, Reason: "the node of the directory that has them is lost"}
		if after != "" {
			l.Reason = fmt.Sprintf("the node of the directory that has them, from %q on, is lost", after)
		}
		if count == 0 {
			l.What, l.Reason = LossDirectory, "its node is lost"
			if e := p.lostDirs[num]; e != nil {
				l.Entries, l.Size = e.Count, e.Size
			}
		}
		p.rep.lose(l)
	})
	x.rename(p.rep)
	x.busy = false
	return x
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func (p *planner) planEntry(x *plan, e format.Entry, path string, depth int) {
	switch {
	case e.Kind.IsDir():
		d := p.dir(e.Ref.Num)
		if d.whole && depth+d.height <= format.MaxDepth && d.size == e.Size && d.count == e.Count {
			break
		}
		if y := p.plans[e.Ref.Num]; y != nil && y.busy || depth >= format.MaxDepth {
			p.lose(path, &e, "it leads back to itself, or is nested too deep")
			return
		}
		p.lostDirs[e.Ref.Num] = &e
		p.dirPlan(e.Ref.Num, path, depth+1)
	case e.Kind == format.KindFile && !p.recovery.whole(&e.Ref, anyLevel, 0):
		left := p.fileRest(&e, path)
		if left == nil {
			p.lose(path, &e, "its content is lost")
			return
		}
		e.Ref = left.ref
		e.Content = left.content
		if left.lost > 0 {
			p.mark(&e, left)
			k := len(p.rep.Losses)
			p.rep.lose(Loss{Snapshot: p.snapshot, What: LossPartial, Path: path, Size: e.Size, Missing: left.missing})
			if k == len(p.rep.Losses) {
				k = -1
			}
			x.left = append(x.left, leftEntry{e, k})
			return
		}
	case e.Kind == format.KindFile && p.distrust && e.HasContentHash() && !p.sameContent(&e):
		p.lose(path, &e, "its content does not have the hash that its entry says")
		return
	}
	x.entries = append(x.entries, e)
}

func (p *planner) lose(path string, e *format.Entry, why string) {
	l := Loss{Snapshot: p.snapshot, What: LossFile, Path: path, Size: e.Size, Reason: why}
	if e.Kind.IsDir() {
		l.What, l.Entries = LossDirectory, e.Count
	} else if e.Size > 0 {
		l.Missing = []Range{{0, int64(e.Size)}}
	}
	p.rep.lose(l)
}

// mark gives a file the attribute that says what is missing.
func (p *planner) mark(e *format.Entry, left *remains) {
	ranges := make([][2]int64, len(left.missing))
	for i, m := range left.missing {
		ranges[i] = [2]int64{m.From, m.To}
	}
	x := format.Xattr{Name: format.MissingXattr, Value: format.MissingValue(ranges)}
	total := len(x.Name) + len(x.Value)
	for _, y := range e.Xattrs {
		total += len(y.Name) + len(y.Value)
	}
	if total > format.MaxXattrTotal {
		return
	}
	at, found := slices.BinarySearchFunc(e.Xattrs, x.Name, func(y format.Xattr, name string) int { return strings.Compare(y.Name, name) })
	xs := slices.Clone(e.Xattrs)
	if found {
		xs[at] = x
	} else {
		xs = slices.Insert(xs, at, x)
	}
	e.Xattrs = xs
}

// rename gives files of which some is missing names that nothing else has, and
// puts the directory in order.
func (x *plan) rename(rep *Report) {
	taken := make(map[string]bool, len(x.entries))
	for i := range x.entries {
		taken[x.entries[i].Name] = true
	}
	for _, l := range x.left {
		l.Name = format.DamagedName(l.Name, format.MaxName, func(name string) bool { return taken[name] })
		taken[l.Name] = true
		if l.loss >= 0 {
			rep.Losses[l.loss].As = l.Name
		}
		x.entries = append(x.entries, l.Entry)
	}
	x.left = nil
	slices.SortFunc(x.entries, func(a, b format.Entry) int { return cmp.Compare(a.Name, b.Name) })
}

// fileRest gives what is left of a file, filled from elsewhere where that has
// it; nil if nothing is.
func (p *planner) fileRest(e *format.Entry, path string) *remains {
	key := restKey{e.Ref.Kind, e.Ref.Num, e.Size, e.Content}
	if x, ok := p.rests[key]; ok {
		return x
	}
	x := p.makeRest(e, path)
	p.rests[key] = x
	return x
}

type restKey struct {
	kind    format.RefKind
	num     uint64
	size    uint64
	content format.Hash
}

func (p *planner) makeRest(e *format.Entry, path string) *remains {
	if e.HasContentHash() {
		if x := p.fillFile(e); x != nil {
			return x
		}
		if x := p.fillGuess(e); x != nil {
			return x
		}
	}
	x, err := p.rest(&e.Ref, nil)
	if err != nil {
		if p.ctx.Err() == nil {
			p.rep.Warnings = append(p.rep.Warnings, fmt.Sprintf("%s: %v", path, err))
		}
		return nil
	}
	if x.good == 0 || p.opts.WholeOnly {
		return nil
	}
	if x.lost == 0 && e.HasContentHash() && x.content != e.Content {
		return nil
	}
	return x
}

// sameContent holds a file that is there against the hash of its content.
func (r *recovery) sameContent(e *format.Entry) bool {
	key := restKey{e.Ref.Kind, e.Ref.Num, e.Size, e.Content}
	if ok, known := r.contents[key]; known {
		return ok
	}
	h := r.id.NewContent()
	ok := true
	err := r.pieces(&e.Ref, anyLevel, 0, func(p piece) error {
		if p.ref == nil {
			ok = false
			return nil
		}
		return r.hashWhole(p.ref, h, &remains{})
	})
	ok = ok && err == nil && h.Sum() == e.Content
	r.contents[key] = ok
	return ok
}
