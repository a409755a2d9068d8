package recovery

import (
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/recipe"
)

// Numbers of metadata blocks that only other archives have, and of data blocks
// that they name and that are nowhere.
const (
	foreignMeta uint64 = madeMeta + 1<<62
	foreignData uint64 = madeData + 1<<61
)

// foreign are metadata blocks that come from other archives. Numbers in them are
// of those archives: what they name is found here by its hash.
type foreign struct {
	at     map[uint64]foreignNode // by their number here
	metaOf map[format.Hash]uint64 // numbers of metadata blocks, here and from there
	dataOf map[format.Hash]uint64 // numbers of data blocks that are not here
	next   uint64
	lost   uint64
}

// foreignNode is where a metadata block is.
type foreignNode struct {
	from nodeSource
	num  uint64
	hash format.Hash
}

// nodeSource is an archive to fill from.
type nodeSource interface {
	// find finds a metadata block.
	find(h format.Hash) (num uint64, ok bool)
	// load gives a metadata block to change, with the hashes of what it names.
	load(num uint64) (*node, error)
	// content gives a data block.
	content(h format.Hash) ([]byte, bool)
}

// archiveNodes are those of an archive that can be opened.
type archiveNodes struct{ *reader.Archive }

func (a archiveNodes) kind(h format.Hash, kind format.FrameKind, use func(num uint64) bool) bool {
	for num, err := range a.Find(h) {
		if err != nil {
			return false
		}
		if row, err := a.FrameOf(num); err == nil && row.Kind == kind && use(num) {
			return true
		}
	}
	return false
}

func (a archiveNodes) find(h format.Hash) (num uint64, ok bool) {
	ok = a.kind(h, format.FrameMetadata, func(n uint64) bool {
		_, err := a.Node(n)
		num = n
		return err == nil
	})
	return num, ok
}

func (a archiveNodes) content(h format.Hash) (b []byte, ok bool) {
	ok = a.kind(h, format.FrameData, func(num uint64) bool {
		var err error
		b, err = a.Block(num)
		return err == nil // else it is damaged there, too
	})
	return b, ok
}

func (a archiveNodes) load(num uint64) (*node, error) {
	n, err := a.Node(num)
	if err != nil {
		return nil, err
	}
	return cloneOf(n), nil
}

// streamNodes are those of an archive that is damaged itself.
type streamNodes struct {
	*recovery
	at map[format.Hash]uint64
}

// nodesOf makes an archive that cannot be opened one to fill from.
func (r *recovery) nodesOf(s *stream) (*streamNodes, error) {
	n := &streamNodes{recovery: newRecovery(r.ctx, r.opts, s.size()), at: map[format.Hash]uint64{}}
	n.s, n.id = s, r.id
	s.frames = slices.DeleteFunc(s.frames, func(f *frame) bool { return f.sound && f.hash != r.id })
	s.prove(n.id)
	s.number()
	if err := n.judge(); err != nil {
		return n, err
	}
	n.sortHashes()
	n.eachMeta(func(num uint64) {
		if h, ok := n.sum(num); ok {
			n.at[h] = num
		}
	})
	return n, n.ctx.Err()
}

// size is about how many bytes there are of a stream.
func (s *stream) size() (n int64) {
	for _, f := range s.frames {
		n += int64(f.head.Size) + int64(f.head.Stored)
	}
	return n
}

func (s *streamNodes) find(h format.Hash) (num uint64, ok bool) {
	num, ok = s.at[h]
	return num, ok
}

func (s *streamNodes) content(h format.Hash) ([]byte, bool) {
	num, ok := s.byHash(&h)
	if !ok {
		return nil, false
	}
	b, err := s.dataBytes(num)
	return b, err == nil && s.id.Sum(b) == h
}

func (s *streamNodes) load(num uint64) (*node, error) {
	n, err := s.node(num)
	if err != nil {
		return nil, err
	}
	if n.top != nil || !s.resolve(n) {
		return nil, lacking(num, "not all that it names is known")
	}
	return cloneOf(n.asRead()), nil
}

// eachMeta visits the metadata blocks of frames.
func (r *recovery) eachMeta(visit func(num uint64)) {
	for _, f := range r.s.frames {
		if f.head.Kind != format.FrameMetadata {
			continue
		}
		for i := range f.head.Lengths {
			if r.ctx.Err() != nil {
				return
			}
			visit(f.head.First + uint64(i))
		}
	}
}

