package stream

import (
	"context"
	"io"
	"io/fs"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/spec"
)

// seeds gives archives to begin with: those of the specification, and some of
// many small structures.
func seeds(f *testing.F) [][]byte {
	var out [][]byte
	vectors, err := fs.Glob(spec.FS, "vectors/*.vtd")
	if err != nil || len(vectors) == 0 {
		f.Fatal("no vectors: ", err)
	}
	for _, name := range vectors {
		b, err := fs.ReadFile(spec.FS, name)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, b)
	}
	for _, id := range []codec.ID{codec.Stored, codec.Zstd, codec.LongZstd} {
		out = append(out, sample(f, func(a *testkit.Archive) { a.Options.Codec = id }).Bytes)
	}
	return out
}

// FuzzStream reads anything as a stream. What the stream finds nothing wrong
// with, random access must read alike. Run it with -fuzzminimizetime=10x:
// goroutines make coverage vary, and minimizing would take all the time.
func FuzzStream(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := readAll(t, b, Options{Workers: 2, Memory: 1 << 20})
		for _, tree := range s.trees {
			if err := Walk(tree, tree.Root(), &limited{}); err != nil && err != errEnough {
				t.Fatal(err)
			}
		}
		if s.err != io.EOF || len(s.damage) > 0 {
			return
		}
		a, err := reader.Open(reader.Bytes(b), reader.Options{})
		if err != nil {
			t.Fatalf("the stream is good, random access fails: %v", err)
		}
		defer a.Close()
		if rep, err := a.Verify(context.Background(), reader.VerifyOptions{Fast: true}); err != nil || rep == nil {
			t.Fatal(err)
		}
		for num, want := range s.blocks {
			if want == "" {
				continue
			}
			if got, err := a.Block(num); err != nil || string(got) != want {
				t.Fatalf("block %d differs: %v", num, err)
			}
		}
	})
}

// limited is a walk that ends in time.
type limited struct{ n int }

var errEnough = io.ErrShortBuffer

func (l *limited) Visit(int, *format.Entry) error {
	if l.n++; l.n > 100_000 {
		return errEnough
	}
	return nil
}

func (l *limited) Broken(int, *format.Entry, error) error { return nil }
