package scanners

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// scanned cuts content in memory.
func scanned(p Params, sc *Scanner, data []byte) []Span { return slices.Collect(Split(p, sc, data)) }

// marksOf gives what a scanner says of content, and fails where it breaks a
// rule. It runs the scanner without the protection that feed gives.
func marksOf(t *testing.T, sc *Scanner, data []byte) (joints, hints []int64) {
	t.Helper()
	var marks markHeap
	s := Source{data: data[:min(len(data), blockSize)], marks: &marks}
	s.last = len(s.data) == len(data)
	s.more = func() {
		n := min(len(data), len(s.data)+blockSize)
		s.data, s.last = data[:n], n == len(data)
	}
	func() {
		defer func() {
			if r := recover(); r != nil {
				t.Errorf("%v panics at offset %d: %v", sc, s.pos, r)
			}
		}()
		sc.scan(&s)
	}()
	for {
		off, hint, ok := marks.pop(maxContent)
		switch {
		case !ok:
			return joints, hints
		case hint:
			hints = append(hints, off)
		default:
			joints = append(joints, off)
		}
	}
}

// jointsOf gives the joints of content without those that are repeated.
func jointsOf(t *testing.T, sc *Scanner, data []byte) []int64 {
	t.Helper()
	joints, _ := marksOf(t, sc, data)
	return slices.Compact(joints)
}

// samplesOf reads what testdata/NAME holds for a scanner: one file a sample.
func samplesOf(t testing.TB, name string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", name, "*"))
	if err != nil {
		t.Fatal(err)
	}
	samples := make(map[string][]byte)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		samples[filepath.Base(path)] = b
	}
	return samples
}

// damaged gives variants of a sample that no scanner may stumble over.
func damaged(name string, b []byte) map[string][]byte {
	rng := rand.New(rand.NewPCG(1, uint64(len(b))))
	out := map[string][]byte{name: b, name + " twice": bytes.Repeat(b, 2)}
	variants := 12
	if testing.Short() {
		variants = 3
	}
	for i := range variants {
		out[fmt.Sprint(name, " cut ", i)] = b[:rng.IntN(len(b)+1)]
		c := bytes.Clone(b)
		for range 1 + rng.IntN(8) {
			if len(c) > 0 {
				c[rng.IntN(min(len(c), 1<<(4+rng.IntN(20))))] = []byte{0, 1, 0x7f, 0x80, 0xff, byte(rng.Uint32())}[rng.IntN(6)]
			}
		}
		out[fmt.Sprint(name, " changed ", i)] = c
		at, n := rng.IntN(len(b)+1), rng.IntN(5000)
		out[fmt.Sprint(name, " with something in it ", i)] = slices.Concat(b[:at], make([]byte, n), b[at:])
	}
	return out
}

// TestSuite holds every scanner to the rules, on its own samples, on those of
// the others, and on damaged ones.
func TestSuite(t *testing.T) {
	foreign := map[string][]byte{"noise": noise(1, 300<<10), "zeros": make([]byte, 200<<10), "nothing": nil, "endless line": bytes.Repeat([]byte("x"), 90<<10)}
	for _, sc := range all {
		t.Run(sc.Name, func(t *testing.T) {
			own := samplesOf(t, sc.Name)
			if len(own) == 0 {
				t.Fatalf("testdata/%s holds no samples", sc.Name)
			}
			if sc.Title == "" || sc.sniff == nil && len(sc.Exts) == 0 {
				t.Error("it has no title, or cannot be chosen")
			}
			for name, b := range own {
				if joints, hints := marksOf(t, sc, b); len(joints)+len(hints) == 0 {
					t.Errorf("%s: no joint and no hint", name)
				}
				if got := Choose(b, name, nil); got != sc {
					t.Errorf("%s: %v is chosen", name, got)
				}
				for name, b := range damaged(name, b) {
					holds(t, sc, name, b)
				}
			}
			for name, b := range foreign {
				holds(t, sc, name, b)
			}
		})
	}
}

