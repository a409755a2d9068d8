package writer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vtdarchive/vtd/format"
)

// Member is an entry of a tree that comes from elsewhere than a file system.
type Member struct {
	// Path is its place in the tree, in components joined by slashes; empty or
	// "." for the root.
	Path  string
	Kind  format.Kind // any but KindImplied
	Perm  uint16
	Owner format.Owner
	Mtime format.Time
	Btime format.Time // zero: not known
	// Content is that of a file. It is read to its end before the call that takes
	// the member returns.
	Content io.Reader
	// Size is how long that is, if it is known; else negative.
	Size         int64
	Target       string // symlink
	Major, Minor uint32
	Xattrs       []format.Xattr
	// Link is the path of a member that came before and is the same file as this
	// one: of all else, only Path is looked at.
	Link string
	// Original says that it is no entry of the tree, but the file that the tree is
	// made from, for who wants its very octets back. Of it, Path, which is its name,
	// Content and Size are kept; there is at most one. A Content that is an
	// *os.File is read from its start, wherever it stands.
	Original bool
}

func (m *Member) attr(name string) string {
	for _, x := range m.Xattrs {
		if x.Name == name {
			return x.Value
		}
	}
	return ""
}

var (
	// ErrMember says of a member that it cannot be in an archive.
	ErrMember = errors.New("cannot be stored")
	errNoLink = errors.New("is to be another name of a file that is not there")
)

// Build writes an archive of the members that fill adds, one after the other.
// Of several with one path the last counts, and a directory keeps what it has.
// Directories that are not among them are implied. A member that cannot be
// stored is ErrMember, and not in the archive; what else add returns ends it all, and
// fill should return it.
//
// Contents go where Options.KeepBytes have room, and beyond that to a temporary
// file: nothing can be read twice. The report is as Create's.
func Build(ctx context.Context, w io.Writer, opts Options, fill func(add func(*Member) error) error) (*Report, error) {
	begin := time.Now()
	if err := opts.setDefaults(); err != nil {
		return nil, err
	}
	c := newCreation(&opts, nil)
	defer c.close()
	c.out.w = w
	c.o.phase(PhaseRead, -1, -1)
	b := newBuild(c.scan)
	if err := b.run(ctx, fill); err != nil {
		return nil, err
	}
	c.source = &blockSource{o: c.o, table: c.table, spool: c.scan.spool}
	if err := c.recipes(ctx); err != nil {
		return nil, err
	}
	if err := c.write(ctx); err != nil {
		return nil, err
	}
	c.report(begin)
	return &c.rep, nil
}

// given is an inode of a tree that is being built: what its names share.
type given struct {
	n       node
	btime   format.Time
	packed  []packedAt
	below   map[string]*given // of a directory
	names   int               // that it has
	group   uint32            // of links, from 1
	refused bool              // its content could not be taken
}

// build takes members and makes the tree of them.
type build struct {
	*scan
	root   *given
	origin *given // the original
	called string // its name
	owners map[format.Owner]uint32
	jobs   chan buildJob
	free   chan []byte // buffers for contents
	ctx    context.Context
}

// buildJob is a content to be cut.
type buildJob struct {
	g      *given
	m      *Member
	data   []byte
	buffer []byte // to be given back
}

func newBuild(s *scan) *build {
	return &build{
		scan: s, root: &given{n: node{kind: format.KindImplied}, below: map[string]*given{}, names: 1},
		owners: map[format.Owner]uint32{}, jobs: make(chan buildJob, 8*s.o.Threads),
	}
}

// run takes the members. One goroutine hears of them, others cut what is small;
// what is large the first one cuts itself, as it comes.
func (b *build) run(ctx context.Context, fill func(add func(*Member) error) error) error {
	g, ctx := errgroup.WithContext(ctx)
	b.ctx = ctx
	b.free = make(chan []byte, 8*b.o.Threads)
	for range cap(b.free) {
		b.free <- nil
	}
	for range b.o.Threads {
		g.Go(func() error {
			r := newFileReader(b.scan)
			for j := range b.jobs {
				if ctx.Err() == nil {
					b.small(r, &j)
				}
				b.free <- j.buffer
				if r.spoolErr != nil {
					return r.spoolErr
				}
			}
			return ctx.Err()
		})
	}
	g.Go(func() error {
		defer close(b.jobs)
		r := newFileReader(b.scan)
		err := fill(func(m *Member) error { return b.add(r, m) })
		return errors.Join(err, ctx.Err())
	})
	if err := g.Wait(); err != nil {
		return err
	}
	b.plant()
	return nil
}

