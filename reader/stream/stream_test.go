package stream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// seen is all that a stream yielded.
type seen struct {
	trees  []*Tree
	blocks map[uint64]string
	damage []string
	lost   []uint64
	err    error

	blocksAtTree int // that had come before the last tree
}

func readAll(t testing.TB, archive []byte, o Options) seen {
	t.Helper()
	return readFrom(t, bytes.NewReader(archive), o)
}

func readFrom(t testing.TB, src io.Reader, o Options) seen {
	t.Helper()
	s := seen{blocks: map[uint64]string{}}
	r, err := NewReader(context.Background(), src, o)
	if err != nil {
		return seen{err: err}
	}
	defer r.Close()
	for {
		ev, err := r.Next()
		if err != nil {
			s.err = err
			return s
		}
		switch {
		case ev.Tree != nil:
			s.trees, s.blocksAtTree = append(s.trees, ev.Tree), len(s.blocks)
		case ev.Damage != nil:
			s.damage = append(s.damage, ev.Damage.Err.Error())
			for n := ev.Damage.First; n < ev.Damage.End && n < ev.Damage.First+1000; n++ {
				s.lost = append(s.lost, n)
			}
		default:
			at := uint32(0)
			for i, n := range ev.Frame.Head.Lengths {
				s.blocks[ev.Frame.Head.First+uint64(i)] = string(ev.Frame.Raw[at : at+n])
				at += n
			}
			ev.Frame.Release()
		}
	}
}

func sample(t testing.TB, change func(*testkit.Archive)) *testkit.Built {
	a := testkit.One(testkit.Dir("",
		testkit.File("a", string(testkit.Noise(1, 5000))),
		testkit.Dir("d", testkit.File("b", string(testkit.Noise(2, 3000))), testkit.File("c", "literal")),
		testkit.Run("zeros", 0, 100_000),
	))
	a.Options = testkit.Options{BlocksPerFrame: 2, DirLeaf: 2, DirFan: 2, FanOut: 2, Codec: codec.Zstd}
	if change != nil {
		change(a)
	}
	return testkit.MustMake(t, a)
}

func TestWhole(t *testing.T) {
	for _, hash := range []format.HashID{format.HashBLAKE3, format.HashSHA256} {
		built := sample(t, func(a *testkit.Archive) { a.Options.Hash = hash })
		for name, src := range map[string]io.Reader{
			"at once":       bytes.NewReader(built.Bytes),
			"byte by byte":  iotest.OneByteReader(bytes.NewReader(built.Bytes)),
			"EOF with data": iotest.DataErrReader(bytes.NewReader(built.Bytes)),
		} {
			for _, memory := range []int64{0, 1} {
				s := readFrom(t, src, Options{Workers: 3, Memory: memory})
				if memory == 1 {
					s = readAll(t, built.Bytes, Options{Memory: memory})
				}
				if s.blocksAtTree != 0 {
					t.Errorf("%s: %d blocks came before the tree", name, s.blocksAtTree)
				}
				if s.err != io.EOF || len(s.damage) != 0 || len(s.trees) != 1 {
					t.Fatalf("%s: %v, damage %q, %d trees", name, s.err, s.damage, len(s.trees))
				}
				for _, b := range built.Blocks {
					if b.Kind == format.FrameData && s.blocks[b.Num] != string(b.Bytes) {
						t.Errorf("%s: block %d differs", name, b.Num)
					}
				}
			}
		}
	}
}

// walked collects paths.
type walked struct {
	at     []string
	paths  []string
	broken []string
}

func (w *walked) Visit(depth int, e *format.Entry) error {
	w.at = append(w.at[:depth], e.Name)
	w.paths = append(w.paths, strings.Join(w.at, "/"))
	return nil
}

func (w *walked) Broken(depth int, _ *format.Entry, err error) error {
	w.broken = append(w.broken, err.Error())
	return nil
}

