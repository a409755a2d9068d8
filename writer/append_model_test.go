package writer

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk/simdisk"
	"github.com/vtdarchive/vtd/reader"
)

// fact is what the model knows of an entry.
type fact struct {
	kind  format.Kind
	perm  uint16
	mtime format.Time
	data  string // or the target
	links uint64
}

// state is a tree by path; the root is "".
type state map[string]fact

// stateOf takes a copy of a directory.
func stateOf(t testing.TB, dir string) state {
	t.Helper()
	s := state{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mod := info.ModTime()
		f := fact{perm: uint16(info.Mode().Perm()), mtime: format.Time{Sec: mod.Unix(), Nsec: uint32(mod.Nanosecond())}}
		switch {
		case d.IsDir():
			f.kind = format.KindDir
		case d.Type() == fs.ModeSymlink:
			f.kind = format.KindSymlink
			f.data, err = os.Readlink(path)
		default:
			b, e := os.ReadFile(path)
			f.kind, f.data, err = format.KindFile, string(b), e
		}
		if n := info.Sys().(*syscall.Stat_t).Nlink; n > 1 && !d.IsDir() {
			f.links = uint64(n)
		}
		rel, _ := filepath.Rel(dir, path)
		if rel == "." {
			rel = ""
		}
		s[rel] = f
		return err
	}))
	return s
}

// over lays a state over an older one. Names of one file that have become few
// are counted anew by who looks.
func (s state) over(old state) state {
	out := maps.Clone(s)
	for path, f := range old {
		_, there := s[path]
		for up := path; !there && up != ""; {
			up = strings.TrimSuffix(up[:max(strings.LastIndexByte(up, '/'), 0)], "/")
			f, ok := s[up]
			there = ok && f.kind != format.KindDir
		}
		if !there {
			out[path] = f
		}
	}
	return out
}

// stateIn reads what a snapshot has.
func stateIn(t testing.TB, a *reader.Archive, tree *reader.Tree) state {
	t.Helper()
	s := state{}
	must(t, tree.Walk(func(path string, e *format.Entry, err error) error {
		if err != nil {
			return err
		}
		f := fact{kind: e.Kind, perm: e.Perm, mtime: e.Mtime, data: e.Target, links: e.LinkCount}
		if e.Kind == format.KindSymlink {
			f.perm = 0o777
		}
		if e.Kind == format.KindFile {
			c, err := a.ContentOf(e, path)
			if err != nil {
				return err
			}
			b := make([]byte, e.Size)
			if _, err := c.ReadAt(b, 0); err != nil && e.Size > 0 {
				return err
			}
			f.data = string(b)
		}
		s[path] = f
		return nil
	}))
	return s
}

func (s state) same(t testing.TB, what string, want state, links bool) {
	t.Helper()
	for path, w := range want {
		have, ok := s[path]
		if !links {
			have.links, w.links = 0, 0
		}
		if !ok || have != w {
			t.Errorf("%s: %q is %.80v there=%v, want %.80v", what, path, have, ok, w)
		}
	}
	if len(s) != len(want) {
		t.Errorf("%s: %d entries, want %d", what, len(s), len(want))
	}
}

