package scanners

import (
	"iter"
	"math"
)

// Span is a piece of content: a chunk, or a run of one octet.
type Span struct {
	Offset int64 // where in the content it begins
	Length int64 // at least 1
	Run    bool  // whether it is a run
	Octet  byte  // the octet a run repeats; 0 for a chunk
	Cut    Cut   // why it ends
}

// Cut is why a span ends where it does.
type Cut uint8

const (
	CutEnd   Cut = iota // the content ends
	CutRun              // a run ends, or the next begins
	CutHash             // the rolling hash says so
	CutMax              // it may not be longer
	CutJoint            // a scanner's joint
	CutHint             // a scanner's hint
)

var cutNames = [...]string{"end", "run", "hash", "max", "joint", "hint"}

func (c Cut) String() string { return cutNames[c] }

// Split cuts content that is in memory as a whole, such as a small or a mapped
// file, and yields its spans in order. sc may be nil; without a scanner Split
// does not allocate. The parameters must be valid; Split panics if they are not.
func Split(p Params, sc *Scanner, data []byte) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		if sc == nil || sc.idle(p, int64(len(data))) {
			split(p, nil, data, yield)
			return
		}
		f := newFeed(p)
		f.begin(sc)
		f.run(data, 0, true)
		split(p, f, data, yield)
	}
}

func split(p Params, f *feed, data []byte, yield func(Span) bool) {
	c := newCutter(p)
	w := walk{hint: noHint}
	for w.pos < len(data) {
		section := data
		if f != nil {
			if j, ok := f.joints.front(int64(w.pos + 1)); ok && j < int64(len(data)) {
				section = data[:j]
			}
		}
		for w.pos < len(section) {
			start := w.pos
			if f != nil {
				w.hint = f.hintFrom(0, w.pos+c.min)
			}
			n, run, why := w.next(&c, section, true)
			s := Span{Offset: int64(start), Length: int64(n), Run: run, Cut: why}
			if run {
				s.Octet = data[start]
			}
			if w.pos == len(section) {
				s.Cut = endOf(len(section) < len(data))
			}
			if !yield(s) {
				return
			}
		}
	}
}

// endOf is why the last span of a section ends.
func endOf(more bool) Cut {
	if more {
		return CutJoint
	}
	return CutEnd
}

// walk is a position in content and what is known of the runs after it. All of
// its offsets are into the data handed to next.
type walk struct {
	pos   int     // the content before this has been handed out
	probe int     // where the next block to look at for a run begins
	run   stretch // the run nearest to pos, if its end is after pos
	hint  int     // the first hint that counts, not nearer to pos than a chunk is long, or noHint
}

// noHint is behind all hints.
const noHint = math.MaxInt

// next returns the length of the span at w.pos and moves past it. data holds
// the content as far as it is known, final says that there is no more of it. The
// length is 0 if nothing is left, or if more has to be known first: this never
// happens with cutter.max + cutter.runMin octets after pos, nor in front of a
// run of which runMin octets are known. A run may turn out to go on when it ends
// where data does.
func (w *walk) next(c *cutter, data []byte, final bool) (n int, run bool, why Cut) {
	if w.run.end <= w.pos {
		w.seek(c, data)
	}
	gap := data[w.pos:]
	switch {
	case w.run.end > w.pos && w.run.start == w.pos:
		n = w.run.end - w.pos
		w.pos = w.run.end
		return n, true, CutRun
	case w.run.end > w.pos:
		gap = data[w.pos:w.run.start]
	case !final && len(gap) < c.max+c.runMin:
		return 0, false, CutEnd
	}
	n, why = c.cut(gap, w.hint-w.pos)
	if why == CutEnd {
		why = CutRun
	}
	w.pos += n
	return n, false, why
}

// seek looks for the next run, as far as it can bear on the chunk at pos.
//
// A run of runMin octets holds a whole block of half as many that is aligned to
// its own length, so it is enough to look at those, and at nearly all of them no
// more than a glance is needed. What is found does not depend on where the
// blocks lie: a block only leads to the stretch around it, which is a run if it
// is long enough. A stretch that reaches the end of data while too short is left
// to be looked at again.
func (w *walk) seek(c *cutter, data []byte) {
	block := c.runMin / 2
	limit := min(len(data), w.pos+c.max+c.runMin)
	if w.probe < w.pos {
		w.probe += (w.pos - w.probe + block - 1) / block * block
	}
	for ; w.probe+block <= limit; w.probe += block {
		if !uniform(data[w.probe : w.probe+block]) {
			continue
		}
		s := around(data, w.pos, w.probe)
		if s.end-s.start >= c.runMin {
			w.run = s
			return
		}
		if s.end == len(data) {
			return
		}
	}
}