func TestWalk(t *testing.T) {
	tree := readAll(t, sample(t, nil).Bytes, Options{}).trees[0]
	var w walked
	if err := Walk(tree, tree.Root(), &w); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "d", "d/b", "d/c", "zeros"}; !slices.Equal(w.paths, want) || len(w.broken) != 0 {
		t.Errorf("%q, broken %q", w.paths, w.broken)
	}
	for e, err := range Entries(tree, tree.Root().Ref.Num) {
		if err != nil {
			t.Fatal(err)
		}
		end := uint64(0)
		if err := Parts(tree, &e.Ref, func(off uint64, r *format.Ref) error {
			if off != end || r.Kind == format.RefIndirect {
				t.Errorf("%s: a part of kind %d at %d, not %d", e.Name, r.Kind, off, end)
			}
			end += r.Span
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if e.Kind == format.KindFile && end != e.Size {
			t.Errorf("%s: parts of %d bytes, not %d", e.Name, end, e.Size)
		}
	}
}

// TestDamage changes one byte after the other: what was changed is found, and
// never is a changed block given out as good.
func TestDamage(t *testing.T) {
	built := sample(t, nil)
	for i := built.Header; i < len(built.Bytes); i += 7 {
		bad := slices.Clone(built.Bytes)
		bad[i] ^= 0x10
		s := readAll(t, bad, Options{})
		if s.err == io.EOF && len(s.damage) == 0 {
			t.Errorf("byte %d changed and nobody noticed", i)
		}
		for num, b := range s.blocks {
			if b != string(built.Blocks[num].Bytes) && !slices.Contains(s.lost, num) {
				t.Errorf("byte %d: block %d is wrong", i, num)
			}
		}
	}
}

func TestCut(t *testing.T) {
	built := sample(t, nil)
	for n := range len(built.Bytes) {
		s := readAll(t, built.Bytes[:n], Options{})
		if n == 0 && errors.Is(s.err, format.ErrNotArchive) {
			continue
		}
		if !errors.Is(s.err, format.ErrDamaged) && !(n < 8 && s.err != nil) {
			t.Fatalf("cut at %d: %v", n, s.err)
		}
		for _, f := range built.Frames {
			if _, ok := s.blocks[f.Head.First]; f.Head.Kind == format.FrameData && f.End() <= n && !ok {
				t.Errorf("cut at %d: the frame that ended at %d did not come", n, f.End())
			}
		}
	}
}

func TestHeaderOnly(t *testing.T) {
	built := sample(t, func(a *testkit.Archive) { a.Options.OnePass = true })
	src := bytes.NewReader(built.Bytes)
	r, err := NewReader(context.Background(), src, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if read := len(built.Bytes) - src.Len(); !r.NeedsSpool() || read != built.Header {
		t.Errorf("needs spool: %v, %d bytes read of a header of %d", r.NeedsSpool(), read, built.Header)
	}
	if _, err := r.Next(); err != ErrNeedsSpool {
		t.Error(err)
	}
}

// TestLies makes well-formed archives of which one hash is a lie.
func TestLies(t *testing.T) {
	for name, hook := range map[string]func(*testkit.Archive){
		"top names another root":     func(a *testkit.Archive) { a.Hooks.Top = func(x *format.Top) { x.Root[3] ^= 1 } },
		"top names another snapshot": func(a *testkit.Archive) { a.Hooks.Top = func(x *format.Top) { x.Snapshot[3] ^= 1 } },
		"trailer names another top":  func(a *testkit.Archive) { a.Hooks.Trailer = func(_ int, x *format.Trailer) { x.TopHash[3] ^= 1 } },
		"trailer names another index": func(a *testkit.Archive) {
			a.Hooks.Trailer = func(_ int, x *format.Trailer) { x.IndexHash[3] ^= 1 }
		},
		"trailer has a base that is not needed": func(a *testkit.Archive) {
			a.Hooks.Trailer = func(_ int, x *format.Trailer) { x.Base = 27 }
		},
		"a leaf is not what was hashed": func(a *testkit.Archive) {
			a.Hooks.Block = func(b *testkit.Block) {
				if b.Type == format.BlockDirLeaf && b.Path == "d" {
					d, err := format.ParseDirLeaf(b.Bytes, format.Stored, b.Num)
					if err != nil {
						panic(err)
					}
					d.Entries[0].Perm ^= 0o20
					b.Bytes = d.AppendTo(nil, format.Stored, b.Num)
				}
			}
		},
		"the tree contains itself": func(a *testkit.Archive) {
			a.Hooks.Block = func(b *testkit.Block) {
				if b.Type == format.BlockDirInner {
					d, err := format.ParseDirInner(b.Bytes, format.Stored, b.Num)
					if err != nil {
						panic(err)
					}
					d.Children[0].Ref.Num = b.Num
					b.Bytes = d.AppendTo(nil, format.Stored, b.Num)
				}
			}
		},
	} {
		s := readAll(t, sample(t, hook).Bytes, Options{})
		if s.err != io.EOF || len(s.damage) == 0 {
			t.Errorf("%s: %v, damage %q", name, s.err, s.damage)
		}
		for _, tree := range s.trees {
			if err := Walk(tree, tree.Root(), &walked{}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestInner holds frames of an archive inside another against being taken for
// its own, when the head around them is damaged.
func TestInner(t *testing.T) {
	inner := sample(t, nil)
	a := testkit.One(testkit.Dir("", testkit.File("a", string(testkit.Noise(1, 3000))), testkit.File("inner.vtd", string(inner.Bytes))))
	a.Options = testkit.Options{Chunk: 1 << 20, BlocksPerFrame: 1}
	built := testkit.MustMake(t, a)
	bad := slices.Clone(built.Bytes)
	for _, f := range built.Frames {
		if len(f.Head.Lengths) == 1 && f.Head.Lengths[0] == uint32(len(inner.Bytes)) {
			bad[f.Offset+30] ^= 1
		}
	}
	s := readAll(t, bad, Options{})
	if len(s.damage) == 0 {
		t.Errorf("no damage; %v", s.err)
	}
	for num, b := range s.blocks {
		if int(num) < len(built.Blocks) && b != string(built.Blocks[num].Bytes) && !slices.Contains(s.lost, num) {
			t.Errorf("block %d is of the inner archive", num)
		}
	}
}

func TestClose(t *testing.T) {
	pr, pw := io.Pipe()
	go pw.Write(sample(t, nil).Bytes[:400])
	r, err := NewReader(context.Background(), pr, Options{})
	if err != nil {
		t.Fatal(err)
	}
	go r.Close()
	for {
		if _, err := r.Next(); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			return
		}
	}
}