// edit changes a tree in some way.
func edit(t testing.TB, r *rand.Rand, dir string) {
	t.Helper()
	var files, dirs []string
	for path, f := range stateOf(t, dir) {
		switch {
		case f.kind == format.KindDir:
			dirs = append(dirs, filepath.Join(dir, path))
		default:
			files = append(files, filepath.Join(dir, path))
		}
	}
	any := func(of []string) string {
		if len(of) == 0 {
			return put(t, filepath.Join(dir, "again"), "again")
		}
		return of[r.IntN(len(of))]
	}
	name := func() string { return filepath.Join(any(dirs), fmt.Sprintf("n%d", r.IntN(30))) }
	file, fresh := any(files), name()
	content := noise(r.Uint64(), r.IntN(3000))
	old := time.Unix(1_000_000_000+r.Int64N(1000), r.Int64N(1e9))
	// What cannot be done, since something of the name is there, is not done.
	switch r.IntN(11) {
	case 0, 1:
		os.WriteFile(fresh, []byte(content), 0o644)
	case 2: // the same size, other content
		if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
			b[r.IntN(len(b))]++
			os.WriteFile(file, b, 0o644)
		}
	case 3:
		if b, err := os.ReadFile(file); err == nil {
			os.WriteFile(file, []byte(string(b)+content), 0o644)
		}
	case 4:
		os.Remove(file)
	case 5:
		os.Mkdir(fresh, 0o755)
	case 6:
		os.Rename(file, fresh)
	case 7:
		os.Chmod(file, fs.FileMode(0o600+r.IntN(64)))
	case 8:
		os.Link(file, fresh)
	case 9:
		os.Symlink(content[:min(len(content), 20)]+"x", fresh)
	case 10:
		if d := any(dirs); d != dir && r.IntN(2) == 0 {
			os.RemoveAll(d)
			os.WriteFile(d, []byte("was a directory"), 0o644)
		} else {
			os.Chtimes(file, old, old)
		}
	}
}

// Whatever is appended, each snapshot goes on showing what was there, and is
// what create would have made of it.
func TestAppendModel(t *testing.T) {
	slowUnderRace(t)
	const path = "/a.vtd"
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		dir := files(t, map[string]string{"a": noise(seed, 4000), "d/b": noise(seed+1, 900), "d/e/c": "c", "d/link/": ""})
		first, _ := createWhole(t, small(dir))
		d := simdisk.New()
		d.Put(path, first)
		states := []state{stateOf(t, dir)}
		merged, crashed := false, false
		for step := range 14 {
			for range r.IntN(4) {
				edit(t, r, dir)
			}
			o := of(dir)
			o.Merge, o.Checksum = r.IntN(3) == 0, r.IntN(4) == 0
			deltas := seed%2 == 1
			if deltas {
				o.Recipes = RecipesAlways // wherever they are smaller
			}
			now := stateOf(t, dir)
			if o.Merge {
				now = now.over(states[len(states)-1])
			}
			o.DiscardTail = crashed
			crash := r.IntN(3) == 0
			if crash {
				at := d.Ops() + r.IntN(12)
				d.Fault = func(op simdisk.Op) error {
					if op.N == at {
						return simdisk.ErrStop
					}
					return nil
				}
			}
			rep, err := appendOn(context.Background(), d, path, o)
			crashed = crash
			if d.Fault = nil; crash {
				d = d.After(simdisk.Some, r.Uint64())
			} else {
				must(t, err)
			}
			a, e := reader.Open(reader.Bytes(d.Get(path)), reader.Options{})
			must(t, e)
			if n := a.Trailer().Snapshots; n == uint64(len(states))+1 {
				states = append(states, now)
				merged = o.Merge
			} else if err == nil || n != uint64(len(states)) {
				t.Fatalf("seed %d, step %d: %d snapshots, of %d, %v", seed, step, n, len(states), err)
			}
			at := len(states)
			for tree, err := range a.Snapshots() {
				must(t, err)
				at--
				what := fmt.Sprintf("seed %d, step %d, snapshot %d", seed, step, at)
				stateIn(t, a, tree).same(t, what, states[at], at == len(states)-1 && !merged)
			}
			if at != 0 {
				t.Errorf("seed %d, step %d: %d snapshots are not found", seed, step, at)
			}
			if err == nil && !o.Merge {
				b, _ := createWhole(t, small(dir))
				like := check(t, b, nil)
				if !deltas && like.Root != rep.RootHash.String() || like.Content != rep.ContentID.String() {
					t.Errorf("seed %d, step %d: root and content id are not those that create gives", seed, step)
				}
			}
			check(t, d.Get(path)[:a.Trailer().Offset+format.TrailerSize], nil)
			must(t, a.Close())
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}
