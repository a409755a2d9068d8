package packed

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzWalk: whatever content is, Walk holds to its rules, which walk checks.
func FuzzWalk(f *testing.F) {
	seeds := 0
	for _, pattern := range []string{"testdata/*", "testdata/loose/*", "../scanners/testdata/*/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err != nil || info.IsDir() {
				continue
			}
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			// Most are text, in which nothing is looked for.
			if len(b) <= 30<<10 && len(walk(f, filepath.Base(path), b)) > 0 {
				f.Add(filepath.Base(path), b)
				seeds++
			}
		}
	}
	for _, lengths := range [][]int{{1, 30}, {0, 300}} {
		f.Add("x.png", chunked(zlibbed(prose(1, 2000)), lengths...))
	}
	if seeds < 10 {
		f.Fatalf("%d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) { walk(t, name, content) })
}
