package extract

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/recipe"
)

// What a recipe makes is written when its input is there. An input is gathered
// like a file, in a range of a temporary file without a name, of which every
// worker has one; the range is given back when the recipe has been followed.

// making makes a row of the table of files the input of a recipe.
//
// In the table there is no parsed recipe, which may take ten times its
// parameters: it is parsed when it is followed.
type making struct {
	tree      tree
	num, made uint64 // the block of the recipe, and how much it makes
	to        []destination
	base      int64 // where in the worker's temporary file the input lies; once there is some of it
}

// destination is a place of what a recipe makes, in the row of a file or of
// another input of it.
type destination struct {
	into uint32
	at   uint64
}

// recipe parses the recipe.
func (m *making) recipe() (*recipe.Recipe, error) {
	x, err := m.tree.recipe(&format.Ref{Kind: format.RefRecipe, Num: m.num, Span: m.made})
	if err != nil {
		return nil, err
	}
	return recipe.Parse(x)
}

const (
	// maxInputs bounds the recipes of one extraction, each once for a file: some
	// GB of tables.
	maxInputs = 1 << 23
	// maxMade bounds the places where they make something.
	maxMade = 1 << 25
)

// inputKey names the recipe of an input among those of a file.
type inputKey struct{ num, made uint64 }

// madeInput is an input that a file has.
type madeInput struct {
	at     int // its place in rows
	height int // recipes in one another, itself one of them
}

// input enters a recipe that makes a part of a row, and tells how many recipes
// are in one another there. What one recipe makes in several places of a file is
// made once: otherwise a few recipes, each many times in the input of the next
// one, would be followed without end.
func (c *content) input(r *format.Ref, off uint64, into uint32, depth int) (height int, err error) {
	key := inputKey{r.Num, r.Span}
	have, ok := c.inputs[key]
	switch {
	case depth+max(have.height, 1) > format.MaxRecipeDepth:
		return 0, recipe.ErrDepth
	case c.madeIn == maxMade:
		return 0, ErrTooMany
	case ok:
		m := c.rows[have.at].rare.making
		m.to = append(m.to, destination{into, off})
		c.madeIn++
		return have.height, nil
	}
	x, err := c.tree.recipe(r)
	if err != nil {
		return 0, err
	}
	if _, err := recipe.Parse(x); err != nil {
		return 0, err
	}
	if int(c.first)+len(c.rows) >= maxInputs+len(c.refs) {
		return 0, ErrTooMany
	}
	at, height, err := c.row(&x.Input, depth+1)
	if err != nil {
		return 0, err
	}
	f := &c.rows[at]
	f.more().making = &making{tree: c.tree, num: r.Num, made: r.Span, to: []destination{{into, off}}}
	c.madeIn++
	if f.left == 0 {
		c.ready = append(c.ready, c.first+uint32(at))
	}
	if c.inputs == nil {
		c.inputs = make(map[inputKey]madeInput)
	}
	c.inputs[key] = madeInput{at, height + 1}
	return height + 1, nil
}

// makeReady has those recipes followed whose inputs are in no block.
func (p *planner) makeReady() {
	ready := p.ready
	p.ready = nil
	if len(ready) == 0 {
		return
	}
	p.post(job{each: func(w *worker) {
		for _, i := range ready {
			if f := &w.files[i]; w.mine(f.dir) && w.ctx.Err() == nil {
				w.follow(i, f)
			}
		}
	}})
}

// isInput reports whether a row is the input of a recipe.
func (f *file) isInput() bool { return f.rare != nil && f.rare.making != nil }

// owner gives the file that an input is for, in the end.
func (e *engine) owner(f *file) *file {
	for f.isInput() {
		f = &e.files[f.rare.making.to[0].into] // all are for the same
	}
	return f
}

// room makes sure that there is something to write a row to, and gives it:
// a descriptor, and where the row begins in it. If there is none, the file is
// dealt with.
func (w *worker) room(i uint32, f *file) (fd int, base int64, ok bool) {
	if !f.isInput() {
		ok = w.opened(i, f)
		return f.fd, 0, ok
	}
	m := f.rare.making
	if owner := w.owner(f); owner.state != filePlanned && owner.state != fileMade {
		return -1, 0, false // given up
	}
	if f.state == filePlanned {
		base, err := w.inputs.take(w.rootf, f.size)
		if err != nil {
			w.fail(f, err)
			return -1, 0, false
		}
		m.base, f.state = base, fileMade
	}
	return w.inputs.fd(), m.base, true
}

