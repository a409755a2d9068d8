package testkit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// sample is a tree with something of everything.
func sample() *Node {
	many := Dir("many")
	for i := range 23 {
		many.Children = append(many.Children, File(fmt.Sprintf("f%02d", i), strings.Repeat("text ", i)))
	}
	text := strings.Repeat("The quick brown fox jumps over the lazy dog.\n", 60)
	return Dir("",
		File("empty", ""), File("literal", "a few bytes"), File("block", text[:700]), Run("zeros", 0, 100_000),
		File("chunks", string(Noise(7, 20_000))),
		File("mixed", "").With(func(n *Node) { n.Pieces = [][]byte{Noise(1, 100), make([]byte, 5000), []byte(text)} }),
		Dir("a", Dir("b", Dir("c", File("deep", text)))), Dir("copy", Dir("c", File("deep", text))), many, Dir("none"),
		Symlink("link", "a/b"), Special("fifo", format.KindFifo), Special("sock", format.KindSocket),
		Special("gone", format.KindWhiteout), Device("tty", format.KindChar, 5, 1), Device("disk", format.KindBlockDev, 8, 16),
		File("one", "same").Link(1, 2), File("two", "same").Link(1, 2), Implied("implied", File("x", "y")),
		File("times", "t").At(-1, 999_999_999).With(func(n *Node) {
			n.Xattrs = []format.Xattr{{Name: "user.a", Value: "1"}, {Name: "user.b", Value: "\x00\xff"}}
			n.Btime = format.Time{Sec: 5}
		}),
	)
}

func TestCheckAcceptsWhatIsBuilt(t *testing.T) {
	for _, o := range []Options{
		{}, {Hash: format.HashSHA256}, {Codec: codec.Zstd}, {Codec: codec.LongZstd, Chunk: 8 << 10}, {BlocksPerFrame: 1},
		{DirLeaf: 2, DirFan: 2}, {DirLeaf: 5, DirFan: 3, FanOut: 2}, {FanOut: 3, Chunk: 300}, {OnePass: true}, {LiteralMax: 1},
	} {
		a := One(sample())
		a.Options = o
		c, err := Check(MustBuild(t, a))
		if err != nil {
			t.Errorf("%+v: %v", o, err)
			continue
		}
		if len(c.Entries) < 50 || c.Entries[0].Count != uint64(len(c.Entries)-1) || c.Tail != 0 {
			t.Errorf("%+v: %d entries, root %+v, tail %d", o, len(c.Entries), c.Entries[0], c.Tail)
		}
	}
}

func TestContentIDDependsOnContentOnly(t *testing.T) {
	ids := map[string]bool{}
	roots := map[string]bool{}
	for _, o := range []Options{{}, {Chunk: 333}, {DirLeaf: 3}, {Codec: codec.Zstd, OnePass: true}} {
		a := One(sample())
		a.Options = o
		c, err := Check(MustBuild(t, a))
		if err != nil {
			t.Fatal(err)
		}
		ids[c.Content], roots[c.Root] = true, true
	}
	if len(ids) != 1 || len(roots) != 3 {
		t.Errorf("%d content ids and %d roots", len(ids), len(roots))
	}
}

func TestContentIDBeginsBelowImpliedDirectories(t *testing.T) {
	inner := func(name string) *Node { return Dir(name, File("a", "1"), Dir("b")) }
	want := MustMake(t, One(inner(""))).Versions[0].Content
	for name, c := range map[string]struct {
		root *Node
		same bool
	}{
		"two":            {Implied("", Implied("x", inner("y"))), true},
		"one":            {Implied("", inner("y")), true},
		"not alone":      {Implied("", inner("y"), File("z", "")), false},
		"no directory":   {Implied("", File("z", "")), false},
		"not implied":    {Dir("", inner("y")), false},
		"one of the two": {Implied("", Dir("x", inner("y"))), false},
	} {
		if got := MustMake(t, One(c.root)).Versions[0].Content; (got == want) != c.same {
			t.Errorf("%s: %v, below them %v", name, got, want)
		}
	}
}

func TestSegments(t *testing.T) {
	first := Version{Root: Dir("", File("a", "1"), File("big", string(Noise(1, 3000))))}
	second := Version{Root: Dir("", File("a", "2"), File("big", string(Noise(1, 3000)))), After: []int{0}}
	third := Version{Root: Dir("", File("b", string(Noise(2, 2000)))), After: []int{1}}
	for _, merge := range []bool{false, true} {
		a := &Archive{Segments: []Segment{{Versions: []Version{first}}, {Versions: []Version{second}}, {Versions: []Version{third}, Merge: merge}}}
		m := MustMake(t, a)
		c, err := Check(m.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if c.Snapshots != 3 || len(c.Entries) != 2 {
			t.Errorf("merge %v: %+v", merge, c)
		}
		// Each state of the file before an append is still there to fall back on.
		for i, s := range m.Segments[:2] {
			for _, end := range []int{s.End, s.End + 100} {
				c, err := Check(m.Bytes[:end])
				if err != nil || c.Snapshots != uint64(i+1) || c.Tail != end-s.End {
					t.Errorf("merge %v, segment %d, %d bytes: %+v, %v", merge, i, end, c, err)
				}
			}
		}
	}
}

func TestCorrected(t *testing.T) {
	torn := File("torn", string(Noise(3, 5000)))
	torn.Absent = true
	a := &Archive{Segments: []Segment{{Versions: []Version{
		{Root: Dir("", File("kept", string(Noise(4, 3000))), torn)},
		{Root: Dir("", File("kept", string(Noise(4, 3000))), File("torn", string(Noise(5, 4000))))},
	}}}}
	m := MustMake(t, a)
	c, err := Check(m.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if c.Entries[2].SHA256 != sha256Hex(Noise(5, 4000)) || m.Versions[1].Top == 0 {
		t.Errorf("%+v", c)
	}
	a.Segments[0].Versions = a.Segments[0].Versions[:1]
	if _, err := Check(MustBuild(t, a)); !errors.Is(err, format.ErrDamaged) || err.(*Fault).Scope != ScopeData {
		t.Error("without its correction:", err)
	}
}

func TestBuildIsReproducible(t *testing.T) {
	a, b := One(sample()), One(sample())
	a.Options.Codec, b.Options.Codec = codec.Zstd, codec.Zstd
	if !bytes.Equal(MustBuild(t, a), MustBuild(t, b)) {
		t.Error("two builds differ")
	}
}

func TestDepth(t *testing.T) {
	for _, depth := range []int{format.MaxDepth, format.MaxDepth + 1} {
		_, err := Check(MustBuild(t, One(Deep(depth))))
		if (err == nil) != (depth <= format.MaxDepth) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

// TestEveryOctet changes each octet of a small archive in turn: what Check
// accepts must say the same as before.
func TestEveryOctet(t *testing.T) {
	a := One(Dir("", File("a", "literal"), File("b", string(Noise(1, 60))), Dir("d", Run("r", 7, 99))))
	b := MustBuild(t, a)
	whole, err := Check(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 0x10
		if c, err := Check(bad); err == nil {
			t.Errorf("octet %d of %d: nothing noticed; %d entries of %d", i, len(b), len(c.Entries), len(whole.Entries))
		}
	}
	for n := range b {
		if _, err := Check(b[:n]); err == nil {
			t.Errorf("%d octets of %d: nothing noticed", n, len(b))
		}
	}
}
