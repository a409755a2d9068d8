package writer

import (
	"bytes"
	"sync"

	"github.com/vtdarchive/vtd/format"
)

// node is one entry of the tree in memory. A million of them is a common
// size, so what is rare stands in tables beside.
type node struct {
	name    string
	parent  uint32
	first   uint32 // directory: index of its first child
	count   uint32 // directory: how many children, once read
	owner   uint32 // index into owners
	aux     uint32 // symlink: index into targets; device: into devices; directory: into oldDirs, from 1
	xattrs  uint32 // index into xattr sets; 0: none
	link    uint32 // index+1 into links; 0: only one name
	content uint32 // file: by contentKind; directory: index into directories
	sec     int64
	nsec    uint32
	perm    uint16
	kind    format.Kind
	how     contentKind
	state   nodeState
	change  change
	size    uint64 // file: of the content that was read
}

// change is what an entry is, held against the base.
type change uint8

const (
	changeNew     change = iota // not there, or of another kind
	changeContent               // there, but otherwise
	changeMeta                  // with the same content, but other metadata
	changeNone                  // the same in all that stands in its entry itself
)

type nodeState uint8

const (
	stateOK nodeState = iota
	stateGone
)

type contentKind uint8

const (
	contentNone    contentKind = iota
	contentLiteral             // index into literals
	contentBlock               // id of the one block
	contentList                // index into lists
	contentOld                 // index into old: as the base has it
)

// piece is one span of a content.
type piece struct {
	span  uint64
	id    uint32 // of a block or a recipe, or index into literals
	octet byte   // of a run
	kind  pieceKind
}

type pieceKind uint8

const (
	pieceBlock pieceKind = iota
	pieceRun
	pieceLiteral
	pieceRecipe
)

// contentRefs is the content of a file of several spans, or of a recipe's input.
type contentRefs struct {
	pieces []piece
	hash   format.Hash // of the whole; not of an input
}

// madeRecipe is how octets are made: those of a stream, or of a file that is a
// delta.
type madeRecipe struct {
	params []byte
	length uint64      // octets that are made
	input  uint32      // index into lists
	span   uint64      // of the input
	from   *format.Ref // of a delta: its input, in the base; the list is empty
}

// linkGroup is an inode with several names.
type linkGroup struct {
	first uint32 // node that was read
	dev   uint64
	ino   uint64
	names uint32 // names that remain in the tree
	id    uint64 // in walk order, from 1; 0: not yet given
}

// tree is all that phase 1 finds out.
type tree struct {
	nodes    paged[node]
	original uint32 // a directory beside the root, with the file that the tree is made from; 0: there is none

	mu       sync.Mutex // guards what workers add to
	literals paged[[]byte]
	lists    paged[contentRefs]
	recipes  paged[madeRecipe]
	old      paged[oldContent]
	packed   map[uint32][]packedAt // streams in a file, by its node
	changed  map[uint32]format.Ref // what the base has in the place of a file that has changed
	xattrs   []([]format.Xattr)
	xattrIdx map[string]uint32

	// What only the walker adds to.
	owners   []format.Owner
	ownerIdx map[[2]uint32]uint32
	targets  []string
	devices  [][2]uint32
	links    []linkGroup
	linkIdx  map[[2]uint64]uint32
	rootOf   map[uint32]int // node of an input → index into inputs
	btimes   map[uint32]format.Time
	oldDirs  []oldDir             // of directories, by aux-1
	oldLinks map[uint32][2]uint64 // group and count of names that the base has
	// Of what is kept of the base: groups of links and owners that it has.
	oldGroups map[uint64]uint32
	oldOwners map[format.Owner]uint32
}

func newTree() *tree {
	return &tree{
		xattrIdx: map[string]uint32{}, xattrs: [][]format.Xattr{nil}, ownerIdx: map[[2]uint32]uint32{},
		linkIdx: map[[2]uint64]uint32{}, rootOf: map[uint32]int{}, btimes: map[uint32]format.Time{},
		packed: map[uint32][]packedAt{}, changed: map[uint32]format.Ref{}, oldLinks: map[uint32][2]uint64{},
		oldGroups: map[uint64]uint32{}, oldOwners: map[format.Owner]uint32{},
	}
}

