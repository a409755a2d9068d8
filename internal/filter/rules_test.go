package filter_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vtdarchive/vtd/internal/filter"
)

// rules makes a Rules of the lines of a file.
func rules(t testing.TB, lines ...string) *filter.Rules {
	t.Helper()
	var r filter.Rules
	if err := r.ExcludeFrom(strings.NewReader(strings.Join(lines, "\n")), "test"); err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestPatterns(t *testing.T) {
	tests := []struct {
		pattern    string
		matches    string // paths separated by spaces; directories end in "/"
		matchesNot string
	}{
		{"foo", "foo foo/ a/foo a/b/foo/", "foobar a/xfoo foo/bar"},
		{"/foo", "foo foo/", "a/foo"},
		{"foo/", "foo/ a/foo/", "foo a/foo"},
		{"/foo/", "foo/", "foo a/foo/"},
		{"foo/bar", "foo/bar a/foo/bar", "bar foo xfoo/bar foo/bar/x"},
		{"/foo/bar", "foo/bar", "a/foo/bar"},
		{"*.o", "a.o .o d/a.o a.o/", "a.oo a.o/x"},
		{"a*", "a abc d/ab", "ba ab/c"},
		{"a*z", "az abz d/a--z", "a z abzy"},
		{"ab*ba", "abba abxba", "aba"},
		{"*", "a a/ a/b", ""},
		{"*/", "a/ a/b/", "a a/b"},
		{"/*", "a a/", "a/b"},
		{"foo/*/bar", "foo/x/bar a/foo/x/bar", "foo/bar foo/x/y/bar"},
		{"/foo/**/bar", "foo/x/bar foo/x/y/bar", "foo/bar a/foo/x/bar"},
		{"foo/**", "foo/x foo/x/y a/foo/x", "foo foo/ xfoo/a"},
		{"foo/***", "foo/ foo/x foo/x/y a/foo/", "foo a/foo"},
		{"/foo/***", "foo/ foo/x", "a/foo/ a/foo/x"},
		{"**/foo", "foo a/foo a/b/foo", "xfoo a/xfoo foo/x"},
		{"**foo", "foo xfoo a/xfoo", "foo/x"},
		{"a**z", "az a/z x/a/y/z", "xa/z"},
		{"**", "a a/b a/b/", ""},
		{"?", "a x/b", "ab é"},
		{"[a-c]x", "ax d/cx", "dx /x"},
		{"[!a]x", "bx", "ax"},
		{"a?b", "axb", "a/b"},
		{"a[/]b", "", "a/b"},
		{"[[:upper:]]*", "Ab", "ab"},
		{"[[:nope:]]", "", "n :"},
		{`a\b`, `a\b`, "ab"},
		{`a\b*`, "ab abc", `a\b`},
		{`\*`, "*", `a \*`},
		{`a\`, `a\`, "a"},
		{"\xff*", "\xff \xffa", "a\xff"},
		{"/", "", "a a/ a/b"},
		{".", "", ". a"},
		{"+x", "+x", "x"},
		{"-", "-", ""},
		{"!x", "!x", "x"},
		{" x", "", "x"},
	}
	for _, tt := range tests {
		var ex filter.Rules
		if err := ex.Exclude(tt.pattern); err != nil {
			t.Fatal(err)
		}
		check := func(paths string, want bool) {
			for _, p := range strings.Fields(paths) {
				path, isDir := strings.CutSuffix(p, "/")
				if got := !ex.Match(path, isDir); got != want {
					t.Errorf("%q matches %q = %v", tt.pattern, p, got)
				}
			}
		}
		check(tt.matches, true)
		check(tt.matchesNot, false)
	}
}

func TestOrder(t *testing.T) {
	tests := []struct {
		name    string
		rules   []string
		in, out string
	}{
		{"none", nil, "a a/b", ""},
		{"first match wins", []string{"+ keep.o", "*.o", "+ *"}, "keep.o a", "a.o"},
		{"literal before wildcard", []string{"a", "+ a*"}, "ab", "a"},
		{"wildcard before literal", []string{"+ a*", "a", "b"}, "a ab", "b"},
		{"path before name", []string{"+ /d/a", "a"}, "d/a", "a x/d/a"},
		{"name before path", []string{"a", "+ /d/a"}, "", "a d/a"},
		{"tail between", []string{"+ d/a", "a", "/d/a"}, "d/a x/d/a", "a"},
		{"directory first", []string{"+ a/", "a"}, "a/", "a"},
		{"file and directory", []string{"a", "+ a/"}, "", "a a/"},
		{"only c", []string{"+ */", "+ *.c", "*"}, "a/ a.c d/a.c", "a a.o"},
		{"cleared", []string{"a", "!", "b"}, "a", "b"},
		{"comments", []string{"# a", ";b", "", " #", "c"}, "a b #", "c"},
		{"carriage returns", []string{"a\r", "b\rc\r\r"}, "d", "a b c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := rules(t, tt.rules...)
			for _, p := range strings.Fields(tt.in) {
				path, isDir := strings.CutSuffix(p, "/")
				if !r.Match(path, isDir) {
					t.Errorf("%q is excluded", p)
				}
			}
			for _, p := range strings.Fields(tt.out) {
				path, isDir := strings.CutSuffix(p, "/")
				if r.Match(path, isDir) {
					t.Errorf("%q is included", p)
				}
			}
		})
	}
}

func TestOptionPrefixes(t *testing.T) {
	var r filter.Rules
	for _, err := range []error{
		r.Exclude("gone"), r.Include("!"), r.Exclude("+ in"), r.Include("- out"), r.Exclude(""), r.Include("- - x"), r.Exclude("*n"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{"gone": true, "in": true, "out": false, "- x": false, "x": true, "on": false} {
		if got := r.Match(path, false); got != want {
			t.Errorf("Match(%q) = %v", path, got)
		}
	}
}

func TestEmpty(t *testing.T) {
	var none *filter.Rules
	for _, r := range []*filter.Rules{none, {}} {
		if !r.Match("a/b", false) || !r.MatchTree("a/b", false) {
			t.Error("no rules exclude something")
		}
	}
	all := rules(t, "**")
	if !all.Match("", true) || !all.Match(".", true) {
		t.Error("the root is excluded")
	}
}

func TestMatchTree(t *testing.T) {
	r := rules(t, "skip/", "*.o")
	for path, want := range map[string]bool{
		"a": true, "a/b/c": true, "skip": true, "skip/a": false, "a/skip/b/c": false, "a.o/b": false, "a/b.o": false,
	} {
		if got := r.MatchTree(path, false); got != want {
			t.Errorf("MatchTree(%q) = %v", path, got)
		}
	}
}

func TestErrors(t *testing.T) {
	var r filter.Rules
	long := strings.Repeat("*", 5000)
	for _, text := range []string{"- ", "+ ", long} {
		if err := r.Exclude(text); err == nil {
			t.Errorf("no error for %.20q", text)
		}
	}
	for _, tt := range []struct{ file, want string }{
		{"a\n\n- \n", "list:3: filter rule without a pattern"},
		{"a\r\n" + long, "list:2: pattern of 5000 bytes is too long (limit 4096)"},
		{"a\n" + strings.Repeat("a", 100_000), "list:2: bufio.Scanner: token too long"},
	} {
		err := r.ExcludeFrom(strings.NewReader(tt.file), "list")
		if err == nil || err.Error() != tt.want {
			t.Errorf("%.20q: error %v, want %q", tt.file, err, tt.want)
		}
	}
	broken := errors.New("broken")
	if err := r.ExcludeFrom(iotest.ErrReader(broken), "list"); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// TestFileInPieces reads a file of rules one byte at a time: a carriage return
// may be the last byte that has arrived.
func TestFileInPieces(t *testing.T) {
	var r filter.Rules
	if err := r.ExcludeFrom(iotest.OneByteReader(strings.NewReader("a\r\nb\rc\r\n- d")), "list"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		if r.Match(name, false) {
			t.Errorf("%q is included", name)
		}
	}
}

func FuzzRules(f *testing.F) {
	f.Add("+ */\n*.[ch]\n- /a/**/b\n!\n", "a/x/b", true)
	f.Add("a*a*a*a*b\n**a**a**\n***\n", "aaaa/aaaa", false)
	f.Fuzz(func(t *testing.T, file, path string, isDir bool) {
		var r filter.Rules
		if err := r.ExcludeFrom(strings.NewReader(file), "fuzz"); err != nil {
			return
		}
		in := r.Match(path, isDir)
		if r.MatchTree(path, isDir) && !in {
			t.Errorf("%q excludes %q, but not in the tree", file, path)
		}
		// A rule for everything in front settles everything.
		var all filter.Rules
		if err := all.Include("**"); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(file, "!") {
			if err := all.ExcludeFrom(strings.NewReader(file), "fuzz"); err != nil {
				t.Fatal(err)
			}
		}
		if !all.Match(path, isDir) {
			t.Errorf("%q excludes %q in spite of a first rule", file, path)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	var many []string
	for i := range 2000 {
		many = append(many, fmt.Sprintf("name%d", i), fmt.Sprintf("/some/path%d", i))
	}
	for _, bb := range []struct {
		name  string
		rules []string
	}{
		{"literal", []string{"node_modules"}},
		{"suffix", []string{"*.o", "*.a", "*~", ".#*"}},
		{"tail", []string{"build/output", "dist/*.js"}},
		{"deep", []string{"/vendor/**/testdata/***", "**/cache/**"}},
		{"thousands", many},
	} {
		b.Run(bb.name, func(b *testing.B) {
			r := rules(b, bb.rules...)
			b.ReportAllocs()
			for b.Loop() {
				r.Match("project/source/package/some_file_name.go", false)
			}
		})
	}
}
