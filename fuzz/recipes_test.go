package fuzz

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/internal/mutate"
	"github.com/vtdarchive/vtd/writer"
)

// packedNames are names by which streams in files are found.
var packedNames = []string{"x", "x.gz", "x.tgz", "x.zip", "x.png", "x.pack", "x.pdf", "x.tar"}

// FuzzRecipes stores a file with recipes wherever they may be, whatever the file
// is, and restores it in every way. The file is there twice, once behind another
// octet.
func FuzzRecipes(f *testing.F) {
	n := 0
	for i, pattern := range []string{
		"gzip/*", "zip/*", "png/*", "gitpack/*", "pdf/*", "tar/*", "../../internal/testkit/testdata/*.gz",
	} {
		paths, err := filepath.Glob(filepath.Join("../scanners/testdata", pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			if len(b) <= 64<<10 {
				f.Add(b, uint8(i+1), uint8(n))
				n++
			}
		}
	}
	if n < 10 {
		f.Fatalf("%d seeds", n)
	}
	f.Fuzz(func(t *testing.T, b []byte, name, choice uint8) {
		if len(b) > 64<<10 {
			t.Skip("too long")
		}
		guard(t)
		base := scratch(t)
		source := filepath.Join(base, "source")
		must(t, os.Mkdir(source, 0o755))
		must(t, os.WriteFile(filepath.Join(source, packedNames[int(name)%len(packedNames)]), b, 0o644))
		must(t, os.WriteFile(filepath.Join(source, "again"), append([]byte{choice}, b...), 0o644))
		s := &mutate.Script{Bytes: []byte{choice, choice >> 1, choice >> 2, choice >> 3, choice >> 4, choice, choice}}
		o := chosen(t, s, source)
		o.Recipes = writer.RecipesAlways
		roundTrip(t, base, source, o)
	})
}
