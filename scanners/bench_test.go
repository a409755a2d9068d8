package scanners

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func BenchmarkSplit(b *testing.B) {
	data := randomBytes(16 << 20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for range Split(DefaultParams, nil, data) {
		}
	}
}

func BenchmarkSplitSmall(b *testing.B) {
	data := randomBytes(4 << 10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for range Split(DefaultParams, nil, data) {
		}
	}
}

func BenchmarkSplitZeros(b *testing.B) {
	data := make([]byte, 16<<20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for range Split(DefaultParams, nil, data) {
		}
	}
}

// BenchmarkSplitNearRuns is the worst case for finding runs: repetitions just
// too short for one.
func BenchmarkSplitNearRuns(b *testing.B) {
	data := make([]byte, 16<<20)
	for i := range data {
		data[i] = byte(i / (DefaultParams.RunMin - 1))
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for range Split(DefaultParams, nil, data) {
		}
	}
}

func BenchmarkSplitter(b *testing.B) {
	data := randomBytes(16 << 20)
	s := NewSplitter(DefaultParams, func(Span, []byte) error { return nil })
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s.Reset(nil)
		for p := data; len(p) > 0; p = p[128<<10:] {
			s.Write(p[:128<<10])
		}
		s.Close()
	}
}

func BenchmarkSketch(b *testing.B) {
	data := randomBytes(1 << 20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var s Sketcher
	for b.Loop() {
		s.Reset()
		s.Write(data)
		s.Sum()
	}
}

// BenchmarkChoose is the choice of a scanner for one file.
func BenchmarkChoose(b *testing.B) {
	text, random := []byte(manual1K()), randomBytes(SniffLen)
	for _, c := range []struct {
		name string
		head []byte
	}{{"README", text}, {"main.go", text}, {"data.bin", random}, {".report.mbox.Xy12Ab", text}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Choose(c.head, c.name, func() string { return "" })
			}
		})
	}
}

// BenchmarkScannerStart is what a scanner costs for a file that is only just
// worth it, besides its cutting.
func BenchmarkScannerStart(b *testing.B) {
	data := randomBytes(1 << 10)
	sc := &Scanner{Name: "nothing", scan: func(*Source) {}}
	b.ReportAllocs()
	for b.Loop() {
		for range Split(DefaultParams, sc, data) {
		}
	}
}

func manual1K() string {
	return strings.Repeat("This is a line of text, like many another one.\n", SniffLen/47+1)[:SniffLen]
}