// holds checks the rules on one content.
func holds(t *testing.T, sc *Scanner, name string, data []byte) {
	t.Helper()
	joints, hints := marksOf(t, sc, data)
	if n, most := len(joints)+len(hints), len(data)/8+64; n > most {
		t.Errorf("%s: %d marks in %d octets", name, n, len(data))
	}
	for _, p := range []Params{DefaultParams, {Min: 2 << 10, Target: 4 << 10, Max: 16 << 10, RunMin: 512}} {
		spans := scanned(p, sc, data)
		at := int64(0)
		for _, s := range spans {
			if s.Offset != at || s.Length <= 0 || !s.Run && s.Length > int64(p.Max) {
				t.Fatalf("%s: span %+v at %d", name, s, at)
			}
			at += s.Length
		}
		if at != int64(len(data)) {
			t.Fatalf("%s: the spans have %d octets of %d", name, at, len(data))
		}
		// The reference is slow.
		if len(data) <= 100<<10 {
			want := referenceMarked(p, data, joints, hints)
			if !slices.Equal(spans, want) {
				t.Errorf("%s: the spans are not those of the rule: %d, not %d", name, len(spans), len(want))
			}
		}
		for _, seed := range []uint64{0, 1, 2} {
			if got := splitInPieces(t, p, sc, data, seed); !slices.Equal(got, spans) {
				t.Errorf("%s: in pieces, seed %d: %d spans, not the %d of the whole", name, seed, len(got), len(spans))
			}
		}
	}
}

// splitInPieces cuts content that comes in pieces and, where it has zeros, as
// holes.
func splitInPieces(t *testing.T, p Params, sc *Scanner, data []byte, seed uint64) (spans []Span) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	s := NewSplitter(p, func(s Span, b []byte) error {
		if !s.Run && !bytes.Equal(b, data[s.Offset:s.Offset+s.Length]) {
			t.Errorf("the octets of %+v are others", s)
		}
		spans = append(spans, s)
		return nil
	})
	s.Reset(sc)
	for len(data)-int(s.fed()) > 0 {
		rest := data[s.fed():]
		zeros := len(rest) - len(bytes.TrimLeft(rest, "\x00"))
		if zeros > 0 && rng.IntN(3) > 0 {
			if err := s.Hole(int64(1 + rng.IntN(zeros))); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if _, err := s.Write(rest[:min(len(rest), 1+rng.IntN(1<<(1+rng.IntN(18))))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return spans
}

// fed is how much content has come.
func (s *Splitter) fed() int64 { return s.base + int64(len(s.buf)) }

// FuzzScanners: no content makes any scanner break a rule. The first octet
// chooses the scanner.
func FuzzScanners(f *testing.F) {
	seeds := 0
	for i, sc := range all {
		for _, b := range samplesOf(f, sc.Name) {
			f.Add(byte(i), b[:min(len(b), 20<<10)])
			seeds++
		}
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		sc := all[int(which)%len(all)]
		marksOf(t, sc, data)
		p := Params{Min: 256, Target: 1 << 10, Max: 4 << 10, RunMin: 512}
		if want, got := scanned(p, sc, data), splitInPieces(t, p, sc, data, uint64(len(data))); !slices.Equal(got, want) {
			t.Errorf("%v: %d spans in pieces, %d of the whole", sc, len(got), len(want))
		}
	})
}

// BenchmarkScan measures reading and cutting with each scanner, hashing apart.
func BenchmarkScan(b *testing.B) {
	for _, sc := range all {
		b.Run(sc.Name, func(b *testing.B) {
			var data []byte
			for _, name := range sortedNames(samplesOf(b, sc.Name)) {
				data = samplesOf(b, sc.Name)[name]
				break
			}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				for range Split(DefaultParams, sc, data) {
				}
			}
		})
	}
}

func sortedNames(m map[string][]byte) []string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
