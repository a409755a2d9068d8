package fusearchive

import (
	"math/bits"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// node is an inode that the kernel knows. It holds what is needed to find its
// entry again, and no entry: those are in the reader's cache of metadata.
type node struct {
	id      uint64 // by which the kernel calls it, never used twice
	ino     uint64 // what stat shows
	parent  *node  // nil for the root
	name    string
	link    linkKey // of a file with several names
	dir     uint64  // of a directory: the block of its node, which never is 0
	lookups uint64  // how often the kernel has been told of it; under table.mu

	file atomic.Pointer[reader.File] // of a large file: it knows sequential readers
}

// table holds the nodes that the kernel knows.
type table struct {
	mu    sync.Mutex
	last  uint64
	seed  uint64 // of the numbers of files with several names
	root  *node
	byID  map[uint64]*node
	names map[nameKey]*node
	links map[linkKey]*node // the names of a file are one inode
}

// linkKey is what the names of a file have in common. The number of the group
// would do if archives never lied.
type linkKey struct {
	id, num, size uint64
	kind          format.Kind
}

// linkOf gives the key of an entry, which is zero for one with a single name.
func linkOf(e *format.Entry) linkKey {
	if e.LinkID == 0 || e.Kind.IsDir() {
		return linkKey{}
	}
	return linkKey{e.LinkID, e.Ref.Num, e.Size, e.Kind}
}

type nameKey struct {
	parent uint64 // id
	name   string
}

// init begins with the root. Ids count up from its own.
func (t *table) init(dir, id, ino, seed uint64) {
	root := &node{id: id, ino: ino, dir: dir, lookups: 1}
	t.root, t.seed = root, seed
	t.last = root.id
	t.byID = map[uint64]*node{root.id: root}
	t.names = make(map[nameKey]*node)
	t.links = make(map[linkKey]*node)
}

// get gives the node that the kernel calls by an id, or nil.
func (t *table) get(id uint64) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byID[id]
}

// look gives the node of an entry and counts that the kernel is told of it.
func (t *table) look(parent *node, e *format.Entry) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	var n *node
	link := linkOf(e)
	if link.id != 0 {
		n = t.links[link]
	} else {
		n = t.names[nameKey{parent.id, e.Name}]
	}
	if n == nil {
		t.last++
		// The name in the entry is a part of the leaf's bytes.
		n = &node{id: t.last, ino: t.inode(parent, e), parent: parent, name: strings.Clone(e.Name), link: link}
		if e.Kind.IsDir() {
			n.dir = e.Ref.Num
		}
		t.byID[n.id] = n
		if n.link.id != 0 {
			t.links[n.link] = n
		} else {
			t.names[n.key()] = n
		}
	}
	n.lookups++
	return n
}

func (n *node) key() nameKey { return nameKey{n.parent.id, n.name} }

// forget takes back what look has counted.
func (t *table) forget(id, lookups uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.byID[id]
	if n == nil || n.parent == nil {
		return
	}
	if n.lookups -= min(lookups, n.lookups); n.lookups > 0 {
		return
	}
	delete(t.byID, id)
	if n.link.id != 0 {
		delete(t.links, n.link)
	} else {
		delete(t.names, n.key())
	}
}

// size is how many nodes there are.
func (t *table) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byID)
}

// inode gives the number that stat shows: that of a file with several names is
// made from what these have in common, any other from those of the directories
// down to it, so that it is the same in every mount. Nothing depends on its
// being the only one: the kernel knows inodes by their ids.
func (t *table) inode(parent *node, e *format.Entry) uint64 {
	h := mix(e.LinkID, linkSeed^t.seed)
	if linkOf(e).id == 0 {
		h = parent.ino
		name := e.Name
		for ; len(name) >= 8; name = name[8:] {
			h = mix(h, uint64(name[0])|uint64(name[1])<<8|uint64(name[2])<<16|uint64(name[3])<<24|
				uint64(name[4])<<32|uint64(name[5])<<40|uint64(name[6])<<48|uint64(name[7])<<56)
		}
		rest := uint64(1)
		for i := range len(name) {
			rest = rest<<8 | uint64(name[i])
		}
		h = mix(h, rest)
	}
	// Small numbers, and those with all bits set, mean something to somebody.
	return h&^(1<<63) | 1<<62
}

const linkSeed = 0x9e3779b97f4a7c15

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0xa0761d6478bd642f, b^0xe7037ed1a0b428db)
	return hi ^ lo
}

// entry finds the entry of a node.
func (f *FS) entry(n *node) (*format.Entry, error) {
	if n.parent == nil {
		return f.root, nil
	}
	return f.a.Child(n.parent.asDir(), n.name)
}

// asDir gives as much of a directory's entry as reading it takes.
func (n *node) asDir() *format.Entry {
	return &format.Entry{Kind: format.KindDir, Ref: format.Ref{Num: n.dir}}
}

// find gives the node of an id and its entry.
func (f *FS) find(id uint64) (*node, *format.Entry, fuse.Status) {
	n := f.nodes.get(id)
	if n == nil {
		return nil, nil, fuse.Status(estale)
	}
	e, err := f.entry(n)
	if err != nil {
		return nil, nil, f.fail(n, err)
	}
	return n, e, fuse.OK
}

// Lookup finds a name in a directory. That one is not there is for the kernel to
// remember, too.
func (f *FS) Lookup(_ <-chan struct{}, header *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	parent := f.nodes.get(header.NodeId)
	if parent == nil {
		return fuse.Status(estale)
	}
	if parent.dir == 0 {
		return fuse.ENOTDIR
	}
	out.SetEntryTimeout(forever)
	e, err := f.a.Child(parent.asDir(), name)
	if isNotExist(err) {
		return fuse.OK // node 0
	}
	if err != nil {
		return f.fail(parent, err)
	}
	f.tellEntry(parent, e, out)
	return fuse.OK
}

// tellEntry makes an entry known to the kernel.
func (f *FS) tellEntry(parent *node, e *format.Entry, out *fuse.EntryOut) {
	n := f.nodes.look(parent, e)
	out.NodeId = n.id
	out.SetEntryTimeout(forever)
	out.SetAttrTimeout(forever)
	f.attr(n, e, &out.Attr)
}

// Forget is called when the kernel drops an inode from its cache.
func (f *FS) Forget(id, lookups uint64) { f.nodes.forget(id, lookups) }
