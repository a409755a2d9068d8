package packed

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	// Small ones, of which the fuzzer makes more.
	content := prose(1, 700)
	for _, b := range [][]byte{
		chunked(zlibbed(content), 1, 30), chunked(zlibbed(content), 0, 300),
		slices.Concat(member(plain, content), member(flagged(31, "\x03\x00abcname\x00comment\x00ab"), content)),
		member(flagged(4, "\x06\x00BC\x02\x00\xff\x01"), content),
		pack(9, object(3, 700, "", content), object(3, 2, "", content[:2]), object(6, 700, "\x81\x05", content)),
		fmt.Appendf(nil, "%%PDF-1.4\n1 0 obj\n<</Filter/FlateDecode/Length 9>>stream\n%s\nendstream\nendobj\n", zlibbed(content)),
	} {
		f.Add("", b)
	}
	if seeds < 10 {
		f.Fatalf("%d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) { walk(t, name, content) })
}
