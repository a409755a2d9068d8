package compact

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/scanners"
	"github.com/vtdarchive/vtd/writer"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, path string, data []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, data, 0o644))
}

// small are options for small blocks and frames.
func small(dir string) writer.Options {
	p, err := writer.Presets("default")
	if err != nil {
		panic(err)
	}
	p.Chunks = scanners.Params{Min: 256, Target: 1024, Max: 4096, RunMin: 512}
	p.DataFrame, p.MetaFrame = 64<<10, 64<<10
	return writer.Options{Inputs: []writer.Input{{Dir: dir, Path: "."}}, Params: p, Threads: 2}
}

// create makes an archive of a directory.
func create(t testing.TB, path string, o writer.Options) {
	t.Helper()
	var b bytes.Buffer
	_, err := writer.Create(context.Background(), &b, o)
	must(t, err)
	must(t, os.WriteFile(path, b.Bytes(), 0o644))
}

// grow adds a state, labelled and timed by a number.
func grow(t testing.TB, path, dir string, n int) {
	t.Helper()
	o := writer.AppendOptions{Options: writer.Options{Inputs: []writer.Input{{Dir: dir, Path: "."}}}, Checksum: true}
	o.Label, o.Time = fmt.Sprint(n), &format.Time{Sec: 4_000_000_000 + int64(n)}
	o.Replica = func(writer.State) format.ReplicaID { return format.ReplicaID{byte(n)} }
	_, err := writer.Append(context.Background(), path, o)
	must(t, err)
}

// tree is what a state holds: what is told of each path, with the content.
type tree map[string]string

// states gives what the states of an archive hold, the oldest first, and checks
// the archive.
func states(t testing.TB, what string, b []byte) (trees []tree, all []history.State) {
	t.Helper()
	rep, err := func() (*reader.Report, error) {
		a, err := reader.Open(reader.Bytes(b), reader.Options{})
		must(t, err)
		defer a.Close()
		return a.Verify(context.Background(), reader.VerifyOptions{})
	}()
	must(t, err)
	if !rep.OK() || len(rep.Warnings) > 0 {
		t.Fatalf("%s: %+v, %q", what, rep.Findings, rep.Warnings)
	}
	if _, err := testkit.Check(b); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	defer a.Close()
	all, err = history.Log(a)
	must(t, err)
	if uint64(len(all)) != a.Trailer().Snapshots {
		t.Fatalf("%s: %d states, the trailer says %d", what, len(all), a.Trailer().Snapshots)
	}
	slices.Reverse(all)
	return statesIn(t, a), all
}

// statesIn gives what the states of an archive hold, the oldest first.
func statesIn(t testing.TB, a *reader.Archive) (trees []tree) {
	t.Helper()
	log, err := history.Log(a)
	must(t, err)
	for _, state := range slices.Backward(log) {
		s := tree{}
		must(t, state.Walk(func(path string, e *format.Entry, err error) error {
			if err != nil {
				return err
			}
			data := e.Target
			if e.Kind == format.KindFile {
				c, err := a.ContentOf(e, path)
				if err != nil {
					return err
				}
				var b bytes.Buffer
				if e.Size > 64<<20 { // mostly a run
					b.WriteString(e.Content.String())
				} else if _, err := c.WriteTo(&b); err != nil {
					return err
				}
				data = b.String()
			}
			s[path] = fmt.Sprint(e.Kind, e.Perm, e.Mtime, e.LinkCount, data)
			return nil
		}))
		s["\x00"] = state.Snapshot().Content.String() + state.Root().Ref.Hash.String()
		trees = append(trees, s)
	}
	return trees
}

// edit changes a tree in some way.
func edit(t testing.TB, r *rand.Rand, dir string) {
	name := filepath.Join(dir, fmt.Sprintf("d%d/f%d", r.IntN(3), r.IntN(8)))
	b, err := os.ReadFile(name)
	switch n := r.IntN(6); {
	case err != nil || n == 0:
		put(t, name, testkit.Noise(r.Uint64(), r.IntN(30_000)))
	case n == 1:
		must(t, os.Remove(name))
	case n == 2:
		os.Link(name, name+"l")
	case n == 3: // the same blocks, behind others
		put(t, name, append(testkit.Noise(r.Uint64(), 2000), b...))
	case n == 4:
		must(t, os.Chmod(name, 0o600))
	case len(b) > 0:
		b[r.IntN(len(b))] ^= 1
		put(t, name, b)
	}
}

// forgetting gives the states, counted from the oldest, that go.
func forgetting(which ...int) func(*reader.Archive, []history.State) ([]bool, error) {
	return func(_ *reader.Archive, states []history.State) ([]bool, error) {
		gone := make([]bool, len(states))
		for _, i := range which {
			gone[len(states)-1-i] = true
		}
		return gone, nil
	}
}

func slowUnderRace(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("SKIPPED under the race detector: it computes too much; TestAnotherHash and others run")
	}
}
