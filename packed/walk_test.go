package packed

import (
	"bufio"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// inflated gives how long the DEFLATE stream at the start of r is, and its
// content.
func inflated(r io.ReaderAt) (int64, []byte, error) {
	in := &counted{r: bufio.NewReader(io.NewSectionReader(r, 0, 1<<40))}
	content, err := io.ReadAll(io.LimitReader(flate.NewReader(in), 1<<20))
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
			return 0, ErrSkip
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

// tool reads a sample of this package.
func tool(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// want compares what walk finds.
func want(t *testing.T, name string, content []byte, want ...string) {
	t.Helper()
	if got := names(walk(t, name, content)); !slices.Equal(got, want) {
		t.Errorf("%s:\n%q, not\n%q", name, got, want)
	}
}

// TestSamples: files that the usual programs wrote.
func TestSamples(t *testing.T) {
	want(t, "named.gz", tool(t, "named.gz"), "gzip 19+2484 named")
	want(t, "saved", tool(t, "named.gz"), "gzip 19+2484 plan.txt")
	want(t, "x/pigz.tgz", tool(t, "pigz.tgz"), "gzip 19+2596 x/pigz.tar")
	want(t, ".pigz.tgz.Xy12Ab", tool(t, "pigz.tgz"), "gzip 19+2596 .pigz.tar")
	want(t, "python.zip", tool(t, "python.zip"), "zip 40+1763 docs/a.txt", "gzip 1914+1382 inner.txt", "zip 3339+965 b.txt")
	want(t, "", tool(t, "infozip-streamed.zip"), "zip 51+2484 -")
	want(t, "qpdf.pdf", tool(t, "qpdf.pdf"), "zlib 308+1091 ", "zlib 1477+1130 ")
	const loose = "42da45b3491f3a56e84e48016c5ce6f0c574ed"
	want(t, "objects/eb/"+loose, tool(t, "loose/"+loose), "zlib 2+2622 ")
	want(t, loose[1:], tool(t, "loose/"+loose))

	want(t, "initrd", sample(t, "cpio/initrd.cpio"), "gzip 6154+1420 ")
	want(t, "two-commits.pack", sample(t, "gitpack/two-commits.pack"), "git 239+1184 ", "git 1432+2669 ", "git 4225+1949 ")
	want(t, "bgzip.gz", sample(t, "gzip/bgzip.gz"), "gzip 18+19012 bgzip")
	want(t, "members.gz", sample(t, "gzip/members.gz"), "gzip 10+2761 members", "gzip 2789+19913 members", "gzip 22720+1420 members", "gzip 24158+2762 members")
	want(t, "noise.png", sample(t, "png/noise.png"), "png 87+23130 ")
	want(t, "streamed.zip", sample(t, "zip/streamed.zip"), "zip 51+3478 -")
	want(t, "a.jar", sample(t, "zip/a.jar"), "zip 220+565 A.class", "zip 838+270 B.class", "zip 1161+441 C.class", "zip 1653+2761 c.txt", "zip 4465+1420 b.txt")
	want(t, "libarchive.zip", sample(t, "zip/libarchive.zip"), "zip 67+1420 b.txt", "zip 1570+2761 c.txt", "zip 4414+714 d.txt", "zip 5211+423 a.txt")
	want(t, "libarchive-stored.zip", sample(t, "zip/libarchive-stored.zip"))
}

// TestPackObjects holds what is found in a pack against what git verify-pack -v
// says: the content of those objects that are not small.
func TestPackObjects(t *testing.T) {
	list := walk(t, "", sample(t, "gitpack/two-commits.pack"))
	for i, size := range []int{3076, 6095, 4996} {
		if i >= len(list) || len(list[i].content) != size || list[i].Size != int64(size) {
			t.Errorf("object %d is not there with %d octets", i, size)
		}
	}
}
