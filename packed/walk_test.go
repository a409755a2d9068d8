package packed

import (
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// inflated gives how long the DEFLATE stream at the start of r is, and its
// content.
func inflated(r io.ReaderAt) (int64, []byte, error) {
	in := &counted{r: bufio.NewReader(io.NewSectionReader(r, 0, 1<<40))}
	content, err := io.ReadAll(io.LimitReader(flate.NewReader(in), 16<<20))
	return in.n, content, err
}

// counted counts the octets that are read one by one.
type counted struct {
	r *bufio.Reader
	n int64
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// stream is what has been found.
type stream struct {
	Stream
	length  int64
	content []byte
}

func (s *stream) String() string {
	return fmt.Sprintf("%v %d+%d %s", s.Kind, s.Offset, s.length, s.Name)
}

// walk gives the streams in content, and holds Walk to its rules.
func walk(t testing.TB, name string, content []byte) (list []stream) {
	t.Helper()
	r := bytes.NewReader(content)
	next := int64(0)
	err := Walk(r, r.Size(), name, nil, func(s *Stream) (int64, error) {
		if s.Offset < next || s.Limit > r.Size() || s.reach() < MinStream {
			t.Fatalf("%s: %v from %d to %d, after %d, in content of %d", name, s.Kind, s.Offset, s.Limit, next, r.Size())
		}
		next = s.Offset + 1
		at := int64(0)
		for _, b := range s.Breaks {
			if b.At <= at || len(b.Bytes) == 0 {
				t.Fatalf("%s: a break of %d octets at %d, after %d", name, len(b.Bytes), b.At, at)
			}
			at = b.At
			if end := s.End(at) + int64(len(b.Bytes)); !bytes.HasSuffix(content[:end], b.Bytes) {
				t.Fatalf("%s: the break at %d is none", name, at)
			}
		}
		n, b, err := inflated(s.Reader(r))
		if err != nil {
			return 0, Skip
		}
		next = s.End(n)
		list = append(list, stream{*s, n, b})
		return n, nil
	})
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return list
}

// names gives what walk finds in a readable form.
func names(list []stream) (out []string) {
	for i := range list {
		out = append(out, list[i].String())
	}
	return out
}

// sample reads a sample of the scanners.
func sample(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "scanners", "testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
func TestAll(t *testing.T) {
	paths, _ := filepath.Glob("../scanners/testdata/*/*")
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if errors.Is(err, os.ErrNotExist) || err != nil {
			continue
		}
		l := names(walk(t, filepath.Base(p), b))
		if len(l) > 0 {
			t.Logf("%s %d: %d %.8q", p, len(b), len(l), l)
		}
	}
}
