package fusearchive

import (
	"fmt"
	"strings"
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Options say what of an archive is shown, and how. The zero value shows all of
// it as it is.
type Options struct {
	// Subdir is the path of the directory that becomes the root.
	Subdir string
	// UID and GID, if not nil, own everything.
	UID, GID *uint32
	// ImpliedUID and ImpliedGID own directories of which the archive knows
	// only that they are there.
	ImpliedUID, ImpliedGID uint32
	// OnFault hears of what could not be read, each fault once, from any
	// goroutine. The error names the path and, in a file, the range of bytes.
	OnFault func(error)
}

// FS is a tree of an archive as the kernel sees it: it answers the messages of
// FUSE. Its methods are safe for concurrent use.
type FS struct {
	readOnly

	a    *reader.Archive
	tree *reader.Tree
	o    Options
	base string        // path of the root, for messages
	root *format.Entry // of the directory that is the root

	nodes table

	mu     sync.Mutex
	faults map[string]bool // told already
}

// New makes the file system of a tree. It reads no more than leads to the root.
func New(a *reader.Archive, t *reader.Tree, o Options) (*FS, error) {
	f := &FS{readOnly: newReadOnly(), a: a, tree: t, o: o, root: t.Root(), faults: make(map[string]bool)}
	f.base = strings.Trim(o.Subdir, "/")
	if f.base != "" {
		e, err := t.Lookup(f.base)
		if err != nil {
			return nil, err
		}
		if !e.Kind.IsDir() {
			return nil, fmt.Errorf("%s: is a %v, not a directory", o.Subdir, e.Kind)
		}
		root := *e // apart from the leaf that it stands in
		f.root = &root
	}
	f.nodes.init(f.root.Ref.Num, fuse.FUSE_ROOT_ID, fuse.FUSE_ROOT_ID, 0)
	return f, nil
}

// String names the file system in messages of go-fuse.
func (f *FS) String() string { return "vt" }

// maxFaults bounds how many faults are remembered as told.
const maxFaults = 10_000

// fail tells of an error and gives what the kernel is told: damage, and
// whatever else makes content unreadable, is an input/output error.
func (f *FS) fail(n *node, err error) fuse.Status {
	f.tell(fmt.Errorf("%s: %w", f.path(n), err))
	return fuse.EIO
}

// tell passes an error on unless that has been done.
func (f *FS) tell(err error) {
	if f.o.OnFault == nil {
		return
	}
	text := err.Error()
	f.mu.Lock()
	told := f.faults[text]
	if !told {
		if len(f.faults) == maxFaults {
			clear(f.faults)
		}
		f.faults[text] = true
	}
	f.mu.Unlock()
	if !told {
		f.o.OnFault(err)
	}
}

// path gives a node's path from the root of the archive.
func (f *FS) path(n *node) string {
	var names []string
	for ; n != nil && n.parent != nil; n = n.parent {
		names = append(names, n.name)
	}
	if f.base != "" {
		names = append(names, f.base)
	}
	if len(names) == 0 {
		return "."
	}
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j] = names[j], names[i]
	}
	return strings.Join(names, "/")
}
