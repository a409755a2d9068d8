package glob_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vtdarchive/vtd/internal/glob"
)

func TestMatcher(t *testing.T) {
	members := []string{
		"", "a[1]", "a1", "dir", "dir/a.c", "dir/sub", "dir/sub/b.c", "dir2", "dir2/x", "main.c", "star*", "starry", `w\*`, "..x",
	}
	tests := []struct {
		args      []string
		selected  []string
		unmatched []string
	}{
		{nil, members, nil},
		{[]string{"."}, members, nil},
		{[]string{"./"}, members, nil},
		{[]string{"/"}, members, nil},
		{[]string{""}, nil, []string{""}},
		{[]string{".", ""}, members, []string{""}},
		{[]string{"main.c"}, []string{"main.c"}, nil},
		{[]string{"./main.c"}, []string{"main.c"}, nil},
		{[]string{"/main.c"}, []string{"main.c"}, nil},
		{[]string{"dir"}, []string{"dir", "dir/a.c", "dir/sub", "dir/sub/b.c"}, nil},
		{[]string{"dir/"}, []string{"dir", "dir/a.c", "dir/sub", "dir/sub/b.c"}, nil},
		{[]string{".//dir/./sub//"}, []string{"dir/sub", "dir/sub/b.c"}, nil},
		{[]string{"di"}, nil, []string{"di"}},
		{[]string{"dir/.."}, nil, []string{"dir/.."}},
		{[]string{"..x"}, []string{"..x"}, nil},
		{[]string{"dir", "dir/sub", "nope", "dir/", "nope/"},
			[]string{"dir", "dir/a.c", "dir/sub", "dir/sub/b.c"}, []string{"nope", "nope/"}},
		{[]string{"*.c"}, []string{"dir/a.c", "dir/sub/b.c", "main.c"}, nil},
		{[]string{"dir/*.c"}, []string{"dir/a.c", "dir/sub/b.c"}, nil},
		{[]string{"d*b"}, []string{"dir/sub", "dir/sub/b.c"}, nil},
		{[]string{"dir?"}, []string{"dir2", "dir2/x"}, nil},
		{[]string{"a[1]"}, []string{"a[1]", "a1"}, nil},
		{[]string{`a\[1]`}, []string{"a[1]"}, nil},
		{[]string{"star*"}, []string{"star*", "starry"}, nil},
		{[]string{`star\*`}, []string{"star*"}, nil},
		{[]string{`w\*`}, []string{`w\*`}, nil},
		{[]string{"*"}, members[1:], nil},
		{[]string{"*.c", "main.c", "*.h"}, []string{"dir/a.c", "dir/sub/b.c", "main.c"}, []string{"*.h"}},
		{[]string{strings.Repeat("*", 5000)}, nil, []string{strings.Repeat("*", 5000)}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%.40q", tt.args), func(t *testing.T) {
			m := glob.New(tt.args)
			var got []string
			for _, path := range members {
				if !m.Match(path) {
					continue
				}
				got = append(got, path)
				for dir := path; dir != ""; {
					dir = dir[:max(0, strings.LastIndexByte(dir, '/'))]
					if !m.CouldMatchBelow(dir) {
						t.Errorf("%q is selected, but nothing could be below %q", path, dir)
					}
				}
			}
			if !slices.Equal(got, tt.selected) {
				t.Errorf("selected %q, want %q", got, tt.selected)
			}
			if un := m.Unmatched(); !slices.Equal(un, tt.unmatched) {
				t.Errorf("unmatched %q, want %q", un, tt.unmatched)
			}
		})
	}
}

func TestCouldMatchBelow(t *testing.T) {
	tests := []struct {
		args string
		dir  string
		want bool
	}{
		{"", "a", true},
		{"a/b/c", "", true},
		{"a/b/c", "a", true},
		{"a/b/c", "a/b", true},
		{"a/b/c", "a/b/c", true},
		{"a/b/c", "a/b/c/d", true},
		{"a/b/c", "a/bb", false},
		{"a/b/c", "a/", false},
		{"a/b/c", "b", false},
		{"ab x", "a", false},
		{"a/*.c", "a/b/c", true},
		{"a/*.c", "b", false},
		{"a?/x", "ab", true},
		{"a?/x", "abc", false},
		{"a?", "ab/c", true},
	}
	for _, tt := range tests {
		m := glob.New(strings.Fields(tt.args))
		if got := m.CouldMatchBelow(tt.dir); got != tt.want {
			t.Errorf("%q below %q = %v", tt.args, tt.dir, got)
		}
		if un := m.Unmatched(); len(un) != len(strings.Fields(tt.args)) {
			t.Errorf("%q: asking what is below %q counts as a match", tt.args, tt.dir)
		}
	}
}

func TestMatcherConcurrent(t *testing.T) {
	m := glob.New([]string{"a", "*.c", "none"})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 100 {
				if !m.Match(fmt.Sprintf("a/%d", i)) || !m.Match("b/x.c") {
					t.Error("not selected")
				}
			}
		})
	}
	wg.Wait()
	if un := m.Unmatched(); !slices.Equal(un, []string{"none"}) {
		t.Errorf("unmatched %q", un)
	}
}

func BenchmarkMatcher(b *testing.B) {
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("src/dir%d/file%d", i%10, i))
	}
	for _, args := range [][]string{names[:1], names, {"*.go", "doc/*"}} {
		b.Run(fmt.Sprint(len(args)), func(b *testing.B) {
			m := glob.New(args)
			for b.Loop() {
				m.Match("src/dir3/other/file.go")
			}
		})
	}
}
