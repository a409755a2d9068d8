package compact

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk/simdisk"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/spec"
)

// Every sound vector of the specification becomes a sound archive of the same
// states, with the tree in front, and any other is refused or, as far as nobody
// looks at what is wrong with it, goes through.
func TestVectors(t *testing.T) {
	slowUnderRace(t)
	paths, err := fs.Glob(spec.FS, "vectors/*.vtd")
	must(t, err)
	sound, refused := 0, 0
	kept := map[string]bool{} // with a tail that is not cut off unasked
	for _, p := range paths {
		name := strings.TrimSuffix(path.Base(p), ".vtd")
		b, err := fs.ReadFile(spec.FS, p)
		must(t, err)
		about, err := fs.ReadFile(spec.FS, strings.TrimSuffix(p, ".vtd")+".json")
		must(t, err)
		var v struct{ Expect string }
		must(t, json.Unmarshal(about, &v))
		for _, minLive := range []float64{0, whole} {
			what := fmt.Sprintf("%s, %g", name, minLive)
			d := simdisk.New()
			d.Put("/a.vtd", b)
			_, err := compactOn(context.Background(), d, "/a.vtd", Options{MinLive: minLive, Threads: 1})
			var tail *reader.TailError
			if errors.As(err, &tail) {
				kept[name] = true
				if !bytes.Equal(d.Get("/a.vtd"), b) {
					t.Errorf("%s: refused, but the archive was changed", what)
				}
				_, err = compactOn(context.Background(), d, "/a.vtd", Options{MinLive: minLive, Threads: 1, DiscardTail: true})
			}
			switch {
			case v.Expect != "ok" && err != nil:
				if !errors.Is(err, format.ErrDamaged) && !errors.Is(err, format.ErrUnsupported) && !errors.Is(err, format.ErrNotArchive) {
					t.Errorf("%s: %v", what, err)
				}
				refused++
			case v.Expect != "ok":
			case errors.Is(err, format.ErrUnsupported) && name == "header-read-only-feature":
				refused++
			case err != nil:
				t.Errorf("%s: %v", what, err)
			default:
				sound++
				now := d.Get("/a.vtd")
				sameStates(t, what, b, now)
				if minLive == whole {
					thereAndBack(t, what, now)
				}
			}
		}
	}
	if !kept["tail-bad-trailer"] || !kept["tail-torn-trailer"] {
		t.Errorf("a tail that ends as an append does was cut off: kept were %v", kept)
	}
	if sound < 40 || refused < 40 {
		t.Errorf("%d sound archives, %d refused", sound, refused)
	}
}

// sameStates checks that an archive is sound and has the states of another.
func sameStates(t *testing.T, what string, old, now []byte) {
	t.Helper()
	a, err := reader.Open(reader.Bytes(old), reader.Options{})
	must(t, err)
	defer a.Close()
	want := statesIn(t, a)
	have, _ := states(t, what, now)
	if len(have) != len(want) {
		t.Errorf("%s: %d states, want %d", what, len(have), len(want))
		return
	}
	for i := range have {
		if !maps.Equal(have[i], want[i]) {
			t.Errorf("%s: state %d is not what it was", what, i)
		}
	}
	b, err := reader.Open(reader.Bytes(now), reader.Options{})
	must(t, err)
	defer b.Close()
	if h := b.Header(); h.Flags&format.FlagOnePass != 0 || (h.Flags&format.FlagAsCreated != 0) != (len(have) == 1) {
		t.Errorf("%s: flags %d with %d states", what, h.Flags, len(have))
	}
}

// thereAndBack takes an archive to another hash function and back.
func thereAndBack(t *testing.T, what string, b []byte) {
	t.Helper()
	d := simdisk.New()
	d.Put("/a.vtd", b)
	h, err := format.ParseHeader(b)
	must(t, err)
	for _, id := range []format.HashID{format.HashBLAKE3 + format.HashSHA256 - h.Hash, h.Hash} {
		if _, err := compactOn(context.Background(), d, "/a.vtd", Options{Hash: id, Threads: 1}); err != nil {
			t.Errorf("%s: to %v: %v", what, id, err)
			return
		}
		states(t, what, d.Get("/a.vtd"))
	}
	if !bytes.Equal(d.Get("/a.vtd"), b) {
		t.Errorf("%s: there and back it has become another", what)
	}
}
