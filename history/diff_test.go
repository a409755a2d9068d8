package history_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// tree is files by path: what they hold.
type tree map[string]string

// nodes makes the nodes of a tree whose paths have directories.
func nodes(t tree) *testkit.Node {
	type dir struct {
		sub   map[string]tree
		files tree
	}
	var make func(name string, t tree) *testkit.Node
	make = func(name string, t tree) *testkit.Node {
		d := dir{map[string]tree{}, tree{}}
		for path, content := range t {
			first, rest, deep := strings.Cut(path, "/")
			if !deep {
				d.files[first] = content
				continue
			}
			if d.sub[first] == nil {
				d.sub[first] = tree{}
			}
			d.sub[first][rest] = content
		}
		var below []*testkit.Node
		for name, content := range d.files {
			below = append(below, testkit.File(name, content))
		}
		for name, t := range d.sub {
			below = append(below, make(name, t))
		}
		slices.SortFunc(below, func(a, b *testkit.Node) int { return strings.Compare(a.Name, b.Name) })
		return testkit.Dir(name, below...)
	}
	return make("", t)
}

// two makes an archive of two states, in directories of many nodes.
func two(t testing.TB, old, new tree) (a *reader.Archive, states []history.State) {
	t.Helper()
	x := &testkit.Archive{
		Options: testkit.Options{DirLeaf: 5, DirFan: 3},
		Segments: []testkit.Segment{
			{Versions: []testkit.Version{{Root: nodes(old), Snapshot: format.Snapshot{Label: "old", Time: format.Time{Sec: 1000}}}}},
			{Versions: []testkit.Version{{Root: nodes(new), Snapshot: format.Snapshot{Label: "new", Time: format.Time{Sec: 2000}}, After: []int{0}}}},
		},
	}
	a = open(t, x)
	states, err := history.Log(a)
	if err != nil || len(states) != 2 {
		t.Fatal(len(states), err)
	}
	return a, states
}

