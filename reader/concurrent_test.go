package reader_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// mixed is content that compresses a little, with matches near and far.
func mixed(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	var b []byte
	for len(b) < n {
		if len(b) > 2000 && rng.IntN(3) == 0 {
			at := rng.IntN(len(b) - 500)
			b = append(b, b[at:at+rng.IntN(500)]...)
			continue
		}
		b = fmt.Appendf(b, "line %d of some text %x\n", rng.IntN(1000), rng.Uint64())
	}
	return b[:n]
}

// TestConcurrentReads reads one archive from many goroutines, with a cache
// that holds it all and with one that holds next to nothing.
func TestConcurrentReads(t *testing.T) {
	content := map[string][]byte{}
	root := testkit.Dir("")
	for i := range 6 {
		name := fmt.Sprint("f", i)
		content[name] = mixed(uint64(i), 1_500_000)
		root.Children = append(root.Children, testkit.File(name, string(content[name])))
	}
	for _, id := range []codec.ID{codec.Stored, codec.Zstd, codec.LongZstd} {
		b := testkit.MustBuild(t, &testkit.Archive{
			Options:  testkit.Options{Codec: id, Chunk: 40_000, BlocksPerFrame: 25},
			Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: root}}}},
		})
		for _, opts := range []reader.Options{{ReadAhead: 2}, {CacheBytes: 5 << 20, ReadAhead: 1}, {CacheBytes: 1, NodeCacheBytes: 1, ReadAhead: -1}} {
			t.Run(fmt.Sprint(id, opts.CacheBytes), func(t *testing.T) {
				a := openBytes(t, b, opts)
				var wg sync.WaitGroup
				for g := range 8 {
					wg.Go(func() { readSome(t, a, uint64(g), content) })
				}
				wg.Go(func() {
					if rep := verify(t, a, reader.VerifyOptions{}); !rep.OK() {
						t.Errorf("%+v", rep.Findings)
					}
				})
				wg.Wait()
			})
		}
	}
}

// readSome reads in random places, or from start to end, and holds on to what
// it got to see that it does not change.
func readSome(t *testing.T, a *reader.Archive, seed uint64, content map[string][]byte) {
	rng := rand.New(rand.NewPCG(seed, 2))
	name := fmt.Sprint("f", rng.IntN(len(content)))
	want := content[name]
	e, err := a.Lookup(name)
	if err != nil {
		t.Error(err)
		return
	}
	f, err := a.Content(e)
	if err != nil {
		t.Error(err)
		return
	}
	if seed%3 == 0 {
		var buf bytes.Buffer
		if _, err := f.WriteTo(&buf); err != nil || !bytes.Equal(buf.Bytes(), want) {
			t.Errorf("%s whole: %d bytes, %v", name, buf.Len(), err)
		}
		return
	}
	type held struct {
		block []byte
		sum   format.Hash
	}
	var blocks []held
	p := make([]byte, 60_000)
	for range 25 {
		off := rng.IntN(len(want))
		n, err := f.ReadAt(p[:1+rng.IntN(len(p)-1)], int64(off))
		if err != nil && err != io.EOF || !bytes.Equal(p[:n], want[off:off+n]) {
			t.Errorf("%s at %d: %d bytes, %v", name, off, n, err)
		}
		for piece, err := range f.Pieces(int64(off)) {
			if err != nil {
				t.Error(err)
			} else if piece.Ref.Kind == format.RefBlock {
				b, err := a.Block(piece.Ref.Num)
				if err != nil {
					t.Error(err)
				}
				blocks = append(blocks, held{b, piece.Ref.Hash})
			}
			break
		}
	}
	for _, h := range blocks {
		if a.HashID().Sum(h.block) != h.sum {
			t.Error("a block changed after it was handed out")
		}
	}
}

// TestCloseWhileReading closes an archive under its readers: they fail or they
// do not, and nothing crashes.
func TestCloseWhileReading(t *testing.T) {
	b := testkit.MustBuild(t, zooArchive())
	for _, open := range openings(t, b) {
		a, err := open(reader.Options{CacheBytes: 1, ReadAhead: 1})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		started := make(chan bool, 4)
		for range 4 {
			wg.Go(func() {
				started <- true
				everything(a)
			})
		}
		<-started
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}
