package writer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/testkit"
)

// changes are what may happen to a file, and whether it can still be stored.
var changes = []struct {
	name   string
	stored bool
	do     func(path string) error
}{
	{"content", true, func(p string) error { return os.WriteFile(p, []byte(noise(77, 9000)), 0o644) }},
	{"one byte", true, func(p string) error {
		f, err := os.OpenFile(p, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteAt([]byte("!"), 8500)
		return err
	}},
	{"truncated", true, func(p string) error { return os.Truncate(p, 3000) }},
	{"emptied", true, func(p string) error { return os.Truncate(p, 0) }},
	{"to a literal", true, func(p string) error { return os.WriteFile(p, []byte("short"), 0o644) }},
	{"to zeros", true, func(p string) error { return os.WriteFile(p, make([]byte, 5000), 0o644) }},
	{"grown at the end", true, func(p string) error {
		f, err := os.OpenFile(p, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteString("more")
		return err
	}},
	{"grown in front", true, func(p string) error {
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(p, append([]byte("front"), b...), 0o644)
	}},
	{"replaced", true, func(p string) error {
		if err := os.WriteFile(p+".new", []byte(noise(78, 9000)), 0o600); err != nil {
			return err
		}
		return os.Rename(p+".new", p)
	}},
	{"vanished", false, os.Remove},
	{"a symlink", false, func(p string) error { return errors.Join(os.Remove(p), os.Symlink("elsewhere", p)) }},
	{"a fifo", false, func(p string) error { return errors.Join(os.Remove(p), unix.Mkfifo(p, 0o600)) }},
	{"a directory", false, func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }},
	{"its directory vanished", false, func(p string) error { return os.RemoveAll(filepath.Dir(p)) }},
}

// changingTree has a file d/changing, and others that share blocks with it.
func changingTree(t testing.TB) string {
	return files(t, map[string]string{
		"a": noise(1, 9000), "d/changing": noise(1, 4000) + noise(2, 4000) + text(3, 4000), "e": noise(2, 4000) + noise(4, 3000),
		"z/same": noise(1, 4000) + noise(2, 4000) + text(3, 4000), "z/literal": "literal", "z/last": noise(6, 5000),
	})
}

// readTwice gives options with which nothing is kept between the phases, and
// which call change once when the second one begins.
func readTwice(t testing.TB, dir string, change func()) Options {
	o := small(dir)
	o.KeepBytes, o.Threads = -1, 1 // so that blocks are known by their first holder
	done := false
	o.OnPhase = func(p Phase, _, _ int64) {
		if p == PhaseWrite && !done {
			done = true
			change()
		}
	}
	return o
}

// consistent checks an archive of files that changed: it is whole, and each
// file in it has one of the contents that it had at some time.
func consistent(t *testing.T, b []byte, rep *Report, states ...[]testkit.Entry) *testkit.Contents {
	t.Helper()
	sums := map[string][]string{}
	for _, s := range states {
		for _, e := range s {
			if e.Kind == "file" {
				sums[e.Path] = append(sums[e.Path], e.SHA256)
			}
		}
	}
	c := check(t, b, rep)
	for _, e := range c.Entries {
		if e.Kind == "file" && !slices.Contains(sums[e.Path], e.SHA256) {
			t.Errorf("%s is stored with a content that it never had", e.Path)
		}
	}
	sameEntries(t, "reader", readAll(t, b), c.Entries)
	sameEntries(t, "stream", streamAll(t, b), c.Entries)
	return c
}

func TestChangeBetweenThePhases(t *testing.T) {
	for _, c := range changes {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			dir := changingTree(t)
			// A name of the same file elsewhere is as good as the first.
			must(t, os.Link(filepath.Join(dir, "z/last"), filepath.Join(dir, "z/again")))
			before := survey(t, dir)
			o := readTwice(t, dir, func() { must(t, c.do(filepath.Join(dir, "d/changing"))) })
			b, rep := create(t, o)
			got := consistent(t, b, rep, before, survey(t, dir))
			if !rep.Corrected && c.name == "grown at the end" {
				sameEntries(t, "as it was", got.Entries, before)
				return
			}
			i := issueOf(rep, "d/changing")
			if i == nil || i.Stored != c.stored || len(rep.Issues) != 1 {
				t.Fatalf("issues: %v", rep.Issues)
			}
			if has(got, "d/changing") != c.stored {
				t.Error("stored, and should not be, or not stored, and should be")
			}
			if c.stored && find(t, got, "d/changing").SHA256 != find(t, &testkit.Contents{Entries: survey(t, dir)}, "d/changing").SHA256 {
				t.Error("stored as it was, not as it is")
			}
			for _, path := range []string{"a", "e", "z/same", "z/literal", "z/last", "z/again"} {
				e, want := find(t, got, path), find(t, &testkit.Contents{Entries: before}, path)
				if describe(e) != describe(want) {
					t.Errorf("%s is not what it was", path)
				}
			}
		})
	}
}

