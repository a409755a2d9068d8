package compact

import (
	"errors"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// transcript is what everything is called under another hash function: blocks,
// contents of several blocks, and trees.
type transcript struct {
	j        *job
	to       format.HashID
	nodes    map[uint64]format.Hash      // metadata blocks
	contents map[format.Hash]format.Hash // of files, by what they were
	dirs     map[uint64]format.Hash      // content of directories, by their nodes
}

// transcribe hashes everything that is in use. The data has been.
func (j *job) transcribe() error {
	t := &transcript{j: j, to: j.to, nodes: map[uint64]format.Hash{}, contents: map[format.Hash]format.Hash{}, dirs: map[uint64]format.Hash{}}
	j.names = t
	j.o.phase("hashing trees", 0)
	for _, v := range j.kept {
		if err := t.below(v.Root().Ref.Num); err != nil {
			return err
		}
		root := *v.Root()
		content, err := t.dir(&root, 0)
		if err != nil {
			return err
		}
		if v.content, err = t.contentID(&root, content); err != nil {
			return err
		}
		if v.original != nil {
			if err := t.below(v.original.Ref.Num); err != nil {
				return err
			}
		}
	}
	return nil
}

// below hashes a metadata block and what it names, the latter first.
func (t *transcript) below(num uint64) error {
	for stack := []uint64{num}; len(stack) > 0; {
		num := t.j.first(stack[len(stack)-1])
		if _, done := t.nodes[num]; done {
			stack = stack[:len(stack)-1]
			continue
		}
		n, err := t.j.a.Node(num)
		if err != nil {
			return err
		}
		ready := true
		for _, x := range n.Refs() {
			if x.Kind == format.RefBlock {
				continue
			}
			if _, done := t.nodes[t.j.first(x.Num)]; !done {
				stack, ready = append(stack, x.Num), false
			}
		}
		if !ready {
			continue
		}
		c, err := t.node(&n)
		if err != nil {
			return err
		}
		for _, x := range c.Refs() {
			x.Hash = t.of(x)
		}
		t.nodes[num] = t.to.Sum(c.AppendTo(nil, format.Canonical, num))
		if err := t.j.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// of gives the hash of what a reference names.
func (t *transcript) of(x *format.Ref) format.Hash {
	if x.Kind == format.RefBlock {
		return t.j.sums[t.j.nums[x.Num]-1]
	}
	return t.nodes[t.j.first(x.Num)]
}

// node gives a copy of a node with other hashes of contents.
func (t *transcript) node(n *reader.Node) (reader.Node, error) {
	c := n.Clone()
	if c.Leaf == nil {
		return c, nil
	}
	for i := range c.Leaf.Entries {
		e := &c.Leaf.Entries[i]
		if e.Kind != format.KindFile || !e.HasContentHash() {
			continue
		}
		sum, err := t.content(&n.Leaf.Entries[i])
		if err != nil {
			return c, err
		}
		e.Content = sum
	}
	return c, nil
}

// content hashes a file as a whole, and checks it by the hash it had.
func (t *transcript) content(e *format.Entry) (format.Hash, error) {
	if sum, done := t.contents[e.Content]; done {
		return sum, nil
	}
	f, err := t.j.a.ContentOf(e, e.Name)
	if err != nil {
		return format.Hash{}, err
	}
	both := &twoHashes{t.j.id.NewContent(), t.to.NewContent()}
	if _, err := f.WriteTo(both); err != nil {
		return format.Hash{}, err
	}
	if both.old.Sum() != e.Content {
		return format.Hash{}, format.Damaged("content", format.NoOffset, "the hash of %q is not the one that its entry says", e.Name)
	}
	sum := both.now.Sum()
	t.contents[e.Content] = sum
	return sum, nil
}

// twoHashes hashes content under two functions.
type twoHashes struct{ old, now *format.ContentHasher }

func (h *twoHashes) Write(b []byte) (int, error) {
	h.old.Write(b)
	return h.now.Write(b)
}

// WriteRun adds a run, which need not be made for it.
func (h *twoHashes) WriteRun(octet byte, n uint64) {
	h.old.WriteRun(octet, n)
	h.now.WriteRun(octet, n)
}

var errTooDeep = errors.New("directories are deeper below one another than an archive may have them")

// dir gives the content of a directory.
func (t *transcript) dir(e *format.Entry, depth int) (format.Hash, error) {
	num := t.j.first(e.Ref.Num)
	if sum, done := t.dirs[num]; done {
		return sum, nil
	}
	if depth > format.MaxDepth {
		return format.Hash{}, errTooDeep
	}
	content := format.NewContentDir(t.to)
	for x, err := range t.j.a.ReadDir(e) {
		if err != nil {
			return format.Hash{}, err
		}
		var sum format.Hash
		switch {
		case x.Kind.IsDir():
			if sum, err = t.dir(x, depth+1); err != nil {
				return sum, err
			}
		case x.Kind != format.KindFile:
		case x.HasContentHash():
			sum = t.contents[x.Content]
		case x.Ref.Kind == format.RefBlock:
			sum = t.of(&x.Ref)
		default:
			sum = x.ContentHash(t.to)
		}
		content.Add(x, sum)
	}
	t.dirs[num] = content.Sum()
	return t.dirs[num], t.j.ctx.Err()
}

// contentID gives the content id of a tree.
func (t *transcript) contentID(root *format.Entry, content format.Hash) (id format.Hash, err error) {
	start := format.ContentStart(root, func(e *format.Entry) format.Kind { return e.Kind }, func(dir *format.Entry) (only *format.Entry, ok bool) {
		n := 0
		for x, e := range t.j.a.ReadDir(dir) {
			if err = errors.Join(err, e); n == 1 || err != nil {
				return nil, false
			}
			only = x
			n++
		}
		return only, n == 1
	})
	if err != nil {
		return id, err
	}
	if start != root {
		content = t.dirs[t.j.first(start.Ref.Num)]
	}
	return format.ContentID(t.to, start, content), nil
}