func open(t testing.TB, x *testkit.Archive) *reader.Archive {
	t.Helper()
	a, err := reader.Open(reader.Bytes(testkit.MustBuild(t, x)), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// changes gives what Diff says, a line each.
func changes(t testing.TB, old, new tree, o history.DiffOptions) []string {
	t.Helper()
	a, s := two(t, old, new)
	var lines []string
	for c, err := range history.Diff(t.Context(), a, s[1].Tree, a, s[0].Tree, o) {
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprint(c.Kind, " ", c.Path)
		if c.From != "" {
			line += " from " + c.From
		}
		lines = append(lines, line)
	}
	return lines
}

func TestDiff(t *testing.T) {
	const long = "some content that is longer than a literal may be, and so is a block"
	for _, c := range []struct {
		name     string
		old, new tree
		o        history.DiffOptions
		want     []string
	}{
		{name: "nothing", old: tree{"a": "1"}, new: tree{"a": "1"}},
		{name: "files", old: tree{"a": "1", "b": "2", "c": "3"}, new: tree{"a": "1", "b": "x", "d": "4"},
			want: []string{"modified b", "deleted c", "added d"}},
		{name: "a directory comes and goes", old: tree{"d/a": "1", "x": ""}, new: tree{"e/f/a": "2", "x": ""},
			want: []string{"deleted d", "deleted d/a", "added e", "added e/f", "added e/f/a"}},
		{name: "a file becomes a directory", old: tree{"a": "1", "b/c": "2"}, new: tree{"a/x": "1", "b": "2"},
			want: []string{"type a", "added a/x", "type b", "deleted b/c"}},
		{name: "renamed", old: tree{"a/one": long}, new: tree{"b/one": long, "b/two": "x"},
			want: []string{"deleted a", "added b", "renamed b/one from a/one", "added b/two"}},
		{name: "renamed, of several alike", old: tree{"x/1": long, "x/2": long, "y": ""}, new: tree{"z/2": long, "z/3": long, "y": ""},
			want: []string{"deleted x", "added z", "renamed z/2 from x/2", "renamed z/3 from x/1"}},
		{name: "a directory is renamed", old: tree{"a/1": "x", "a/b/2": long, "c": ""}, new: tree{"z/a/1": "x", "z/a/b/2": long, "c": ""},
			want: []string{"added z", "renamed z/a from a"}},
		{name: "copied is not renamed", old: tree{"a": long}, new: tree{"a": long, "b": long}, want: []string{"added b"}},
		{name: "renames not wanted", old: tree{"a": long}, new: tree{"b": long}, o: history.DiffOptions{NoRenames: true},
			want: []string{"deleted a", "added b"}},
		{name: "content ignored", old: tree{"a": "1", "c": ""}, new: tree{"a": "2", "b": "3", "c": ""}, o: history.DiffOptions{Ignore: history.Content},
			want: []string{"added b"}},
		{name: "some paths", old: tree{"a/1": "1", "b/1": "1"}, new: tree{"a/1": "2", "b/1": "2"},
			o: history.DiffOptions{Match: func(p string) bool { return strings.HasPrefix(p, "b") }, Below: func(p string) bool { return p == "" || p == "b" }}, want: []string{"modified b/1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := changes(t, c.old, c.new, c.o); !slices.Equal(got, c.want) {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
}

// TestDiffRandom holds Diff against a comparison of every path.
func TestDiffRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 60 {
		old := tree{}
		for range r.IntN(200) {
			old[fmt.Sprintf("d%d/e%d/f%d", r.IntN(3), r.IntN(3), r.IntN(60))] = fmt.Sprint(r.IntN(4))
		}
		new := maps.Clone(old)
		for path := range old {
			switch r.IntN(40) {
			case 0:
				delete(new, path)
			case 1:
				new[path] += "!"
			case 2:
				new[path+"x"] = "new"
			}
		}
		old["d9/x"], new["d9/x"] = "", "" // no tree is empty
		want := map[string]history.Kind{}
		for _, p := range dirs(old) {
			if !slices.Contains(dirs(new), p) {
				want[p] = history.Deleted
			}
		}
		for _, p := range dirs(new) {
			if !slices.Contains(dirs(old), p) {
				want[p] = history.Added
			}
		}
		for p, content := range old {
			if c, ok := new[p]; !ok {
				want[p] = history.Deleted
			} else if c != content {
				want[p] = history.Modified
			}
		}
		for p := range new {
			if _, ok := old[p]; !ok {
				want[p] = history.Added
			}
		}
		a, s := two(t, old, new)
		got := map[string]history.Kind{}
		for c, err := range history.Diff(t.Context(), a, s[1].Tree, a, s[0].Tree, history.DiffOptions{NoRenames: true}) {
			if err != nil {
				t.Fatal(err)
			}
			got[c.Path] = c.Kind
		}
		if !maps.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	}
}

func dirs(t tree) (out []string) {
	for p := range t {
		for i, c := range p {
			if c == '/' && !slices.Contains(out, p[:i]) {
				out = append(out, p[:i])
			}
		}
	}
	return out
}

// TestDiffHashes: archives with different hash functions are compared by their
// contents.
func TestDiffHashes(t *testing.T) {
	one := func(id format.HashID, content string) *reader.Archive {
		x := testkit.One(nodes(tree{"d/a": content, "d/b": strings.Repeat("b", 5000)}))
		x.Options.Hash = id
		return open(t, x)
	}
	for _, c := range []struct {
		content string
		want    int
	}{{strings.Repeat("a", 5000), 0}, {strings.Repeat("a", 4999) + "b", 1}} {
		a, b := one(format.HashBLAKE3, strings.Repeat("a", 5000)), one(format.HashSHA256, c.content)
		x, err := a.Tree()
		y, err2 := b.Tree()
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		n := 0
		for c, err := range history.Diff(t.Context(), a, x, b, y, history.DiffOptions{}) {
			if n++; err != nil || c.Path != "d/a" || c.Kind != history.Modified {
				t.Error(c, err)
			}
		}
		if n != c.want {
			t.Errorf("%d changes, want %d", n, c.want)
		}
	}
}

func TestDiffEnds(t *testing.T) {
	a, s := two(t, tree{"a": "1", "b": "1", "c": "1"}, tree{"a": "2", "b": "2", "c": "2"})
	for range history.Diff(t.Context(), a, s[1].Tree, a, s[0].Tree, history.DiffOptions{}) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range history.Diff(ctx, a, s[1].Tree, a, s[0].Tree, history.DiffOptions{}) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// TestDiffCost: what is equal is not read, also inside one large directory.
func TestDiffCost(t *testing.T) {
	old := tree{}
	for i := range 4000 {
		old[fmt.Sprintf("big/f%04d", i)] = "x"
	}
	new := maps.Clone(old)
	new["big/f2000"] = "y"
	a, s := two(t, old, new)
	n := 0
	for p, err := range reader.Pairs(a, dirOf(t, s[1]), a, dirOf(t, s[0])) {
		if n++; err != nil {
			t.Fatal(p, err)
		}
	}
	if n > 10 { // the entries of a leaf of either
		t.Errorf("%d pairs for one change", n)
	}
}

func dirOf(t testing.TB, s history.State) *format.Entry {
	e, err := s.Lookup("big")
	if err != nil {
		t.Fatal(err)
	}
	return e
}
