package reader

// earlyTrees is a check of the trees on one processor while others check the
// frames of data. What is not known by then, of which length the blocks are and
// whether they are there, it takes for granted and has held against the frames
// later. It is good for archives in which nothing is wrong: where it or the
// frames find anything, it is forgotten, and the trees are checked again, so that
// what is reported does not depend on it.
type earlyTrees struct {
	v     *verifier
	spans spans
	done  bool
}

// spans holds of each block of data which length the references to it give it.
type spans struct {
	of   []uint32 // 0 is none
	hurt bool     // some of a tree cannot be read, or contradicts itself
}

// see takes note of a reference, and is false where it contradicts one before.
func (s *spans) see(num, span uint64) bool {
	if num >= uint64(len(s.of)) || span > stLength {
		return false
	}
	old := s.of[num]
	s.of[num] = uint32(span)
	return old == 0 || old == uint32(span)
}

// maxEarly bounds the blocks of an archive whose trees are checked early, at
// four bytes for each.
const maxEarly = 1 << 23

func newEarlyTrees(v *verifier) *earlyTrees {
	if v.opts.Workers < 2 || v.a.Blocks() > maxEarly {
		return nil
	}
	opts := VerifyOptions{NoContents: true, Workers: 1}
	return &earlyTrees{v: &verifier{a: v.a, ctx: v.ctx, opts: opts, byBlock: map[uint64]*Finding{}}}
}

func (t *earlyTrees) run() {
	t.spans.of = make([]uint32, t.v.a.Blocks())
	c := t.v.newTreeChecker()
	c.spans = &t.spans
	t.done = c.trees() == nil
}

// take takes over what was found, and is false where the trees have to be
// checked again.
func (t *earlyTrees) take(v *verifier) bool {
	if t == nil || !t.done || t.spans.hurt || !t.v.empty() || !v.empty() || v.pass != nil && !v.pass.all() {
		return false
	}
	for num, n := range t.spans.of {
		if n != 0 && v.state[num] != n|stKnown {
			return false
		}
	}
	v.rep.Snapshots, v.rep.Entries = t.v.rep.Snapshots, t.v.rep.Entries
	v.rep.Warnings = append(v.rep.Warnings, t.v.rep.Warnings...)
	return v.ctx.Err() == nil
}
