package writer

import (
	"context"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/dirtree"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// blockSource gives the bytes of blocks in phase 2: from memory, from the
// spool of changed files, or from the files once more.
type blockSource struct {
	o     *Options
	table *blockTable
	dirs  *sourceDirs // nil where there are no files
	spool *spool
}

// blockReader reads blocks for one goroutine; it keeps the file it read last
// open, since blocks of a file mostly follow one another.
type blockReader struct {
	s    *blockSource
	file uint32
	fd   int
}

func (s *blockSource) reader() *blockReader { return &blockReader{s: s, fd: -1} }

func (r *blockReader) close() {
	if r.fd >= 0 {
		unix.Close(r.fd)
		r.fd = -1
	}
}

// append adds the bytes of a block to b. ok is false when they are no longer
// to be had: the file changed, and the block becomes absent.
func (r *blockReader) append(ctx context.Context, b []byte, id uint32) (_ []byte, ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return b, false, err
	}
	x := r.s.table.at(id)
	n := int(x.length)
	if x.kept != notKept {
		return append(b, r.s.table.arena.bytes(x.kept, n)...), true, nil
	}
	at := len(b)
	b = slices.Grow(b, n)[:at+n]
	if off, spooled := r.s.spool.find(id); spooled {
		return b, true, r.s.spool.readAt(b[at:], off)
	}
	if r.read(b[at:], x) && r.s.o.Hash.Sum(b[at:]) == x.hash {
		return b, true, nil
	}
	if x.old {
		old, err := r.s.table.base.block(ctx, x.num)
		return append(b[:at], old...), err == nil, ctx.Err()
	}
	return b[:at], false, nil
}

// read reads a block's bytes from its file; what goes wrong shows in the
// hash, or here.
func (r *blockReader) read(b []byte, x *block) bool {
	if x.file == noFile {
		return false
	}
	if r.fd < 0 || r.file != x.file {
		r.close()
		fd, err := r.s.dirs.open(x.file)
		if err != nil {
			return false
		}
		r.fd, r.file = fd, x.file
	}
	n, err := fdReader{context.Background(), r.fd, nil}.ReadAt(b, x.off)
	return err == nil && n == len(b)
}

// sourceDirs opens files and directories of the tree by descriptor, relative
// to their inputs. The walk uses it, and who reads files after it.
type sourceDirs struct {
	t      *tree
	inputs []input
	cache  []*dirtree.Cache // one for each input
}

// openDirs bounds how many directories of an input stay open between uses.
const openDirs = 256

func newSourceDirs(t *tree, inputs []input) *sourceDirs {
	d := &sourceDirs{t: t, inputs: inputs}
	for k, in := range inputs {
		d.cache = append(d.cache, dirtree.New(in.fd, func(id int) (int, string) {
			if r, ok := t.rootOf[uint32(id)]; ok && r == k {
				if in.name == "." {
					return dirtree.Root, ""
				}
				return dirtree.Root, in.name
			}
			n := t.node(uint32(id))
			return int(n.parent), n.name
		}, openDirs))
	}
	return d
}

// get opens a directory of an input.
func (d *sourceDirs) get(input int, dir uint32) (dirtree.Handle, error) {
	return d.cache[input].Get(int(dir))
}

// locate gives the directory that a node lies in, to be released, and its name
// there: "." where an input is the directory that was opened for it.
func (d *sourceDirs) locate(id uint32) (fd int, name string, hold dirtree.Handle, err error) {
	if k, ok := d.t.rootOf[id]; ok {
		return d.inputs[k].fd, d.inputs[k].name, hold, nil
	}
	n := d.t.node(id)
	for at := n.parent; ; at = d.t.node(at).parent {
		if k, ok := d.t.rootOf[at]; ok {
			hold, err = d.get(k, n.parent)
			return hold.FD(), n.name, hold, err
		}
	}
}

func (d *sourceDirs) open(file uint32) (int, error) {
	dir, name, hold, err := d.locate(file)
	if err != nil {
		return -1, err
	}
	defer hold.Release()
	return fsmeta.OpenFile(dir, name)
}

func (d *sourceDirs) close() {
	for _, c := range d.cache {
		c.Close()
	}
}
