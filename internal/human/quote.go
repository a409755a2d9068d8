package human

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote makes a name safe to print on a terminal, in the escape style of GNU
// tar: a backslash becomes "\\"; BEL, BS, TAB, LF, VT, FF and CR become "\a" to
// "\r"; every byte of anything else that is not printable, or not UTF-8, three
// octal digits: "\033". Spaces stay, and so does a name with nothing to escape.
// Different names have different quoted forms.
//
// Not printable are, with the control characters of ASCII and Latin-1, those
// that reorder or hide text (a name could pretend to end in another suffix),
// line and paragraph separators, and code points that are private or not
// assigned. The joiners U+200C and U+200D stay: words of several scripts and
// many emoji need them.
func Quote(name string) string {
	i := 0
	for i < len(name) {
		n := plain(name[i:])
		if n == 0 {
			break
		}
		i += n
	}
	if i == len(name) {
		return name
	}
	var s strings.Builder
	s.WriteString(name[:i])
	for i < len(name) {
		if n := plain(name[i:]); n > 0 {
			s.WriteString(name[i : i+n])
			i += n
			continue
		}
		_, n := utf8.DecodeRuneInString(name[i:])
		for ; n > 0; n-- {
			escape(&s, name[i])
			i++
		}
	}
	return s.String()
}

// plain returns the length of the first character of s if it needs no escape,
// else 0.
func plain(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r == '\\', r == utf8.RuneError && n == 1:
		return 0
	case r == '\u200c', r == '\u200d', unicode.IsGraphic(r):
		return n
	}
	return 0
}

func escape(s *strings.Builder, c byte) {
	s.WriteByte('\\')
	switch {
	case c >= '\a' && c <= '\r':
		s.WriteByte("abtnvfr"[c-'\a'])
	case c == '\\':
		s.WriteByte('\\')
	default:
		s.WriteByte('0' + c>>6)
		s.WriteByte('0' + c>>3&7)
		s.WriteByte('0' + c&7)
	}
}

// JSONName returns the form of a name in JSON. A name that is UTF-8 is itself,
// and raw is nil. Otherwise s has U+FFFD in place of each invalid byte, to show
// to people, and raw holds the name itself. In a struct they are
//
//	Name  string `json:"name"`
//	Bytes []byte `json:"name_bytes,omitempty"`
//
// so that the exact name follows in base64 where, and only where, the string is
// not it: a program takes name_bytes if it is there and name if not. The rule
// holds for every string of the file system: "target" and "target_bytes".
func JSONName(name string) (s string, raw []byte) {
	if utf8.ValidString(name) {
		return name, nil
	}
	var b strings.Builder
	for _, r := range name { // yields U+FFFD for each invalid byte
		b.WriteRune(r)
	}
	return b.String(), []byte(name)
}
