package extract

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader/stream"
)

// guarded gives a target with a directory beside it that must not change.
func guarded(t *testing.T) (target, outside string, check func()) {
	base := t.TempDir()
	target, outside = filepath.Join(base, "target"), filepath.Join(base, "outside")
	must(t, os.Mkdir(target, 0o755))
	must(t, os.Mkdir(outside, 0o755))
	must(t, os.WriteFile(filepath.Join(outside, "file"), []byte("untouched"), 0o600))
	before := listing(t, outside)
	return target, outside, func() {
		t.Helper()
		if after := listing(t, outside); after != before {
			t.Errorf("outside the target:\n%s\nbefore:\n%s", after, before)
		}
	}
}

// TestBadNames writes names that no archive may have.
func TestBadNames(t *testing.T) {
	for _, name := range []string{"..", ".", "a/b", "../outside/file", "/etc/x"} {
		a := testkit.One(testkit.Dir("", testkit.File("n", string(testkit.Noise(1, 900))), testkit.Dir("o", testkit.File("x", "y"))))
		a.Hooks.Leaf = func(path string, d *format.DirLeaf) {
			if path == "." {
				d.Entries[0].Name = name
				if name > "o" {
					d.Entries[0], d.Entries[1] = d.Entries[1], d.Entries[0]
				}
			}
		}
		archive := testkit.MustBuild(t, a)
		both(t, func(t *testing.T, p path) {
			target, _, check := guarded(t)
			_, issues := p.issues(t, archive, target, Defaults())
			if len(issues) == 0 || !issues[0].Damage() {
				t.Errorf("%q: %v", name, issues)
			}
			check()
		})
	}
}

// TestLinksInTheWay plants symbolic links wherever the archive has entries.
func TestLinksInTheWay(t *testing.T) {
	root := testkit.Dir("",
		testkit.Dir("dir", testkit.File("file", string(testkit.Noise(1, 900))), testkit.File("l", "literal")),
		testkit.File("file", string(testkit.Noise(2, 900))), testkit.File("l", "literal"),
		testkit.File("h1", "x").Link(1, 2), testkit.File("h2", "x").Link(1, 2),
	)
	archive := testkit.MustBuild(t, testkit.One(root))
	both(t, func(t *testing.T, p path) {
		target, outside, check := guarded(t)
		for _, name := range []string{"dir", "file", "l", "h1", "h2"} {
			to := filepath.Join(outside, "file")
			if name == "dir" {
				to = outside
			}
			must(t, os.Symlink(to, filepath.Join(target, name)))
		}
		p.restore(t, archive, target, Defaults())
		check()
		for _, name := range []string{"dir", "dir/file", "file", "l", "h1", "h2"} {
			if st, err := os.Lstat(filepath.Join(target, name)); err != nil || st.Mode()&os.ModeSymlink != 0 {
				t.Errorf("%s: %v %v", name, st, err)
			}
		}
	})
}

// TestLinkThenFile strips paths so that a symbolic link of the archive and a
// directory get the same name.
func TestLinkThenFile(t *testing.T) {
	both(t, func(t *testing.T, p path) {
		target, outside, check := guarded(t)
		archive := testkit.MustBuild(t, testkit.One(testkit.Dir("",
			testkit.Dir("a", testkit.Symlink("x", outside), testkit.File("y", "y").Link(1, 2)),
			testkit.Dir("b", testkit.Dir("x", testkit.File("file", string(testkit.Noise(1, 900))), testkit.File("y", "y").Link(1, 2))),
			testkit.Dir("c", testkit.Symlink("x", outside)),
		)))
		o := Defaults()
		o.Strip = 1
		p.issues(t, archive, target, o)
		check()
	})
}

// TestSwappedDirectory swaps directories for symbolic links all the time.
func TestSwappedDirectory(t *testing.T) {
	root := testkit.Dir("")
	for i := range 40 {
		d := testkit.Dir("d" + string(rune('a'+i%26)) + string(rune('a'+i/26)))
		for k := range 20 {
			d.Children = append(d.Children, testkit.File("file"+string(rune('a'+k)), string(testkit.Noise(uint64(i*20+k), 300))))
		}
		root.Children = append(root.Children, d)
	}
	archive := testkit.MustBuild(t, testkit.One(root))
	both(t, func(t *testing.T, p path) {
		target, outside, check := guarded(t)
		done := make(chan struct{})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-done:
					return
				default:
				}
				for _, d := range root.Children {
					name := filepath.Join(target, d.Name)
					if os.Rename(name, name+"-was") == nil {
						_ = os.Symlink(outside, name)
					}
				}
			}
		}()
		for range 2 {
			o := Defaults()
			if _, err := p.run(t, archive, target, o); err != nil {
				t.Error(err)
			}
		}
		close(done)
		<-stopped
		check()
	})
}

