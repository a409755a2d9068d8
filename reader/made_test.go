package reader_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// madeFiles are held as recipes, or in parts by them.
func madeFiles() []*testkit.Node {
	return []*testkit.Node{testkit.Gzip("large"), testkit.Gzip("text"), testkit.Nested(4), testkit.Broken(), testkit.Zeros(), members()}
}

// members is a gzip file of many members: recipes of one part and of several.
func members() *testkit.Node {
	n := testkit.File("members.gz", "")
	for i, sample := range []string{"text", "large", "zeros", "text", "large", "zeros", "text"} {
		m := testkit.Gzip(sample)
		s := m.Streams[0]
		s.Off += len(n.Data)
		n.Data, n.Streams = append(n.Data, m.Data...), append(n.Streams, s)
		n.Data[s.Off-2] = byte(i) // another header each time
	}
	return n
}

func madeArchive(t testing.TB, o reader.Options) *reader.Archive {
	t.Helper()
	b := testkit.MustBuild(t, testkit.One(testkit.Dir("", madeFiles()...)))
	a, err := reader.Open(reader.Bytes(b), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func contentOf(t testing.TB, a *reader.Archive, name string) *reader.File {
	t.Helper()
	e, err := a.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := a.Content(e)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Reads at any place, of any length, in several goroutines, with caches that
// hold everything or next to nothing, give the original bytes.
func TestMadeAnywhere(t *testing.T) {
	for name, o := range map[string]reader.Options{
		"usual": {}, "tiny caches": {CacheBytes: 1, NodeCacheBytes: 1}, "no read-ahead": {ReadAhead: -1}, "more read-ahead": {ReadAhead: 4},
	} {
		a := madeArchive(t, o)
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for _, n := range madeFiles() {
				f := contentOf(t, a, n.Name)
				for g := range 3 {
					wg.Go(func() {
						r := rand.New(rand.NewPCG(1, uint64(g)))
						for range 12 {
							off := r.IntN(len(n.Data))
							b := make([]byte, 1+r.IntN(5000))
							k, err := f.ReadAt(b, int64(off))
							want := n.Data[off:min(off+len(b), len(n.Data))]
							if !bytes.Equal(b[:k], want) || (k < len(b)) != (err == io.EOF) {
								t.Errorf("%s: %d bytes at %d: %d, %v", n.Name, len(b), off, k, err)
								return
							}
						}
					})
				}
			}
			wg.Wait()
			for _, n := range madeFiles() {
				var b bytes.Buffer
				if _, err := contentOf(t, a, n.Name).WriteTo(&b); err != nil || !bytes.Equal(b.Bytes(), n.Data) {
					t.Errorf("%s: %d bytes of %d, %v", n.Name, b.Len(), len(n.Data), err)
				}
				if err := contentOf(t, a, n.Name).CheckContent(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Extents of what is made are data, whatever it is made from.
func TestMadeIsNoHole(t *testing.T) {
	f := contentOf(t, madeArchive(t, reader.Options{}), "zeros")
	for x, err := range f.Extents(0) {
		if err != nil || x.Hole || x.Length != f.Size() {
			t.Errorf("%+v, %v", x, err)
		}
	}
}

func BenchmarkMade(b *testing.B) {
	for _, bench := range []struct {
		name string
		read func(f *reader.File, i int) (int64, error)
	}{
		{"whole", func(f *reader.File, _ int) (int64, error) {
			return io.Copy(io.Discard, io.NewSectionReader(f, 0, f.Size()))
		}},
		{"4KiB", func(f *reader.File, i int) (int64, error) {
			p := make([]byte, 4<<10)
			n, err := f.ReadAt(p, int64(i*7919)%(f.Size()-int64(len(p))))
			return int64(n), err
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			a := madeArchive(b, reader.Options{CacheBytes: 1})
			f := contentOf(b, a, "large.gz")
			for i := 0; b.Loop(); i++ {
				n, err := bench.read(f, i)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n)
			}
		})
	}
}
