package scanners

import (
	"bytes"
	"iter"
	"math"
)

// feed runs a scanner beside the cutting of content, and gives its joints and
// hints once they are certain.
type feed struct {
	jointMin int64
	src      Source
	marks    markHeap
	next     func() (struct{}, bool) // lets the scanner go on until it wants more content
	stop     func()
	ended    bool

	shown int64 // blocks up to here have been shown, or were skipped
	zeros int   // blocks of zeros that the scanner wanted to see
	solid int   // other blocks that it wanted to see

	prev   int64 // the joint before, or the start of the content
	joints queue // those that count, in order
	hints  queue
}

// A scanner may want to see maxZeros blocks of zeros, and zerosPerSolid more for
// each other block: holes must not cost what their length would as octets.
const (
	maxZeros      = 1024
	zerosPerSolid = 16
)

func newFeed(p Params) *feed {
	return &feed{jointMin: int64(p.jointMin()), ended: true}
}

// begin starts a scanner on new content; nil for none.
func (f *feed) begin(sc *Scanner) {
	f.end()
	*f = feed{jointMin: f.jointMin, ended: sc == nil, marks: markHeap{f.marks.of[:0]}, joints: f.joints, hints: f.hints, src: Source{line: f.src.line}}
	f.joints.reset()
	f.hints.reset()
	if sc == nil {
		return
	}
	f.src.marks = &f.marks
	f.next, f.stop = iter.Pull(func(yield func(struct{}) bool) {
		// Whatever a scanner does, only its marks are lost.
		defer func() { _ = recover() }()
		f.src.more = func() {
			if !yield(struct{}{}) {
				panic(gaveUp{})
			}
		}
		sc.scan(&f.src)
	})
}

// end gives the scanner up. What it has said stays.
func (f *feed) end() {
	f.ended = true
	if f.stop != nil {
		f.stop()
		f.next, f.stop = nil, nil
	}
}

// run shows the scanner content that begins at offset base, block by block; with
// final there is no more of it.
func (f *feed) run(data []byte, base int64, final bool) {
	end := base + int64(len(data))
	for !f.ended {
		if at := f.src.pos &^ (blockSize - 1); at > f.shown {
			f.shown = at
		}
		b := f.shown + blockSize
		last := final && b >= end
		if last {
			b = end
		}
		if b > end {
			break
		}
		switch seen := max(f.shown, f.src.pos); {
		case seen >= b:
		case zero(data[seen-base : b-base]):
			f.zeros++
		default:
			f.solid++
		}
		if f.zeros > maxZeros+zerosPerSolid*f.solid {
			f.end()
			break
		}
		f.shown = b
		f.src.data, f.src.base, f.src.last = data[:b-base], base, last
		if f.src.pos >= b && !last {
			continue
		}
		if _, more := f.next(); !more || last {
			f.end()
		}
	}
	f.collect(data, base)
}

// settled is the offset before which no more marks come.
func (f *feed) settled() int64 {
	if f.ended {
		return math.MaxInt64
	}
	return f.src.pos
}

// collect takes over the marks that are certain. Which of them count is
// decided by what is close to them only.
func (f *feed) collect(data []byte, base int64) {
	settled := f.settled()
	for {
		off, hint, ok := f.marks.pop(settled)
		switch {
		case !ok:
			return
		case hint:
			if at := off - base; at >= window && at <= int64(len(data)) && hashBefore(data[at-window:at])&hintMask == 0 {
				f.hints.push(off)
			}
		default:
			if off-f.prev >= f.jointMin {
				f.joints.push(off)
			}
			f.prev = off
		}
	}
}

// hintFrom gives the first hint at index low of what begins at base, or after
// it, as an index, or noHint.
func (f *feed) hintFrom(base int64, low int) int {
	if h, ok := f.hints.front(base + int64(low)); ok {
		return int(h - base)
	}
	return noHint
}

// hashBefore is the hash before the position behind b, of window octets.
func hashBefore(b []byte) (h uint64) {
	for _, c := range b {
		h = h<<1 + gear[c]
	}
	return h
}

// zero reports whether all octets of b are 0.
func zero(b []byte) bool {
	if len(b) < 16 {
		return len(bytes.TrimLeft(b, "\x00")) == 0
	}
	return b[0] == 0 && uniform(b)
}
