package writer

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
)

// AppendOptions are the options of Append. Of Params those are taken that the
// archive records; Recipes counts if it is set.
type AppendOptions struct {
	Options
	// Merge lays what is given over the newest snapshot; otherwise the new one is
	// exactly what is given.
	Merge bool
	// Checksum reads files that by kind, size and mtime are what they were, too.
	Checksum bool
	// DiscardTail cuts off whatever follows the last valid trailer. Otherwise a tail
	// that may be more than what an append left that did not finish is a
	// *reader.TailError.
	DiscardTail bool
	// DryRun does all but write: OnChange and the report tell what would be. The
	// archive need not be writable, and may have another writer. Of the report, what
	// only a snapshot that is there can have is zero: Replica, and State.Snapshot.
	DryRun bool
	// Replica tells under which id this writer goes on with a line, if it is
	// provably the one that wrote its end. Nil, or an id of zeros: a new one.
	Replica func(State) format.ReplicaID
}

// State is what an archive is at the moment. It differs whenever something was
// appended, and no copy that something was appended to is in the same state.
type State struct {
	ArchiveID format.ArchiveID
	Snapshot  format.Hash // of the newest record
	Dev, Ino  uint64
}

// AppendReport sums up what Append did. In Report, Stored is what was added, and
// block, frame and index figures are of that.
type AppendReport struct {
	Report
	// Entries that are no directories: with other content or newly there, with
	// other metadata only, and as they were.
	New, Changed, Touched, Unchanged int64
	Removed                          int64 // entries that are gone, directories, too
	Deltas                           int64 // files that are stored as deltas of what they were
	Time                             format.Time
	Replica                          format.ReplicaID
	State                            State // of the archive now
	Snapshots                        uint64
	Size                             int64 // of the archive
	Discarded                        int64 // bytes that followed its last valid trailer
}

// Append adds a snapshot of the inputs to an archive. What the archive has already
// is not stored again, and files that by kind, size and mtime are what they were
// are not read. It either succeeds, or the archive is as it was; the report's
// Issues are as Create's. An archive that another one writes to is
// disk.ErrInUse.
func Append(ctx context.Context, path string, o AppendOptions) (*AppendReport, error) {
	return appendOn(ctx, disk.OS, path, o)
}

// ErrInUse says that another writer has the archive.
var ErrInUse = disk.ErrInUse

func appendOn(ctx context.Context, fsys disk.FS, path string, o AppendOptions) (*AppendReport, error) {
	begin := time.Now()
	seg, err := openSegment(ctx, fsys, path, o.DiscardTail, o.DryRun)
	if err != nil {
		return nil, err
	}
	rep, err := seg.append(ctx, &o, begin)
	if err != nil {
		err = errors.Join(err, seg.undo())
	}
	if e := seg.close(); err == nil && e != nil {
		err = disk.WriteError("close", path, e)
	}
	if err != nil {
		return nil, err
	}
	return rep, nil
}

func (s *segment) append(ctx context.Context, o *AppendOptions, begin time.Time) (*AppendReport, error) {
	if n := s.base.a.TornTail(); n > 0 {
		what := "cutting off"
		if s.dry {
			what = "an append would cut off"
		}
		o.notice("%s: %s %d bytes, from offset %d, after the last valid trailer", s.path, what, n, s.base.end)
	}
	recipes := o.Recipes
	o.Params = s.base.params()
	if recipes != "" {
		o.Recipes = recipes
	}
	o.merge, o.checksum = o.Merge, o.Checksum
	if skip := o.Skip; skip != nil {
		o.Skip = func(dev, ino uint64) bool { return s.is(dev, ino) || skip(dev, ino) }
	} else {
		o.Skip = s.is
	}
	if err := s.setTime(o, begin); err != nil {
		return nil, err
	}
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	var replica format.ReplicaID
	if o.Replica != nil {
		hash, err := s.base.a.Hash(s.base.tree.SnapshotBlock())
		if err != nil {
			return nil, err
		}
		replica = o.Replica(s.state(hash))
	}
	if replica == (format.ReplicaID{}) {
		replica = newReplica()
	}
	c := newCreation(&o.Options, s.base)
	defer c.close()
	c.past = pastOf(s.base, replica)
	if err := c.read(ctx); err != nil {
		return nil, err
	}
	c.out.w, c.out.off, c.sync = s, s.off, s.seal
	if err := c.write(ctx); err != nil {
		return nil, err
	}
	if err := s.commit(); err != nil {
		return nil, err
	}
	c.report(begin)
	if o.OnChange != nil {
		c.tellChanges()
	}
	return s.report(c, o), nil
}

