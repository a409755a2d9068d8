package reader_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// FuzzOpen opens any bytes and reads all that is in them, mapped and with
// pread: neither panics, errors have a class, and both see the same.
func FuzzOpen(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "a.vtd")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		mapped := transcript(t, path, reader.Options{Name: "a"})
		plain := transcript(t, path, reader.Options{Name: "a", NoMap: true, ReadAhead: -1})
		if !bytes.Equal(mapped, plain) {
			t.Errorf("mapped:\n%s\nplain:\n%s", mapped, plain)
		}
	})
}

// TestRandomDamage does the same with damage that is always the same.
func TestRandomDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "a.vtd")
	for i, seed := range seeds(t) {
		rounds := 2
		if i < ownSeeds {
			rounds = 40
		}
		for range min(rounds, len(seed)) {
			b := bytes.Clone(seed)
			for range 1 + rng.IntN(3) {
				b[rng.IntN(len(b))] ^= byte(1 + rng.IntN(255))
			}
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			mapped := transcript(t, path, reader.Options{Name: "a"})
			plain := transcript(t, path, reader.Options{Name: "a", NoMap: true, ReadAhead: -1})
			if !bytes.Equal(mapped, plain) {
				t.Fatalf("mapped:\n%s\nplain:\n%s", mapped, plain)
			}
		}
	}
}

// ownSeeds is how many seeds are not vectors.
const ownSeeds = 3

// seeds are archives of the testkit and the vectors of the specification.
func seeds(t testing.TB) (out [][]byte) {
	small := testkit.Dir("", testkit.File("a", "A"), testkit.File("b", string(mixed(1, 2000))),
		testkit.Dir("d", testkit.Run("r", 0, 5000), testkit.Symlink("l", "../a")))
	for _, id := range []codec.ID{codec.Stored, codec.Zstd, codec.LongZstd} {
		a := testkit.One(small)
		a.Options = testkit.Options{Codec: id, DirLeaf: 2, FanOut: 2, Chunk: 500}
		out = append(out, testkit.MustBuild(t, a))
	}
	for _, v := range vectors(t) {
		out = append(out, v.archive)
	}
	return out
}

// transcript reads everything in an archive, within bounds, and tells what it
// came to.
func transcript(t *testing.T, path string, opts reader.Options) []byte {
	var out bytes.Buffer
	failed := false
	say := func(what string, err error) {
		if err != nil && !errors.Is(err, io.EOF) {
			var fe *format.Error
			if !errors.As(err, &fe) || classCount(err) != 1 {
				t.Errorf("%s: error of no class: %v", what, err)
			}
			out.WriteString(what + ": " + err.Error() + "\n")
			failed = true
			return
		}
		out.WriteString(what + "\n")
	}
	a, err := reader.OpenFile(path, opts)
	say("open", err)
	if err != nil {
		return out.Bytes()
	}
	defer a.Close()
	for _, w := range a.Warnings() {
		say(w, nil)
	}
	_, err = a.Info()
	say("info", err)
	_, err = a.RecipeInfo(t.Context())
	say("recipes", err)
	entries := 0
	buf := make([]byte, 64<<10)
	err = a.Walk(func(path string, e *format.Entry, err error) error {
		if entries++; entries > 1000 {
			return fs.SkipAll
		}
		say(path, err)
		if err != nil || e.Kind != format.KindFile {
			return nil
		}
		f, err := a.ContentOf(e, path)
		if err != nil {
			return err
		}
		n, err := f.ReadAt(buf, 0)
		say("start", err)
		out.Write(buf[:n])
		_, err = f.ReadAt(buf[:100], f.Size()-100)
		if f.Size() >= 100 {
			say("end", err)
		}
		return nil
	})
	if !errors.Is(err, io.EOF) {
		say("walk", err)
	}
	rep, err := a.Verify(context.Background(), reader.VerifyOptions{NoContents: true})
	if err != nil {
		t.Errorf("verify: %v", err)
	}
	if rep.OK() && failed { // what recipes make is found out by making it
		if rep, err = a.Verify(context.Background(), reader.VerifyOptions{}); err != nil {
			t.Errorf("verify: %v", err)
		}
	}
	if rep.OK() && failed {
		t.Error("reading failed and verify finds nothing")
	}
	for _, x := range rep.Findings {
		out.WriteString(x.Class + " " + x.Structure + " " + x.Message + "\n")
	}
	return out.Bytes()
}
