package scanners

import (
	"bytes"
	"encoding/binary"
)

// Text is cut where something in it begins: a definition, a record, a line.
// There are far more such places than chunks, so each scanner of text names
// about one in textGap octets, chosen by what stands around it and how long what
// came before was. What it names does not depend on anything farther away.
//
// Were they all named, a chunk would end at the first that one hint in four
// leaves, right behind Params.Min. Chunks would then all be equally long, and
// after an insertion cuts would not fall back into step for a long time.
const (
	// textGap is how far from each other hints in text are on average.
	textGap = 1 << textGapBits
	// textGapBits is the binary logarithm of textGap.
	textGapBits = 11
	// textTail is how much at the end of content has no hints. A chunk that
	// short costs as much as any other, and hardly ever saves one.
	textTail = 24 << 10
	// textAround is how many octets before a place, and how many behind it, choose
	// whether it counts. Nothing nearer to the start of content is a place.
	textAround = 16
)

// textMark is what stands around a place.
type textMark struct {
	sep  string
	back int // how many octets of sep stand behind the place
}

var (
	lineMarks = []textMark{{"\n", 0}}
	jsonMarks = []textMark{{"\n", 0}, {"},{", 1}}
	sqlMarks  = []textMark{{"\n", 0}, {"),(", 1}}
)

// scanText gives a scanner of the places that two marks at most say. With keep,
// a place must please it: at is its index in p, which holds textAround octets
// before it and more behind.
func scanText(marks []textMark, keep func(p []byte, at int) bool) func(*Source) {
	return func(s *Source) {
		var last int64 // the place before
		at := 0        // behind here places are looked for
		for {
			p, off := s.Peek(MaxPeek), s.Offset()
			end := len(p) - textTail
			var found [2]int // by mark, the next place, as far as it is behind at
			for {
				next := len(p) + 1
				for i := range marks {
					if found[i] <= at {
						found[i] = marks[i].next(p, at)
					}
					next = min(next, found[i])
				}
				if next > end {
					break
				}
				at = next
				if at < textAround || keep != nil && !keep(p, at) {
					continue
				}
				place := off + int64(at)
				if chosen(p[at-textAround:at+textAround], place-last) {
					s.HintAt(place)
				}
				last = place
			}
			if len(p) < MaxPeek {
				return
			}
			at = max(at, end)
			s.Skip(int64(at - textAround))
			at = textAround
		}
	}
}

// next gives the first place behind at, or the length of p and more.
func (m *textMark) next(p []byte, at int) int {
	if len(m.sep) == 1 {
		if i := bytes.IndexByte(p[at:], m.sep[0]); i >= 0 {
			return at + i + 1
		}
		return len(p) + 1
	}
	from := max(0, at+1+m.back-len(m.sep))
	if i := bytes.Index(p[from:], []byte(m.sep)); i >= 0 {
		return from + i + len(m.sep) - m.back
	}
	return len(p) + 1
}

// chosen reports whether a place n octets behind the one before it counts, by
// what is around it.
func chosen(around []byte, n int64) bool {
	a := (*[2 * textAround]byte)(around)
	h := binary.LittleEndian.Uint64(a[0:])*0x9e3779b97f4a7c15 +
		binary.LittleEndian.Uint64(a[8:])*0xbf58476d1ce4e5b9 +
		binary.LittleEndian.Uint64(a[16:])*0x94d049bb133111eb +
		binary.LittleEndian.Uint64(a[24:])*0xd6e8feb86659fd93
	return int64(h>>(64-textGapBits)) < n
}
