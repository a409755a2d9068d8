package scanners

import (
	"bytes"
	"encoding/binary"
	"math/bits"
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
	// textNear is how far apart hints are at least. Two that are closer are
	// chosen by the same octets.
	textNear = 2 * textAround
)

// scanText gives a scanner of the places where lines begin and, unless it is
// empty, of those before the last of three octets, as between two records. With
// keep, a place must please it: at is its index in p, which holds textAround
// octets before it and more behind.
func scanText(between string, keep func(p []byte, at int) bool) func(*Source) {
	return func(s *Source) {
		var (
			last  int64              // the place before
			named = -int64(textNear) // the one before that was chosen
			at    = 0                // behind here places are looked for
		)
		for {
			p, off := s.Peek(MaxPeek), s.Offset()
			end := len(p) - textTail
			line, record := at, at // the next places of either kind, if they are behind at
			if between == "" {
				record = len(p) + 1
			}
			for {
				if line <= at {
					line = nextLine(p, at)
				}
				if record <= at {
					if record = endsAt(p, at+1, between); record < 0 {
						record = len(p) + 1
					}
				}
				next := min(line, record)
				if next > end {
					break
				}
				at = next
				if at < textAround || keep != nil && !keep(p, at) {
					continue
				}
				place := off + int64(at)
				if chosen(p[at-textAround:], place-last) {
					if place-named >= textNear {
						s.HintAt(place)
					}
					named = place
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

// nextLine gives the first place behind at where a line begins, or the length
// of p and more. Short lines are looked at eight octets at a time, which is
// quicker than to begin a search in each.
func nextLine(p []byte, at int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	if at < len(p) && p[at] == '\n' { // an empty line; there may be many
		return at + 1
	}
	for range 2 {
		if at+8 > len(p) {
			break
		}
		x := binary.LittleEndian.Uint64(p[at:]) ^ '\n'*ones
		if found := (x - ones) &^ x & tops; found != 0 {
			return at + bits.TrailingZeros64(found)/8 + 1
		}
		at += 8
	}
	if i := bytes.IndexByte(p[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(p) + 1
}

// endsAt gives the first index in p, from one on, of the last octet of a place
// where a word stands, or -1. It searches for that octet alone, which is quick
// if it is less frequent than the others.
func endsAt(p []byte, from int, word string) int {
	n := len(word) - 1
	before, last := word[n-1], word[n]
	for at := max(from, n); at < len(p); at++ {
		if p[at] != last {
			i := bytes.IndexByte(p[at:], last)
			if i < 0 {
				break
			}
			at += i
		}
		if p[at-1] != before {
			continue
		}
		k := 2
		for k <= n && p[at-k] == word[n-k] {
			k++
		}
		if k > n {
			return at
		}
	}
	return -1
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
