package parity

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// TestCode holds the library's code against the definition.
func TestCode(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range [][2]int{{1, 1}, {1, 7}, {2, 1}, {5, 3}, {17, 9}, {200, 56}, {255, 1}} {
		s := &format.ParitySet{Data: c[0], Parity: c[1], Rows: 1, Cell: 300, HashID: format.HashBLAKE3}
		if s.Data == 5 {
			s.Cell += 2 * slice // is coded in three steps
		}
		s.Length = int64(s.Data) * s.ShardSize()
		x, err := newRow(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range x.cells[:s.Data] {
			for i := range cell {
				cell[i] = byte(r.Uint32())
			}
		}
		if err := x.encode(); err != nil {
			t.Fatal(err)
		}
		for p, want := range testkit.ParityOf(x.cells[:s.Data], s.Parity) {
			if !bytes.Equal(x.cells[s.Data+p], want) {
				t.Errorf("%d+%d: parity shard %d differs", c[0], c[1], p)
			}
		}
	}
}

// TestSameAsTestkit: two programs that agree on the geometry write the same
// bytes.
func TestSameAsTestkit(t *testing.T) {
	vectors, err := testkit.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, v := range vectors {
		if v.Expect != "ok" {
			continue
		}
		for _, s := range sets(t, v.Bytes) {
			seen++
			if got := protectAs(t, v.Bytes[:s.End()], &s); !bytes.Equal(got, v.Bytes[:s.SegmentEnd()]) {
				// What is appended clears a flag before the parity.
				t.Errorf("%s: %s", v.Name, difference(got, v.Bytes))
			}
			again, err := New(bytes.NewReader(v.Bytes), s.Begin, s.End(), 500)
			if err != nil {
				t.Fatal(err)
			}
			if again.Archive != s.Archive || again.Begin != s.Begin || again.Length != s.Length || again.HashID != s.HashID {
				t.Errorf("%s: %+v, want %+v", v.Name, again, s)
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d sets in the vectors", seen)
	}
}

// TestWorkers: the number of workers changes nothing.
func TestWorkers(t *testing.T) {
	b := archive(t, 30_000, 1)
	s, err := New(bytes.NewReader(b), 0, int64(len(b)), 1000)
	if err != nil {
		t.Fatal(err)
	}
	s.Data, s.Parity, s.Rows = 10, 3, 20
	s.Cell = uint32(divUp(s.Length, 200))
	want := protectAs(t, b, s)
	for workers := range 5 {
		told := int64(0)
		o := Options{Workers: workers, Progress: func(n int64) { told += n }}
		m := &memory{append(bytes.Clone(b), make([]byte, len(want)-len(b))...)}
		tail, err := Write(context.Background(), m, m, s, o)
		if err != nil {
			t.Fatal(err)
		}
		copy(m.b[s.IndexAt():], tail)
		if !bytes.Equal(m.b, want) || told < s.Length {
			t.Errorf("%d workers: %s, told of %d bytes", workers, difference(m.b, want), told)
		}
		damaged := losses[1].do(want, len(b)/2, int(s.Reach()))
		y, err := Look(context.Background(), bytes.NewReader(damaged), int64(len(damaged)), o)
		if err != nil {
			t.Fatal(err)
		}
		m = &memory{make([]byte, len(want))}
		if err := y.Copy(context.Background(), m, o); err != nil || !bytes.Equal(m.b, want) {
			t.Errorf("%d workers: %v, %s", workers, err, difference(m.b, want))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Write(ctx, bytes.NewReader(b), &memory{}, s, one); err != context.Canceled {
		t.Errorf("after the end of its context: %v", err)
	}
}