// add takes one member.
func (b *build) add(r *fileReader, m *Member) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if m.Original {
		return b.original(r, m)
	}
	parts, err := memberParts(m.Path)
	if err != nil {
		return err
	}
	if m.Link != "" {
		return b.link(parts, m.Link)
	}
	g, err := b.make(m)
	if err != nil {
		return err
	}
	if err := b.put(parts, g); err != nil {
		return err
	}
	if b.o.OnEntry != nil {
		b.hear(func() { b.o.OnEntry(strings.Join(parts, "/"), m.Kind.IsDir()) })
	}
	if m.Kind == format.KindFile {
		return b.content(r, g, m)
	}
	return nil
}

// original takes the file that the tree is made from.
func (b *build) original(r *fileReader, m *Member) error {
	if !format.ValidName(m.Path) {
		return fmt.Errorf("%w: %q is no name", ErrMember, m.Path)
	}
	if b.origin != nil {
		return fmt.Errorf("%w: a tree is made from one original", ErrMember)
	}
	b.origin, b.called = &given{n: node{kind: format.KindFile}}, m.Path
	b.origin.n.owner = b.t.addOwner(format.Owner{})
	if f, ok := m.Content.(*os.File); ok {
		return b.originalFile(r, m, f)
	}
	return b.content(r, b.origin, m)
}

// memberParts takes a path apart, which must not lead out of the tree.
func memberParts(path string) ([]string, error) {
	if path == "" || path == "." {
		return nil, nil
	}
	parts := strings.Split(path, "/")
	if len(parts) > format.MaxDepth {
		return nil, fmt.Errorf("%w: it has more than %d components", ErrMember, format.MaxDepth)
	}
	for _, p := range parts {
		if !format.ValidName(p) {
			return nil, fmt.Errorf("%w: %q is no name", ErrMember, p)
		}
	}
	return parts, nil
}

// make makes the inode of a member, without content.
func (b *build) make(m *Member) (*given, error) {
	g := &given{n: node{kind: m.Kind, perm: m.Perm & 0o7777, sec: m.Mtime.Sec, nsec: m.Mtime.Nsec}}
	if b.o.Btime {
		g.btime = m.Btime
	}
	switch m.Kind {
	case format.KindFile, format.KindFifo, format.KindSocket, format.KindWhiteout:
	case format.KindDir:
		g.below = map[string]*given{}
	case format.KindSymlink:
		if m.Target == "" || len(m.Target) > format.MaxTarget || strings.ContainsRune(m.Target, 0) {
			return nil, fmt.Errorf("%w: a target of %d bytes", ErrMember, len(m.Target))
		}
		g.n.aux = b.t.addTarget(m.Target)
	case format.KindChar, format.KindBlockDev:
		g.n.aux = b.t.addDevice(m.Major, m.Minor)
	default:
		return nil, fmt.Errorf("%w: its kind is %v", ErrMember, m.Kind)
	}
	o := m.Owner
	if b.o.NumericOwner || len(o.User) > format.MaxOwnerName || len(o.Group) > format.MaxOwnerName {
		o.User, o.Group = "", ""
	}
	i, ok := b.owners[o]
	if !ok {
		i = b.t.addOwner(o)
		b.owners[o] = i
	}
	g.n.owner = i
	g.n.xattrs = b.t.addXattrs(b.attributes(m))
	return g, nil
}

// attributes gives those that can be stored, in order.
func (b *build) attributes(m *Member) []format.Xattr {
	xs := slices.Clone(m.Xattrs)
	slices.SortStableFunc(xs, func(x, y format.Xattr) int { return strings.Compare(x.Name, y.Name) })
	total, last := 0, ""
	return slices.DeleteFunc(xs, func(x format.Xattr) bool {
		n := len(x.Name) + len(x.Value)
		why := ""
		switch {
		case x.Name == "" || x.Name == last || strings.ContainsRune(x.Name, 0):
			why = "has no name of its own"
		case len(x.Name) > format.MaxXattrName || len(x.Value) > format.MaxXattrValue || total+n > format.MaxXattrTotal:
			why = "is too large"
		}
		if why != "" {
			b.issue(m.Path, fmt.Errorf("extended attribute %q %s and is not stored", x.Name, why), true)
			return true
		}
		total, last = total+n, x.Name
		return false
	})
}

