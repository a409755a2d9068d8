package recovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Tool is recorded in snapshots whose records are lost.
const Tool = "vtd 1.0, recovered"

// Options say how an archive is recovered.
type Options struct {
	// Archive selects one of several archives in the file by its id; nil is the
	// first.
	Archive *format.ArchiveID
	// From are paths of other archives, whole or damaged, of files and of
	// directories. What is missing is filled from them, by its hash.
	From []string
	// WholeOnly leaves out files of which some is missing.
	WholeOnly bool
	// TempDir is where blocks wait that are in no whole frame: "" is the
	// system's.
	TempDir string
	// Phase, if not nil, is told what begins, and of how many bytes: "scanning",
	// "filling", "checking" or "writing". Progress is told of bytes.
	Phase    func(name string, bytes int64)
	Progress func(bytes int64)
}

func (o *Options) phase(name string, n int64) {
	if o.Phase != nil {
		o.Phase(name, n)
	}
}

func (o *Options) progress(n int64) {
	if o.Progress != nil {
		o.Progress(n)
	}
}

// recovery is one run of Recover.
type recovery struct {
	ctx  context.Context
	opts *Options
	s    *stream
	id   format.HashID
	rep  *Report

	frames *cache[*frame, *decoded]
	nodes  *cache[uint64, *node]
	parts  *cache[partKey, []byte]

	meta   map[uint64][]byte // metadata blocks out of damaged frames
	proved map[uint64]bool   // metadata blocks that have their hash
	sums   map[uint64]format.Hash
	lists  map[uint64]listInfo
	dirs   map[uint64]*dirInfo
	blocks int64

	prefixes []prefixRow
	same     map[uint64]uint64 // data blocks that are kept under other numbers
	extras   []extra
	extraOf  map[format.Hash]int
	guesses  map[uint64]extra // blocks of damaged frames that nothing proves
	guessed  int64            // bytes of them
	spool    spool
	made     []madeNode
	madeOf   map[format.Hash]int

	records []uint64 // snapshot records, ascending
	adopted map[uint64]bool

	originals map[format.Hash]uint64 // directories of what trees were made from
	rests     map[restKey]*remains
	contents  map[restKey]bool
	lostDirs  map[uint64]*format.Entry
	broken    []uint64 // recipes of whose input some is lost
	isBroken  map[uint64]bool
	plain     *plainFiles
	distrust  bool // nothing proves the trees: contents have to
	failed    error

	deepSum, deepList, deepDir int // nodes around the one that is being looked at
}

const (
	frameCache = 160 << 20
	nodeCache  = 64 << 20
	partCache  = 32 << 20
)

// Recover reads what is left of an archive and writes a valid one with it to w,
// front to back. What is missing is in the report and is no error; an error
// means that w does not hold an archive. It is of class format.ErrNotArchive
// where the source has nothing of one.
func Recover(ctx context.Context, src reader.Source, name string, w io.Writer, opts Options) (*Report, error) {
	r := &recovery{
		ctx: ctx, opts: &opts, rep: &Report{Size: src.Size()},
		frames: newCache[*frame, *decoded](frameCache), nodes: newCache[uint64, *node](nodeCache), parts: newCache[partKey, []byte](partCache),
		meta: map[uint64][]byte{}, proved: map[uint64]bool{}, sums: map[uint64]format.Hash{}, lists: map[uint64]listInfo{}, dirs: map[uint64]*dirInfo{},
		same: map[uint64]uint64{}, guesses: map[uint64]extra{}, extraOf: map[format.Hash]int{}, madeOf: map[format.Hash]int{},
		adopted: map[uint64]bool{}, originals: map[format.Hash]uint64{}, rests: map[restKey]*remains{}, contents: map[restKey]bool{}, lostDirs: map[uint64]*format.Entry{}, isBroken: map[uint64]bool{},
		spool: spool{dir: opts.TempDir},
	}
	defer r.spool.close()
	opts.phase("scanning", src.Size())
	m, err := scan(ctx, src, name, opts.progress)
	if err != nil {
		return r.rep, err
	}
	if err := r.pick(m); err != nil {
		return r.rep, err
	}
	f := &filler{recovery: r}
	defer f.close()
	if err := f.open(); err != nil {
		return r.rep, err
	}
	r.s.prove(r.id)
	left := r.s.number()
	if err := r.judge(); err != nil {
		return r.rep, err
	}
	r.sortHashes()
	if err := f.fill(); err != nil {
		return r.rep, err
	}
	r.count(m, left)
	opts.phase("checking", -1)
	if err := r.mark(); err != nil {
		return r.rep, err
	}
	vs, err := r.trees()
	if err != nil {
		return r.rep, err
	}
	if err := errors.Join(r.failed, ctx.Err()); err != nil {
		return r.rep, err
	}
	r.rep.Blocks = r.blocks
	return r.rep, r.write(w, vs)
}

