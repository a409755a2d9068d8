package fuzz

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// original is a valid archive and what it holds.
type original struct {
	seed
	trees map[format.Hash]map[string]entry // of every snapshot, by root hash: path → entry
	ids   map[format.Hash]format.Hash      // root hash by content id
}

// originals reads the valid seeds.
func originals(t testing.TB) []original {
	t.Helper()
	var out []original
	for _, s := range validSeeds(t) {
		o := original{s, map[format.Hash]map[string]entry{}, map[format.Hash]format.Hash{}}
		a, err := reader.Open(reader.Bytes(s.bytes), readerOptions)
		must(t, err)
		for tree, err := range a.Snapshots() {
			must(t, err)
			files := map[string]entry{}
			must(t, tree.Walk(func(path string, e *format.Entry, err error) error {
				if err != nil || len(files) > maxEntries {
					return fmt.Errorf("%d entries, %w", len(files), err)
				}
				x := entry{path: path, kind: e.Kind, meta: metaOf(e), size: e.Size}
				if e.Kind == format.KindFile {
					f, err := a.ContentOf(e, path)
					if err != nil {
						return err
					}
					b := make([]byte, min(e.Size, maxTotal))
					if uint64(len(b)) < e.Size || e.Size > maxWhole {
						return nil // nothing else reads it whole
					}
					if _, err := f.ReadAt(b, 0); err != nil && len(b) > 0 {
						return err
					}
					x.sum, x.read = format.HashBLAKE3.Sum(b), true
				}
				files[path] = x
				return nil
			}))
			root := tree.Root().Ref.Hash
			o.trees[root] = files
			o.ids[tree.Snapshot().Content] = root
		}
		must(t, a.Close())
		out = append(out, o)
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
			script := []byte{byte(i + k*5)}
			for range 6 + 6*(k%2) {
				script = append(script, byte(rng.Uint32()))
			}
			f.Add(uint16(i), script)
		}
	}
	f.Fuzz(func(t *testing.T, which uint16, b []byte) {
		guard(t)
		o := &all[int(which)%len(all)]
		o.check(t, mutated(o.bytes, &script{b}))
	})
}

// check reads a changed archive in every way.
func (o *original) check(t *testing.T, b []byte) {
	t.Helper()
	v, s := bytesView(t, b), streamView(t, b)
	agree(t, b, v, s)
	if known, ok := o.trees[v.top.Root]; v.opened && ok {
		o.compare(t, "random access", known, v.entries, !v.bad && !v.cut)
	}
	// A stream cannot take back what it gave out: its end decides.
	if known, ok := o.trees[s.top.Root]; ok && !s.bad {
		o.compare(t, "stream", known, s.entries, !s.cut)
	}
	// The content id names contents, whatever the structure; verified, it is
	// as good as the root.
	if root, ok := o.ids[v.top.Content]; ok && v.clean && o.trees[v.top.Root] == nil {
		for _, e := range v.entries {
			if x := o.trees[root][e.path]; e.path != "" && x.read && e.read && x.sum != e.sum {
				t.Errorf("the content id is that of the original, %q is not", e.path)
			}
		}
	}
	names, fits := allNames(v, s)
	if !fits {
		return
	}
	for way := range ways {
		root := v.top.Root
		if ways[way].name == "stream" {
			root = s.top.Root
		}
		if known, ok := o.trees[root]; ok {
			o.extract(t, way, b, names, known)
		}
	}
}

// compare holds entries against the original's; complete says that all of
// them must be there.
func (o *original) compare(t *testing.T, way string, known map[string]entry, got []entry, complete bool) {
	t.Helper()
	for _, e := range got {
		x, ok := known[e.path]
		switch {
		case e.path == "": // its metadata are in the snapshot record
		case !ok && e.size > maxWhole: // not kept of the original
		case !ok:
			t.Errorf("%s: %s: %q was not in the original", o.name, way, e.path)
		case e.meta != x.meta:
			t.Errorf("%s: %s: %q is %s, the original %s", o.name, way, e.path, e.meta, x.meta)
		case e.read && x.read && e.size <= maxWhole && e.sum != x.sum:
			t.Errorf("%s: %s: %q has the wrong content", o.name, way, e.path)
		}
	}
	if complete && len(got) < len(known) {
		t.Errorf("%s: %s: %d entries without an error, the original has %d", o.name, way, len(got), len(known))
	}
}

// extract restores a changed archive. With random access each block is
// checked before it is written; a stream that ends well has checked them all.
func (o *original) extract(t *testing.T, way int, b []byte, names map[string]bool, known map[string]entry) {
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
		if x, ok := known[path]; !ok || x.read && x.sum != sum {
			t.Errorf("%s: %s restored %q with the wrong content", o.name, ways[way].name, path)
		}
	}
	if r.err == nil && r.res.Err() == nil {
		for path, x := range known {
			if _, there := all[path]; x.kind == format.KindFile && !there {
				t.Errorf("%s: %s did not restore %q and said nothing", o.name, ways[way].name, path)
			}
		}
	}
}

// TestChanges holds the harness against doing nothing: every change changes
// archives, and they end in every way there is.
func TestChanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	all := originals(t)
	ends := map[string]int{}
	for op := range changes {
		changed := false
		for range 40 {
			b := []byte{byte(op)}
			for range 10 {
				b = append(b, byte(rng.Uint32()))
			}
			if op >= len(changes)-2 { // sealing what was changed before
				b = append([]byte{byte(rng.IntN(2)), b[1], b[2], b[3]}, b...)
			}
			o := &all[rng.IntN(len(all))]
			got := mutated(o.bytes, &script{b})
			if bytes.Equal(got, o.bytes) {
				continue
			}
			changed = true
			v := bytesView(t, got)
			switch {
			case !v.opened:
				ends["not opened"]++
			case v.clean:
				ends["clean"]++
			case o.trees[v.top.Root] == nil:
				ends["another root"]++
			case v.bad:
				ends["some read"]++
			default:
				ends["all read"]++
			}
		}
		if !changed {
			t.Errorf("change %d changes nothing", op)
		}
	}
	t.Log(ends)
	for _, end := range []string{"not opened", "clean", "another root", "some read", "all read"} {
		if ends[end] < 5 {
			t.Errorf("%d archives end as %q", ends[end], end)
		}
	}
}
