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

// scanText gives a scanner of the places where a line begins, and, if there is
// a separator, where what follows it within a line does: the last octet of the
// separator is the first of what follows. With keep, a place must please it: at
// is its index in p, which holds textAround octets before it and more behind.
func scanText(sep string, keep func(p []byte, at int) bool) func(*Source) {
	separator := []byte(sep)
	return func(s *Source) {
		var last int64 // the place before
		at := 0        // from here on places are looked for
		for {
			p, off := s.Peek(MaxPeek), s.Offset()
			end := len(p) - textTail
			feed, sepAt := -1, -1 // the first ones from at on, or the end
			for {
				if feed < at {
					feed = indexFrom(p, at, lineFeed)
				}
				next := feed + len(lineFeed)
				if len(separator) > 0 {
					if sepAt < at {
						sepAt = indexFrom(p, at, separator)
					}
					next = min(next, sepAt+len(separator)-1)
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
			// No place is left before end, but the next may begin before it.
			at = max(at, end-len(separator))
			s.Skip(int64(at - textAround))
			at = textAround
		}
	}
}

var lineFeed = []byte("\n")

// indexFrom gives where sep begins in p, at an index or behind it, or the length
// of p.
func indexFrom(p []byte, at int, sep []byte) int {
	if i := bytes.Index(p[at:], sep); i >= 0 {
		return at + i
	}
	return len(p)
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
