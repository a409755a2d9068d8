package glob

import "fmt"

// MaxPattern is the length in bytes of the longest pattern accepted: the
// longest path Linux takes, beyond which no pattern is useful.
const MaxPattern = 4096

// maxWords holds one bit for every position of the longest pattern, and one
// for its end.
const maxWords = MaxPattern/64 + 1

// A Dialect says what the wildcards of a pattern mean.
type Dialect uint8

const (
	// Path is the dialect of rsync's filter rules: "*", "?" and "[...]" do not
	// match a slash, "**" does. A backslash at the end of a pattern and a
	// malformed bracket expression match nothing.
	Path Dialect = iota

	// Flat treats a slash as any other byte, "**" as "*", a backslash at the
	// end as itself and the "[" of a malformed bracket expression as itself.
	Flat
)

// A Mode changes where in a text a pattern may match. Without one it must
// match the whole text.
type Mode uint8

const (
	// Tail lets the match begin after any slash as well.
	Tail Mode = 1 << iota
	// Lead lets the match end before any slash as well, so that a pattern for
	// a directory matches everything below it.
	Lead
	// SlashBefore matches as if the text were preceded by a slash; Tail does
	// not count it.
	SlashBefore
	// SlashAfter matches as if the text were followed by a slash; Lead does
	// not count it.
	SlashAfter
)

// A Pattern is a compiled pattern.
//
// State i means "the first i elements of the pattern have been matched"; the
// set of current states is a bit set. An element matches exactly one byte. A
// star is not an element but a property of the state it stands at: the state
// survives the byte that comes next.
type Pattern struct {
	elements int
	words    int
	never    bool // an element matches no byte

	// The bytes that the pattern treats alike share a column. Bit i of a
	// column is set when element i matches those bytes.
	column  [256]uint8
	columns []uint64 // words for each column

	star []uint64 // states that survive a byte other than a slash
	deep []uint64 // states that survive a slash
}

// Compile compiles a pattern. It fails only for one that is longer than
// [MaxPattern].
func Compile(pattern string, d Dialect) (*Pattern, error) {
	if len(pattern) > MaxPattern {
		return nil, fmt.Errorf("pattern of %d bytes is too long (limit %d)", len(pattern), MaxPattern)
	}
	var sets []byteSet
	var star, deep [maxWords]uint64
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			at, bit := len(sets)/64, uint64(1)<<(len(sets)%64)
			star[at] |= bit
			if d == Flat || i+1 < len(pattern) && pattern[i+1] == '*' {
				deep[at] |= bit
			}
			for i+1 < len(pattern) && pattern[i+1] == '*' {
				i++
			}
		case '?':
			sets = append(sets, wild(fullSet, d))
		case '[':
			set, n := bracket(pattern[i:])
			switch {
			case n > 0:
				sets = append(sets, wild(set, d))
				i += n - 1
			case d == Flat:
				sets = append(sets, oneByte('['))
			default:
				return &Pattern{never: true}, nil
			}
		case '\\':
			switch {
			case i+1 < len(pattern):
				i++
				sets = append(sets, oneByte(pattern[i]))
			case d == Flat:
				sets = append(sets, oneByte('\\'))
			default:
				return &Pattern{never: true}, nil
			}
		default:
			sets = append(sets, oneByte(c))
		}
	}
	return assemble(sets, star[:], deep[:]), nil
}

// wild returns what a wildcard element for set matches in a dialect.
func wild(set byteSet, d Dialect) byteSet {
	if d == Path {
		set.remove('/')
	}
	return set
}

// assemble builds the automaton for a list of elements.
func assemble(sets []byteSet, star, deep []uint64) *Pattern {
	p := &Pattern{elements: len(sets), words: len(sets)/64 + 1}
	p.star = append(p.star, star[:p.words]...)
	p.deep = append(p.deep, deep[:p.words]...)
	for i := range sets {
		if sets[i] == (byteSet{}) {
			return &Pattern{never: true}
		}
	}
	known := make(map[string]uint8)
	col := make([]uint64, p.words)
	key := make([]byte, 0, 8*p.words)
	for c := range 256 {
		clear(col)
		for i := range sets {
			if sets[i].has(byte(c)) {
				col[i/64] |= 1 << (i % 64)
			}
		}
		key = key[:0]
		for _, w := range col {
			for s := 0; s < 64; s += 8 {
				key = append(key, byte(w>>s))
			}
		}
		id, ok := known[string(key)]
		if !ok {
			id = uint8(len(known))
			known[string(key)] = id
			p.columns = append(p.columns, col...)
		}
		p.column[c] = id
	}
	return p
}

// Match reports whether the pattern matches text.
func (p *Pattern) Match(text string, m Mode) bool {
	matched, _ := p.run(text, m)
	return matched
}

// Extends reports whether some text that begins with prefix could match.
func (p *Pattern) Extends(prefix string) bool {
	_, alive := p.run(prefix, 0)
	return alive
}

func (p *Pattern) run(text string, m Mode) (matched, alive bool) {
	switch {
	case p.never:
		return false, false
	case p.words == 1:
		return p.runShort(text, m)
	default:
		return p.runLong(text, m)
	}
}

// runShort runs a pattern whose states fit in one word.
func (p *Pattern) runShort(text string, m Mode) (matched, alive bool) {
	star, deep, end := p.star[0], p.deep[0], uint64(1)<<p.elements
	slash := p.columns[p.column['/']]
	restart := uint64(m & Tail) // 1, the bit of state 0, if it is entered after each slash
	d := uint64(1)
	if m&SlashBefore != 0 {
		d = (d&slash)<<1 | d&deep
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '/' {
			d = (d&p.columns[p.column[c]])<<1 | d&star
		} else {
			if m&Lead != 0 && d&end != 0 {
				return true, true
			}
			d = (d&slash)<<1 | d&deep | restart
		}
		if d|restart == 0 {
			return false, false
		}
	}
	if m&SlashAfter != 0 {
		d = (d&slash)<<1 | d&deep
	}
	return d&end != 0, d != 0
}

// runLong runs a pattern of any length.
func (p *Pattern) runLong(text string, m Mode) (matched, alive bool) {
	var states [maxWords]uint64
	d := states[:p.words]
	d[0] = 1
	atEnd := func() bool { return d[p.elements/64]&(1<<(p.elements%64)) != 0 }
	if m&SlashBefore != 0 {
		p.step(d, '/', 0)
	}
	for i := 0; i < len(text); i++ {
		if m&Lead != 0 && text[i] == '/' && atEnd() {
			return true, true
		}
		if !p.step(d, text[i], m) && m&Tail == 0 {
			return false, false
		}
	}
	if m&SlashAfter != 0 {
		p.step(d, '/', 0)
	}
	for _, w := range d {
		alive = alive || w != 0
	}
	return atEnd(), alive
}

// step moves the set of states d over the byte c and reports whether any state
// is left.
func (p *Pattern) step(d []uint64, c byte, m Mode) (alive bool) {
	stay, carry := p.star, uint64(0)
	if c == '/' {
		stay, carry = p.deep, uint64(m&Tail)
	}
	col := p.columns[int(p.column[c])*p.words:]
	var left uint64
	for i, w := range d {
		moved := w & col[i]
		d[i] = moved<<1 | carry | w&stay[i]
		carry = moved >> 63
		left |= d[i]
	}
	return left != 0
}