func TestChangeOfHardLinksBetweenThePhases(t *testing.T) {
	for _, c := range changes[:len(changes)-1] {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			dir := files(t, map[string]string{"changing": noise(1, 9000), "l/": "", "z/": "", "other": noise(1, 5000)})
			for _, name := range []string{"l/c", "z/d"} {
				must(t, os.Link(filepath.Join(dir, "changing"), filepath.Join(dir, name)))
			}
			before := survey(t, dir)
			o := readTwice(t, dir, func() { must(t, c.do(filepath.Join(dir, "changing"))) })
			b, rep := create(t, o)
			after := survey(t, dir)
			got := consistent(t, b, rep, before, after)
			if !rep.Corrected && c.name == "grown at the end" {
				return
			}
			names := uint64(0)
			for _, name := range []string{"changing", "l/c", "z/d"} {
				if has(got, name) && find(t, got, name).LinkID != 0 {
					names++
				}
			}
			// All names have one content.
			for _, name := range []string{"l/c", "z/d"} {
				e := find(t, got, name)
				if e.SHA256 != find(t, got, "l/c").SHA256 || e.LinkCount != names {
					t.Errorf("%s: %d names in the tree, link count %d", name, names, e.LinkCount)
				}
			}
			if has(got, "changing") != c.stored {
				t.Error("the first name")
			}
			if i := issueOf(rep, "changing"); i == nil || i.Stored != c.stored {
				t.Errorf("%v", rep.Issues)
			}
		})
	}
}

// duringReading calls change each time that a part of a file of at least size
// bytes has been read.
func duringReading(o *Options, size int64, change func(n int)) {
	var mu sync.Mutex
	n := 0
	o.OnProgress = func(p Phase, bytes, _ int64) {
		if p == PhaseRead && bytes >= size {
			mu.Lock()
			defer mu.Unlock()
			n++
			change(n)
		}
	}
}

func TestChangeWhileReading(t *testing.T) {
	for _, size := range []int{5000, 5 << 18} {
		for _, c := range changes {
			if c.name == "its directory vanished" {
				continue
			}
			t.Run(fmt.Sprint(size, "_", strings.ReplaceAll(c.name, " ", "_")), func(t *testing.T) {
				dir := files(t, map[string]string{"a": "literal", "d/changing": noise(1, size), "z": "literal"})
				before := survey(t, dir)
				o := small(dir)
				duringReading(&o, 5000, func(n int) {
					if n == 1 {
						must(t, c.do(filepath.Join(dir, "d/changing")))
					}
				})
				b, rep := create(t, o)
				after := survey(t, dir)
				got := consistent(t, b, rep, before, after)
				// What is open can be read on when its name is gone, as it was.
				e := find(t, got, "d/changing")
				if c.stored && c.name != "replaced" {
					if e.SHA256 != find(t, &testkit.Contents{Entries: after}, "d/changing").SHA256 {
						t.Error("not stored as it is now")
					}
				} else if e.SHA256 != before[3].SHA256 {
					t.Error("not stored as it was when opened")
				}
				if i := issueOf(rep, "d/changing"); i == nil || !i.Stored || i.Err != errChangedOnce {
					t.Errorf("%v", rep.Issues)
				}
			})
		}
	}
}

func TestFileThatNeverHoldsStill(t *testing.T) {
	for _, size := range []int{5000, 5 << 18} {
		dir := files(t, map[string]string{"a": "literal", "d/restless": noise(1, size), "z": "literal"})
		must(t, os.Link(filepath.Join(dir, "d/restless"), filepath.Join(dir, "y")))
		o := small(dir)
		duringReading(&o, 5000, func(n int) {
			f, err := os.OpenFile(filepath.Join(dir, "y"), os.O_WRONLY|os.O_APPEND, 0)
			must(t, err)
			_, err = f.WriteString("more")
			must(t, errors.Join(err, f.Close()))
		})
		b, rep := create(t, o)
		c := check(t, b, rep)
		if got := paths(c); !slices.Equal(got, []string{"a", "d", "z"}) {
			t.Errorf("%q", got)
		}
		for _, path := range []string{"d/restless", "y"} {
			if i := issueOf(rep, path); i == nil || i.Stored || !errors.Is(i.Err, errChanged) {
				t.Errorf("%s: %v", path, rep.Issues)
			}
		}
	}
}

