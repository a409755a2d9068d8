package writer

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// With Merge, what the base has and the inputs lack is kept: it becomes nodes like
// any other, of which nothing is read but the base.

// keep takes an entry of the base over, under Merge.
func (w *walker) keep(l *level, e *format.Entry) error {
	if !w.o.merge {
		w.isGone(l, e)
		return nil
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	k, n := w.t.nodes.add(node{name: e.Name, parent: l.id})
	w.keepEntry(uint32(k), n, e)
	return nil
}

// isGone notes that an entry of the base is there no more, with all below it.
func (w *walker) isGone(l *level, e *format.Entry) {
	w.ahead.pass(e.Count)
	if w.o.OnChange != nil {
		w.gone = append(w.gone, gone{join(l.path, e.Name), e.Kind.IsDir()})
	}
}

// keepEntry fills in a node from an entry of the base.
func (s *scan) keepEntry(id uint32, n *node, e *format.Entry) {
	n.kind, n.perm, n.sec, n.nsec, n.change = e.Kind, e.Perm, e.Mtime.Sec, e.Mtime.Nsec, changeNone
	s.t.mu.Lock()
	if e.Kind != format.KindImplied {
		n.owner = s.t.keptOwner(e.Owner)
	}
	if e.Btime != (format.Time{}) {
		s.t.btimes[id] = e.Btime
	}
	s.t.mu.Unlock()
	s.takeRest(n, e)
	if e.Kind.IsDir() {
		s.setOldDir(n, e)
		s.oldDir(n).kept = true
	}
	if e.LinkID != 0 {
		s.t.oldLinks[id] = [2]uint64{e.LinkID, e.LinkCount}
		g, ok := s.t.oldGroups[e.LinkID]
		if !ok {
			g = uint32(len(s.t.links))
			s.t.links = append(s.t.links, linkGroup{first: id})
			s.t.oldGroups[e.LinkID] = g
		}
		n.link = g + 1
	}
}

// keptOwner gives the index of an owner of the base, whose names need not be
// those of this machine.
func (t *tree) keptOwner(o format.Owner) uint32 {
	i, ok := t.oldOwners[o]
	if !ok {
		i = t.addOwner(o)
		t.oldOwners[o] = i
	}
	return i
}

// imply settles what a directory is that only leads to inputs: under Merge, what
// the base has.
func (w *walker) imply(id uint32, n *node, e *format.Entry) {
	switch {
	case e == nil || !e.Kind.IsDir():
	case w.o.merge:
		w.keepEntry(id, n, e)
	default:
		w.setOldDir(n, e)
	}
}

// takeOldRoot says what the base has in the place of the root.
func (w *walker) takeOldRoot(n *node, root *plan) {
	e := w.base.tree.Root()
	if root.input < 0 {
		w.imply(0, n, e)
	} else {
		w.setOldDir(n, e)
	}
}

// linkOld enters a name with the content that it had into the group of its inode.
// Under Merge, names of the same file that are kept join it, if it is in all as it
// was.
func (s *scan) linkOld(id uint32, n *node, e *format.Entry, info *fsmeta.Info) {
	joins := s.o.merge && e.LinkID != 0 && n.change == changeNone
	g, kept := s.t.oldGroups[e.LinkID]
	key := [2]uint64{info.Dev, info.Ino}
	if _, known := s.t.linkIdx[key]; joins && kept && !known && s.t.links[g].dev == 0 {
		s.t.linkIdx[key] = g
		s.t.links[g].dev, s.t.links[g].ino = info.Dev, info.Ino
	}
	s.t.linkTo(id, n, info)
	if joins && !kept {
		s.t.oldGroups[e.LinkID] = n.link - 1
	}
}
