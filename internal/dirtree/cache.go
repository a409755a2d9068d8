package dirtree

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// Root is the number of the root directory itself.
const Root = -1

// maxDepth bounds how many directories lie above one another. It is far more
// than any file system that can be walked holds, and stops a lookup function
// whose table has a cycle.
const maxDepth = 1 << 20

// ErrDepth reports a directory with more than a million others above it, which
// means that its parents form a cycle.
var ErrDepth = errors.New("directories nested too deep, or in a cycle")

// Cache hands out descriptors of the directories of one tree. It is safe for
// concurrent use.
type Cache struct {
	root   int
	lookup func(id int) (parent int, name string)
	limit  int

	mu     sync.Mutex
	open   map[int]*entry // all that are in use or idle
	idle   idleList
	closed bool
}

// New returns a cache of the tree under rootfd, which stays the caller's and
// must stay open. At most limit descriptors (at least one) are kept beyond those
// in use.
//
// lookup tells where a directory lies; Root is the parent of those right below
// rootfd. An empty name makes a number another name for its parent, so that
// the first row of a table may be the root. It is called without locks held,
// from any goroutine.
func New(rootfd int, lookup func(id int) (parent int, name string), limit int) *Cache {
	return &Cache{root: rootfd, lookup: lookup, limit: max(limit, 1), open: make(map[int]*entry)}
}

// Handle is a directory in use. Its descriptor is an O_PATH one: good for
// calls relative to it, not for reading the directory. The zero Handle is of
// no directory.
type Handle struct {
	c  *Cache
	e  *entry // nil for the root, which is not counted
	fd int
}

// FD returns the descriptor, valid until Release.
func (h Handle) FD() int { return h.fd }

// Release gives the directory back. It must be called once for each Get that
// succeeded.
func (h Handle) Release() {
	if h.e != nil {
		h.c.release(h.e)
	}
}

// Get returns the directory with a number, opening it and those above it as
// needed. What is no longer a directory is ENOTDIR, a symbolic link included.
func (c *Cache) Get(id int) (Handle, error) {
	if h, ok, err := c.hit(id); ok || err != nil {
		return h, err
	}
	return c.openUp(id)
}

// hit returns a directory that is open already.
func (c *Cache) hit(id int) (h Handle, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return Handle{}, false, fs.ErrClosed
	}
	if id == Root {
		return Handle{c: c, fd: c.root}, true, nil
	}
	e := c.open[id]
	if e == nil {
		return Handle{}, false, nil
	}
	c.hold(e)
	return Handle{c, e, e.fd}, true, nil
}

// step is a directory that has to be opened below another.
type step struct {
	id   int
	name string
}

// openUp climbs from a directory to the nearest one open, and opens its way
// down again. A loop, because a tree may be deeper than a stack should grow.
func (c *Cache) openUp(id int) (Handle, error) {
	var steps []step
	var at Handle
	for up := 0; ; up++ {
		if up > maxDepth {
			return Handle{}, ErrDepth
		}
		h, ok, err := c.hit(id)
		if err != nil {
			return Handle{}, err
		}
		if ok {
			at = h
			break
		}
		parent, name := c.lookup(id)
		if name != "" {
			steps = append(steps, step{id, name})
		}
		id = parent
	}
	for i := len(steps) - 1; i >= 0; i-- {
		fd, err := fsmeta.OpenDirPath(at.fd, steps[i].name)
		at.Release()
		if err != nil {
			return Handle{}, fmt.Errorf("directory: %w", err)
		}
		// A long way down passes through without pushing everything else out.
		if i >= max(c.limit/2, 1) {
			at = Handle{c, &entry{id: passing, fd: fd, refs: 1}, fd}
			continue
		}
		if at, err = c.add(steps[i].id, fd); err != nil {
			return Handle{}, err
		}
	}
	return at, nil
}

// passing is the id of an entry that is not in the cache.
const passing = -2

// add puts a directory just opened into the cache, in use.
func (c *Cache) add(id, fd int) (Handle, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		unix.Close(fd)
		return Handle{}, fs.ErrClosed
	}
	e := c.open[id]
	if e == nil {
		e = &entry{id: id, fd: fd, refs: 1}
		c.open[id] = e
		c.mu.Unlock()
		return Handle{c, e, fd}, nil
	}
	// Another goroutine was faster; all share its descriptor.
	c.hold(e)
	c.mu.Unlock()
	unix.Close(fd)
	return Handle{c, e, e.fd}, nil
}

// hold counts one more user of an open entry. The lock is held.
func (c *Cache) hold(e *entry) {
	if e.refs == 0 {
		c.idle.remove(e)
	}
	e.refs++
}

func (c *Cache) release(e *entry) {
	if e.id == passing {
		unix.Close(e.fd)
		return
	}
	var out *entry
	c.mu.Lock()
	e.refs--
	if e.refs == 0 {
		c.idle.push(e)
		if c.closed || c.idle.n > c.limit {
			out = c.idle.oldest
			c.idle.remove(out)
			delete(c.open, out.id)
		}
	}
	c.mu.Unlock()
	if out != nil {
		unix.Close(out.fd)
	}
}

// Close closes the directories nobody uses, and those in use as they are
// released. No Get succeeds after it.
func (c *Cache) Close() {
	c.mu.Lock()
	c.closed = true
	var fds []int
	for e := c.idle.oldest; e != nil; e = c.idle.oldest {
		c.idle.remove(e)
		delete(c.open, e.id)
		fds = append(fds, e.fd)
	}
	c.mu.Unlock()
	for _, fd := range fds {
		unix.Close(fd)
	}
}
