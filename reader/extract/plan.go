package extract

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// nodeBatch is how many nodes go to the workers at once.
const nodeBatch = 256

// planner walks a tree. It makes directories, itself or through a maker, hands
// nodes to the workers and enters files into the tables.
type planner struct {
	*engine
	tree    tree
	levels  []level // the directories the walk is in, the root first
	prefix  []byte  // the path in the archive of the last of them
	maker   *maker  // nil: directories are made at once
	todo    task
	leaders map[uint64]*linkFile   // by link id
	round   int                    // counts tree versions
	entries uint64                 // seen
	bytes   uint64                 // of contents entered, without holes
	rows    []file                 // of the file that is being entered
	ready   []uint32               // inputs of recipes that need no block
	madeIn  int                    // places where recipes make something
	before  *before                // what an earlier tree has left; nil in the first round
	sees    func(num, span uint64) // is told of references as they are found; may be nil
}

// level is a directory that the walk is in.
type level struct {
	dir  int32
	path int  // bytes of prefix that are its path: paths of their own would take their square
	made bool // the target has it, or the maker was told
}

func newPlanner(e *engine) *planner {
	return &planner{engine: e, leaders: make(map[uint64]*linkFile), levels: []level{{dir: rootDir, made: true}}}
}

// plan enters a whole tree into the tables.
func (p *planner) plan(t tree) error {
	p.begin(t)
	if p.opts.Existing == Replace {
		p.maker = newMaker(p.engine)
	}
	err := t.walk(p)
	if err == nil {
		err = p.end()
	}
	if p.maker != nil {
		p.maker.close()
		p.maker = nil
	}
	return err
}

func (p *planner) begin(t tree) {
	p.tree = t
	p.round++
	root := t.Root()
	if root.Kind == format.KindDir && p.opts.Strip == 0 && p.selected("", true) {
		a := p.attrs.of(root)
		p.dirs.set(rootDir, func(d *dir) { d.attrs, d.mtime = a, timeOf(root.Mtime) })
	}
}

func (p *planner) end() error {
	p.flush()
	sortRefs(p.refs)
	p.makeReady()
	return p.ctx.Err()
}

func (p *planner) selected(path string, isDir bool) bool {
	return p.opts.Match == nil || p.opts.Match(path, isDir)
}

// Visit implements stream.Visitor.
func (p *planner) Visit(depth int, e *format.Entry) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	in := &p.levels[depth]
	if !format.ValidName(e.Name) {
		p.issue(Issue{p.dirs.path(in.dir, ""), "", format.Damaged("directory", format.NoOffset, "the name %q is not allowed", e.Name)})
		return fs.SkipDir
	}
	isDir := e.Kind.IsDir()
	path := ""
	if isDir || p.opts.Match != nil {
		path = string(joined(p.prefix[:in.path], e.Name))
	}
	take := p.selected(path, isDir)
	if p.entries++; p.opts.MaxEntries > 0 && p.entries > p.opts.MaxEntries {
		return fmt.Errorf("%w: the archive names more than %d entries", ErrLimit, p.opts.MaxEntries)
	}
	if isDir {
		below := take
		if p.opts.Match != nil && p.opts.Below != nil {
			below = p.opts.Below(path)
		}
		return p.dir(depth, e, path, take, below)
	}
	if !take || depth < p.opts.Strip || !p.makeDir(in) {
		return nil
	}
	return p.entry(in.dir, e)
}

// joined gives the path of a name in a directory, in the same memory where
// there is room.
func joined(dir []byte, name string) []byte {
	if len(dir) > 0 {
		dir = append(dir, '/')
	}
	return append(dir, name...)
}

// Broken implements stream.Visitor.
func (p *planner) Broken(depth int, e *format.Entry, err error) error {
	if !errors.Is(err, format.ErrDamaged) && !errors.Is(err, format.ErrUnsupported) {
		return err
	}
	p.issue(Issue{p.dirs.path(p.levels[depth+1].dir, ""), "", err})
	return nil
}

