package fuzz

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/crosscheck"
	"github.com/vtdarchive/vtd/internal/mutate"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader/extract"
)

// Bits of the second argument of FuzzExtract: how to extract. The lowest two
// say what becomes of what exists.
const (
	howLinks = 1 << (iota + 2) // symbolic links out of the target are in the way
	howDirs                    // directories are
	howStrip                   // a leading component is stripped
	howBare                    // no metadata is wanted
	howSeal                    // two bits: how much is sealed first
)

// What an archive may ask for to be extracted here.
const (
	maxBytes = 4 << 20
	maxDepth = 64
)

// FuzzExtract extracts anything on both paths, into directories with things in
// the way.
func FuzzExtract(f *testing.F) {
	hows := []uint8{howLinks, howDirs, howStrip | howBare, 1, 2 | howLinks, howSeal * mutate.SealTree}
	for i, s := range seeds(f) {
		f.Add(s.bytes, uint8(0))
		if s.valid {
			f.Add(s.bytes, hows[i%len(hows)])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, how uint8) {
		if len(b) > maxInput {
			t.Skip("too long")
		}
		guard(t)
		b = mutate.Sealed(b, int(how/howSeal)%mutate.SealLevels)
		v, s := crosscheck.ReadBytes(crosscheck.Test{Failer: t}, b, crosscheck.Small), crosscheck.ReadStream(crosscheck.Test{Failer: t}, b, crosscheck.Small)
		names, ok := allNames(v, s)
		if !ok {
			t.Skip("too large")
		}
		var results []*restored
		var after []listing
		for way := range ways {
			p := newPlace(t, names, how)
			r := restore(t, way, b, p.target, p.options(how))
			results, after = append(results, r), append(after, p.check(t, ways[way].name, v, s))
		}
		// What is in the way of an entry that a corrected tree no longer has, the
		// stream has met, and told, before it could know.
		met := len(s.Trees) > 1 && how&(howLinks|howDirs) != 0
		if results[0].whole() && results[1].whole() && !met && !doubled(v, how) {
			sameResults(t, results, after)
		}
		if results[0].err == nil && results[0].res.Err() == nil && v.Clean && results[1].err != nil {
			t.Errorf("the stream is restored whole, random access fails: %v", results[1].err)
		}
	})
}

// sameResults holds two extractions that found no damage against each other.
func sameResults(t *testing.T, results []*restored, after []listing) {
	t.Helper()
	if d := differ(after[0], after[1]); d != "" {
		t.Errorf("stream and archive give different trees:\n%s", d)
	}
	a, b := results[0].res, results[1].res
	if a.Files != b.Files || a.Dirs != b.Dirs || a.Symlinks != b.Symlinks || a.Nodes != b.Nodes || a.Links != b.Links ||
		a.Kept != b.Kept || a.Issues != b.Issues {
		t.Errorf("stream %+v, archive %+v", a, b)
	}
	var told [2][]string
	for i, r := range results {
		for _, x := range r.issues {
			told[i] = append(told[i], temporary.ReplaceAllString(x.String(), ":"))
		}
		slices.Sort(told[i])
	}
	if !slices.Equal(told[0], told[1]) {
		t.Errorf("the stream's issues\n%q\nthose of random access\n%q", told[0], told[1])
	}
}

// temporary finds the random end of a temporary name in the error of a system
// call.
var temporary = regexp.MustCompile(`\.[0-9A-Za-z]{10}:`)

// allNames gives the paths that any tree of the archive has, and whether it
// can be extracted without filling the disk.
func allNames(v *crosscheck.View, s *crosscheck.Streamed) (names map[string]bool, ok bool) {
	names = map[string]bool{}
	if v.Cut || s.Cut {
		return nil, false
	}
	for _, list := range append(s.Walks, v.Entries) {
		total := uint64(0)
		for _, e := range list {
			if e.Kind == format.KindFile {
				total += min(e.Size, maxBytes+1)
			}
			if total > maxBytes || strings.Count(e.Path, "/") > maxDepth {
				return nil, false
			}
			names[e.Path] = true
		}
	}
	return names, true
}

// doubled reports whether stripping makes names meet: which of them wins is
// not said.
func doubled(v *crosscheck.View, how uint8) bool {
	seen := map[string]bool{}
	for _, e := range v.Entries {
		if _, rest, ok := strings.Cut(e.Path, "/"); how&howStrip != 0 && ok {
			if seen[rest] {
				return true
			}
			seen[rest] = true
		}
	}
	return false
}

// place is a target with canaries around it.
type place struct {
	base, target string
	before       listing         // of what is not to change
	mine         map[string]bool // what was in the target
	names        map[string]bool // of the archive
	strip, bare  bool
}

// canary is a name in the target that no archive has.
const canary = "canary\xff\x01"