func TestDirectoryInTheWay(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(testkit.Dir("", testkit.File("big", string(testkit.Noise(1, 900))), testkit.File("f", "x"), testkit.Symlink("s", "x"), testkit.File("other", "x"))))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		for _, name := range []string{"big", "f", "s"} {
			must(t, os.MkdirAll(filepath.Join(dir, name, "full"), 0o700))
		}
		_, issues := p.issues(t, archive, dir, Defaults())
		if got := pathsOf(issues); !slices.Equal(got, []string{"big", "f", "s"}) || !errors.Is(issues[0].Err, ErrNotEmpty) {
			t.Errorf("issues %v", issues)
		}
		if _, err := os.Stat(filepath.Join(dir, "big/full")); err != nil {
			t.Error(err)
		}
	})
}

// TestCyclicTree makes a directory contain itself, by a number that lies.
func TestCyclicTree(t *testing.T) {
	a := testkit.One(testkit.Dir("", testkit.Dir("a", testkit.Dir("b", testkit.File("f", "x")))))
	a.Hooks.Block = func(b *testkit.Block) {
		if b.Path == "a" && b.Type == format.BlockDirLeaf {
			d, err := format.ParseDirLeaf(b.Bytes, format.Stored, b.Num)
			must(t, err)
			d.Entries[0].Ref.Num = b.Num
			b.Bytes = d.AppendTo(nil, format.Stored, b.Num)
		}
	}
	archive := testkit.MustBuild(t, a)
	both(t, func(t *testing.T, p path) {
		_, issues := p.issues(t, archive, t.TempDir(), Defaults())
		if len(issues) == 0 || !issues[0].Damage() {
			t.Errorf("issues %v", issues)
		}
	})
}

// TestCancel ends extractions at all times; nothing incomplete may stay.
func TestCancel(t *testing.T) {
	root := testkit.Dir("")
	for i := range 60 {
		root.Children = append(root.Children, testkit.File("f"+string(rune('A'+i)), string(testkit.Noise(uint64(i), 20_000))))
	}
	a := testkit.One(root)
	a.Options.BlocksPerFrame = 7
	archive := testkit.MustBuild(t, a)
	for i := range 30 {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "fB"), []byte("old"), 0o600))
		ctx, cancel := context.WithCancel(context.Background())
		src := &cancelling{r: bytes.NewReader(archive), after: i * len(archive) / 30, cancel: cancel}
		r, err := stream.NewReader(ctx, src, stream.Options{})
		must(t, err)
		_, err = Stream(ctx, r, dir, Defaults())
		if !errors.Is(err, context.Canceled) && i < 20 {
			t.Errorf("%d: %v", i, err)
		}
		files, err := os.ReadDir(dir)
		must(t, err)
		for _, f := range files {
			st, err := f.Info()
			must(t, err)
			if strings.HasPrefix(f.Name(), ".") || st.Size() != 20_000 && (f.Name() != "fB" || st.Size() != 3) {
				t.Errorf("%d: %s of %d bytes stayed", i, f.Name(), st.Size())
			}
		}
		cancel()
	}
}

// cancelling ends a context when so much has been read.
type cancelling struct {
	r      *bytes.Reader
	after  int
	cancel func()
}

func (c *cancelling) Read(b []byte) (int, error) {
	n, err := c.r.Read(b[:min(len(b), 4096)])
	if c.after -= n; c.after < 0 {
		c.cancel()
		time.Sleep(time.Millisecond)
	}
	return n, err
}

func TestInputFails(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(testkit.Dir("", testkit.File("f", string(testkit.Noise(1, 50_000))))))
	broken := errors.New("the line is dead")
	r, err := stream.NewReader(context.Background(), &failing{archive[:30_000], broken}, stream.Options{})
	must(t, err)
	dir := t.TempDir()
	if _, err = Stream(context.Background(), r, dir, Defaults()); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

type failing struct {
	b   []byte
	err error
}

func (f *failing) Read(b []byte) (int, error) {
	if len(f.b) == 0 {
		return 0, f.err
	}
	n := copy(b, f.b)
	f.b = f.b[n:]
	return n, nil
}