func (t *tree) node(i uint32) *node { return t.nodes.at(int(i)) }

// path gives the member name of a node; the root's is ".".
func (t *tree) path(i uint32) string {
	if i == 0 {
		return "."
	}
	n := 0
	for k := i; k != 0; k = t.node(k).parent {
		n += len(t.node(k).name) + 1
	}
	b := make([]byte, n-1)
	at := len(b)
	for k := i; k != 0; k = t.node(k).parent {
		name := t.node(k).name
		at -= len(name)
		copy(b[at:], name)
		if at > 0 {
			at--
			b[at] = '/'
		}
	}
	return string(b)
}

func (t *tree) addOwner(o format.Owner) uint32 {
	t.owners = append(t.owners, o)
	return uint32(len(t.owners) - 1)
}

func (t *tree) addTarget(target string) uint32 {
	t.targets = append(t.targets, target)
	return uint32(len(t.targets) - 1)
}

func (t *tree) addDevice(major, minor uint32) uint32 {
	t.devices = append(t.devices, [2]uint32{major, minor})
	return uint32(len(t.devices) - 1)
}

func (t *tree) addLiteral(b []byte) uint32 {
	b = bytes.Clone(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	i, _ := t.literals.add(b)
	return uint32(i)
}

// setPacked notes the streams in a file, or that there are none.
func (t *tree) setPacked(file uint32, streams []packedAt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(streams) > 0 {
		t.packed[file] = streams
	} else {
		delete(t.packed, file)
	}
}

func (t *tree) addList(c contentRefs) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, _ := t.lists.add(c)
	return uint32(i)
}

// addDelta adds the content of a file that is a delta.
func (t *tree) addDelta(params []byte, from format.Ref, size uint64, whole format.Hash) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	none, _ := t.lists.add(contentRefs{})
	i, _ := t.recipes.add(madeRecipe{params: params, length: size, input: uint32(none), span: from.Span, from: &from})
	l, _ := t.lists.add(contentRefs{pieces: []piece{{span: size, id: uint32(i), kind: pieceRecipe}}, hash: whole})
	return uint32(l)
}

// relist gives files other lists, by their nodes or, of hard links, the first
// one. before hears of each node that is changed.
func (t *tree) relist(lists map[uint32]uint32, before func(i uint32, n *node)) {
	for k := range t.nodes.len() {
		i := uint32(k)
		n := t.node(i)
		if n.state != stateOK || n.kind != format.KindFile {
			continue
		}
		first := i
		if n.link != 0 {
			first = t.links[n.link-1].first
		}
		if l, ok := lists[first]; ok {
			before(i, n)
			n.how, n.content = contentList, l
		}
	}
}

// addXattrs gives the index of a set of attributes; sets are few.
func (t *tree) addXattrs(xs []format.Xattr) uint32 {
	if len(xs) == 0 {
		return 0
	}
	n := 0
	for _, x := range xs {
		n += len(x.Name) + len(x.Value) + 8
	}
	key := make([]byte, 0, n)
	for _, x := range xs {
		key = append(key, byte(len(x.Name)), byte(len(x.Value)), byte(len(x.Value)>>8), byte(len(x.Value)>>16))
		key = append(append(key, x.Name...), x.Value...)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i, ok := t.xattrIdx[string(key)]; ok {
		return i
	}
	i := uint32(len(t.xattrs))
	t.xattrs = append(t.xattrs, xs)
	t.xattrIdx[string(key)] = i
	return i
}

// walk calls visit for every node that remains, parents first, in the order
// of names; for the root, too.
func (t *tree) walk(visit func(i uint32, n *node)) { t.walkBelow(0, visit) }

// walkAll is walk, and then the same for the directory of the original.
func (t *tree) walkAll(visit func(i uint32, n *node)) {
	t.walk(visit)
	if t.original != 0 {
		t.walkBelow(t.original, visit)
	}
}

func (t *tree) walkBelow(dir uint32, visit func(i uint32, n *node)) {
	stack := []uint32{dir}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n := t.node(i)
		if n.state != stateOK {
			continue
		}
		visit(i, n)
		for k := n.count; n.kind.IsDir() && k > 0; k-- {
			stack = append(stack, n.first+k-1)
		}
	}
}
