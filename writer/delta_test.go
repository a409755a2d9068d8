package writer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// A file that has changed a little is a delta of what it was, down to a depth; it
// reads as it is, and so do all that were before.
func TestAppendDelta(t *testing.T) {
	version := func(k int) string {
		lines := strings.SplitAfter(text(1, 40_000), "\n")
		for i := range k {
			lines[(i*37+11)%len(lines)] = fmt.Sprintf("changed for version %d, as line %d\n", i+1, i)
		}
		return strings.Join(lines, "")
	}
	for _, c := range []struct {
		recipes Recipes
		deltas  int64
	}{{RecipesAuto, 1}, {RecipesOff, 0}} {
		dir := files(t, map[string]string{"f": version(0), "other": text(9, 30_000)})
		must(t, os.Link(filepath.Join(dir, "f"), filepath.Join(dir, "g")))
		path := archiveOf(t, Options{Inputs: []Input{{Dir: dir, Path: "."}}})
		const last = 7
		for k := 1; k <= last; k++ {
			put(t, filepath.Join(dir, "f"), version(k))
			o := of(dir)
			o.Recipes = c.recipes
			rep, contents := grow(t, path, o)
			if rep.Deltas != c.deltas {
				t.Errorf("%s, version %d: %d deltas", c.recipes, k, rep.Deltas)
			}
			if small := rep.Stored < 3_000; small != (c.deltas > 0) {
				t.Errorf("%s, version %d takes %d octets", c.recipes, k, rep.Stored)
			}
			plain, _ := createWhole(t, Options{Inputs: []Input{{Dir: dir, Path: "."}}})
			if like := check(t, plain, nil); like.Content != contents.Content {
				t.Errorf("%s, version %d: the content id is another", c.recipes, k)
			}
		}
		a, err := reader.OpenFile(path, reader.Options{})
		must(t, err)
		defer a.Close()
		k, deepest := last, 0
		for tree, err := range a.Snapshots() {
			must(t, err)
			for _, name := range []string{"f", "g"} {
				e, err := tree.Lookup(name)
				must(t, err)
				f, err := a.ContentOf(e, name)
				must(t, err)
				b := make([]byte, e.Size)
				if _, err := f.ReadAt(b, 0); err != nil || string(b) != version(k) {
					t.Errorf("%s, version %d of %s reads otherwise: %v", c.recipes, k, name, err)
				}
				depth := 0
				for ref := e.Ref; ref.Kind == format.RefRecipe; depth++ {
					x, err := a.Recipe(&ref)
					must(t, err)
					ref = x.Input
				}
				deepest = max(deepest, depth)
			}
			k--
		}
		if k != -1 || deepest > deltaDepth || deepest < 2*int(c.deltas) {
			t.Errorf("%s: %d versions are missing; at most %d deltas in one another", c.recipes, k+1, deepest)
		}
		rep, err := a.Verify(context.Background(), reader.VerifyOptions{})
		if err != nil || !rep.OK() {
			t.Errorf("%v %+v", err, rep.Findings)
		}
	}
}

// Copies are found wherever the old content has them.
func TestDeltaFind(t *testing.T) {
	long := text(3, 2_000)
	for name, c := range map[string]struct {
		was, is  string
		literals int // at most
		copies   int // at most
	}{
		"equal":       {long, long, 0, 1},
		"in front":    {long, "before" + long, 6, 1},
		"behind":      {long, long + "behind", 6, 1},
		"gone":        {long, long[:500] + long[600:], 0, 2},
		"replaced":    {long, long[:500] + strings.Repeat("x", 20) + long[520:], 20, 2},
		"inserted":    {long, long[:500] + "inserted" + long[500:], 8, 2},
		"exchanged":   {long, long[1000:] + long[:1000], 4, 4},
		"repeated":    {long, long + long, 0, 3},
		"of a run":    {strings.Repeat("\x00", 1000), "x" + strings.Repeat("\x00", 500), 1, 1},
		"other":       {long, noise(5, 500), 500, 0},
		"too short":   {"short", long, 2_100, 0},
		"new is less": {long, "less", 4, 0},
	} {
		d := deltaMaker{was: []byte(c.was), is: []byte(c.is)}
		x, ok := d.find()
		if ok != (c.copies > 0) {
			t.Errorf("%s: found %v", name, ok)
		}
		if !ok {
			continue
		}
		if len(x.Literals) > c.literals || len(x.Copies) > c.copies {
			t.Errorf("%s: %d literals and %d copies", name, len(x.Literals), len(x.Copies))
		}
		if params := x.Encode(); !d.proves(params, &format.Ref{Kind: format.RefBlock, Span: uint64(len(c.was))}) {
			t.Errorf("%s: something else is made", name)
		}
	}
}