// TestRestlessInBothPhases: a file that changes between the phases and while
// it is read anew.
func TestRestlessInBothPhases(t *testing.T) {
	dir := files(t, map[string]string{"a": noise(1, 5000), "restless": noise(1, 9000), "z": noise(2, 5000)})
	before := survey(t, dir)
	var restless atomic.Bool
	path := filepath.Join(dir, "restless")
	o := readTwice(t, dir, func() {
		must(t, os.WriteFile(path, []byte(noise(3, 9000)), 0o644))
		restless.Store(true)
	})
	o.OnProgress = func(p Phase, bytes, _ int64) {
		if p == PhaseRead && bytes > 0 && restless.Load() {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			must(t, err)
			_, err = f.WriteString("more")
			must(t, errors.Join(err, f.Close()))
		}
	}
	b, rep := create(t, o)
	c := consistent(t, b, rep, before)
	if has(c, "restless") || len(rep.Issues) != 1 || rep.Issues[0].Stored {
		t.Errorf("%v", rep.Issues)
	}
}

// TestBackToAnEarlierState: a file changes while it is read, and back between
// the phases; its first blocks are in the table, but nobody has their bytes.
func TestBackToAnEarlierState(t *testing.T) {
	dir := files(t, map[string]string{"f": noise(1, 9000)})
	path := filepath.Join(dir, "f")
	before := survey(t, dir)
	var middle []testkit.Entry
	o := readTwice(t, dir, func() { must(t, os.WriteFile(path, []byte(noise(1, 9000)), 0o644)) })
	duringReading(&o, 1000, func(n int) {
		if n == 1 {
			must(t, os.WriteFile(path, []byte(noise(2, 9000)), 0o644))
			middle = survey(t, dir)
		}
	})
	// After the corrected tree is known, the file goes away: all of it must
	// have been kept.
	phase := o.OnPhase
	n := 0
	o.OnPhase = func(p Phase, a, b int64) {
		phase(p, a, b)
		if p == PhaseWrite {
			if n++; n == 2 {
				must(t, os.Remove(path))
			}
		}
	}
	b, rep := create(t, o)
	c := consistent(t, b, rep, before, middle)
	if n != 2 || find(t, c, "f").SHA256 != before[1].SHA256 {
		t.Errorf("%d phases of writing; %v", n, rep.Issues)
	}
}

// TestManyChanges changes many files at once.
func TestManyChanges(t *testing.T) {
	contents := map[string]string{}
	for i := range 300 {
		contents[fmt.Sprintf("d%d/f%03d", i%7, i)] = noise(uint64(i%100), 2000+i)
	}
	dir := files(t, contents)
	before := survey(t, dir)
	o := readTwice(t, dir, func() {
		for i := 0; i < 300; i += 3 {
			path := filepath.Join(dir, fmt.Sprintf("d%d/f%03d", i%7, i))
			c := changes[i/3%(len(changes)-1)]
			must(t, c.do(path))
		}
	})
	b, rep := create(t, o)
	got := consistent(t, b, rep, before, survey(t, dir))
	if len(rep.Issues) < 50 || !rep.Corrected {
		t.Errorf("%d issues", len(rep.Issues))
	}
	for _, e := range before {
		if e.Kind == "file" && issueOf(rep, e.Path) == nil && find(t, got, e.Path).SHA256 != e.SHA256 {
			t.Errorf("%s changed without an issue", e.Path)
		}
	}
	if !slices.IsSortedFunc(rep.Issues, func(a, b Issue) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("issues are not in order")
	}
}

// TestKeptInMemory: what is kept between the phases is not read again.
func TestKeptInMemory(t *testing.T) {
	dir := changingTree(t)
	before := survey(t, dir)
	o := readTwice(t, dir, func() { removeAll(t, dir) })
	o.KeepBytes = 0
	b, rep := createWhole(t, o)
	sameEntries(t, "kept", check(t, b, rep).Entries, before)
}

// TestAllVanishes: between the phases the whole tree goes away.
func TestAllVanishes(t *testing.T) {
	dir := changingTree(t)
	b, rep := create(t, readTwice(t, dir, func() { removeAll(t, dir) }))
	c := check(t, b, rep)
	if got := paths(c); !slices.Equal(got, []string{"d", "z", "z/literal"}) || len(rep.Issues) != 5 {
		t.Errorf("%q, %v", got, rep.Issues)
	}
	sameEntries(t, "stream", streamAll(t, b), c.Entries)
}

// TestNoRoomForTheSpool: without a place for copies the archive fails.
func TestNoRoomForTheSpool(t *testing.T) {
	dir := changingTree(t)
	o := readTwice(t, dir, func() { must(t, os.Truncate(filepath.Join(dir, "a"), 3000)) })
	o.TempDir = filepath.Join(dir, "none")
	if _, err := Create(context.Background(), &bytes.Buffer{}, o); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
