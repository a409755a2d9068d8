package glob

import "strings"

// A byteSet is a set of bytes.
type byteSet [4]uint64

var fullSet = byteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

func oneByte(c byte) (s byteSet) {
	s.add(c)
	return s
}

func (s *byteSet) add(c byte)      { s[c/64] |= 1 << (c % 64) }
func (s *byteSet) remove(c byte)   { s[c/64] &^= 1 << (c % 64) }
func (s *byteSet) has(c byte) bool { return s[c/64]&(1<<(c%64)) != 0 }

func (s *byteSet) addRange(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		s.add(byte(c))
	}
}

func (s *byteSet) invert() {
	for i := range s {
		s[i] = ^s[i]
	}
}

// bracket parses the bracket expression that pattern begins with and returns
// its set and length. The length is 0 if the expression has no end or names a
// class that does not exist.
//
// As in rsync: "!" or "^" after the bracket inverts; "]" is an ordinary member
// when first; a backslash quotes the next byte; "-" between two members is a
// range and an ordinary member elsewhere, also after a range or a class; a
// range that runs backwards is empty; "[:" begins a class only if ":" comes
// right before the next "]".
func bracket(pattern string) (set byteSet, length int) {
	i := 1
	inverted := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if inverted {
		i++
	}
	lo, haveLo := byte(0), false // the member a range could begin with
	for first := true; ; first = false {
		if i >= len(pattern) {
			return byteSet{}, 0
		}
		c := pattern[i]
		switch {
		case c == ']' && !first:
			if inverted {
				set.invert()
			}
			return set, i + 1

		case c == '-' && haveLo && i+1 < len(pattern) && pattern[i+1] != ']':
			i++
			if pattern[i] == '\\' {
				i++
				if i >= len(pattern) {
					return byteSet{}, 0
				}
			}
			set.addRange(lo, pattern[i])
			haveLo = false
			i++

		case c == '[' && i+1 < len(pattern) && pattern[i+1] == ':':
			name, _, closed := strings.Cut(pattern[i+2:], "]")
			if !closed {
				return byteSet{}, 0
			}
			name, isClass := strings.CutSuffix(name, ":")
			if !isClass {
				set.add('[')
				lo, haveLo = '[', true
				i++
				break
			}
			class, known := classes[name]
			if !known {
				return byteSet{}, 0
			}
			set.addClass(class)
			haveLo = false
			i += len("[:") + len(name) + len(":]")

		default:
			if c == '\\' {
				i++
				if i >= len(pattern) {
					return byteSet{}, 0
				}
				c = pattern[i]
			}
			set.add(c)
			lo, haveLo = c, true
			i++
		}
	}
}

// classes holds the members of the named classes as pairs of bounds. They are
// those of the C locale, whatever the user's: what an archive holds must not
// depend on the environment it was made in.
var classes = map[string]string{
	"alnum":  "09AZaz",
	"alpha":  "AZaz",
	"blank":  "  \t\t",
	"cntrl":  "\x00\x1f\x7f\x7f",
	"digit":  "09",
	"graph":  "!~",
	"lower":  "az",
	"print":  " ~",
	"punct":  "!/:@[`{~",
	"space":  "  \t\r",
	"upper":  "AZ",
	"xdigit": "09AFaf",
}

func (s *byteSet) addClass(bounds string) {
	for ; bounds != ""; bounds = bounds[2:] {
		s.addRange(bounds[0], bounds[1])
	}
}
