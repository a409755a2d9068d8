package extract

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

func TestEverything(t *testing.T) {
	asRoot(t)
	root := rich()
	for name, archive := range variants(t, root) {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, p path) {
				dir := t.TempDir()
				res := p.restore(t, archive, dir, numeric())
				if got, want := listing(t, dir), expected(root); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
				if res.Files != 12 || res.Links != 3 || res.Dirs != 4 || res.Symlinks != 3 || res.Nodes != 5 || res.Err() != nil {
					t.Errorf("%+v", res)
				}
			})
		})
	}
}

// TestAgain restores over what was restored, and over something else of each
// name.
func TestAgain(t *testing.T) {
	asRoot(t)
	root := rich()
	archive := testkit.MustBuild(t, testkit.One(root))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		p.restore(t, archive, dir, numeric())
		p.restore(t, archive, dir, numeric())
		if got, want := listing(t, dir), expected(root); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		for _, n := range root.Children {
			if n.Kind == format.KindDir {
				must(t, os.Symlink("/etc", filepath.Join(dir, n.Name)))
			} else {
				must(t, os.Mkdir(filepath.Join(dir, n.Name), 0o700))
			}
		}
		p.restore(t, archive, dir, numeric())
		if got, want := listing(t, dir), expected(root); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSparse(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(rich()))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		o := numeric()
		o.Match = func(path string, isDir bool) bool { return path == "zeros" || path == "holes" || path == "" }
		p.restore(t, archive, dir, o)
		for name, most := range map[string]int64{"zeros": 0, "holes": 256} {
			var st unix.Stat_t
			must(t, unix.Stat(filepath.Join(dir, name), &st))
			if st.Blocks > most {
				t.Errorf("%s of %d bytes takes %d blocks", name, st.Size, st.Blocks)
			}
		}
	})
}

func TestKeepAndSkip(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(testkit.Dir("",
		testkit.Dir("d", testkit.File("f", "new"), testkit.File("g", string(testkit.Noise(1, 5000)))).Mode(0o700),
		testkit.File("l1", "new").Link(1, 2), testkit.File("l2", "new").Link(1, 2),
		testkit.Symlink("s", "new"),
	)))
	both(t, func(t *testing.T, p path) {
		for _, existing := range []Existing{Keep, Skip} {
			dir := t.TempDir()
			must(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
			for _, name := range []string{"d/f", "d/g", "l1", "s"} {
				must(t, os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600))
			}
			o := Defaults()
			o.Existing = existing
			res, issues := p.issues(t, archive, dir, o)
			if res.Kept != 4 || existing == Keep && len(issues) != 4 || existing == Skip && len(issues) != 0 {
				t.Errorf("%v: kept %d, issues %v", existing, res.Kept, issues)
			}
			for name, want := range map[string]string{"d/f": "old", "d/g": "old", "l1": "old", "l2": "new", "s": "old"} {
				if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			}
			if st, _ := os.Stat(filepath.Join(dir, "d")); st.Mode().Perm() != 0o755 {
				t.Errorf("the existing directory became %v", st.Mode())
			}
		}
	})
}

func TestReplaceIsAtomic(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(testkit.Dir("", testkit.File("f", string(testkit.Noise(1, 5000))))))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		name := filepath.Join(dir, "f")
		must(t, os.WriteFile(name, []byte("old"), 0o600))
		old, err := os.Open(name)
		must(t, err)
		defer old.Close()
		p.restore(t, archive, dir, Defaults())
		b := make([]byte, 10)
		if n, _ := old.Read(b); string(b[:n]) != "old" {
			t.Errorf("the old file reads %q", b[:n])
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	})
}

func TestSelection(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(testkit.Dir("",
		testkit.Dir("a", testkit.Dir("b", testkit.File("f", string(testkit.Noise(1, 2000))), testkit.File("g", "g"))),
		testkit.Dir("c", testkit.File("f", string(testkit.Noise(2, 2000)))),
	)))
	only := func(path string, _ bool) bool { return path == "a/b/f" }
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		o := Defaults()
		o.Match = only
		o.Below = func(dir string) bool { return dir == "" || dir == "a" || dir == "a/b" }
		if res := p.restore(t, archive, dir, o); res.Files != 1 {
			t.Errorf("%+v", res)
		}
		if _, err := os.Stat(filepath.Join(dir, "a/b/f")); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"c", "a/b/g"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				t.Errorf("%s was restored", name)
			}
		}

		dir = t.TempDir()
		o = Defaults()
		o.Strip = 1
		p.restore(t, archive, dir, o)
		for _, name := range []string{"b/f", "b/g", "f"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWithoutMetadata(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(rich()))
	old := unix.Umask(0o027)
	defer unix.Umask(old)
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		o := Options{Match: func(path string, isDir bool) bool { return path == "block" || path == "literal" || path == "a" }}
		p.restore(t, archive, dir, o)
		for name, want := range map[string]os.FileMode{"block": 0o400, "literal": 0o750, "a": os.ModeDir | 0o750} {
			if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode() != want {
				t.Errorf("%s: %v, want %v; %v", name, st.Mode(), want, err)
			}
		}
	})
}

func TestImplied(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(testkit.Implied("", testkit.Implied("a", testkit.File("f", "x")), testkit.Implied("had", testkit.File("f", "x")))))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		must(t, os.Mkdir(filepath.Join(dir, "had"), 0o710))
		p.restore(t, archive, dir, Defaults())
		if st, err := os.Stat(filepath.Join(dir, "a")); err != nil || st.Mode().Perm() != 0o777&^os.FileMode(umask()) {
			t.Errorf("%v %v", st.Mode(), err)
		}
		if st, err := os.Stat(filepath.Join(dir, "had")); err != nil || st.Mode().Perm() != 0o710 {
			t.Errorf("%v %v", st.Mode(), err)
		}
	})
}
