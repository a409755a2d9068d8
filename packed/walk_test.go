package packed

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"testing"
)

// inflated gives how long the DEFLATE stream at the start of r is, and its
// content.
func inflated(r io.ReaderAt) (int64, []byte, error) {
	in := &counted{r: bufio.NewReader(io.NewSectionReader(r, 0, 1<<40))}
	content, err := io.ReadAll(flate.NewReader(in))
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

// found lists the streams in content, each as its kind, offset, length and name.
func found(t *testing.T, name string, content []byte) (list []string) {
	t.Helper()
	r := bytes.NewReader(content)
	err := Walk(r, r.Size(), name, nil, func(s *Stream) (int64, error) {
		n, _, err := inflated(s.Reader(r))
		if err != nil {
			return 0, Skip
		}
		list = append(list, fmt.Sprintf("%v %d+%d %s", s.Kind, s.Offset, n, s.Name))
		return n, nil
	})
	if err != nil {
		t.Error(err)
	}
	return list
}

func TestGzip(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = "plan.txt"
	for i := range 1000 {
		fmt.Fprintln(w, i*i*i)
	}
	w.Close()
	for _, name := range []string{"", "plan.gz"} {
		t.Log(found(t, name, b.Bytes()))
	}
}
