package reader

import (
	"io/fs"
	"iter"
	"sort"
	"strings"

	"github.com/vtdarchive/vtd/format"
)

// Tree is one state of the archived directory: a snapshot record and what it
// names. It is safe for concurrent use.
type Tree struct {
	a        *Archive
	num      uint64 // block of the snapshot record
	snapshot *format.Snapshot
	top      *format.Top // nil for earlier snapshots
}

// Tree gives the newest state, or the one that [Archive.Show] has set. The first
// call reads the top block and the snapshot record and holds them against the
// trailer and each other.
func (a *Archive) Tree() (*Tree, error) {
	if t := a.shown.Load(); t != nil {
		return t, nil
	}
	t, err := a.tree()
	return t, a.named(err)
}

// Show makes the archive show an earlier state: in Tree, Snapshot, Lookup, Walk,
// Info and FS.
func (a *Archive) Show(t *Tree) { a.shown.Store(t) }

func (a *Archive) newestTree() (*Tree, error) {
	num := a.trailer.Top
	n, err := a.metaNode(num, "top block")
	if err != nil {
		return nil, err
	}
	if n.top == nil {
		return nil, blockDamage("trailer", a.trailer.Offset+88, num, "it names %s as the top block", n.typeName())
	}
	t, err := a.treeAt(num + 1)
	if err != nil {
		return nil, err
	}
	t.top = n.top
	return t, t.checkTop()
}

// checkTop holds the snapshot record against the top block.
func (t *Tree) checkTop() error {
	const where = "top block"
	bad := func(msg string, args ...any) error {
		return blockDamage(where, format.NoOffset, t.num-1, msg, args...)
	}
	hash, err := t.a.hashOf(t.num)
	s, top := t.snapshot, t.top
	switch {
	case err != nil:
		return err
	case hash != top.Snapshot:
		return bad("it names the snapshot record %v; the one after it is %v", top.Snapshot, hash)
	case s.Root.Ref.Hash != top.Root:
		return bad("its root is %v; the snapshot's is %v", top.Root, s.Root.Ref.Hash)
	case s.Content != top.Content:
		return bad("its content id is %v; the snapshot's is %v", top.Content, s.Content)
	case s.Root.Size != top.Span:
		return bad("it spans %d bytes; the snapshot says %d", top.Span, s.Root.Size)
	}
	return nil
}

// TreeAt gives the state that the snapshot record in block num describes.
// Numbers of earlier records stand in the Parents of later ones.
func (a *Archive) TreeAt(num uint64) (*Tree, error) {
	t, err := a.treeAt(num)
	return t, a.named(err)
}

func (a *Archive) treeAt(num uint64) (*Tree, error) {
	n, err := a.metaNode(num, "snapshot record")
	if err != nil {
		return nil, err
	}
	if n.snapshot == nil {
		return nil, blockDamage("snapshot record", format.NoOffset, num, "the block is %s", n.typeName())
	}
	return &Tree{a: a, num: num, snapshot: n.snapshot}, nil
}

// Snapshot is the record of the tree.
func (t *Tree) Snapshot() *format.Snapshot { return t.snapshot }

// SnapshotBlock is the number of the block that holds the record.
func (t *Tree) SnapshotBlock() uint64 { return t.num }

// Root is the entry of the root directory; it has no name.
func (t *Tree) Root() *format.Entry { return &t.snapshot.Root }

// Snapshot gives the newest snapshot record.
func (a *Archive) Snapshot() (*format.Snapshot, error) {
	t, err := a.Tree()
	if err != nil {
		return nil, err
	}
	return t.snapshot, nil
}

// Top gives the newest top block.
func (a *Archive) Top() (*format.Top, error) {
	t, err := a.tree()
	if err != nil {
		return nil, a.named(err)
	}
	return t.top, nil
}

// Snapshots gives the newest tree and those before it, each once, following
// parents from the newest on, breadth first.
func (a *Archive) Snapshots() iter.Seq2[*Tree, error] {
	return func(yield func(*Tree, error) bool) {
		t, err := a.tree()
		if err != nil {
			yield(nil, a.named(err))
			return
		}
		seen := map[uint64]bool{t.num: true}
		for queue := []*Tree{t}; len(queue) > 0; queue = queue[1:] {
			t = queue[0]
			if !yield(t, nil) {
				return
			}
			for _, p := range t.snapshot.Parents {
				if seen[p.Num] {
					continue
				}
				seen[p.Num] = true
				parent, err := a.TreeAt(p.Num)
				if err != nil {
					if !yield(nil, err) {
						return
					}
					continue
				}
				queue = append(queue, parent)
			}
		}
	}
}

// Lookup finds an entry of the newest tree by its path; see Tree.Lookup.
func (a *Archive) Lookup(path string) (*format.Entry, error) {
	t, err := a.Tree()
	if err != nil {
		return nil, err
	}
	return t.Lookup(path)
}

// Lookup finds an entry by its path: names separated by slashes, relative to
// the root; "" and "." are the root. Slashes at the end, doubled ones and "."
// are skipped, ".." and symbolic links are not followed. What is not there is
// fs.ErrNotExist in an *fs.PathError.
func (t *Tree) Lookup(path string) (*format.Entry, error) {
	e, err := t.lookup(path)
	if err == fs.ErrNotExist {
		return nil, &fs.PathError{Op: "lookup", Path: path, Err: err}
	}
	return e, t.a.named(err)
}

func (t *Tree) lookup(path string) (*format.Entry, error) {
	e := t.Root()
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." {
			continue
		}
		var err error
		if e, err = t.a.child(e, name); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Child finds an entry of a directory by its name. What is not there is
// fs.ErrNotExist.
func (a *Archive) Child(dir *format.Entry, name string) (*format.Entry, error) {
	e, err := a.child(dir, name)
	if err == fs.ErrNotExist {
		return nil, err
	}
	return e, a.named(err)
}

func (a *Archive) child(dir *format.Entry, name string) (*format.Entry, error) {
	if !dir.Kind.IsDir() {
		return nil, fs.ErrNotExist
	}
	n, err := a.dirNode(dirPlace{num: dir.Ref.Num, level: anyLevel})
	for err == nil && n.inner != nil {
		children := n.inner.Children
		i := sort.Search(len(children), func(i int) bool { return children[i].First > name }) - 1
		if i < 0 {
			return nil, fs.ErrNotExist
		}
		n, err = a.dirNode(placeBelow(n, i, ""))
	}
	if err != nil {
		return nil, err
	}
	es := n.leaf.Entries
	if i := sort.Search(len(es), func(i int) bool { return es[i].Name >= name }); i < len(es) && es[i].Name == name {
		return &es[i], nil
	}
	return nil, fs.ErrNotExist
}
