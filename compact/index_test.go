package compact

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// Indexes repeat nothing as long as there are few of them, and there are never
// many.
func TestFewIndexes(t *testing.T) {
	path, dir := filepath.Join(t.TempDir(), "a.vtd"), t.TempDir()
	put(t, filepath.Join(dir, "f"), testkit.Noise(1, 9000))
	create(t, path, small(dir))
	for n := 1; n <= manyParts+6; n++ {
		if n == 1 || n == manyParts || n == manyParts+6 {
			compacted(t, path, Options{MinLive: whole})
			b := read(t, path)
			if _, log := states(t, "compacted", b); len(log) != n {
				t.Fatalf("%d states, want %d", len(log), n)
			}
			a, err := reader.Open(reader.Bytes(b), reader.Options{})
			must(t, err)
			defer a.Close()
			if k := len(a.IndexParts()); n <= manyParts && k != n || k > manyParts+1 {
				t.Errorf("%d states: %d indexes", n, k)
			}
		}
		put(t, filepath.Join(dir, fmt.Sprint(n)), testkit.Noise(uint64(n), 700))
		grow(t, path, dir, n)
	}
}