// dir enters a directory and, when it is selected, makes it.
func (p *planner) dir(depth int, e *format.Entry, path string, take, below bool) error {
	if !take && !below {
		return fs.SkipDir
	}
	p.prefix = append(p.prefix[:0], path...)
	l := level{dir: rootDir, path: len(path), made: true}
	if depth >= p.opts.Strip {
		d := dir{parent: p.levels[depth].dir, name: e.Name}
		if take && e.Kind == format.KindDir {
			d.attrs, d.mtime = p.attrs.of(e), timeOf(e.Mtime)
		}
		l.dir, l.made = p.enter(d), false
		if take && !p.makeDir(&l) {
			return fs.SkipDir
		}
	}
	p.levels = append(p.levels[:depth+1], l)
	if !below {
		return fs.SkipDir
	}
	return nil
}

// enter adds a directory to the table, or finds it there from an earlier
// tree.
func (p *planner) enter(d dir) int32 {
	if p.before != nil {
		if id, ok := p.before.dirs[place{d.parent, d.name}]; ok {
			p.dirs.set(id, func(old *dir) { old.attrs, old.mtime = d.attrs, d.mtime })
			return id
		}
	}
	return p.dirs.add(d)
}

// makeDir makes the directory of a level if need be, or has it made. It reports
// whether things can be made in it, as far as that is known.
func (p *planner) makeDir(l *level) bool {
	switch {
	case l.made:
	case p.maker == nil:
		l.made = p.ensureDir(l.dir)
	default:
		l.made = true
		if p.todo.dirs = append(p.todo.dirs, l.dir); len(p.todo.dirs) == taskDirs {
			p.flush()
		}
	}
	return l.made
}

// entry enters anything but a directory.
func (p *planner) entry(in int32, e *format.Entry) error {
	ours := false
	if p.before != nil {
		var keep bool
		if ours, keep = p.before.supersede(p, in, e); keep {
			return nil
		}
	}
	if !ours && p.opts.Existing != Replace && p.exists(in, e.Name) {
		p.kept(in, e.Name)
		return nil
	}
	if e.Kind.IsDevice() && !p.opts.Devices {
		p.issue(Issue{p.dirs.path(in, e.Name), "", ErrDevice})
		return nil
	}
	var leader *linkFile
	if e.LinkID != 0 {
		leader = p.leaders[e.LinkID]
		if leader != nil && leader.round == p.round {
			p.links = append(p.links, &link{name: e.Name, dir: in, ours: ours, to: leader})
			return nil
		}
		leader = &linkFile{name: e.Name, dir: in, round: p.round}
		p.leaders[e.LinkID] = leader
	}
	if e.Kind == format.KindFile {
		return p.file(in, e, ours, leader)
	}
	p.node(&node{entry: *e, dir: in, attrs: p.attrs.of(e), ours: ours, leader: leader})
	return nil
}

// exists looks for a file that may have to be kept. New directories hold none.
func (p *planner) exists(in int32, name string) bool {
	if p.dirs.at(in).state != dirExisted {
		return false
	}
	h, err := p.cache.Get(int(in))
	if err != nil {
		return false
	}
	defer h.Release()
	_, err = fsmeta.Stat(h.FD(), name)
	return err == nil
}

