package scanners

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func sketchOf(data []byte) (Sketch, bool) {
	var s Sketcher
	s.Write(data)
	return s.Sum()
}

// referenceSketch samples window by window.
func referenceSketch(data []byte) (sum Sketch, ok bool) {
	for end := 32; end <= len(data); end++ {
		var h uint32
		for _, b := range data[end-32 : end] {
			h = h*2 + uint32(gear[b])
		}
		if h >= 1<<27 {
			continue
		}
		var one Sketcher
		one.account([]uint32{h})
		if v, found := one.Sum(); found && !ok {
			sum, ok = v, true
		} else if found {
			for i := range sum {
				sum[i] = min(sum[i], v[i])
			}
		}
	}
	return sum, ok
}

func TestSketchUnderAnySplit(t *testing.T) {
	var s Sketcher
	rapid.Check(t, func(t *rapid.T) {
		data := contentGen().Draw(t, "content")
		s.Reset()
		for rest := data; len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(1, 1+len(data)/3).Draw(t, "piece"))
			s.Write(rest[:n])
			rest = rest[n:]
		}
		got, ok := s.Sum()
		want, wantOK := referenceSketch(data)
		if got != want || ok != wantOK {
			t.Fatalf("sketch %x %v, want %x %v", got, ok, want, wantOK)
		}
	})
}

func TestSketchTellsFamilies(t *testing.T) {
	old := noise(1, 40000)
	edited := slices.Concat(old[:10000], noise(2, 3000), old[14000:])
	other := noise(3, 40000)
	a, _ := sketchOf(old)
	b, _ := sketchOf(edited)
	c, _ := sketchOf(other)
	if n := a.Shared(&b); n < 3 {
		t.Errorf("a file and its edited version share %d of 6", n)
	}
	if n := a.Shared(&c); n != 0 {
		t.Errorf("unrelated files share %d of 6", n)
	}
}

func TestSketchOfNothing(t *testing.T) {
	for _, data := range [][]byte{nil, noise(1, 31), make([]byte, 100000)} {
		if s, ok := sketchOf(data); ok {
			t.Errorf("%d octets have the sketch %x", len(data), s)
		}
	}
}

func TestSketchDoesNotAllocate(t *testing.T) {
	data := noise(1, 100000)
	var s Sketcher
	if n := testing.AllocsPerRun(10, func() { s.Reset(); s.Write(data); s.Sum() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
