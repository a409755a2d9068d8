package packed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/scanners"
)

// TestReader: a stream in pieces reads like one that is whole, from anywhere.
func TestReader(t *testing.T) {
	stream := zlibbed(prose(1, 9000))
	b := chunked(stream, 100, 1, 0, 333)
	raw := stream[zlibHeaderLen:] // with the check sum, which lies before the limit
	s := walk(t, "x.png", b)[0]
	rng := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		off := rng.IntN(len(raw) + 3)
		p := make([]byte, rng.IntN(1000))
		n, err := s.Reader(bytes.NewReader(b)).ReadAt(p, int64(off))
		want := raw[min(off, len(raw)):]
		want = want[:min(len(p), len(want))]
		if !bytes.Equal(p[:n], want) || (err == nil) != (n == len(p)) || err != nil && err != io.EOF {
			t.Fatalf("%d octets at %d: %d of them, %v", len(p), off, n, err)
		}
	}
	if _, err := s.Reader(bytes.NewReader(b)).ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("octets before the stream")
	}
	if _, err := s.Reader(bytes.NewReader(b[:2000])).ReadAt(make([]byte, 3000), 0); err != io.EOF {
		t.Errorf("content that ends early: %v", err)
	}
}

// TestVisit: what Walk makes of what visit says.
func TestVisit(t *testing.T) {
	a := member(plain, prose(1, 2000))
	b := slices.Concat(a, a, a)
	full := int64(len(a) - 18)
	failed := errors.New("failed")
	for _, c := range []struct {
		name   string
		length int64
		err    error
		visits int
		ends   error
	}{
		{"all", full, nil, 3, nil},
		{"skipped", 0, ErrSkip, 1, nil},
		{"invalid", 0, &deflate.Error{Class: deflate.ErrInvalid}, 1, nil},
		{"too large", 0, fmt.Errorf("no: %w", deflate.ErrLimit), 1, nil},
		{"failed", full, failed, 1, failed},
		{"short", full - 1, nil, 1, nil}, // nothing begins there
		{"none", 0, nil, 1, nil},
	} {
		visits := 0
		err := Walk(bytes.NewReader(b), int64(len(b)), "", nil, func(*Stream) (int64, error) {
			visits++
			return c.length, c.err
		})
		if visits != c.visits || err != c.ends {
			t.Errorf("%s: %d visits, and %v", c.name, visits, err)
		}
	}
	for _, length := range []int64{-1, 1 << 40} {
		err := Walk(bytes.NewReader(b), int64(len(b)), "", nil, func(*Stream) (int64, error) { return length, nil })
		if err == nil {
			t.Errorf("a length of %d", length)
		}
	}
}

// TestReadErrors: content that cannot be read ends Walk with its error, wherever
// that is met.
func TestReadErrors(t *testing.T) {
	failed := errors.New("failed")
	for _, path := range []string{"gzip/members.gz", "png/noise.png", "gitpack/two-commits.pack", "zip/a.jar", "cpio/initrd.cpio"} {
		b := sample(t, path)
		for end := 0; end < len(b); end += 500 {
			r := &failing{b, int64(end), failed}
			err := Walk(r, int64(len(b)), "", nil, func(s *Stream) (int64, error) {
				n, _, err := inflated(s.Reader(r))
				return n, err
			})
			if !errors.Is(err, failed) {
				t.Errorf("%s, at %d: %v", path, end, err)
			}
		}
		// It ends before its size.
		err := Walk(bytes.NewReader(b[:1000]), int64(len(b)), "", nil, func(*Stream) (int64, error) { return 0, ErrSkip })
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s, cut: %v", path, err)
		}
	}
}

// failing fails to read what lies behind an offset.
type failing struct {
	content []byte
	end     int64
	err     error
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.end && f.end < int64(len(f.content)) {
		return copy(p, f.content[min(off, f.end):f.end]), f.err
	}
	return bytes.NewReader(f.content).ReadAt(p, off)
}

// TestRanges: ranges that cannot be, are in the wrong order or in each other
// change nothing but what is found.
func TestRanges(t *testing.T) {
	stream := deflated(prose(1, 2000))
	n := int64(len(stream))
	content := slices.Concat(stream, stream, stream)
	var got []int64
	w := walker{content: bytes.NewReader(content), size: 3 * n, visit: func(s *Stream) (int64, error) {
		got = append(got, s.Offset)
		return n, nil
	}}
	const zip = scanners.PackedDeflate
	err := w.walk(slices.Values([]scanners.Packed{
		{Kind: 99, Offset: 0, Size: 0},
		{Kind: zip, Offset: 0, Size: n},
		{Kind: zip, Offset: 0, Size: n},
		{Kind: zip, Offset: n - 1, Size: n},
		{Kind: zip, Offset: 2 * n, Size: n + 1},
		{Kind: zip, Offset: 4 * n, Size: n},
		{Kind: zip, Offset: n, Size: 2 * n},
		{Kind: zip, Offset: 2 * n, Size: n},
		{Kind: zip, Offset: n, Size: n},
	}))
	if !slices.Equal(got, []int64{0, n}) || err != nil {
		t.Errorf("streams at %d, each of %d octets; %v", got, n, err)
	}
}

// TestPanic: what panics in visit is not taken for a scanner's.
func TestPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was lost")
		}
	}()
	b := tool(t, "python.zip")
	_ = Walk(bytes.NewReader(b), int64(len(b)), "", nil, func(*Stream) (int64, error) { panic("visit") })
}
