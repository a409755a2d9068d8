package writer

import (
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/reader"
)

// What the base says of entries that are still what they were is taken over: a
// file is not read then, and a directory of nothing else is not written.

// oldContent is the content of a file as the base has it: a reference to one of
// its blocks, or a run.
type oldContent struct {
	hash, whole format.Hash // of the block; of the content
	num         uint64
	kind        format.RefKind
	octet       byte
}

func (c *oldContent) ref(span uint64) format.Ref {
	return format.Ref{Kind: c.kind, Octet: c.octet, Span: span, Num: c.num, Hash: c.hash}
}

// oldDir is a directory of the base that is one still.
type oldDir struct {
	entry   format.Entry // without its name
	entries uint32       // that it has itself
	failed  bool         // its entries could not be read
	kept    bool         // it is taken over from the base, see merge.go
}

// takeOver gives a file the content that the base has.
func (t *tree) takeOver(n *node, e *format.Entry, id format.HashID) {
	n.size = e.Size
	if e.Ref.Kind == format.RefLiteral {
		n.how, n.content = contentLiteral, t.addLiteral(e.Ref.Literal)
		return
	}
	c := oldContent{hash: e.Ref.Hash, whole: e.ContentHash(id), num: e.Ref.Num, kind: e.Ref.Kind, octet: e.Ref.Octet}
	t.mu.Lock()
	defer t.mu.Unlock()
	i, _ := t.old.add(c)
	n.how, n.content = contentOld, uint32(i)
}

const (
	// coarseStep is what file systems without nanoseconds may count times in.
	coarseStep = 2 * time.Second
)

// mayHide reports whether a file could have been changed, after it was archived
// at a time, without its mtime telling. The kernel gives a file the time of the
// last tick of its clock, or of what its file system counts in; a change in the
// same step leaves the mtime as it is. A time that a program has set, without
// nanoseconds where the file system has them, is none of these.
func mayHide(info *fsmeta.Info, archived format.Time) bool {
	step, coarse := clockTick, info.Mtime.Nsec == 0 && info.Ctime.Nsec == 0
	switch {
	case coarse:
		step = coarseStep
	case info.Mtime.Nsec == 0:
		return false
	}
	after := float64(info.Mtime.Sec-archived.Sec) + float64(int64(info.Mtime.Nsec)-int64(archived.Nsec))/1e9
	// Of a coarse time later than the snapshot's nothing is known.
	return after >= -step.Seconds() && (coarse || after <= step.Seconds())
}

// isOld reports whether an entry is what the base has in its place, by kind, size
// and mtime. Directories are not: what is in them counts.
func (s *scan) isOld(e *format.Entry, kind format.Kind, info *fsmeta.Info) bool {
	switch {
	case e == nil || e.Kind != kind || kind.IsDir():
		return false
	case e.Mtime != (format.Time{Sec: info.Mtime.Sec, Nsec: uint32(info.Mtime.Nsec)}):
		return false
	case s.o.checksum && kind == format.KindFile || mayHide(info, s.base.tree.Snapshot().Time):
		return false
	case kind == format.KindFile:
		return e.Size == uint64(info.Size)
	case kind == format.KindSymlink:
		return len(e.Target) == int(info.Size)
	case kind.IsDevice():
		return e.Major == fsmeta.Major(info.Rdev) && e.Minor == fsmeta.Minor(info.Rdev)
	}
	return true
}

// takeOld fills in a node that is not a directory from what stat said and what
// the base has, if that is the same, and reports whether it was.
func (s *scan) takeOld(id uint32, n *node, kind format.Kind, e *format.Entry, info *fsmeta.Info) bool {
	if e == nil {
		return false
	}
	if e.Kind == kind {
		n.change = changeContent
	}
	if e.LinkID != 0 {
		s.t.oldLinks[id] = [2]uint64{e.LinkID, e.LinkCount}
	}
	if !s.isOld(e, kind, info) {
		return false
	}
	n.kind = kind
	s.setMeta(id, n, info)
	s.takeRest(n, e)
	n.change = changeMeta
	if s.t.sameMetaLocked(id, n, e) {
		n.change = changeNone
	}
	return true
}

