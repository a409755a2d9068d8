package reader

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"github.com/vtdarchive/vtd/format"
)

// passLimits bound what is remembered for the hashes of whole contents. What is
// above them is read once more when the frames have passed.
type passLimits struct {
	files   int   // that the archive has
	hashers int64 // for files that are hashed at the same time
	kept    int64 // bytes of blocks that have passed and are needed again
	keeps   int64 // their number
}

// usualLimits come to 208 MiB at most.
var usualLimits = passLimits{files: 1 << 18, hashers: 1024, kept: 128 << 20, keeps: 1 << 15}

// contentPass hashes files of several blocks while the frames that hold these
// are checked, so that nothing is decoded for them again. It only finds out
// which files are right: of one that it does not find right, for whatever
// reason, the check of the trees says what is wrong.
//
// Frames pass in order, several at a time. A file that lies in one frame is
// hashed from its memory. One that goes on in later frames takes a hasher
// along, each frame waiting for the one before it that has a part of the file;
// and of what it needs of frames before those, the blocks are kept.
type contentPass struct {
	v      *verifier
	limits passLimits
	rows   []format.IndexFrame // of data, ascending
	made   chan struct{}       // closed when the plan is
	mu     sync.Mutex
	change sync.Cond // of what follows

	files []passing // by key; the plan and what became of it
	full  bool      // there are more

	plan passPlan

	copied, done int             // frames before these have kept their blocks, are done
	state        []frameProgress // of frames
	kept         map[uint64][]byte
}

type frameProgress struct{ copied, done bool }

// passing is a content that several blocks make, and the hash it should have.
type passing struct {
	contentKey
	first uint64   // where it is consecutive blocks of one frame, count of them
	count uint32   //
	steps int32    // frames in which it goes on; 0 is not in this pass
	ok    bool     // it has its hash
	run   *running // between steps
}

// running is a content that has been hashed in part.
type running struct {
	hash *format.ContentHasher
	at   uint64 // offset up to which it has been
	step int32  // steps done
}

// step is a file that goes on in a frame.
type passStep struct{ file, step int32 }

func compareKeys(a, b *contentKey) int {
	return cmp.Or(cmp.Compare(a.num, b.num), cmp.Compare(a.kind, b.kind), cmp.Compare(a.octet, b.octet),
		cmp.Compare(a.span, b.span), bytes.Compare(a.says[:], b.says[:]))
}

func newContentPass(v *verifier, limits passLimits) *contentPass {
	p := &contentPass{v: v, limits: limits, made: make(chan struct{}), kept: make(map[uint64][]byte)}
	p.change.L = &p.mu
	return p
}

// collect takes note of the contents that a directory names. The same leaf is
// there once, the same content may be in many.
func (p *contentPass) collect(d *format.DirLeaf) {
	var found []passing
	odd := false
	for i := range d.Entries {
		e := &d.Entries[i]
		if e.HasContentHash() {
			found = append(found, passing{contentKey: keyOf(e)})
			odd = odd || e.Ref.Span != e.Size
		}
	}
	if len(found) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full = p.full || odd; p.full {
		return
	}
	if p.files = append(p.files, found...); len(p.files) > p.limits.files {
		p.sortFiles()
		if len(p.files) > p.limits.files/2 { // or it would be sorted again and again
			p.full = true
		}
	}
}

func (p *contentPass) sortFiles() {
	slices.SortFunc(p.files, func(a, b passing) int { return compareKeys(&a.contentKey, &b.contentKey) })
	p.files = slices.CompactFunc(p.files, func(a, b passing) bool { return a.contentKey == b.contentKey })
}

// right tells whether a content has been found right.
func (p *contentPass) right(k contentKey) bool {
	i, ok := slices.BinarySearchFunc(p.files, k, func(x passing, k contentKey) int { return compareKeys(&x.contentKey, &k) })
	return ok && p.files[i].ok
}

// all tells whether every content of the archive has been found right.
func (p *contentPass) all() bool {
	return !p.full && !slices.ContainsFunc(p.files, func(x passing) bool { return !x.ok })
}

