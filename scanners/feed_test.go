package scanners

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// everyJ sets a joint at each J that it comes to.
var everyJ = &Scanner{Name: "every J", scan: func(s *Source) {
	for s.FindByte('J') {
		s.Joint()
		s.Skip(1)
	}
}}

// A scanner is spared long stretches of zeros, but whether these are octets or
// holes makes no difference.
func TestZerosAndHoles(t *testing.T) {
	const text = 1000
	around := append(bytes.Repeat([]byte("0123456789"), text/10), 'J')
	for _, c := range []struct {
		zeros int
		sees  bool // the scanner is still there behind them
	}{{64 << 10, true}, {maxZeros*blockSize - blockSize, true}, {(maxZeros + zerosPerSolid + 2) * blockSize, false}} {
		data := slices.Concat(around, make([]byte, c.zeros), around, around)
		want := slices.Collect(Split(DefaultParams, everyJ, data))
		var got []Span
		s := NewSplitter(DefaultParams, func(s Span, _ []byte) error { got = append(got, s); return nil })
		s.Reset(everyJ)
		s.Write(around)
		s.Hole(int64(c.zeros))
		s.Write(around)
		s.Write(around)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d zeros: %v as a hole, %v as octets", c.zeros, got, want)
		}
		if sees := slices.ContainsFunc(got, func(s Span) bool { return s.Cut == CutJoint && s.Offset > text+8 }); sees != c.sees {
			t.Errorf("%d zeros: cut at joints behind them: %v", c.zeros, sees)
		}
	}
}

// Nor does a little in front of each of many holes make the scanner see them all.
func TestZerosBetweenIslands(t *testing.T) {
	island := append(bytes.Repeat([]byte("0123456789"), 100), 'J')
	s := NewSplitter(DefaultParams, func(Span, []byte) error { return nil })
	s.Reset(everyJ)
	for range 40 {
		s.Write(island)
		s.Hole(60 << 20)
	}
	if s.feed.settled() != math.MaxInt64 {
		t.Error("the scanner still reads zeros")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// Joints may lie in holes that the scanner skips.
func TestJointsInHoles(t *testing.T) {
	const mib = 1 << 20
	disk := &Scanner{Name: "disk", scan: func(s *Source) {
		for !s.AtEnd() {
			s.Joint()
			s.JointAt(s.Offset() + 100*mib + 77)
			s.Skip(128 * mib)
		}
	}}
	for _, holes := range [][]int64{{1 << 34}, {300*mib + 5, 3, 1 << 30}} {
		var got []Span
		s := NewSplitter(DefaultParams, func(s Span, _ []byte) error { got = append(got, s); return nil })
		s.Reset(disk)
		total := int64(0)
		for _, n := range holes {
			s.Write([]byte("x"))
			if err := s.Hole(n); err != nil {
				t.Fatal(err)
			}
			total += n + 1
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		at := int64(0)
		for i, s := range got {
			at += s.Length
			onJoint := at%(128*mib) == 0 || at%(128*mib) == 100*mib+77
			if s.Cut == CutJoint != (onJoint && i < len(got)-1) {
				t.Errorf("holes %v: span to %d ends for %v", holes, at, s.Cut)
			}
		}
		if joints := int(2 * total / (128 * mib)); at != total || len(got) < joints {
			t.Errorf("holes %v: %d spans of %d octets", holes, len(got), at)
		}
	}
}

// Whatever a scanner does, the content is cut all the same.
func TestScannersThatLie(t *testing.T) {
	data := noise(3, 400<<10)
	plain := slices.Collect(Split(DefaultParams, nil, data))
	for name, scan := range map[string]func(*Source){
		"panics":    func(s *Source) { panic("oh") },
		"indexes":   func(s *Source) { _ = s.Peek(0)[5] },
		"goes back": func(s *Source) { s.Skip(1000); s.Skip(-500); s.Joint() },
		"goes nowhere": func(s *Source) {
			for {
				s.Peek(1)
			}
		},
		"marks nowhere": func(s *Source) {
			for {
				s.Hint()
			}
		},
		"marks behind":    func(s *Source) { s.Skip(200 << 10); s.JointAt(100 << 10); s.JointAt(-5) },
		"marks too far":   func(s *Source) { s.JointAt(1 << 62); s.HintAt(1<<62 + 1); s.JointAt(100) },
		"skips too far":   func(s *Source) { s.Skip(1 << 62); s.Skip(1 << 62); s.Skip(1 << 62) },
		"marks the start": func(s *Source) { s.Joint(); s.JointAt(int64(len(data))) },
	} {
		if got := slices.Collect(Split(DefaultParams, &Scanner{Name: name, scan: scan}, data)); !slices.Equal(got, plain) {
			t.Errorf("a scanner that %s: %d spans, %d without it", name, len(got), len(plain))
		}
	}
}

func TestMarksAreInOrder(t *testing.T) {
	var h markHeap
	for _, off := range []int64{5, 3, 9, 9, 1, 0, 7} {
		h.push(off, off == 9)
	}
	var got []int64
	for {
		off, _, ok := h.pop(9)
		if !ok {
			break
		}
		got = append(got, off)
	}
	if want := []int64{0, 1, 3, 5, 7}; !slices.Equal(got, want) || len(h.of) != 2 {
		t.Errorf("got %v, %d left", got, len(h.of))
	}
}

func TestChoose(t *testing.T) {
	tar := samplesOf(t, "tar")["ustar.tar"]
	for _, c := range []struct {
		head       string
		name, mime string
		want       string
	}{
		{string(tar), "report.txt", "", "tar"},
		{"", "a.tar", "", "tar"},
		{"x", "dir.tar/a.TAR", "", "tar"},
		{"x", "a.tar~", "", "tar"},
		{"x", "a.tar.1", "", "tar"},
		{"x", "a.tar.part", "", "tar"},
		{"x", ".a.tar.Xy12Ab", "", "tar"},
		{"x", ".tar", "", "none"},
		{"x", "tar", "", "none"},
		{"x", "a.tar.zst", "", "none"},
		{"x", "a", "application/x-tar; charset=binary", "tar"},
		{"x", "a", "bad type/;", "none"},
		{"", "", "", "none"},
	} {
		if got := Choose([]byte(c.head), c.name, func() string { return c.mime }); got.String() != c.want {
			t.Errorf("%q, %q: %v, want %s", c.name, c.mime, got, c.want)
		}
	}
}

// A scanner that skips only a part of the block in which a hole begins or goes
// on sees the rest of it.
func TestHolesInSmallSteps(t *testing.T) {
	steps := &Scanner{Name: "steps", scan: func(s *Source) {
		for n := int64(1); !s.AtEnd(); n = n*3%4099 + 1 {
			s.Joint()
			s.Skip(n)
		}
	}}
	data := make([]byte, 700<<10)
	want := slices.Collect(Split(DefaultParams, steps, data))
	for _, hole := range []int64{1 << 10, 60<<10 + 1, 700 << 10} {
		var got []Span
		s := NewSplitter(DefaultParams, func(s Span, _ []byte) error { got = append(got, s); return nil })
		s.Reset(steps)
		for left := int64(len(data)); left > 0; left -= hole {
			if err := s.Hole(min(hole, left)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("holes of %d: %d spans, %d as octets", hole, len(got), len(want))
		}
	}
}