// setTime settles the time of the snapshot. Times along a line never decrease.
func (s *segment) setTime(o *AppendOptions, now time.Time) error {
	last := s.base.tree.Snapshot().Time
	if o.Time == nil {
		t := timeOf(now)
		if t.Compare(last) < 0 {
			o.notice("the newest snapshot is of %s, which is later than now: this one is given the same time", shown(last))
			t = last
		}
		o.Time = &t
	}
	if o.Time.Compare(last) < 0 {
		return &TimeError{*o.Time, last}
	}
	return nil
}

// TimeError says that a snapshot was to be older than the one before it.
type TimeError struct{ Time, Newest format.Time }

func (e *TimeError) Error() string {
	return "a snapshot of " + shown(e.Time) + " would be older than the newest one, of " + shown(e.Newest) + "; give a later time, or none"
}

// state gives the state of the archive with a newest record.
func (s *segment) state(record format.Hash) State {
	return State{s.base.a.Header().ID, record, s.id[0], s.id[1]}
}

// fileID gives device and inode of a file.
func fileID(info fs.FileInfo) [2]uint64 {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return [2]uint64{}
	}
	return [2]uint64{uint64(st.Dev), st.Ino}
}

// tellChanges tells of each entry that is not as it was.
func (c *creation) tellChanges() {
	for _, g := range c.scan.gone {
		c.o.OnChange(g.path, g.dir, ChangeGone)
	}
	c.tree.walk(func(i uint32, n *node) {
		what := ChangeNew
		switch dir := n.kind.IsDir(); {
		case i == 0 || n.change == changeNone && !dir:
			return
		case dir && n.aux == 0:
		case dir && (n.kind == format.KindImplied || c.tree.sameMeta(i, n, &c.tree.oldDirs[n.aux-1].entry)):
			return
		case dir || n.change == changeMeta:
			what = ChangeMetadata
		case n.change == changeContent:
			what = ChangeContent
		}
		c.o.OnChange(c.tree.path(i), n.kind.IsDir(), what)
	})
}

func (s *segment) report(c *creation, o *AppendOptions) *AppendReport {
	r := &AppendReport{
		Report: c.rep, Time: *o.Time, Replica: c.past.replica, Snapshots: s.base.a.Trailer().Snapshots + 1, Size: s.off,
	}
	r.Discarded = s.base.a.TornTail()
	r.Stored, r.ArchiveID = s.off-s.base.end, s.base.a.Header().ID
	matched := int64(0)
	c.tree.walk(func(i uint32, n *node) {
		if n.kind.IsDir() {
			if n.aux != 0 && i != 0 {
				matched++
			}
			return
		}
		switch n.change {
		case changeNew:
			r.New++
			return
		case changeContent:
			r.Changed++
		case changeMeta:
			r.Touched++
		case changeNone:
			r.Unchanged++
		}
		matched++
	})
	r.Deltas = c.deltaFiles
	r.Removed = max(0, int64(s.base.tree.Root().Count)-matched)
	r.State = s.state(c.runs[len(c.runs)-1].snapshot)
	if s.dry {
		r.Replica, r.State.Snapshot = format.ReplicaID{}, format.Hash{}
	}
	return r
}