// passed is called once for each frame, in order with the metadata of its
// blocks: raw is nil where it has damage as a whole.
func (p *contentPass) passed(i int, head *format.FrameHead, raw []byte) {
	<-p.made
	f := passFrame{p: p, row: &p.rows[i], raw: raw}
	if raw != nil {
		f.starts = blockStarts(head)
		for _, n := range p.plan.within[i] {
			if p.v.ctx.Err() == nil {
				f.within(&p.files[n])
			}
		}
		f.keep()
	}
	p.mu.Lock()
	p.state[i].copied = true
	for p.copied < len(p.state) && p.state[p.copied].copied {
		p.copied++
	}
	p.change.Broadcast()
	for p.copied < i {
		p.change.Wait()
	}
	p.mu.Unlock()
	for _, s := range p.plan.steps[i] {
		f.step(&p.files[s.file], s.step)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state[i].done = true
	for p.done < len(p.state) && p.state[p.done].done {
		for _, num := range p.plan.drop[p.done] {
			delete(p.kept, num)
		}
		p.done++
	}
}

// passFrame is a frame whose blocks have been checked.
type passFrame struct {
	p      *contentPass
	row    *format.IndexFrame
	starts []uint32
	raw    []byte
	buf    []byte // what a recipe makes
	input  []byte // of what
}

// block gives a block that is in the frame, or is kept, and right.
func (f *passFrame) block(num uint64) []byte {
	if f.raw == nil || !holds(f.row, num) {
		f.p.mu.Lock()
		defer f.p.mu.Unlock()
		return f.p.kept[num]
	}
	if s := f.p.v.state[num]; s&stBad != 0 || s&stLength == 0 {
		return nil
	}
	i := num - f.row.First
	return f.raw[f.starts[i]:f.starts[i+1]]
}

// keep copies the blocks that later frames need.
func (f *passFrame) keep() {
	keeps := f.p.plan.keeps
	i, _ := slices.BinarySearchFunc(keeps, f.row.First, func(k keep, num uint64) int { return cmp.Compare(k.num, num) })
	for ; i < len(keeps) && holds(f.row, keeps[i].num); i++ {
		b := f.block(keeps[i].num)
		if uint64(len(b)) != keeps[i].span { // room is for so many
			continue
		}
		b = bytes.Clone(b)
		f.p.mu.Lock()
		f.p.kept[keeps[i].num] = b
		f.p.mu.Unlock()
	}
}

// within hashes a content that is consecutive blocks of the frame.
func (f *passFrame) within(x *passing) {
	for num := x.first; num < x.first+uint64(x.count); num++ {
		if f.block(num) == nil {
			return
		}
	}
	i := x.first - f.row.First
	b := f.raw[f.starts[i]:f.starts[i+uint64(x.count)]]
	x.ok = uint64(len(b)) == x.span && f.p.v.a.header.Hash.SumContent(b) == x.says
}

// step goes on with a content as far as the frame goes.
func (f *passFrame) step(x *passing, step int32) {
	p := f.p
	next := running{step: step + 1}
	if step == 0 {
		next.hash = p.v.a.header.Hash.NewContent()
	} else {
		p.mu.Lock()
		for x.run == nil || x.run.step < step { // some frame before this one is at it
			p.change.Wait()
		}
		next.hash, next.at = x.run.hash, x.run.at
		p.mu.Unlock()
	}
	if next.hash != nil {
		file := File{a: p.v.a, e: &format.Entry{Kind: format.KindFile, Size: x.span, Ref: x.ref()}}
		var ok bool
		next.at, ok = f.feed(next.hash, &file, next.at)
		switch {
		case ok && next.at == x.span:
			x.ok = next.hash.Sum() == x.says
			next.hash = nil
		case !ok || step+1 == x.steps || f.raw == nil:
			next.hash = nil
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	x.run = &next
	p.change.Broadcast()
}

// ref is the reference to the content. Its hash is that of a metadata block,
// which nobody needs here.
func (k *contentKey) ref() format.Ref {
	return format.Ref{Kind: k.kind, Num: k.num, Span: k.span}
}

// feed hashes the content from an offset on, up to the first block that is not
// there, and gives the offset of that. It is false where something is wrong.
func (f *passFrame) feed(h *format.ContentHasher, file *File, at uint64) (uint64, bool) {
	for c := (cursor{f: file}); at < file.e.Size; {
		if f.p.v.ctx.Err() != nil {
			return at, false
		}
		piece, err := c.piece(at)
		if err != nil {
			return at, false
		}
		r := &piece.Ref
		switch r.Kind {
		case format.RefLiteral:
			h.Write(r.Literal)
		case format.RefRun:
			h.WriteRun(r.Octet, r.Span)
		case format.RefBlock:
			b := f.block(r.Num)
			if b == nil {
				return at, true
			}
			if uint64(len(b)) != r.Span {
				return at, false
			}
			h.Write(b)
		case format.RefRecipe:
			made, there, ok := f.part(file, &piece, at)
			if !there || !ok {
				return at, ok
			}
			h.Write(made)
			at += uint64(len(made))
			continue
		}
		at += r.Span
	}
	return at, true
}

// part makes the part of a recipe that begins at an offset of the file. It is
// not there where a block of its input is not.
func (f *passFrame) part(file *File, piece *Piece, at uint64) (made []byte, there, ok bool) {
	n, err := file.a.recipe(&piece.Ref)
	if err != nil {
		return nil, false, false
	}
	i := n.made.At(int64(at) - piece.Offset)
	part := n.made.Part(i)
	f.input = f.input[:0]
	there = true
	ok = file.a.inputPieces(n, part.From, part.To, func(x *Piece, from, to uint64) bool {
		r := &x.Ref
		switch r.Kind {
		case format.RefLiteral:
			f.input = append(f.input, r.Literal[from:to]...)
		case format.RefRun:
			for from < to {
				b := runOf(r.Octet, to-from)
				f.input = append(f.input, b...)
				from += uint64(len(b))
			}
		case format.RefBlock:
			b := f.block(r.Num)
			if there = b != nil; !there || uint64(len(b)) != r.Span {
				return false
			}
			f.input = append(f.input, b[from:to]...)
		}
		return true
	})
	if !ok {
		return nil, there, !there
	}
	f.buf, err = n.made.Make(f.buf[:0], i, f.input)
	return f.buf, true, err == nil && len(f.buf) > 0
}

// inputPieces calls do for the pieces of a range of a recipe's input, with the
// range within each. It is false where one cannot be read, is a recipe itself, or
// do says so.
func (a *Archive) inputPieces(n *node, from, to int64, do func(x *Piece, from, to uint64) bool) bool {
	in := &File{a: a, e: &format.Entry{Kind: format.KindFile, Size: n.recipe.Input.Span, Ref: n.recipe.Input}}
	c := cursor{f: in}
	for at, end := uint64(from), uint64(to); at < end; {
		piece, err := c.piece(at)
		if err != nil || piece.Ref.Kind == format.RefRecipe {
			return false
		}
		start := uint64(piece.Offset)
		till := min(end, start+piece.Ref.Span)
		if !do(&piece, at-start, till-start) {
			return false
		}
		at = till
	}
	return true
}