// takeRest gives a node what stat does not tell.
func (s *scan) takeRest(n *node, e *format.Entry) {
	n.xattrs = s.t.addXattrs(e.Xattrs)
	switch {
	case n.kind == format.KindFile:
		s.t.takeOver(n, e, s.o.Hash)
	case n.kind == format.KindSymlink:
		n.aux = s.t.addTarget(e.Target)
	case n.kind.IsDevice():
		n.aux = s.t.addDevice(e.Major, e.Minor)
	}
}

// sameMeta reports whether an entry has the metadata that the base has, but for
// links.
func (t *tree) sameMeta(id uint32, n *node, e *format.Entry) bool {
	if n.kind != e.Kind || n.perm != e.Perm || (format.Time{Sec: n.sec, Nsec: n.nsec}) != e.Mtime || t.btimes[id] != e.Btime {
		return false
	}
	if n.kind != format.KindImplied && t.owners[n.owner] != e.Owner || len(t.xattrs[n.xattrs]) != len(e.Xattrs) {
		return false
	}
	for i, x := range t.xattrs[n.xattrs] {
		if x != e.Xattrs[i] {
			return false
		}
	}
	return true
}

// sameMetaLocked is sameMeta while files are read.
func (t *tree) sameMetaLocked(id uint32, n *node, e *format.Entry) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sameMeta(id, n, e)
}

// sameDirs tells which directories are, with all below, as the base has them.
// Only such are of which nothing was read.
func (t *tree) sameDirs(dirs []uint32) []bool {
	same := make([]bool, len(dirs))
	if len(t.oldDirs) == 0 {
		return same
	}
	for k := len(dirs) - 1; k >= 0; k-- {
		d := t.node(dirs[k])
		if d.aux == 0 || t.oldDirs[d.aux-1].failed {
			continue
		}
		left := t.oldDirs[d.aux-1].entries
		all := true
		t.eachChild(d, func(i uint32, c *node) {
			left--
			all = all && t.same(i, c, same)
		})
		same[k] = all && left == 0
	}
	return same
}

func (t *tree) same(i uint32, n *node, dirs []bool) bool {
	if n.kind.IsDir() {
		return n.aux != 0 && dirs[n.content] && t.sameMeta(i, n, &t.oldDirs[n.aux-1].entry)
	}
	if n.change != changeNone {
		return false
	}
	var now [2]uint64
	if n.link != 0 {
		if g := &t.links[n.link-1]; g.names > 1 {
			now = [2]uint64{g.id, uint64(g.names)}
		}
	}
	return now == t.oldLinks[i]
}

// oldEntries goes through a directory of the base beside the names that there
// are now.
type oldEntries struct {
	dir *reader.DirReader // nil: there is none
	cur *format.Entry
	n   uint32 // entries seen
	err error
}

// oldEntries begins with the first entry that the base has of a directory.
func (s *scan) oldEntries(n *node) *oldEntries {
	o := new(oldEntries)
	if d := s.oldDir(n); d != nil {
		o.dir = s.base.a.OpenDir(&d.entry)
		o.advance()
	}
	return o
}

// endOld notes how many entries the base has of a directory. Where it cannot be
// read, everything there counts as new, unless it is to be kept.
func (w *walker) endOld(l *level, n *node, olds *oldEntries) error {
	d := w.oldDir(n)
	if d == nil {
		return nil
	}
	d.entries = olds.n
	w.ahead.pass(uint64(olds.n) + 1)
	if olds.err == nil {
		return nil
	}
	if w.o.merge {
		return olds.err
	}
	d.failed = true
	w.o.notice("%s: what the archive has of it cannot be read, so its files are read anew: %v", shownMember(l.path), olds.err)
	return nil
}

func shownMember(path string) string {
	if path == "" {
		return "."
	}
	return path
}

func (o *oldEntries) advance() {
	o.cur, o.err = o.dir.Next()
	if o.cur != nil {
		o.n++
	}
}

// seek gives the entry of a name, or nil. pass hears of those before it.
func (o *oldEntries) seek(name string, pass func(*format.Entry) error) (*format.Entry, error) {
	for o.cur != nil && o.cur.Name < name {
		if err := pass(o.cur); err != nil {
			return nil, err
		}
		o.advance()
	}
	if o.cur == nil || o.cur.Name != name {
		return nil, nil
	}
	e := o.cur
	o.advance()
	return e, nil
}

// rest passes all that is left.
func (o *oldEntries) rest(pass func(*format.Entry) error) error {
	for o.cur != nil {
		if err := pass(o.cur); err != nil {
			return err
		}
		o.advance()
	}
	return nil
}