// file enters a regular file: as a node when the tree holds all of it.
func (p *planner) file(in int32, e *format.Entry, ours bool, leader *linkFile) error {
	refs := len(p.refs)
	c := content{planner: p, first: uint32(len(p.files)), rows: p.rows[:0]}
	_, _, err := c.row(&e.Ref, 0)
	p.rows = c.rows
	if err != nil {
		p.refs = p.refs[:refs]
		if errors.Is(err, format.ErrDamaged) || errors.Is(err, format.ErrUnsupported) {
			if !p.wrecked(wreck{e.Name, in, e.Ref, timeOf(e.Mtime), p.attrs.of(e), err, leader}) {
				p.issue(Issue{p.dirs.path(in, e.Name), "", err})
			}
			return nil
		}
		return err
	}
	f := &c.rows[0]
	if p.opts.Damaged {
		ref := e.Ref
		f.more().ref = &ref
	}
	if f.left == 0 {
		var parts []extra
		if f.rare != nil {
			parts = f.rare.extras
		}
		p.node(&node{entry: *e, dir: in, attrs: p.attrs.of(e), ours: ours, parts: parts, leader: leader})
		return nil
	}
	f.mtime, f.attrs, f.ours = timeOf(e.Mtime), p.attrs.of(e), ours
	if leader != nil {
		f.more().leader = leader
	}
	for i := range c.rows {
		c.rows[i].dir, c.rows[i].name = in, e.Name // those of inputs for messages
	}
	p.files = append(p.files, c.rows...)
	p.ready = append(p.ready, c.ready...)
	return nil
}

// content enters what a file is made of. It makes a row for the file and, behind
// it, one for the input of each recipe.
type content struct {
	*planner
	first uint32 // number of the first row
	rows  []file
	ready []uint32 // inputs that need no block

	inputs map[inputKey]madeInput // those that the file has so far
}

// row makes the row of a content below so many recipes, and gives its place in
// rows, and how many recipes are in one another in it.
func (c *content) row(of *format.Ref, depth int) (at, height int, err error) {
	at = len(c.rows)
	index := c.first + uint32(at)
	c.rows = append(c.rows, file{size: of.Span, fd: -1})
	var extras []extra
	left, end := uint32(0), uint64(0) // what is written last ends there
	add := func(off uint64, r *format.Ref) error {
		if r.Kind != format.RefRun || r.Octet != 0 {
			c.bytes += min(r.Span, format.MaxSpan-c.bytes)
		}
		if c.opts.MaxBytes > 0 && c.bytes > c.opts.MaxBytes {
			return fmt.Errorf("%w: the archive has contents of more than %d bytes", ErrLimit, c.opts.MaxBytes)
		}
		switch {
		case r.Kind == format.RefBlock:
			if len(c.refs) >= maxRefs {
				return ErrTooMany
			}
			c.refs = append(c.refs, ref{num: r.Num, off: off, file: index, span: uint32(r.Span)})
			left, end = left+1, off+r.Span
			if c.sees != nil {
				c.sees(r.Num, r.Span)
			}
		case r.Kind == format.RefRecipe:
			h, err := c.input(r, off, index, depth)
			if err != nil {
				return err
			}
			height = max(height, h)
			left, end = left+1, off+r.Span
		case r.Kind == format.RefLiteral && r.Span > 0:
			extras = append(extras, extra{off: off, span: r.Span, literal: r.Literal})
		case r.Kind == format.RefRun && r.Octet != 0:
			extras = append(extras, extra{off: off, span: r.Span, octet: r.Octet})
		}
		if len(extras) > maxRefs/4 {
			return ErrTooMany
		}
		return c.ctx.Err()
	}
	if of.Kind == format.RefIndirect {
		err = c.tree.parts(of, add)
	} else {
		err = add(0, of)
	}
	if err != nil {
		return at, 0, err
	}
	f := &c.rows[at]
	f.left, f.tail = left, end < f.size && !endsIn(extras, f.size)
	if extras != nil {
		f.more().extras = extras
	}
	return at, height, nil
}

func (p *planner) node(n *node) {
	if p.todo.nodes = append(p.todo.nodes, n); len(p.todo.nodes) == nodeBatch {
		p.flush()
	}
}

// flush hands on what has been gathered.
func (p *planner) flush() {
	switch {
	case p.maker != nil:
		p.maker.tasks <- p.todo
	case len(p.todo.nodes) > 0:
		p.post(job{nodes: p.todo.nodes})
	}
	p.todo = task{}
}
