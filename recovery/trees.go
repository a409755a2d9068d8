package recovery

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/format"
)

func (r *recovery) planner(snapshot int) *planner {
	return &planner{recovery: r, snapshot: snapshot, plans: map[uint64]*plan{}}
}

// trees makes the trees that are written.
func (r *recovery) trees() ([]*version, error) {
	vs := r.versions()
	r.decideTrust(vs)
	vs = r.dropSuperseded(vs)
	for _, num := range r.lostRoots() {
		r.adopted[num] = true
		v := &version{made: true, record: &format.Snapshot{Label: "recovered", Tool: Tool, Root: format.Entry{Kind: format.KindImplied, Ref: format.Ref{Num: num}}}}
		v.record.Time = r.newest(num)
		i := slices.IndexFunc(vs, func(o *version) bool { return o.num > num })
		if i < 0 {
			i = len(vs)
		}
		for _, o := range vs {
			for k := range o.after {
				if o.after[k] >= i {
					o.after[k]++
				}
			}
		}
		vs = slices.Insert(vs, i, v)
	}
	for _, t := range r.s.trailers {
		if n := uint64(len(vs)); t.Snapshots > n {
			r.rep.LostSnapshots = max(r.rep.LostSnapshots, int64(min(t.Snapshots-n, math.MaxInt64)))
		}
	}
	whole := len(vs) > 0
	for i, v := range vs {
		r.plant(v, i)
		whole = whole && v.whole && !v.lost && !v.made
	}
	o, err := r.orphaned()
	if err != nil {
		return nil, err
	}
	// Where all that a trailer counts is there, what nothing names is what a
	// tree has left behind that was corrected.
	if complete := whole && slices.ContainsFunc(r.s.trailers, func(t foundTrailer) bool { return t.Snapshots == uint64(len(vs)) && t.Top+1 == vs[len(vs)-1].num }); !complete && !(o.none() && len(r.broken) == 0) {
		if vs, err = r.addFound(vs, o); err != nil {
			return nil, err
		}
	}
	if len(vs) == 0 {
		return nil, &format.Error{Class: format.ErrDamaged, Structure: "file", Offset: format.NoOffset, Block: -1, Msg: "nothing of what the archive held is left"}
	}
	r.connect(vs)
	for _, v := range vs {
		s := v.record
		s.Root.Ref.Num, s.Root.Size, s.Root.Count = v.root.num, v.root.size, v.root.count
	}
	return vs, r.ctx.Err()
}

// plant makes a version's tree.
func (r *recovery) plant(v *version, i int) {
	p := r.planner(i)
	root := &v.record.Root
	d := r.dir(root.Ref.Num)
	v.whole = d.whole && d.height <= format.MaxDepth
	if !v.whole {
		before := r.rep.lost()
		p.dirPlan(root.Ref.Num, "", 1)
		// All of it may have been filled; the content id is the proof.
		v.whole = r.rep.lost() == before && !v.made
	}
	if d.links {
		p.countLinks(root.Ref.Num)
	}
	v.root = p.build(root.Ref.Num)
	r.keepOriginal(v, i)
	if !v.made && (v.root.size != root.Size || v.root.count != root.Count) {
		v.whole = false
	}
	content := p.contentID(root, v.root)
	if content != v.record.Content && !v.made {
		v.whole = false
	}
	v.record.Content = content
}

// addFound puts lost+found into the newest tree or, where that is whole, into
// one that follows it: what can be proven stays so.
func (r *recovery) addFound(vs []*version, o orphans) ([]*version, error) {
	last := len(vs) - 1
	if last < 0 || vs[last].whole && !vs[last].made {
		v := &version{made: true, record: &format.Snapshot{Label: LostFound, Tool: Tool, Root: format.Entry{Kind: format.KindImplied}}}
		if last >= 0 {
			v.record.Root, v.record.Time = vs[last].record.Root, vs[last].record.Time
			v.after = []int{last}
			v.root = vs[last].root
		} else {
			v.root = r.planner(0).buildEntries(nil)
		}
		vs = append(vs, v)
		last++
	}
	v := vs[last]
	p := r.planner(last)
	var entries []format.Entry
	taken := map[string]bool{}
	r.eachLeaf(v.root.num, func(_ uint64, leaf *format.DirLeaf) {
		for i := range leaf.Entries {
			entries = append(entries, leaf.Entries[i])
			taken[leaf.Entries[i].Name] = true
		}
	}, func(string, uint64) {})
	name := LostFound
	for n := 1; taken[name]; n++ {
		name = fmt.Sprintf("%s.%d", LostFound, n)
	}
	b, err := r.lostFound(o, last, name)
	if err != nil || b == nil {
		if v.record.Label == LostFound && v.num == 0 {
			vs = vs[:last] // it was to hold nothing else
		}
		return vs, err
	}
	entries = append(entries, format.Entry{Name: name, Kind: format.KindImplied, Size: b.size, Count: b.count, Ref: format.Ref{Num: b.num}})
	slices.SortFunc(entries, func(a, b format.Entry) int { return strings.Compare(a.Name, b.Name) })
	root := &plan{entries: entries}
	p.plans[v.root.num] = root
	v.root = p.build(v.root.num)
	v.record.Content = p.contentID(&v.record.Root, v.root)
	v.whole = false
	return vs, nil
}

// decideTrust finds out whether the hashes of trees, or an index, prove what is
// there. Otherwise the contents of files have to be held against the hashes
// that their entries have, in the order in which they lie.
func (r *recovery) decideTrust(vs []*version) {
	proven := len(vs) > 0
	for _, v := range vs {
		proven = proven && v.proven
	}
	for _, f := range r.s.frames {
		if _, by, ok := r.s.said(f.head.First); !ok || !by {
			r.distrust = !proven
			break
		}
	}
	if !r.distrust {
		return
	}
	type file struct {
		first uint64
		e     format.Entry
	}
	var files []file
	for _, f := range r.s.frames {
		for i := range f.head.Lengths {
			if f.head.Kind != format.FrameMetadata || r.ctx.Err() != nil {
				break
			}
			n, err := r.node(f.head.First + uint64(i))
			if err != nil || n.leaf == nil {
				continue
			}
			for k := range n.leaf.Entries {
				if e := &n.leaf.Entries[k]; e.HasContentHash() && r.whole(&e.Ref, anyLevel, 0) {
					files = append(files, file{r.firstData(&e.Ref, 0), *e})
				}
			}
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.first, b.first) })
	for i := range files {
		r.sameContent(&files[i].e)
	}
}

// firstData gives the first data block of a content that is whole.
func (r *recovery) firstData(x *format.Ref, depth int) uint64 {
	if x.Kind == format.RefBlock {
		return x.Num
	}
	n, err := r.node(x.Num)
	switch {
	case err != nil || depth > format.MaxNodeLevel*(format.MaxRecipeDepth+1):
	case n.recipe != nil:
		return r.firstData(&n.recipe.Input, depth+1)
	case n.indirect != nil:
		for i := range n.indirect.Refs {
			if k := n.indirect.Refs[i].Kind; k == format.RefBlock || k == format.RefIndirect || k == format.RefRecipe {
				return r.firstData(&n.indirect.Refs[i], depth+1)
			}
		}
	}
	return 0
}
