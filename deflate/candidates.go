package deflate

import (
	"math/bits"
	"slices"
)

// Traits are what can be seen of a stream without predicting it.
type Traits struct {
	Matches     int
	MaxDistance int
	MinLength   int // of matches; 0 if there are none
	// Symbols is the largest number of symbols in a coded block that is not the
	// final one, its end not counted.
	Symbols int
	Dynamic int // number of dynamic blocks
	Static  int // number of static blocks with content
	Markers int // number of blocks without content, except a final one
	// Ending is the type of the final block if it has no content, or -1.
	Ending int

	symbols int
}

// see takes note of tokens.
func (t *Traits) see(tokens []token) {
	t.symbols += len(tokens)
	most, least, n := t.MaxDistance, t.MinLength, 0
	if least == 0 {
		least = maxMatch + 1
	}
	for _, tok := range tokens {
		if tok.IsMatch() {
			n++
			most = max(most, tok.Distance())
			least = min(least, tok.Length())
		}
	}
	if t.Matches += n; t.Matches > 0 {
		t.MaxDistance, t.MinLength = most, least
	}
}

// seeBlock takes note of a block that has ended.
func (t *Traits) seeBlock(b *block) {
	t.Ending = -1
	switch {
	case b.empty():
		if !b.Final {
			t.Markers++
		} else {
			t.Ending = int(b.Type)
		}
	case b.Type == typeDynamic:
		t.Dynamic++
	case b.Type == typeStatic:
		t.Static++
	}
	if !b.Final {
		t.Symbols = max(t.Symbols, t.symbols)
	}
	t.symbols = 0
}

// Hints say what the container of a stream gives away about its encoder: which
// levels and families to try first. The zero value knows nothing.
type Hints struct {
	Levels   []uint8
	Families []Family
	// Share is what corrections may be of a stream: one part in so many, 4 unless given. Of a
	// model that needs more Find thinks nothing.
	Share int
}

// GzipHints reads the octets XFL and OS of the header of a gzip member.
func GzipHints(xfl, os byte) Hints {
	var h Hints
	switch xfl {
	case 2:
		h.Levels = []uint8{9}
	case 4:
		h.Levels = []uint8{1}
	default:
		h.Levels = []uint8{6, 5, 7, 4, 8, 3, 2}
	}
	switch os {
	case 3:
		h.Families = []Family{Gzip, Zlib, Chromium, Pigz}
	case 10, 19: // what zlib says on Windows and macOS
		h.Families = []Family{Zlib, Chromium}
	case 255: // "unknown": Go, npm, Python
		h.Families = []Family{Chromium, Zlib, Go, Klauspost}
	}
	return h
}

// ZlibHints reads the two octets of the header of a zlib stream.
func ZlibHints(cmf, flg byte) Hints {
	h := Hints{Families: []Family{Zlib, Chromium}}
	switch flg >> 6 {
	case 0:
		h.Levels = []uint8{1}
	case 1:
		h.Levels = []uint8{5, 4, 3, 2}
	case 2:
		h.Levels = []uint8{6}
	default:
		h.Levels = []uint8{9, 8, 7}
	}
	return h
}

// PNGHints reads the same of the stream of a PNG picture. Nothing else has its content,
// which are filtered pixels, so that a recipe with long corrections would never pay.
func PNGHints(cmf, flg byte) Hints {
	h := ZlibHints(cmf, flg)
	h.Share = 16
	return h
}