// wantRoots wants the roots of trees that are not whole: their hashes are in
// the top blocks, whatever became of the index.
func (f *filler) wantRoots() {
	f.eachMeta(func(num uint64) {
		t, err := f.node(num)
		if err != nil || t.top == nil {
			return
		}
		rec, err := f.node(num + 1)
		if err != nil || rec.snapshot == nil {
			return
		}
		root := rec.snapshot.Root.Ref.Num
		if _, proven, ok := f.s.said(root); ok && proven {
			return
		}
		if h, ok := f.sum(root); !ok || h != t.top.Root {
			f.wanted[t.top.Root] = append(f.wanted[t.top.Root], root)
		}
	})
}

// knowMeta makes the table of the metadata blocks that are here, or would be.
func (f *filler) knowMeta() {
	f.foreign.metaOf = map[format.Hash]uint64{}
	f.foreign.dataOf = map[format.Hash]uint64{}
	f.foreign.at = map[uint64]foreignNode{}
	for h, nums := range f.wanted {
		f.foreign.metaOf[h] = nums[0] // a data block has no metadata block's hash
	}
	f.eachMeta(func(num uint64) {
		if h, ok := f.metaHash(num); ok {
			if _, err := f.node(num); err == nil {
				f.foreign.metaOf[h] = num
			}
		}
	})
}

// fromNodes takes metadata blocks that are missing, with all below them that is
// not here, and tells whether there were any.
func (f *filler) fromNodes(from nodeSource) (some bool, err error) {
	for h, nums := range f.wanted {
		num, ok := from.find(h)
		if !ok {
			continue
		}
		for _, n := range nums {
			if n < madeData || n >= madeMeta { // it is not that of a data block
				f.foreign.at[n] = foreignNode{from, num, h}
			}
		}
		f.foreign.metaOf[h] = nums[0]
		delete(f.wanted, h)
		some = true
		if err := f.below(from, num); err != nil {
			return some, err
		}
	}
	return some, f.ctx.Err()
}

// below takes what a node of another archive names and what is not here.
func (f *filler) below(from nodeSource, num uint64) error {
	x := &f.foreign
	for stack := []uint64{num}; len(stack) > 0; {
		num := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n, err := from.load(num)
		if err != nil {
			continue // whoever needs it is told again
		}
		f.filled++
		for _, ref := range n.refs() {
			if ref.Kind == format.RefBlock {
				if err := f.dataBelow(from, ref.Hash); err != nil {
					return err
				}
				continue
			}
			if _, ok := x.metaOf[ref.Hash]; ok {
				continue
			}
			here := foreignMeta + x.next
			x.next++
			x.metaOf[ref.Hash] = here
			if at, ok := from.find(ref.Hash); ok {
				x.at[here] = foreignNode{from, at, ref.Hash}
				stack = append(stack, at)
			} else {
				f.wanted[ref.Hash] = append(f.wanted[ref.Hash], here)
			}
		}
		if err := f.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// dataBelow takes a data block unless it is here, or wanted already.
func (f *filler) dataBelow(from nodeSource, h format.Hash) error {
	x := &f.foreign
	if _, ok := f.byHash(&h); ok {
		return nil
	}
	if _, ok := x.dataOf[h]; ok {
		return nil
	}
	nums := f.wanted[h]
	if b, ok := from.content(h); ok {
		if len(nums) > 0 {
			return f.got(h, b)
		}
		f.filled++
		_, err := f.add(h, b)
		return err
	}
	if len(nums) == 0 {
		nums = []uint64{foreignData + x.lost}
		x.lost++
		f.wanted[h] = nums
	}
	x.dataOf[h] = nums[0]
	return nil
}

// isForeign tells whether a metadata block comes from another archive.
func (r *recovery) isForeign(num uint64) bool {
	_, ok := r.foreign.at[num]
	return ok
}

// fromElsewhere gives a metadata block of another archive with the numbers of here.
func (r *recovery) fromElsewhere(num uint64, x foreignNode) (*node, error) {
	n, err := x.from.load(x.num)
	if err != nil {
		return nil, err
	}
	for _, ref := range n.refs() {
		var ok bool
		if ref.Kind != format.RefBlock {
			ref.Num, ok = r.foreign.metaOf[ref.Hash]
		} else if ref.Num, ok = r.byHash(&ref.Hash); !ok {
			ref.Num, ok = r.foreign.dataOf[ref.Hash]
		}
		if !ok {
			return nil, lacking(num, "what it names in another archive is not there")
		}
	}
	b := n.canonical(num)
	if n.size = len(b); r.id.Sum(b) != x.hash {
		return nil, lacking(num, "another archive has it with another hash")
	}
	if n.recipe != nil {
		n.made, _ = recipe.Parse(n.recipe)
	}
	return n, nil
}
