package parity

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// memory is a file.
type memory struct{ b []byte }

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.b).ReadAt(p, off)
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if end := int(off) + len(p); end > len(m.b) {
		m.b = append(m.b, make([]byte, end-len(m.b))...)
	}
	return copy(m.b[off:], p), nil
}

// one makes workers work one after another: what is written to memory grows.
var one = Options{Workers: 1}

// archive makes an archive of about a size, of several segments.
func archive(t fatal, bytes, segments int) []byte {
	t.Helper()
	a := &testkit.Archive{}
	for i := range segments {
		v := testkit.Version{Root: testkit.Dir("", testkit.File("a", string(testkit.Noise(uint64(i+1), bytes/segments))))}
		if i > 0 {
			v.After = []int{i - 1}
		}
		a.Segments = append(a.Segments, testkit.Segment{Versions: []testkit.Version{v}})
	}
	b, err := a.Build()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// protect adds parity of what is behind begin.
func protect(t fatal, b []byte, begin int, share Share) ([]byte, *format.ParitySet) {
	t.Helper()
	s, err := New(bytes.NewReader(b), int64(begin), int64(len(b)), share)
	if err != nil {
		t.Fatal(err)
	}
	return protectAs(t, b, s), s
}

func protectAs(t fatal, b []byte, s *format.ParitySet) []byte {
	t.Helper()
	m := &memory{bytes.Clone(b)}
	tail, err := Write(context.Background(), bytes.NewReader(b), m, s, one)
	if err != nil {
		t.Fatal(err)
	}
	b = append(m.b, tail...)
	if int64(len(b)) != s.SegmentEnd() {
		t.Fatalf("%d bytes, not %d", len(b), s.SegmentEnd())
	}
	return b
}

// repair gives the repaired copy of a file.
func repair(b []byte) ([]byte, *Report, error) {
	y, err := Look(context.Background(), bytes.NewReader(b), int64(len(b)), one)
	if err != nil {
		return nil, nil, err
	}
	m := &memory{}
	err = y.Copy(context.Background(), m, one)
	return m.b, y.Report(), err
}

// mustRepair checks that a damaged file becomes what it was.
func mustRepair(t fatal, what string, damaged, want []byte) *Report {
	t.Helper()
	got, rep, err := repair(damaged)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return rep
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: repaired to something else: %s", what, difference(got, want))
	}
	if rep.Lost != 0 || rep.Whole() != bytes.Equal(damaged, want) {
		t.Errorf("%s: reported as %+v", what, rep)
	}
	return rep
}

func difference(got, want []byte) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("at %d: %x, want %x (%d bytes, want %d)", i, got[i], want[i], len(got), len(want))
		}
	}
	return fmt.Sprintf("%d bytes, want %d", len(got), len(want))
}

// slowUnderRace skips a test of what one worker does, which the race detector
// makes slow and finds nothing in.
func slowUnderRace(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("SKIPPED under the race detector: it computes too much; TestWorkers and others run")
	}
}

// loss is a way in which a stretch of a file is lost.
type loss struct {
	name string
	do   func(b []byte, from, n int) []byte
}

var losses = []loss{
	{"zeroed", func(b []byte, from, n int) []byte { b = bytes.Clone(b); clear(b[from : from+n]); return b }},
	{"random", func(b []byte, from, n int) []byte {
		b = bytes.Clone(b)
		r := rand.New(rand.NewPCG(uint64(from), uint64(n)))
		for i := from; i < from+n; i++ {
			b[i] = byte(r.Uint32())
		}
		return b
	}},
	{"inverted", func(b []byte, from, n int) []byte {
		b = bytes.Clone(b)
		for i := from; i < from+n; i++ {
			b[i] ^= 0xff
		}
		return b
	}},
	{"missing", func(b []byte, from, n int) []byte { return append(bytes.Clone(b[:from]), b[from+n:]...) }},
}

// fatal is a test, or a check of package rapid.
type fatal interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}
