package fuzz

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/crosscheck"
	"github.com/vtdarchive/vtd/internal/mutate"
)

// original is a valid archive and what it holds.
type original struct {
	seed
	*crosscheck.Original
}

// originals reads the valid seeds.
func originals(t testing.TB) []original {
	t.Helper()
	var out []original
	for _, s := range validSeeds(t) {
		o, err := crosscheck.NewOriginal(s.name, s.bytes, crosscheck.Small)
		must(t, err)
		out = append(out, original{s, o})
	}
	return out
}

// FuzzMutate changes valid archives. Whatever is done to one, a reader that
// says it has the original's tree gives the original's entries and contents,
// or errors.
func FuzzMutate(f *testing.F) {
	all := originals(f)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range all {
		for k := range 6 { // every change with some archives, and with every archive some
			script := []byte{byte((i*6 + k) % mutate.Changes())}
			for range 6 + 6*(k%2) {
				script = append(script, byte(rng.Uint32()))
			}
			f.Add(uint16(i), script)
		}
	}
	f.Fuzz(func(t *testing.T, which uint16, b []byte) {
		guard(t)
		o := &all[int(which)%len(all)]
		changed, _ := mutate.Archive(o.bytes, &mutate.Script{Bytes: b}, maxInput)
		o.check(t, changed)
	})
}

// check reads a changed archive in every way.
func (o *original) check(t *testing.T, b []byte) {
	t.Helper()
	v, s := crosscheck.ReadBytes(crosscheck.Test{Failer: t}, b, crosscheck.Small), crosscheck.ReadStream(crosscheck.Test{Failer: t}, b, crosscheck.Small)
	agree(t, b, v, s)
	o.Check(crosscheck.Test{Failer: t}, v, s)
	names, fits := allNames(v, s)
	if !fits {
		return
	}
	for way := range ways {
		root := v.Top.Root
		if ways[way].name == "stream" {
			root = s.Top.Root
		}
		if known := o.Tree(root); known != nil {
			o.extract(t, way, b, names, known)
		}
	}
}

// extract restores a changed archive. With random access each block is
// checked before it is written; a stream that ends well has checked them all.
func (o *original) extract(t *testing.T, way int, b []byte, names map[string]bool, known map[string]crosscheck.Entry) {
	t.Helper()
	p := newPlace(t, names, 0)
	opts := p.options(0)
	r := restore(t, way, b, p.target, opts)
	if ways[way].name == "stream" && (r.err != nil || r.res.Err() != nil) {
		return
	}
	sums := map[string]format.Hash{}
	all := list(t, p.target, lister{sums: sums})
	for path, sum := range sums {
		if x, ok := known[path]; !ok || x.Read && x.Sum != sum {
			t.Errorf("%s: %s restored %q with the wrong content", o.seed.name, ways[way].name, path)
		}
	}
	if r.err == nil && r.res.Err() == nil {
		for path, x := range known {
			if _, there := all[path]; x.Kind == format.KindFile && !there {
				t.Errorf("%s: %s did not restore %q and said nothing", o.seed.name, ways[way].name, path)
			}
		}
	}
}

// TestEnds holds the harness against doing nothing: changed archives end in
// every way there is.
func TestEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	all := originals(t)
	ends := map[string]int{}
	for range 300 {
		b := make([]byte, 11)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		o := &all[rng.IntN(len(all))]
		got, _ := mutate.Archive(o.bytes, &mutate.Script{Bytes: b[:2+rng.IntN(10)]}, maxInput)
		if bytes.Equal(got, o.bytes) {
			continue
		}
		switch v := crosscheck.ReadBytes(crosscheck.Test{Failer: t}, got, crosscheck.Small); {
		case !v.Opened:
			ends["not opened"]++
		case v.Clean:
			ends["clean"]++
		case o.Tree(v.Top.Root) == nil:
			ends["another root"]++
		case v.Bad:
			ends["some read"]++
		default:
			ends["all read"]++
		}
	}
	t.Log(ends)
	for _, end := range []string{"not opened", "clean", "another root", "some read", "all read"} {
		if ends[end] < 5 {
			t.Errorf("%d archives end as %q", ends[end], end)
		}
	}
}