// newPlace makes a target. What is in the way has names of the archive.
func newPlace(t *testing.T, names map[string]bool, how uint8) *place {
	p := &place{base: scratch(t), mine: map[string]bool{}, names: names, strip: how&howStrip != 0, bare: how&howBare != 0}
	p.target = filepath.Join(p.base, "target")
	must(t, os.Mkdir(p.target, 0o755))
	outside := filepath.Join(p.base, "outside")
	must(t, os.MkdirAll(filepath.Join(outside, "dir"), 0o755))
	must(t, os.WriteFile(filepath.Join(outside, "file"), []byte("untouched"), 0o600))
	must(t, os.Symlink("file", filepath.Join(outside, "link")))
	for name := range names { // what a link that is followed would lead to
		if name != "" && !strings.Contains(name, "/") && len(name) <= 255 {
			_ = os.WriteFile(filepath.Join(outside, "dir", name), []byte("untouched, too"), 0o600)
		}
	}
	put := func(name string, link bool) {
		to := "../outside/file"
		if len(p.mine)%2 == 1 {
			to = "../outside/dir"
		}
		path := filepath.Join(p.target, name)
		var err error
		if link {
			err = os.Symlink(to, path)
		} else {
			err = os.Mkdir(path, 0o700)
		}
		if err == nil {
			p.mine[name] = true
		}
	}
	put(canary, true)
	for i, name := range slices.Sorted(maps.Keys(names)) {
		if name == "" || strings.Contains(name, "/") && !p.strip {
			continue
		}
		_, rest, _ := strings.Cut(name, "/")
		if p.strip {
			name = rest
		}
		if name == "" || strings.Contains(name, "/") {
			continue
		}
		switch {
		case how&howLinks != 0 && (how&howDirs == 0 || i%2 == 0):
			put(name, true)
		case how&howDirs != 0:
			put(name, false)
		}
	}
	p.before = p.around(t)
	return p
}

// around lists what is not to change: all but the target, and the canary in
// it.
func (p *place) around(t *testing.T) listing {
	out := list(t, filepath.Join(p.base, "outside"), lister{ctimes: true})
	entries, err := os.ReadDir(p.base)
	must(t, err)
	for _, e := range entries {
		out["/"+e.Name()] = "there"
	}
	to, err := os.Readlink(filepath.Join(p.target, canary))
	if err != nil {
		to = err.Error()
	}
	out["/canary"] = to
	return out
}

func (p *place) options(how uint8) extract.Options {
	o := extract.Defaults()
	if how&howBare != 0 {
		o = extract.Options{}
	}
	o.NumericOwner = true
	o.Existing = extract.Existing(how & 3 % 3)
	o.Workers = 2
	if p.strip {
		o.Strip = 1
	}
	return o
}

// check looks for traces outside the target, and in it for names that nobody
// asked for, and lists it.
func (p *place) check(t *testing.T, way string, v *crosscheck.View, s *crosscheck.Streamed) listing {
	t.Helper()
	if d := differ(p.before, p.around(t)); d != "" {
		t.Errorf("%s: changed outside the target:\n%s", way, d)
	}
	timeless := map[string]bool{"": true}
	for _, e := range slices.Concat(v.Entries, s.Entries) {
		timeless[e.Path] = timeless[e.Path] || e.Kind == format.KindImplied
	}
	out := list(t, p.target, lister{now: func(path string) bool {
		// What was there, or has no time recorded, has that of now.
		return timeless[path] || p.strip || p.bare || p.mine[path]
	}})
	known := map[string]bool{"": true}
	for name := range p.names {
		if p.strip {
			_, name, _ = strings.Cut(name, "/")
		}
		known[name] = true
	}
	for name := range out {
		if !known[name] && !p.mine[name] {
			t.Errorf("%s: %q was left behind", way, name)
		}
	}
	return out
}

// TestListing: the listing sees what it is to see.
func TestListing(t *testing.T) {
	dir := scratch(t)
	must(t, os.WriteFile(filepath.Join(dir, "f"), testkit.Noise(1, 100), 0o600))
	must(t, os.Link(filepath.Join(dir, "f"), filepath.Join(dir, "g")))
	must(t, os.Mkdir(filepath.Join(dir, "d"), 0o700))
	must(t, unix.Mkfifo(filepath.Join(dir, "d", "fifo"), 0o600))
	before := list(t, dir, lister{ctimes: true})
	if len(before) != 5 || differ(before, list(t, dir, lister{ctimes: true})) != "" {
		t.Errorf("%v", before)
	}
	must(t, os.Chmod(filepath.Join(dir, "d", "fifo"), 0o644))
	if d := differ(before, list(t, dir, lister{})); !strings.Contains(d, "d/fifo") {
		t.Errorf("a change was not seen: %s", d)
	}
}
