package writer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/dirtree"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// scan is phase 1: one goroutine walks, others read files.
type scan struct {
	o      *Options
	t      *tree
	table  *blockTable // nil: only hash
	base   *base       // what is appended to; nil: nothing
	spool  *spool
	inputs []input
	fds    []int // of inputs, closed with the scan
	dirs   *sourceDirs
	jobs   chan fileJob
	owners fsmeta.Owners

	streams *streamTable

	issueMu sync.Mutex
	issues  []Issue

	gone []gone // what the base has and there is no more
}

// gone is an entry that was.
type gone struct {
	path string
	dir  bool
}

// fileJob is a regular file to be read.
type fileJob struct {
	id   uint32
	n    *node
	path string // member name, for messages
	fd   int    // of the directory it lies in
	name string // there
	hold dirtree.Handle

	// info is what the walker saw, and known tells that any change since will
	// show against it.
	info  fsmeta.Info
	known bool
	// dev and ino are of the inode whose names it is one of, if there are
	// several.
	dev, ino uint64
	// was is what the base has in its place, if that is a file.
	was *format.Entry
	// given is the member that Build was given, if it was.
	given *Member
}

func (s *scan) issue(path string, err error, stored bool) {
	if path == "" {
		path = "."
	}
	s.issueMu.Lock()
	defer s.issueMu.Unlock()
	i := Issue{Path: path, Err: err, Stored: stored}
	s.issues = append(s.issues, i)
	if s.o.OnIssue != nil {
		s.o.OnIssue(i)
	}
}

// hear calls back, one call at a time.
func (s *scan) hear(call func()) {
	s.issueMu.Lock()
	defer s.issueMu.Unlock()
	call()
}

// sortedIssues gives the issues in an order that does not depend on which
// goroutine was faster.
func (s *scan) sortedIssues() []Issue {
	slices.SortStableFunc(s.issues, func(a, b Issue) int { return strings.Compare(a.Path, b.Path) })
	return s.issues
}

func (s *scan) close() {
	if s.dirs != nil {
		s.dirs.close()
	}
	for _, fd := range s.fds {
		unix.Close(fd)
	}
	s.fds = nil
}

// run walks all inputs and, unless listOnly, reads all files.
func (s *scan) run(ctx context.Context, listOnly bool) error {
	if len(s.o.Inputs) == 0 {
		return errors.New("nothing to archive")
	}
	if err := s.openInputs(); err != nil {
		return err
	}
	s.dirs = newSourceDirs(s.t, s.inputs)
	g, walkCtx := errgroup.WithContext(ctx)
	s.jobs = make(chan fileJob, 128)
	g.Go(func() error {
		defer close(s.jobs)
		w := walker{scan: s, ctx: walkCtx, listOnly: listOnly}
		return w.run()
	})
	for range s.o.Threads {
		g.Go(func() error {
			r := newFileReader(s)
			for j := range s.jobs {
				if walkCtx.Err() == nil {
					r.do(walkCtx, j)
				}
				j.hold.Release()
				if r.spoolErr != nil {
					return r.spoolErr
				}
			}
			return walkCtx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	r := newFileReader(s)
	if err := s.settleLinks(ctx, r); err != nil {
		return err
	}
	return r.spoolErr
}

var errLinkLost = errors.New("not stored: another name of the same file could not be read")

// settleLinks gives every name of an inode what its first name found. When
// that name has been lost, or become another file, the next one is read in its
// place.
func (s *scan) settleLinks(ctx context.Context, r *fileReader) error {
	lost := map[uint32]bool{}
	for i := range s.t.links {
		if first := s.t.node(s.t.links[i].first); first.state != stateOK || first.link != uint32(i)+1 {
			lost[uint32(i)] = true
		}
	}
	if len(lost) > 0 {
		others := s.t.others(lost)
		for _, group := range slices.Sorted(maps.Keys(others)) {
			for _, id := range others[group] {
				if err := s.readAgain(ctx, r, id); err != nil {
					return err
				}
				if n := s.t.node(id); n.state == stateOK && n.link == group+1 {
					s.t.links[group].first = id
					break
				}
			}
		}
	}
	for _, i := range s.t.settleLinks() {
		s.issue(s.t.path(i), errLinkLost, false)
	}
	return nil
}

// readAgain reads a file after the walk.
func (s *scan) readAgain(ctx context.Context, r *fileReader, id uint32) error {
	n := s.t.node(id)
	path := s.t.path(id)
	fd, name, hold, err := s.dirs.locate(id)
	if err != nil {
		s.issue(path, fmt.Errorf("not stored: %w", bare(err)), false)
		n.state = stateGone
		return nil
	}
	defer hold.Release()
	j := fileJob{id: id, n: n, path: path, fd: fd, name: name}
	if n.link != 0 {
		j.dev, j.ino = s.t.links[n.link-1].dev, s.t.links[n.link-1].ino
	}
	r.do(ctx, j)
	return ctx.Err()
}

// bare drops the path from an error that is going to be printed behind one.
func bare(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
