package reader_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// benchArchive has one large file, in frames of 4 MiB, and 50,000 small ones.
func benchArchive(b *testing.B) string {
	b.Helper()
	a := testkit.One(testkit.Dir("", testkit.File("big", string(mixed(1, 64<<20))), testkit.Dir("many", testkit.Numbered(50_000)...)))
	a.Options = testkit.Options{Codec: codec.Zstd, Chunk: 64 << 10, BlocksPerFrame: 64, DirLeaf: 256, DirFan: 256}
	path := filepath.Join(b.TempDir(), "a.vtd")
	if err := os.WriteFile(path, testkit.MustBuild(b, a), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func BenchmarkRead(b *testing.B) {
	path := benchArchive(b)
	open := func(b *testing.B, opts reader.Options) *reader.Archive {
		a, err := reader.OpenFile(path, opts)
		if err != nil {
			b.Fatal(err)
		}
		return a
	}
	big := func(b *testing.B, a *reader.Archive) *reader.File {
		e, err := a.Lookup("big")
		if err != nil {
			b.Fatal(err)
		}
		f, err := a.Content(e)
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			open(b, reader.Options{}).Close()
		}
	})
	b.Run("open+lookup", func(b *testing.B) {
		for b.Loop() {
			a := open(b, reader.Options{})
			if _, err := a.Lookup("many/n31234"); err != nil {
				b.Fatal(err)
			}
			a.Close()
		}
	})
	b.Run("lookup", func(b *testing.B) {
		a := open(b, reader.Options{})
		defer a.Close()
		for i := 0; b.Loop(); i++ {
			if _, err := a.Lookup(fmt.Sprintf("many/n%05d", i*7919%50_000)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("walk", func(b *testing.B) {
		a := open(b, reader.Options{})
		defer a.Close()
		n := 0
		for b.Loop() {
			if err := a.Walk(func(_ string, _ *format.Entry, err error) error { n++; return err }); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
	})
	for _, ahead := range []int{-1, 1} {
		b.Run(fmt.Sprintf("sequential/ahead=%d", ahead), func(b *testing.B) {
			b.SetBytes(64 << 20)
			for b.Loop() {
				a := open(b, reader.Options{ReadAhead: ahead})
				if _, err := io.Copy(io.Discard, big(b, a)); err != nil {
					b.Fatal(err)
				}
				a.Close()
			}
		})
	}
	for name, opts := range map[string]reader.Options{"cold": {CacheBytes: 1, ReadAhead: -1}, "warm": {}} {
		b.Run("random4k/"+name, func(b *testing.B) {
			a := open(b, opts)
			defer a.Close()
			f := big(b, a)
			rng := rand.New(rand.NewPCG(1, 1))
			p := make([]byte, 4<<10)
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				if _, err := f.ReadAt(p, rng.Int64N(f.Size()-4096)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, fast := range []bool{false, true} {
		b.Run(fmt.Sprintf("verify/fast=%v", fast), func(b *testing.B) {
			a := open(b, reader.Options{})
			defer a.Close()
			b.SetBytes(a.Size())
			for b.Loop() {
				if rep := verify(b, a, reader.VerifyOptions{Fast: fast}); !rep.OK() {
					b.Fatal(rep.Findings)
				}
			}
		})
	}
}