// put gives an inode a name.
func (b *build) put(parts []string, g *given) error {
	if len(parts) == 0 {
		if !g.n.kind.IsDir() {
			return fmt.Errorf("%w: the root is a directory", ErrMember)
		}
		g.below, g.names = b.root.below, 1
		b.root = g
		return nil
	}
	dir, err := b.dir(parts[:len(parts)-1])
	if err != nil {
		return err
	}
	name := parts[len(parts)-1]
	if old := dir.below[name]; old != nil {
		if old.n.kind.IsDir() && g.n.kind.IsDir() {
			g.below = old.below
		} else if old.n.kind.IsDir() && len(old.below) > 0 {
			return fmt.Errorf("%w: in its place is a directory with something in it", ErrMember)
		}
		old.names--
	}
	g.names++
	dir.below[strings.Clone(name)] = g
	return nil
}

// dir finds a directory, or implies it.
func (b *build) dir(parts []string) (*given, error) {
	d := b.root
	for _, p := range parts {
		next := d.below[p]
		if next == nil {
			next = &given{n: node{kind: format.KindImplied}, below: map[string]*given{}, names: 1}
			d.below[strings.Clone(p)] = next
		}
		if !next.n.kind.IsDir() {
			return nil, fmt.Errorf("%w: %q above it is no directory", ErrMember, p)
		}
		d = next
	}
	return d, nil
}

// link gives a file a further name.
func (b *build) link(parts []string, to string) error {
	target, err := memberParts(to)
	if err != nil || len(target) == 0 {
		return fmt.Errorf("%w: it %w: %q", ErrMember, errNoLink, to)
	}
	d := b.root
	for _, p := range target[:len(target)-1] {
		if d = d.below[p]; d == nil || !d.n.kind.IsDir() {
			return fmt.Errorf("%w: it %w: %q", ErrMember, errNoLink, to)
		}
	}
	g := d.below[target[len(target)-1]]
	if g == nil || g.n.kind.IsDir() {
		return fmt.Errorf("%w: it %w: %q", ErrMember, errNoLink, to)
	}
	if slices.Equal(parts, target) {
		return nil
	}
	return b.put(parts, g)
}

// plant makes the nodes of the tree: those of a directory behind one another, in
// the order of their names.
func (b *build) plant() {
	type planted struct {
		id uint32
		g  *given
	}
	id, _ := b.t.nodes.add(b.root.n)
	if b.root.btime != (format.Time{}) {
		b.t.btimes[uint32(id)] = b.root.btime
	}
	queue := []planted{{uint32(id), b.root}}
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		first := uint32(b.t.nodes.len())
		for _, name := range slices.Sorted(maps.Keys(at.g.below)) {
			g := at.g.below[name]
			if g.refused {
				continue
			}
			x := g.n
			x.name, x.parent = name, at.id
			k, _ := b.t.nodes.add(x)
			id := uint32(k)
			if g.names > 1 && !x.kind.IsDir() {
				if g.group == 0 {
					b.t.links = append(b.t.links, linkGroup{first: id})
					g.group = uint32(len(b.t.links))
				}
				b.t.node(id).link = g.group
			}
			if g.btime != (format.Time{}) {
				b.t.btimes[id] = g.btime
			}
			if len(g.packed) > 0 {
				b.t.packed[id] = g.packed
			}
			if x.kind.IsDir() {
				queue = append(queue, planted{id, g})
			}
		}
		d := b.t.node(at.id)
		d.first, d.count = first, uint32(b.t.nodes.len())-first
	}
	b.t.numberLinks()
	if b.origin == nil || b.origin.refused {
		return
	}
	dir, _ := b.t.nodes.add(node{kind: format.KindImplied})
	file := b.origin.n
	file.name = b.called
	k, _ := b.t.nodes.add(file)
	d := b.t.node(uint32(dir))
	d.first, d.count = uint32(k), 1
	b.t.original = uint32(dir)
	if len(b.origin.packed) > 0 {
		b.t.packed[uint32(k)] = b.origin.packed
	}
}
