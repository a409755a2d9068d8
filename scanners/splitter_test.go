package scanners

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// feedIn gives data to a Splitter in pieces of the lengths that next returns, and
// stretches of zeros as holes where hole says so.
func feedIn(s *Splitter, data []byte, next func() int, hole func() bool) error {
	for len(data) > 0 {
		if zeros := leading(data, 0); zeros > 0 && hole() {
			n := min(zeros, next())
			if err := s.Hole(int64(n)); err != nil {
				return err
			}
			data = data[n:]
			continue
		}
		n := min(len(data), next())
		if _, err := s.Write(data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return s.Close()
}

// newTight is NewSplitter with the smallest window, so that little content
// makes it move often.
func newTight(p Params, emit func(Span, []byte) error) *Splitter {
	s := NewSplitter(p, emit)
	s.buf = make([]byte, 0, p.lookahead()+1)
	return s
}

func TestSplitterIsSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, data := paramsGen().Draw(t, "params"), contentGen().Draw(t, "content")
		want := slices.Collect(Split(p, nil, data))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "pieces"), 0))
		longest := rapid.IntRange(1, 4000).Draw(t, "longest piece")
		var got []Span
		emit := func(s Span, chunk []byte) error {
			if s.Run != (chunk == nil) || !s.Run && !bytes.Equal(chunk, data[s.Offset:s.Offset+s.Length]) {
				t.Fatalf("%+v comes with %d octets that are not its own", s, len(chunk))
			}
			got = append(got, s)
			return nil
		}
		s := newTight(p, emit)
		for range 2 {
			got = nil
			err := feedIn(s, data, func() int { return 1 + r.IntN(longest) }, func() bool { return r.IntN(2) == 0 })
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("Splitter hands out\n%v, Split\n%v", got, want)
			}
			s.Reset(nil)
		}
	})
}

func TestReadFrom(t *testing.T) {
	data := slices.Concat(noise(1, 3<<20), make([]byte, 1<<20), noise(2, 100))
	var got []Span
	s := NewSplitter(DefaultParams, func(s Span, _ []byte) error { got = append(got, s); return nil })
	n, err := s.ReadFrom(bytes.NewReader(data))
	if n != int64(len(data)) || err != nil {
		t.Fatal(n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if want := slices.Collect(Split(DefaultParams, nil, data)); !slices.Equal(got, want) {
		t.Fatalf("ReadFrom leads to\n%v, Split to\n%v", got, want)
	}
}

type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

func TestReadFromFailing(t *testing.T) {
	broken := errors.New("broken")
	var total int64
	s := NewSplitter(tiny, func(s Span, _ []byte) error { total += s.Length; return nil })
	r := io.MultiReader(bytes.NewReader(noise(1, 5000)), iotest.ErrReader(broken))
	if n, err := s.ReadFrom(r); n != 5000 || err != broken {
		t.Errorf("read %d, %v", n, err)
	}
	if _, err := s.ReadFrom(stuckReader{}); err != io.ErrNoProgress {
		t.Errorf("reader that gives nothing: %v", err)
	}
	if err := s.Close(); err != nil || total != 5000 {
		t.Errorf("spans of %d octets, %v", total, err)
	}
}

func TestHugeHole(t *testing.T) {
	var got []Span
	s := NewSplitter(DefaultParams, func(s Span, _ []byte) error { got = append(got, s); return nil })
	s.Write([]byte{1, 0, 0})
	s.Hole(1 << 40)
	s.Hole(1 << 40)
	s.Write([]byte{0, 2})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := []Span{
		{Length: 1, Cut: CutRun},
		{Offset: 1, Length: 1<<41 + 3, Run: true, Cut: CutRun},
		{Offset: 1<<41 + 4, Length: 1, Cut: CutEnd},
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestSplitterErrors(t *testing.T) {
	stop := errors.New("stop")
	var result error
	s := NewSplitter(tiny, func(Span, []byte) error { return result })
	if err := s.Close(); err != nil {
		t.Errorf("empty content: %v", err)
	}
	if _, err := s.Write([]byte{1}); err != errClosed {
		t.Errorf("write after close: %v", err)
	}
	s.Reset(nil)
	if err := s.Hole(-1); err != errNegative {
		t.Errorf("hole of -1: %v", err)
	}
	s.Reset(nil)
	s.Hole(1 << 62)
	if err := s.Hole(1 << 62); err != errTooLong {
		t.Errorf("hole of 1<<63: %v", err)
	}
	s.Reset(nil)
	result = stop
	if _, err := s.Write(noise(1, 2*cap(s.buf))); err != stop {
		t.Errorf("write: %v, want what emit returned", err)
	}
	if err := s.Close(); err != stop {
		t.Errorf("close: %v, want what emit returned", err)
	}
}
