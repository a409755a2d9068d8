package parity

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vtdarchive/vtd/format"
)

// grown is an archive of a segment, parity of it, another segment, parity of that
// that one, and at last parity of all.
func grown(t *testing.T) (b []byte, all []*format.ParitySet) {
	b = vectorBytes(t, "parity-each")
	found := sets(t, b)
	if len(found) != 2 {
		t.Fatalf("%d sets", len(found))
	}
	b, last := protect(t, b, 0, 1000)
	return b, []*format.ParitySet{&found[1], &found[0], last}
}

// TestNested: where the last set cannot repair, those inside of it help, and
// it then has enough for the rest.
func TestNested(t *testing.T) {
	b, all := grown(t)
	if got := sets(t, b); len(got) != 3 || got[0] != *all[2] || got[1] != *all[1] || got[2] != *all[0] {
		t.Fatalf("%d sets", len(got))
	}
	mustRepair(t, "undamaged", b, b)
	// All of the last parity segment, and what the first can do without.
	outer, inner := all[2], all[0]
	for _, l := range losses[:3] {
		n := int(inner.Reach())
		for from := 0; from+n <= int(inner.SegmentEnd()); from += n / 2 {
			damaged := l.do(l.do(b, from, n), int(outer.End()), int(outer.SegmentEnd()-outer.End())-format.TrailerSize)
			damaged = l.do(damaged, int(outer.End()), 1)
			got, rep, err := repair(damaged)
			if err != nil || !bytes.Equal(got[:outer.End()], b[:outer.End()]) {
				t.Errorf("%s: %d from %d: %v, %+v", l.name, n, from, err, rep)
			}
		}
	}
	// A cell too many of one row, some of which the inner set makes again.
	for num := range outer.Rows {
		damaged := bytes.Clone(b)
		hurt := 0
		for i := range outer.Data {
			if at := outer.CellAt(i, num); hurt <= outer.Parity && outer.CellLen(i, num) == int64(outer.Cell) && (hurt > 0 || at < inner.End()) {
				damaged[at+int64(outer.Cell)/2] ^= 0xff
				hurt++
			}
		}
		if hurt != outer.Parity+1 {
			t.Fatalf("row %d: %d cells", num, hurt)
		}
		mustRepair(t, fmt.Sprintf("row %d", num), damaged, b)
	}
}

// TestTooMuch: what cannot be repaired is told, and what can be is repaired.
func TestTooMuch(t *testing.T) {
	b := archive(t, 20_000, 1)
	b, s := protect(t, b, 0, 1000)
	r := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		damaged := bytes.Clone(b)
		from := r.IntN(int(s.End()) / 2)
		n := int(s.Reach()) * 3
		clear(damaged[from : from+n])
		got, rep, err := repair(damaged)
		if err == nil || rep.Lost == 0 || rep.Lost > rep.Damaged {
			t.Fatalf("%d bytes from %d: %v, %+v", n, from, err, rep)
		}
		// Whatever is not told as lost is as it was.
		want := bytes.Clone(b)
		for _, d := range rep.Damage {
			if !d.Repairing {
				copy(want[d.Offset:d.Offset+d.Length], got[d.Offset:])
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes from %d: %s", n, from, difference(got, want))
		}
	}
}

// TestScattered damages any m cells of each row.
func TestScattered(t *testing.T) {
	b := archive(t, 20_000, 1)
	s, err := New(bytes.NewReader(b), 0, int64(len(b)), 1000)
	if err != nil {
		t.Fatal(err)
	}
	s.Data, s.Parity, s.Rows = 30, 6, 5
	s.Cell = uint32(divUp(s.Length, int64(s.Data)*int64(s.Rows)))
	b = protectAs(t, b, s)
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		damaged := bytes.Clone(b)
		for num := range s.Rows {
			for _, i := range r.Perm(s.Data + s.Parity)[:s.Parity] {
				at, n := s.CellAt(i, num), s.CellLen(i, num)
				if i >= s.Data {
					at, n = s.FrameAt(i-s.Data, num), s.FrameSize()
				}
				if n > 0 {
					damaged[at+int64(r.IntN(int(n)))] ^= byte(1 + r.IntN(255))
				}
			}
		}
		mustRepair(t, "scattered", damaged, b)
	}
}

// TestShifted inserts bytes and takes some away.
func TestShifted(t *testing.T) {
	b := archive(t, 20_000, 1)
	b, s := protect(t, b, 0, 1500)
	r := rand.New(rand.NewPCG(7, 8))
	reach := int(s.Reach())
	for i := range 60 {
		from := r.IntN(len(b))
		if i == 0 {
			from = 0
		}
		n := 1 + r.IntN(reach/2)
		what := fmt.Sprintf("%d bytes inserted at %d", n, from)
		damaged := slices.Concat(b[:from], bytes.Repeat([]byte{0xf5}, n), b[from:])
		if i%2 == 1 {
			n = min(n, len(b)-from)
			what = fmt.Sprintf("%d bytes missing at %d", n, from)
			damaged = slices.Concat(b[:from], b[from+n:])
		}
		if int64(from) > s.FrameAt(0, 0) && int64(from) < s.SegmentEnd() {
			// Then what lies before is in its place, and damaged as any other.
			what += " in the parity"
		}
		got, rep, err := repair(damaged)
		if err != nil || !bytes.Equal(got[:len(b)], b) {
			t.Fatalf("%s: %v, %+v", what, err, rep)
		}
	}
}

// TestUncovered: what was appended after parity is kept as it is.
func TestUncovered(t *testing.T) {
	b := vectorBytes(t, "parity-appended")
	s := sets(t, b)[0]
	for _, l := range losses[:3] {
		damaged := l.do(b, 0, int(s.Reach()))
		rep := mustRepair(t, l.name, damaged, b)
		if len(rep.Uncovered) != 1 || rep.Uncovered[0] != (Range{s.SegmentEnd(), int64(len(b)) - s.SegmentEnd()}) {
			t.Errorf("%s: %+v is not covered", l.name, rep.Uncovered)
		}
	}
}
