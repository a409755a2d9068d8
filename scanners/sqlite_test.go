package scanners

import (
	"slices"
	"testing"
)

// sqliteFile is a header and so many octets of pages.
func sqliteFile(pageSize uint16, pages []byte) []byte {
	head := make([]byte, 100)
	copy(head, "SQLite format 3\x00")
	head[16], head[17] = byte(pageSize>>8), byte(pageSize)
	return append(head, pages...)
}

func TestSQLiteJoints(t *testing.T) {
	pages := noise(1, 128<<10-100)
	for _, c := range []struct {
		size uint16
		unit int64 // 0: no data base
	}{{512, 4096}, {1024, 4096}, {4096, 4096}, {8192, 8192}, {32768, 32768}, {1, 65536}, {0, 0}, {256, 0}, {4097, 0}} {
		b := sqliteFile(c.size, pages)
		var want []int64
		for at := int64(0); c.unit > 0 && at < int64(len(b)); at += c.unit {
			want = append(want, at)
		}
		if got := jointsOf(t, sqliteScanner, b); !slices.Equal(got, want) {
			t.Errorf("pages of %d: %v", c.size, got)
		}
		if sc := Choose(b, "", nil); (sc == sqliteScanner) != (c.unit > 0) {
			t.Errorf("pages of %d: %v is chosen", c.size, sc)
		}
	}
}

// Changes in some pages, and more of them at the end, cost those pages.
func TestSQLiteShares(t *testing.T) {
	const pages = 2000
	older := sqliteFile(4096, noise(1, pages*4096-100))
	newer := append(slices.Clone(older), noise(2, 100*4096)...)
	newer[27]++ // the header counts changes
	for i := 7; i < pages; i += 20 {
		newer[i*4096+i]++
	}
	changed := int64(100+1+pages/20) * 4096
	if with, without := newBytes(t, sqliteScanner, older, newer), newBytes(t, nil, older, newer); with != changed || without < 4*with {
		t.Errorf("%d new octets, %d without the scanner, want %d", with, without, changed)
	}
}
