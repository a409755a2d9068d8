package fuzz

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/writer"
)

// seed is an archive to begin with.
type seed struct {
	name  string
	bytes []byte
	valid bool
}

// seeds gives the vectors of the specification, archives of earlier versions,
// those of the testkit that have many small structures, and some of the writer.
// It fails when there are none of a sort: a target without seeds would find
// nothing and look well.
//
// Under the race detector every fifth is enough: all of them start the same
// goroutines.
func seeds(t testing.TB) []seed {
	t.Helper()
	all, err := allSeeds()
	if err != nil {
		t.Fatal(err)
	}
	if _, fuzzing := t.(*testing.F); fuzzing && raceEnabled {
		var some []seed
		for i := 0; i < len(all); i += 5 {
			some = append(some, all[i])
		}
		return some
	}
	return all
}

// valid gives the seeds that are valid archives.
func validSeeds(t testing.TB) []seed {
	t.Helper()
	var out []seed
	for _, s := range seeds(t) {
		if s.valid {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		t.Fatal("no seed is valid")
	}
	return out
}

var allSeeds = sync.OnceValues(func() ([]seed, error) {
	var out []seed
	vectors, err := testkit.Vectors()
	if err != nil {
		return nil, err
	}
	compat, err := testkit.Compat()
	if err != nil {
		return nil, err
	}
	for _, v := range append(vectors, compat...) {
		if len(v.Bytes) <= maxInput {
			out = append(out, seed{v.Name, v.Bytes, v.Expect == "ok"})
		}
	}
	own, err := ownSeeds()
	if err != nil {
		return nil, err
	}
	out = append(out, own...)
	written, err := writtenSeeds()
	if err != nil {
		return nil, err
	}
	return append(out, written...), nil
})

// ownSeeds are archives with every structure in every codec.
func ownSeeds() ([]seed, error) {
	noise := func(n uint64, size int) string { return string(testkit.Noise(n, size)) }
	root := func() *testkit.Node {
		return testkit.Dir("",
			testkit.File("a", noise(1, 2500)), testkit.File("again", noise(1, 2500)), testkit.File("empty", ""),
			testkit.File("h1", noise(2, 700)).Link(1, 2), testkit.File("h2", noise(2, 700)).Link(1, 2),
			testkit.Dir("d", testkit.Run("zeros", 0, 9000), testkit.Symlink("l", "../a"), testkit.File("lit", "literal"),
				testkit.Dir("e", testkit.File("mixed", noise(3, 300)+string(make([]byte, 900))+noise(4, 300)))),
			testkit.Special("fifo", format.KindFifo), testkit.Device("null", format.KindChar, 1, 3),
			testkit.File("x", noise(5, 400)).With(func(n *testkit.Node) {
				n.Xattrs = []format.Xattr{{Name: "user.a", Value: "value"}}
			}),
		)
	}
	var out []seed
	for _, id := range []codec.ID{codec.Stored, codec.Zstd, codec.LongZstd} {
		for _, hash := range []format.HashID{format.HashBLAKE3, format.HashSHA256} {
			a := testkit.One(root())
			a.Options = testkit.Options{Codec: id, Hash: hash, DirLeaf: 3, DirFan: 2, FanOut: 2, Chunk: 500, BlocksPerFrame: 3}
			b, err := a.Build()
			if err != nil {
				return nil, err
			}
			out = append(out, seed{fmt.Sprintf("own-%d-%v", id, hash), b, true})
		}
	}
	versions := testkit.Archive{Segments: []testkit.Segment{
		{Versions: []testkit.Version{{Root: root()}}},
		{Versions: []testkit.Version{{Root: testkit.Dir("", testkit.File("a", noise(9, 1500))), After: []int{0}}}},
		{Versions: []testkit.Version{{Root: root(), After: []int{1}}}, Merge: true},
	}}
	b, err := versions.Build()
	return append(out, seed{"own-versions", b, true}), err
}

// writtenSeeds are archives as they are in the world.
func writtenSeeds() ([]seed, error) {
	dir, err := os.MkdirTemp("", "vtd-fuzz-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for i, name := range []string{"one", "two", "sub/three", "sub/deeper/four"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		text := fmt.Appendf(nil, "%s%d", bytes.Repeat([]byte("compressible text, line by line\n"), 60*i), i)
		if err := os.WriteFile(path, append(text, testkit.Noise(uint64(i), 2000*i)...), 0o644); err != nil {
			return nil, err
		}
	}
	var out []seed
	for _, preset := range []string{"fast", "default"} {
		o, err := options(dir, preset)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if _, err := writer.Create(context.Background(), &b, o); err != nil {
			return nil, err
		}
		out = append(out, seed{"written-" + preset, b.Bytes(), true})
	}
	return out, nil
}

// options archives a directory into small chunks and frames.
func options(dir, preset string) (writer.Options, error) {
	p, err := writer.Presets(preset)
	p.Chunks.Min, p.Chunks.Target, p.Chunks.Max, p.Chunks.RunMin = 64, 256, 1024, 512
	p.DataFrame, p.MetaFrame = 64<<10, 64<<10
	return writer.Options{Inputs: []writer.Input{{Dir: dir, Path: "."}}, Params: p}, err
}

// TestSeeds holds what the other tests believe of the seeds.
func TestSeeds(t *testing.T) {
	if all, ok := len(seeds(t)), len(validSeeds(t)); all < 150 || ok < 30 {
		t.Errorf("%d seeds, %d of them valid", all, ok)
	}
	for _, s := range validSeeds(t) {
		if _, err := testkit.Check(s.bytes); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}