// first puts the likely ones before all others.
func first[T comparable](likely, all []T) []T {
	out := slices.Clone(likely)
	for _, v := range all {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// enoughMatches is how many there must be for what they have in common to say
// something.
const enoughMatches = 64

// Candidates gives the models that Find tries, in its order.
func Candidates(h Hints, t *Traits) []Model {
	levels := first(h.Levels, []uint8{6, 9, 1, 5, 7, 8, 4, 3, 2})
	families := first(h.Families, []Family{Zlib, Gzip, Chromium, Go, Pigz, Klauspost})
	if h.Families == nil && t.Symbols == 1<<15-1 {
		families = first([]Family{Gzip}, families)
	}
	switch t.Ending {
	case typeStored:
		families = first([]Family{Go}, families)
	case typeStatic:
		families = first([]Family{Klauspost}, families)
		// Of these, levels from 7 on take much time to try.
		slow := func(l uint8) bool { return l >= 7 }
		quick := slices.DeleteFunc(slices.Clone(levels), slow)
		if levels = first(quick, levels); len(h.Levels) == 1 {
			levels = first(h.Levels, levels)
		}
	}
	var out []Model
	add := func(m Model) {
		if m.valid() && t.fits(m) && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	each := func(levels []uint8, with func(Model)) {
		for _, l := range levels {
			for _, f := range families {
				for _, memory := range t.memories() {
					m := Model{Family: f, Version: ModelVersion, Level: l, Window: 15, Memory: memory}
					switch f {
					case Gzip:
						m.Memory = 9
					case Go, Klauspost:
						m.Memory = 0
					case Pigz:
						m.Memory = 8
					}
					if f == Klauspost {
						m.Version = 2
						with(m)
						m.Version = 1
					}
					with(m)
				}
			}
		}
	}
	with := func(s Strategy) func(Model) {
		return func(m Model) { m.Strategy = s; add(m) }
	}
	// What can be recognized goes first.
	if t.Markers > 0 {
		rsync := with(Rsyncable)
		each(levels, func(m Model) {
			if rsync(m); m.Family == Pigz {
				add(m)
			}
		})
	}
	var special []Strategy
	switch {
	case t.Matches == 0:
		special = append(special, HuffmanOnly)
	case t.MaxDistance == 1:
		special = append(special, RLE)
	case t.MinLength > 5 && t.Matches >= enoughMatches:
		special = append(special, Filtered)
	}
	if t.Dynamic == 0 && t.Static > 1 {
		special = append(special, Fixed)
	}
	window := max(9, bits.Len(uint(t.MaxDistance+minLookahead-1)))
	narrow := func(s Strategy) func(Model) {
		return func(m Model) { m.Window, m.Strategy = uint8(min(window, 15)), s; add(m) }
	}
	for _, s := range special {
		switch s {
		case HuffmanOnly, RLE:
			// The level makes no difference, and the window only where a block
			// could be stored.
			for window := uint8(15); window >= 9; window-- {
				each(levels[:1], func(m Model) {
					if m.Window, m.Strategy = window, s; m.Family == Go || m.Family == Klauspost {
						m.Level = 1
					}
					add(m)
				})
			}
		default:
			each(levels, with(s))
			each(levels, narrow(s))
		}
	}
	n := len(h.Levels)
	each(levels[:n], with(Default))
	if t.MinLength > 5 {
		each(levels[:max(n, 2)], with(Filtered))
	}
	each(levels[n:], with(Default))
	if t.Matches >= enoughMatches {
		each(levels, narrow(Default))
	}
	if t.MinLength > 5 {
		each(levels, with(Filtered))
	}
	each(levels, with(Rsyncable))
	if t.Dynamic == 0 {
		each(levels, with(Fixed))
	}
	return out
}

// memories gives the values of memLevel that fit the number of symbols in
// blocks.
func (t *Traits) memories() []uint8 {
	if n := uint(t.Symbols + 1); n >= 128 && n <= 1<<15 && n&(n-1) == 0 {
		return []uint8{uint8(bits.Len(n) - 7)}
	}
	return []uint8{8, 9}
}

// fits says whether a model can have made a stream with these traits, if it
// was as it should be.
func (t *Traits) fits(m Model) bool {
	if ending, yes := m.endsBlocks(); yes {
		return t.Ending == int(ending) && (t.MinLength == 0 || t.MinLength >= goMinMatch)
	}
	if t.MaxDistance > 1<<m.Window-minLookahead {
		return false
	}
	return m.Family == Gzip || t.Symbols <= 1<<(m.Memory+6)-1
}
