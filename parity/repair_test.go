package parity

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/vtdarchive/vtd/format"
)

// boundaries are the offsets at which something begins or ends, and those
// beside them.
func boundaries(s *format.ParitySet) []int {
	var all []int
	add := func(at int64) { all = append(all, int(at)-1, int(at), int(at)+1) }
	for _, at := range []int64{0, 8, 16, 24, 60, 64, s.Begin, s.End() - format.TrailerSize, s.End(), s.IndexAt(), s.IndexAt() + format.IndexHeadSize, s.SegmentEnd()} {
		add(at)
	}
	for num := range s.Rows {
		for i := range s.Data {
			add(s.CellAt(i, num))
		}
		for p := range s.Parity {
			add(s.FrameAt(p, num))
			add(s.FrameAt(p, num) + s.HeadSize())
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(at int) bool { return at < 0 || int64(at) > s.SegmentEnd() })
}

// TestEveryLoss loses stretches of the length that the geometry promises, at
// every boundary, in every way.
func TestEveryLoss(t *testing.T) {
	slowUnderRace(t)
	for _, c := range []struct {
		bytes int
		share Share
		set   format.ParitySet // where not planned
	}{
		{bytes: 100, share: 500},
		{bytes: 3000, share: 500},
		{bytes: 3000, share: 2000},
		{bytes: 700, share: 6000},
		{bytes: 5000, set: format.ParitySet{Data: 20, Parity: 3, Rows: 5}},
		{bytes: 5000, set: format.ParitySet{Data: 3, Parity: 5, Rows: 4}},
		{bytes: 2000, set: format.ParitySet{Data: 1, Parity: 1, Rows: 3}},
		{bytes: 2000, set: format.ParitySet{Data: 7, Parity: 2, Rows: 2}},
	} {
		b := archive(t, c.bytes, 1)
		var s *format.ParitySet
		if c.share > 0 {
			b, s = protect(t, b, 0, c.share)
			if got := ShareOf(s); got < c.share {
				t.Errorf("%d bytes: %v is protected, not %v", c.bytes, got, c.share)
			}
		} else {
			s, _ = New(bytes.NewReader(b), 0, int64(len(b)), 1000)
			s.Data, s.Parity, s.Rows = c.set.Data, c.set.Parity, c.set.Rows
			s.Cell = uint32(divUp(s.Length, int64(s.Data)*int64(s.Rows)))
			s.Data = int(divUp(s.Length, s.ShardSize()))
			b = protectAs(t, b, s)
		}
		t.Run(fmt.Sprintf("%d of %d+%d×%d×%d", len(b), s.Data, s.Parity, s.Rows, s.Cell), func(t *testing.T) {
			mustRepair(t, "undamaged", b, b)
			reach := int(s.Reach())
			if reach < 1 {
				t.Fatal("nothing may be lost")
			}
			count := 0
			starts := boundaries(s)
			step := 1 + len(starts)/60 // the first is always there
			for i := 0; i < len(starts); i += 1 + rand.IntN(step*2-1) {
				for _, l := range losses[:2] {
					for _, n := range []int{1, reach} {
						from := min(starts[i], len(b)-n)
						mustRepair(t, fmt.Sprintf("%s: %d bytes from %d", l.name, n, from), l.do(b, from, n), b)
						count++
					}
				}
				if t.Failed() {
					return
				}
			}
			for n := 1; n <= reach; n += 1 + reach/10 {
				mustRepair(t, fmt.Sprintf("without the last %d", n), b[:len(b)-n], b)
			}
			mustRepair(t, fmt.Sprintf("without the last %d", reach), b[:len(b)-reach], b)
			if count < 100 {
				t.Errorf("only %d losses", count)
			}
		})
	}
}

// TestRandomGeometry loses up to the reach of sets of any shards, rows and cells,
// from any offset.
func TestRandomGeometry(t *testing.T) {
	slowUnderRace(t)
	rapid.Check(t, func(t *rapid.T) {
		b := archive(t, rapid.IntRange(1, 6000).Draw(t, "bytes"), rapid.IntRange(1, 3).Draw(t, "segments"))
		s, err := New(bytes.NewReader(b), 0, int64(len(b)), 1000)
		if err != nil {
			t.Fatal(err)
		}
		s.Data = rapid.IntRange(1, 40).Draw(t, "data")
		s.Parity = rapid.IntRange(1, 12).Draw(t, "parity")
		s.Rows = uint32(rapid.IntRange(1, 9).Draw(t, "rows"))
		s.Cell = uint32(max(divUp(s.Length, int64(s.Data)*int64(s.Rows)), int64(s.Data))) + uint32(rapid.IntRange(0, 5).Draw(t, "surplus"))
		s.Data = int(divUp(s.Length, s.ShardSize()))
		b = protectAs(t, b, s)
		reach := int(s.Reach())
		if reach == 0 {
			return
		}
		starts := boundaries(s)
		for range 6 {
			n := rapid.OneOf(rapid.Just(reach), rapid.IntRange(1, reach)).Draw(t, "n")
			from := rapid.OneOf(rapid.SampledFrom(starts), rapid.IntRange(0, len(b)), rapid.Just(len(b))).Draw(t, "from")
			from = min(from, len(b)-n)
			l := rapid.SampledFrom(losses[:3]).Draw(t, "loss")
			mustRepair(t, fmt.Sprintf("%s: %d bytes from %d", l.name, n, from), l.do(b, from, n), b)
			if from+n == len(b) {
				mustRepair(t, fmt.Sprintf("without the last %d", n), b[:from], b)
			}
		}
	})
}