// follow makes what a recipe makes, once its input is whole, and goes on with
// the row that it is a part of.
func (w *worker) follow(i uint32, f *file) {
	in, base, ok := w.room(i, f)
	if !ok {
		return
	}
	m := f.rare.making
	f.fd = in
	err := w.extras(f, base)
	f.fd = -1
	if err != nil {
		w.fail(f, &fs.PathError{Op: "write", Path: f.name, Err: err})
		return
	}
	var outs []output
	for _, d := range m.to {
		out, base, ok := w.room(d.into, &w.files[d.into])
		if !ok {
			return
		}
		outs = append(outs, output{out, base + int64(d.at)})
	}
	err = w.apply(m, in, base, outs)
	w.inputs.free(base, f.size)
	f.state, f.rare.extras = fileDone, nil
	switch {
	case w.ctx.Err() != nil:
		return
	case errors.Is(err, format.ErrDamaged) || errors.Is(err, format.ErrUnsupported):
		w.lose(f, err)
		return
	case err != nil:
		w.fail(f, err)
		return
	}
	for _, d := range m.to {
		to := &w.files[d.into]
		if owner := w.owner(to); owner.state != filePlanned && owner.state != fileMade {
			return // given up over another place
		}
		if to.left--; to.left == 0 {
			w.complete(d.into, to)
		}
	}
}

// output is a place in what is written to.
type output struct {
	fd  int
	off int64
}

// apply makes what a recipe makes: its parts, on all processors.
func (w *worker) apply(m *making, in int, from int64, outs []output) error {
	made, err := m.recipe()
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range made.Parts() {
		g.Go(func() error {
			if err := w.ctx.Err(); err != nil {
				return err
			}
			b := buffers.Get().(*madeBuffers)
			defer buffers.Put(b)
			p := made.Part(i)
			b.in = grown(b.in, int(p.To-p.From))
			if err := readAt(in, b.in, from+p.From); err != nil {
				return err
			}
			var err error
			if b.out, err = made.Make(b.out[:0], i, b.in); err != nil {
				return err
			}
			for _, out := range outs {
				if err := writeAt(out.fd, b.out, uint64(out.off+p.Offset)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func grown(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

func readAt(fd int, b []byte, off int64) error {
	for len(b) > 0 {
		n, err := unix.Pread(fd, b, off)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n == 0: // a hole at the end
			clear(b)
			return nil
		default:
			b, off = b[n:], off+int64(n)
		}
	}
	return nil
}

// inputs is the temporary file of a worker.
type inputs struct {
	file *os.File
	end  int64
}

// inputAlign keeps ranges apart, so that each can be given back.
const inputAlign = 4 << 10

// take gives a range of n octets that reads as zeros.
func (t *inputs) take(dir *os.File, n uint64) (int64, error) {
	if n > 1<<60 || t.end > 1<<60 {
		return 0, unix.EFBIG
	}
	if t.file == nil {
		f, err := unnamed(dir)
		if err != nil {
			return 0, err
		}
		t.file = f
	}
	at := t.end
	t.end += (int64(n) + inputAlign - 1) &^ (inputAlign - 1)
	return at, nil
}

func (t *inputs) fd() int { return int(t.file.Fd()) }

// free gives the room of a range back.
func (t *inputs) free(at int64, n uint64) {
	if t.end == at+(int64(n)+inputAlign-1)&^(inputAlign-1) {
		// The last one: its offsets are as good as new once it is gone.
		if unix.Ftruncate(t.fd(), at) == nil {
			t.end = at
		}
		return
	}
	// Where the file system cannot do so, the room is taken until the end.
	_ = unix.Fallocate(t.fd(), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, int64(n))
}

func (t *inputs) close() {
	if t.file != nil {
		t.file.Close()
	}
}

// unnamed makes a file without a name where the files are restored to, which
// has the room, or else where temporary files are.
func unnamed(dir *os.File) (*os.File, error) {
	f, err := disk.TemporaryIn(dir)
	if err != nil {
		return disk.Temporary("")
	}
	return f, nil
}

// madeBuffers are what a part is made with.
type madeBuffers struct{ in, out []byte }

var buffers = sync.Pool{New: func() any { return new(madeBuffers) }}
