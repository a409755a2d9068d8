package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader/stream"
	"github.com/vtdarchive/vtd/spec"
)

// vector is what is used here of a vector's description.
type vector struct {
	Name, Comment, Expect, Scope string
	Tail                         int `json:"ignored_tail"`
	Entries                      []struct {
		Path   string
		Hex    string `json:"path_hex"`
		Kind   string
		Perm   string
		Size   uint64
		SHA256 string
		Target string
		Mtime  struct {
			Sec  int64
			Nsec uint32
		}
	}
}

func vectors(t *testing.T) (all []vector, archives [][]byte) {
	names, err := fs.Glob(spec.FS, "vectors/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no vectors: ", err)
	}
	compat, err := fs.Glob(spec.FS, "compat/*.json")
	if err != nil || len(compat) == 0 {
		t.Fatal("no archives of earlier versions: ", err)
	}
	for _, name := range append(names, compat...) {
		var v vector
		b, err := fs.ReadFile(spec.FS, name)
		must(t, err)
		must(t, json.Unmarshal(b, &v))
		archive, err := fs.ReadFile(spec.FS, strings.TrimSuffix(name, "json")+"vtd")
		must(t, err)
		all, archives = append(all, v), append(archives, archive)
	}
	return all, archives
}

// TestVectors restores every vector on both paths: good ones to the tree they
// describe, and damaged ones not without saying so.
func TestVectors(t *testing.T) {
	asRoot(t)
	all, archives := vectors(t)
	for i, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			if testing.Short() && i%5 != 0 {
				t.Skip("-short: every fifth vector is extracted")
			}
			listings := map[string]string{}
			for _, p := range paths {
				dir := t.TempDir()
				o := numeric()
				var issues []Issue
				o.Issue = func(i Issue) { issues = append(issues, i) }
				res, err := p.run(t, archives[i], dir, o)
				if errors.Is(err, stream.ErrNeedsSpool) {
					continue
				}
				if err == nil {
					err = res.Err()
				}
				if errors.Is(err, ErrPartial) {
					err = nil // what this system does not take
				}
				switch {
				case v.Expect == "ok":
					if v.Tail > 0 && p.name == "stream" {
						continue // what follows the end is reported
					}
					if err != nil {
						t.Errorf("%s: %v", p.name, err)
					}
					v.check(t, p.name, dir, issues)
					listings[p.name] = recent.ReplaceAllString(listing(t, dir), "now")
				case v.Scope == "verify":
				case err == nil:
					t.Errorf("%s: restored without a word: %s %v", p.name, v.Comment, issues)
				default:
					class := map[string]error{"damaged": format.ErrDamaged, "unsupported": format.ErrUnsupported, "not-archive": format.ErrNotArchive}[v.Expect]
					if !errors.Is(err, class) {
						t.Errorf("%s: %v, not %v", p.name, err, class)
					}
				}
			}
			if len(listings) == 2 && listings["stream"] != listings["archive"] {
				t.Errorf("the stream gives\n%s\nrandom access\n%s", listings["stream"], listings["archive"])
			}
		})
	}
}

// recent finds the times of directories that have none recorded.
var recent = regexp.MustCompile(` (179|1[8-9]\d|[2-9]\d\d)\d{7}\.\d{9}`)

// check holds a restored tree against the description.
func (v *vector) check(t *testing.T, way, dir string, issues []Issue) {
	for _, e := range v.Entries {
		if e.Hex != "" {
			b, err := hex.DecodeString(e.Hex)
			must(t, err)
			e.Path = string(b)
		}
		if slices.ContainsFunc(issues, func(i Issue) bool { return i.Path == e.Path }) {
			continue
		}
		path := filepath.Join(dir, e.Path)
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			if len(path) < unix.PathMax {
				t.Errorf("%s: %q: %v", way, e.Path, err)
			}
			continue
		}
		if e.Kind == "file" {
			b, err := os.ReadFile(path)
			must(t, err)
			if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != e.SHA256 {
				t.Errorf("%s: %s: other content", way, e.Path)
			}
		}
		if e.Kind != "implied" && st.Mtim.Nsec != int64(e.Mtime.Nsec) {
			t.Errorf("%s: %s: time %v, not %v", way, e.Path, st.Mtim, e.Mtime)
		}
	}
}
