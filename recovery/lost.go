package recovery

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/scanners"
)

// LostFound is the directory for what no directory names any more.
const LostFound = "lost+found"

// orphans are blocks that are there and that nothing names.
type orphans struct {
	dirs  []uint64 // nodes of directories
	files []uint64 // indirect blocks and recipes
	data  []uint64
}

// orphaned finds the blocks that nothing names. Blocks that a tree names which
// was corrected, or is not kept for another reason, are none.
func (r *recovery) orphaned() (o orphans, err error) {
	for _, f := range r.s.frames {
		if err := r.ctx.Err(); err != nil {
			return o, err
		}
		for i := range f.head.Lengths {
			num := f.head.First + uint64(i)
			if f.flags[i]&(flagNamed|flagBad) != 0 {
				continue
			}
			if f.head.Kind == format.FrameData {
				if _, _, ok := r.data(num); ok && r.same[num] == 0 {
					o.data = append(o.data, num)
				}
				continue
			}
			n, err := r.node(num)
			switch {
			case err != nil || r.adopted[num]:
			case n.leaf != nil && len(n.leaf.Entries) > 0, n.inner != nil:
				o.dirs = append(o.dirs, num)
			case n.indirect != nil, n.made != nil:
				o.files = append(o.files, num)
			}
		}
	}
	return o, nil
}

func (o *orphans) none() bool { return len(o.dirs) == 0 && len(o.files) == 0 && len(o.data) == 0 }

// lostFound makes the directory of what was found: directories by the number of
// their node, and below the kind of its content, whatever was a file or a part
// of one. Nothing is known of them but that; hard links are not kept.
func (r *recovery) lostFound(o orphans, snapshot int, at string) (*built, error) {
	p := r.planner(snapshot)
	p.relabel, p.groups = true, map[uint64]*group{}
	byKind := map[string][]format.Entry{}
	for _, num := range o.dirs {
		name := fmt.Sprintf("%010d", num)
		where := join(join(at, "directories"), name)
		d := r.dir(num)
		if !d.whole {
			p.dirPlan(num, where, 3)
		}
		b := p.build(num)
		if b.count == 0 {
			continue
		}
		byKind["directories"] = append(byKind["directories"], format.Entry{Name: name, Kind: format.KindImplied, Size: b.size, Count: b.count, Ref: format.Ref{Num: b.num}})
		r.rep.find(Found{Path: where, What: "directory", Block: num, Size: b.size})
	}
	add := func(num uint64, what string, e format.Entry) error {
		kind, ext := r.kindOf(&e.Ref)
		e.Name = fmt.Sprintf("%010d", num) + ext
		e.Kind, e.Perm = format.KindFile, 0o600
		byKind[kind] = append(byKind[kind], e)
		r.rep.find(Found{Path: join(join(at, kind), e.Name), What: what, Kind: kind, Block: num, Size: e.Size})
		return r.ctx.Err()
	}
	for _, num := range o.files {
		e, ok := r.orphanFile(num, p)
		if !ok {
			continue
		}
		if err := add(num, "file", e); err != nil {
			return nil, err
		}
	}
	// What a stream was made of may serve where the stream cannot be made.
	for k := 0; k < len(r.broken) && !r.opts.WholeOnly; k++ {
		n, err := r.node(r.broken[k])
		if err != nil || n.recipe.Input.Span == 0 {
			continue
		}
		if e, ok := r.leftOf(&n.recipe.Input, p); ok {
			if err := add(r.broken[k], "content", e); err != nil {
				return nil, err
			}
		}
	}
	for _, num := range o.data {
		h, n, _ := r.data(num)
		if err := add(num, "block", format.Entry{Size: uint64(n), Ref: format.Ref{Kind: format.RefBlock, Span: uint64(n), Num: num, Hash: h}}); err != nil {
			return nil, err
		}
	}
	var entries []format.Entry
	for kind, es := range byKind {
		slices.SortFunc(es, func(a, b format.Entry) int { return cmp.Compare(a.Name, b.Name) })
		b := p.buildEntries(es)
		entries = append(entries, format.Entry{Name: kind, Kind: format.KindImplied, Size: b.size, Count: b.count, Ref: format.Ref{Num: b.num}})
	}
	if len(entries) == 0 {
		return nil, nil
	}
	slices.SortFunc(entries, func(a, b format.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return p.buildEntries(entries), nil
}

// orphanFile makes an entry of an indirect block or a recipe that no file names.
func (r *recovery) orphanFile(num uint64, p *planner) (e format.Entry, ok bool) {
	n, err := r.node(num)
	if err != nil {
		return e, false
	}
	x := format.Ref{Kind: format.RefIndirect, Num: num}
	if n.recipe != nil {
		x.Kind, x.Span = format.RefRecipe, n.recipe.Length
	} else {
		x.Span = spanOf(n.indirect)
	}
	return r.leftOf(&x, p)
}

// leftOf makes an entry of what is left of a content that has no name.
func (r *recovery) leftOf(x *format.Ref, p *planner) (e format.Entry, ok bool) {
	left, err := r.rest(x, nil)
	if err != nil || left.good == 0 || left.lost > 0 && r.opts.WholeOnly {
		return e, false
	}
	e = format.Entry{Size: x.Span, Ref: left.ref, Content: left.content}
	if left.lost > 0 {
		p.mark(&e, left)
	} else if x.Kind == format.RefIndirect || x.Kind == format.RefRecipe {
		e.Ref = *x
	}
	return e, true
}

// kindOf tells the kind of a content from how it begins, and how names of its
// kind end.
func (r *recovery) kindOf(x *format.Ref) (kind, ext string) {
	head := make([]byte, min(x.Span, scanners.SniffLen))
	if !r.readContent(x, anyLevel, 0, 0, head) {
		return "unknown", ""
	}
	if sc := scanners.Choose(head, "", nil); sc != nil {
		if len(sc.Exts) > 0 {
			ext = "." + sc.Exts[0]
		}
		return sc.Name, ext
	}
	if isText(head) {
		return "text", ".txt"
	}
	return "unknown", ""
}

// isText tells whether bytes look like text: no control characters but those
// that text has.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b || c == 0x7f {
			return false
		}
	}
	return len(b) > 0
}
