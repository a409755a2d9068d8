package writer

import (
	"bytes"
	"compress/gzip"
	"testing"
)

// gz packs as Go does.
func gz(t testing.TB, data string, level int) string {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	must(t, err)
	_, err = w.Write([]byte(data))
	must(t, err)
	must(t, w.Close())
	return b.String()
}

// withRecipes are options under which a tree is looked into.
func withRecipes(dir string, r Recipes) Options {
	p, err := Presets("default")
	if err != nil {
		panic(err)
	}
	p.Recipes, p.DataFrame, p.MetaFrame = r, 1<<20, 1<<20
	return Options{Inputs: []Input{{Dir: dir, Path: "."}}, Params: p}
}

func TestOneRecipe(t *testing.T) {
	dir := files(t, map[string]string{"a.gz": gz(t, text(1, 100_000), 6)})
	_, rep := createWhole(t, withRecipes(dir, RecipesAlways))
	t.Logf("%+v", rep)
}

func TestRecipesCheck(t *testing.T) {
	dir := files(t, map[string]string{"a.gz": gz(t, text(1, 100_000), 6), "b/c.gz": gz(t, text(1, 100_000), 6), "b/d.gz": gz(t, text(1, 110_000), 9), "plain": text(1, 100_000)})
	b, rep := createWhole(t, withRecipes(dir, RecipesAlways))
	t.Logf("%+v", rep)
	sameEntries(t, "testkit", check(t, b, rep).Entries, survey(t, dir))
}