// pick chooses the archive to recover.
func (r *recovery) pick(m *image) error {
	all := m.streams()
	r.s = choose(all, r.opts.Archive)
	if r.s == nil {
		if r.opts.Archive != nil {
			return fmt.Errorf("%s: no archive with this id is in it", m.name)
		}
		return &format.Error{Class: format.ErrNotArchive, Structure: "file", Offset: format.NoOffset, Block: -1, Msg: "no part of an archive is left in it"}
	}
	r.id = m.hash
	if r.s.header != nil {
		r.id = r.s.header.Hash
	}
	for _, f := range r.s.frames {
		if f.sound && f.hash != r.id {
			if r.s.header == nil {
				r.id = f.hash
				break
			}
			f.sound, f.fault = false, format.Damaged("frame", f.off, "its hash is of another function than the archive's")
		}
	}
	if r.id == 0 {
		r.id = format.HashBLAKE3
	}
	for _, s := range all {
		if s != r.s && len(s.frames) > 0 {
			r.rep.Foreign = append(r.rep.Foreign, Foreign{ID: s.id, Text: fmt.Sprintf("%x", s.id[:]), Offset: s.off, Frames: int64(len(s.frames))})
		}
	}
	return nil
}

// count sums up what the scan found.
func (r *recovery) count(m *image, left []*frame) {
	r.rep.Header = r.s.header != nil
	r.rep.Damage = m.harm
	next, lost := uint64(0), uint64(0)
	for _, f := range r.s.frames {
		lost += f.head.First - next
		next = f.head.End()
		if f.sound {
			r.rep.Frames++
		} else {
			r.rep.LostFrames++
			r.rep.Damage = append(r.rep.Damage, damageOf(f.fault, f.off, int64(f.head.Size)+int64(f.head.Stored)))
		}
		for i, n := range f.head.Lengths {
			num := f.head.First + uint64(i)
			_, _, data := r.data(num)
			switch {
			case n == 0 || f.head.Kind == format.FrameMetadata && f.flags[i]&flagBad == 0 && (f.sound || r.meta[num] != nil):
			case data:
				r.blocks++
			default:
				lost++
			}
		}
	}
	for _, t := range r.s.trailers {
		if t.Blocks > next {
			lost += t.Blocks - next
			next = t.Blocks
		}
	}
	r.rep.LostBlocks = int64(min(lost, format.MaxSpan))
	for _, f := range left {
		r.rep.Damage = append(r.rep.Damage, damageOf(format.Damaged("frame", f.off, "its blocks, from %d on, are in another frame as well", f.head.First), f.off, int64(f.head.Size)+int64(f.head.Stored)))
	}
	for _, j := range m.junk {
		r.rep.Damage = append(r.rep.Damage, Damage{"file", j.From, j.Len(), "these bytes belong to nothing"})
	}
	slices.SortStableFunc(r.rep.Damage, func(a, b Damage) int { return int(boolInt(a.Offset > b.Offset)) - int(boolInt(a.Offset < b.Offset)) })
	if !r.rep.Header {
		r.rep.Damage = slices.Insert(r.rep.Damage, 0, Damage{"header", 0, 0, "it is lost: how content was cut is no longer known"})
	}
	if r.s.parity > 0 {
		r.rep.Warnings = append(r.rep.Warnings, "recovery data is about the file as it was and is not carried over")
	}
	if len(r.s.trailers) == 0 {
		r.rep.Damage = append(r.rep.Damage, Damage{"trailer", m.size, 0, "there is none"})
	}
}

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
	slices.SortFunc(entries, func(a, b format.Entry) int { return compareNames(a.Name, b.Name) })
	root := &plan{entries: entries}
	p.plans[v.root.num] = root
	v.root = p.build(v.root.num)
	v.record.Content = p.contentID(&v.record.Root, v.root)
	v.whole = false
	return vs, nil
}

func compareNames(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
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
	slices.SortFunc(files, func(a, b file) int { return int(boolInt(a.first > b.first)) - int(boolInt(a.first < b.first)) })
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
