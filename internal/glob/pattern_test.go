package glob_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/internal/glob"
)

func compile(t testing.TB, pattern string, d glob.Dialect) *glob.Pattern {
	t.Helper()
	p, err := glob.Compile(pattern, d)
	if err != nil {
		t.Fatalf("Compile(%q): %v", pattern, err)
	}
	return p
}

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, text string
		path, flat    bool
	}{
		{"", "", true, true},
		{"", "a", false, false},
		{"a", "", false, false},
		{"abc", "abc", true, true},
		{"abc", "abcd", false, false},
		{"*", "", true, true},
		{"*", "abc", true, true},
		{"*", "a/b", false, true},
		{"**", "a/b", true, true},
		{"***", "/a/b/", true, true},
		{"a*c", "ac", true, true},
		{"a*c", "abbbc", true, true},
		{"a*c", "ab/c", false, true},
		{"a**c", "ab/c", true, true},
		{"a*b*c", "abxbc", true, true},
		{"*/b", "a/b", true, true},
		{"?", "/", false, true},
		{"?", "\xff", true, true},
		{"?", "é", false, false},
		{"??", "é", true, true},
		{"[ab]", "b", true, true},
		{"[/]", "/", false, true},
		{"[!a]", "/", false, true},
		{"[!a]", "b", true, true},
		{"[^a]", "a", false, false},
		{"[]a]", "]", true, true},
		{"[!]a]", "]", false, false},
		{"[a-c]", "b", true, true},
		{"[c-a]", "b", false, false},
		{"[a-]", "-", true, true},
		{"[-a]", "-", true, true},
		{"[a-b-d]", "c", false, false},
		{"[a-b-d]", "-", true, true},
		{`[\]]`, "]", true, true},
		{`[a\-c]`, "b", false, false},
		{"[[:digit:]x]", "7", true, true},
		{"[[:digit:]x]", "x", true, true},
		{"[![:digit:]]", "7", false, false},
		{"[[:alpha:]]", "\xe9", false, false},
		{"[\x80-\xff]", "\xe9", true, true},
		{"[[:alpha]", ":", true, true},
		{"[[:nope:]]", "[n]", false, true},
		{"[a", "[a", false, true},
		{"[", "[", false, true},
		{`a\`, `a\`, false, true},
		{`\*`, "*", true, true},
		{`\*`, "a", false, false},
		{`\a`, "a", true, true},
		{"a*a*a*a*b", "aaaaaaaab", true, true},
		{"**a**a**", "x/a/y/a", true, true},
		{"**a**a**", "x/a/y", false, false},
	}
	for _, tt := range tests {
		if got := compile(t, tt.pattern, glob.Path).Match(tt.text, 0); got != tt.path {
			t.Errorf("Path: %q matches %q = %v", tt.pattern, tt.text, got)
		}
		if got := compile(t, tt.pattern, glob.Flat).Match(tt.text, 0); got != tt.flat {
			t.Errorf("Flat: %q matches %q = %v", tt.pattern, tt.text, got)
		}
	}
}

func TestModes(t *testing.T) {
	tests := []struct {
		pattern, text string
		mode          glob.Mode
		want          bool
	}{
		{"b**", "a/b/c", 0, false},
		{"b**", "a/b/c", glob.Tail, true},
		{"b**", "a/cb", glob.Tail, false},
		{"a/b", "a/b/c", 0, false},
		{"a/b", "a/b/c", glob.Lead, true},
		{"a/b", "a/bc", glob.Lead, false},
		{"**/a", "a", 0, false},
		{"**/a", "a", glob.SlashBefore, true},
		{"a/***", "a", 0, false},
		{"a/***", "a", glob.SlashAfter, true},
		{"b/***", "a/b", glob.SlashAfter | glob.Tail, true},
		{"b", "a/b/c", glob.Lead | glob.Tail, true},
	}
	for _, tt := range tests {
		if got := compile(t, tt.pattern, glob.Path).Match(tt.text, tt.mode); got != tt.want {
			t.Errorf("%q matches %q in mode %b = %v", tt.pattern, tt.text, tt.mode, got)
		}
		// The same behind enough literal text to need several words.
		for _, n := range []int{63, 64, 130} {
			pad := strings.Repeat("p", n)
			if tt.mode == 0 {
				if got := compile(t, pad+tt.pattern, glob.Path).Match(pad+tt.text, 0); got != tt.want {
					t.Errorf("%d+%q matches %q = %v", n, tt.pattern, tt.text, got)
				}
				continue
			}
			pattern, text := tt.pattern+strings.Repeat("[^/]", n)+"*", tt.text+pad
			want := slowMatch(pattern, text, tt.mode)
			if got := compile(t, pattern, glob.Path).Match(text, tt.mode); got != want {
				t.Errorf("%q matches %q in mode %b = %v", pattern, text, tt.mode, got)
			}
		}
	}
}

func TestExtends(t *testing.T) {
	tests := []struct {
		pattern, prefix string
		want            bool
	}{
		{"a/b", "a/", true},
		{"a/b", "b/", false},
		{"*.c", "any/dir/", true},
		{"a?c/*", "abc/", true},
		{"a?c/*", "abd/", false},
		{"[z]*", "a/", false},
	}
	for _, tt := range tests {
		if got := compile(t, tt.pattern, glob.Flat).Extends(tt.prefix); got != tt.want {
			t.Errorf("%q extends %q = %v", tt.pattern, tt.prefix, got)
		}
	}
}

func TestTooLong(t *testing.T) {
	if _, err := glob.Compile(strings.Repeat("*", glob.MaxPattern+1), glob.Path); err == nil {
		t.Error("no error for a pattern that is too long")
	}
	p := compile(t, strings.Repeat("a", glob.MaxPattern), glob.Path)
	if !p.Match(strings.Repeat("a", glob.MaxPattern), 0) {
		t.Error("the longest pattern does not match itself")
	}
}

// TestHostile would not end if matching backtracked.
func TestHostile(t *testing.T) {
	text := strings.Repeat("a", 5000)
	for _, pattern := range []string{
		strings.Repeat("a*", 60) + "b",
		strings.Repeat("a*", 2000) + "b",
		strings.Repeat("**a", 1000) + "**b",
		strings.Repeat("*a**?", 500) + "[b]",
	} {
		if compile(t, pattern, glob.Path).Match(text, glob.Tail) {
			t.Errorf("%.20q… matches", pattern)
		}
	}
}

// slowMatch is the plain recursive matcher for the Path dialect with only "*",
// "?", "[^/]" and literals.
func slowMatch(pattern, text string, m glob.Mode) bool {
	first, last := 0, len(text)
	if m&glob.SlashBefore != 0 {
		text = "/" + text
		first, last = 1, last+1
	}
	if m&glob.SlashAfter != 0 {
		text += "/"
	}
	starts, ends := []int{0}, []int{len(text)}
	for i := first; i < last; i++ {
		if text[i] == '/' && m&glob.Tail != 0 {
			starts = append(starts, i+1)
		}
		if text[i] == '/' && m&glob.Lead != 0 {
			ends = append(ends, i)
		}
	}
	for _, s := range starts {
		for _, e := range ends {
			if s <= e && slow(pattern, text[s:e]) {
				return true
			}
		}
	}
	return false
}

func slow(p, t string) bool {
	if p == "" {
		return t == ""
	}
	if p[0] == '*' {
		rest := strings.TrimLeft(p, "*")
		deep := len(p)-len(rest) > 1
		for i := 0; ; i++ {
			if slow(rest, t[i:]) {
				return true
			}
			if i == len(t) || t[i] == '/' && !deep {
				return false
			}
		}
	}
	if t == "" {
		return false
	}
	if rest, ok := strings.CutPrefix(p, "[^/]"); ok {
		return t[0] != '/' && slow(rest, t[1:])
	}
	return (p[0] == t[0] || p[0] == '?' && t[0] != '/') && slow(p[1:], t[1:])
}

// TestRandom compares the automaton with the recursive matcher.
func TestRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 3))
	draw := func(alphabet string, n int) string {
		s := make([]byte, rnd.IntN(n))
		for i := range s {
			s[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		return string(s)
	}
	matched := 0
	for range 30000 {
		pattern, text, mode := draw("ab/**?", 8), draw("aab/", 9), glob.Mode(rnd.IntN(16))
		want := slowMatch(pattern, text, mode)
		if want {
			matched++
		}
		if got := compile(t, pattern, glob.Path).Match(text, mode); got != want {
			t.Fatalf("%q matches %q in mode %04b = %v", pattern, text, mode, got)
		}
		// No text that matches is ever cut off.
		if mode == 0 && want {
			for i := range len(text) {
				if !compile(t, pattern, glob.Path).Extends(text[:i]) {
					t.Fatalf("%q does not extend %q", pattern, text[:i])
				}
			}
		}
	}
	if matched < 1000 {
		t.Errorf("only %d pairs matched", matched)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a*[!b-d]**?/", "abc/d", uint8(0))
	f.Add("[[:alpha:]]***", "x/y", uint8(3))
	f.Add(strings.Repeat("a*", 70), strings.Repeat("a", 200), uint8(8))
	f.Fuzz(func(t *testing.T, pattern, text string, mode uint8) {
		for _, d := range []glob.Dialect{glob.Path, glob.Flat} {
			p, err := glob.Compile(pattern, d)
			if err != nil {
				return
			}
			m := glob.Mode(mode & 15)
			if p.Match(text, 0) && (!p.Match(text, m&(glob.Tail|glob.Lead)) || !p.Extends(text)) {
				t.Errorf("%q matches %q, but not when more is allowed", pattern, text)
			}
			p.Match(text, m)
			// A pattern with everything quoted is its own text.
			var quoted strings.Builder
			for i := range len(text) {
				quoted.WriteByte('\\')
				quoted.WriteByte(text[i])
			}
			if q, err := glob.Compile(quoted.String(), d); err == nil && !q.Match(text, 0) {
				t.Errorf("%q quoted does not match itself", text)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, bb := range []struct{ name, pattern, text string }{
		{"star", "src/*/test_*.go", "src/package/test_something.go"},
		{"deep", "**/node_modules/**/*.min.js", "web/node_modules/some/package/dist/file.min.js"},
		{"long", strings.Repeat("[ab]*", 40), strings.Repeat("abcd", 40)},
		{"hostile", "a*a*a*a*a*a*a*a*b", strings.Repeat("a", 100)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			p := compile(b, bb.pattern, glob.Path)
			b.SetBytes(int64(len(bb.text)))
			for b.Loop() {
				p.Match(bb.text, 0)
			}
		})
	}
}
