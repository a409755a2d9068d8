package writer

import (
	"sync"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/scanners"
)

// block is one distinct data block.
type block struct {
	hash   format.Hash
	off    int64  // where in its file it was read
	kept   int64  // where in the arena it lies, or notKept
	num    uint64 // in the file; 0: not yet ordered
	file   uint32
	length uint32
	sketch scanners.Sketch
	hasSk  bool
	dense  bool // compressed already, as far as is known
	absent bool // promised in a frame that could not keep it
	old    bool // of the base
}

const notKept = -1

// noFile stands for the file of a block that no file has as it is: it is always
// in the arena or the spool.
const noFile = ^uint32(0)

// blockTable finds blocks by hash. Blocks are identified by the order in
// which workers happened to add them; the order in the archive is decided
// later, from the tree alone.
type blockTable struct {
	mu     sync.Mutex
	blocks paged[block]
	index  hashIndex
	arena  arena
	base   *base // blocks that need not be stored; nil: none
}

func newBlockTable(keep int64) *blockTable {
	t := &blockTable{arena: arena{limit: keep}}
	t.index = newHashIndex(func(id uint32) *format.Hash { return &t.at(id).hash })
	return t
}

// add finds or adds the block with a hash. For a new one it reserves room in
// the arena and returns it, or nil when the arena is full. A block whose
// promised bytes are lost counts as new.
func (t *blockTable) add(h format.Hash, length int, file uint32, off int64) (id uint32, room []byte, isNew bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.index.find(&h); ok && !t.at(id).absent {
		return id, nil, false
	}
	b := block{hash: h, length: uint32(length), file: file, off: off, kept: notKept}
	if b.num, b.old = t.base.data(&h); b.old {
		n, _ := t.blocks.add(b)
		t.index.put(&h, uint32(n))
		return uint32(n), nil, false
	}
	b.kept, room = t.arena.reserve(length)
	n, _ := t.blocks.add(b)
	t.index.put(&h, uint32(n))
	return uint32(n), room, true
}

// at gives a block; the pointer stays valid. Only call it for ids that add
// has returned to this goroutine, or once all adding is over.
func (t *blockTable) at(id uint32) *block { return t.blocks.at(int(id)) }

// setSketch records the sketch of a block that add reported as new.
func (t *blockTable) setSketch(id uint32, s scanners.Sketch, ok bool) {
	t.mu.Lock()
	b := t.blocks.at(int(id))
	b.sketch, b.hasSk = s, ok
	t.mu.Unlock()
}

// arena keeps bytes of blocks outside the collected heap, so that keeping
// 512 MiB costs 512 MiB and not twice that.
type arena struct {
	limit  int64
	chunks [][]byte
	used   int64 // in the last chunk
	total  int64
}

const arenaChunk = 32 * mib

func (a *arena) reserve(n int) (int64, []byte) {
	if a.total+int64(n) > a.limit {
		return notKept, nil
	}
	if len(a.chunks) == 0 || a.used+int64(n) > arenaChunk {
		m, err := unix.Mmap(-1, 0, arenaChunk, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil { // no memory to be had: read again instead
			a.limit = a.total
			return notKept, nil
		}
		a.chunks = append(a.chunks, m)
		a.used = 0
	}
	at := int64(len(a.chunks)-1)*arenaChunk + a.used
	room := a.chunks[len(a.chunks)-1][a.used : a.used+int64(n)]
	a.used += int64(n)
	a.total += int64(n)
	return at, room
}

func (a *arena) bytes(at int64, n int) []byte {
	c := a.chunks[at/arenaChunk]
	return c[at%arenaChunk : at%arenaChunk+int64(n)]
}

func (a *arena) free() {
	for _, c := range a.chunks {
		unix.Munmap(c)
	}
	a.chunks = nil
}
