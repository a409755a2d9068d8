package reader_test

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/recipe"
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

// BenchmarkMadeFile is about a file in an archive, which VTD_FILE and VTD_ARCHIVE
// name: 4 KiB of it anywhere, with what has to be made for that, and all of it, by one
// processor and by two.
func BenchmarkMadeFile(b *testing.B) {
	open := func(b *testing.B) (*reader.Archive, *reader.File) {
		if os.Getenv("VTD_ARCHIVE") == "" {
			b.Skip("VTD_ARCHIVE names no archive")
		}
		a, err := reader.OpenFile(os.Getenv("VTD_ARCHIVE"), reader.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { a.Close() })
		return a, contentOf(b, a, os.Getenv("VTD_FILE"))
	}
	b.Run("4KiB", func(b *testing.B) {
		a, f := open(b)
		r := rand.New(rand.NewPCG(4, 2))
		p := make([]byte, 4<<10)
		all, most := int64(0), int64(0)
		for b.Loop() {
			off := r.Int64N(f.Size() - int64(len(p)))
			if _, err := f.ReadAt(p, off); err != nil {
				b.Fatal(err)
			}
			n := madeFor(b, a, f, off, int64(len(p)))
			all, most = all+n, max(most, n)
		}
		b.ReportMetric(float64(all)/float64(b.N), "made-B/op")
		b.ReportMetric(float64(most), "most-B")
	})
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprint("whole", n), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
			_, f := open(b)
			b.SetBytes(f.Size())
			for b.Loop() {
				if _, err := io.Copy(io.Discard, io.NewSectionReader(f, 0, f.Size())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// recipesOf gives the recipes of a file from an offset on, and where they stand.
func recipesOf(t testing.TB, a *reader.Archive, f *reader.File, off int64) iter.Seq2[reader.Piece, *recipe.Recipe] {
	return func(yield func(reader.Piece, *recipe.Recipe) bool) {
		for p, err := range f.Pieces(off) {
			if err != nil {
				t.Fatal(err)
			}
			if p.Ref.Kind != format.RefRecipe {
				continue
			}
			x, err := a.Recipe(&p.Ref)
			if err != nil {
				t.Fatal(err)
			}
			made, err := recipe.Parse(x)
			if err != nil {
				t.Fatal(err)
			}
			if !yield(p, made) {
				return
			}
		}
	}
}

// madeFor tells of how much content parts are made for a range of a file.
func madeFor(t testing.TB, a *reader.Archive, f *reader.File, off, length int64) (n int64) {
	for p, made := range recipesOf(t, a, f, off) {
		if p.Offset >= off+length {
			break
		}
		for i := made.At(max(off-p.Offset, 0)); i < made.Parts() && made.Part(i).Offset < off+length-p.Offset; i++ {
			n += made.Content(i)
		}
	}
	return n
}

// What is promised: little of a large stream costs little, wherever it lies, and no
// more is made than that.
func TestMadeForLittle(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(testkit.Dir("", testkit.Gzip("large"))))
	open := func() (*reader.Archive, *reader.File) {
		a, err := reader.Open(reader.Bytes(archive), reader.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.Close() })
		return a, contentOf(t, a, "large.gz")
	}
	const length, most = 4 << 10, 1 << 20
	a, f := open()
	for off := int64(0); off+length <= f.Size(); off += 777 {
		if n := madeFor(t, a, f, off, length); n == 0 || n > most {
			t.Fatalf("for %d octets at %d, parts of %d octets of content are made", length, off, n)
		}
	}
	places := []int64{0, f.Size() - length, f.Size() - 1}
	borders := 0
	for p, made := range recipesOf(t, a, f, 0) {
		for i := range made.Parts() {
			part := made.Part(i)
			inside := p.Offset + part.Offset + part.Length/2
			if places = append(places, inside); i > 0 {
				border := p.Offset + part.Offset
				places = append(places, border-length, border-1, border-length/2, border)
				borders++
			}
		}
	}
	if borders < 3 {
		t.Fatalf("the stream has %d borders of parts", borders)
	}
	across := 0
	for _, off := range places {
		a, f := open() // with nothing in its caches
		b := make([]byte, min(length, f.Size()-off))
		if _, err := f.ReadAt(b, off); err != nil {
			t.Fatal(err)
		}
		n, want := a.MadeContent(), madeFor(t, a, f, off, int64(len(b)))
		if n != want || n > most {
			t.Errorf("for %d octets at %d, parts of %d octets of content were made, %d are needed", len(b), off, n, want)
		}
		if n > 512<<10 {
			across++
		}
	}
	if across < borders {
		t.Errorf("%d reads took two parts, at %d borders", across, borders)
	}
}
