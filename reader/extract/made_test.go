package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// inflated is the content of a sample's stream.
func inflated(t *testing.T, sample string) []byte {
	t.Helper()
	_, content, err := testkit.Deflate(testkit.Raw(sample).Data, nil, deflate.GzipModel(9))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// A corrected file may need blocks that have gone by as the input of a recipe,
// when that has been followed and the input is gone.
func TestCorrectedTreeReadsInputsBack(t *testing.T) {
	for name, before := range map[string][]*testkit.Node{
		"input":              {testkit.Gzip("text")},
		"input of an input":  {testkit.Nested(3)},
		"input with breaks":  {testkit.Broken()},
		"input, several":     {testkit.Gzip("text"), testkit.Nested(2), testkit.Broken()},
		"input of parts":     {testkit.Gzip("large")},
		"recipe without any": {testkit.Zeros(), testkit.Gzip("text")},
	} {
		sample := "text"
		if name == "input of parts" {
			sample = "large"
		}
		content := inflated(t, sample)
		plain := testkit.File("plain", string(content))
		again := testkit.Gzip(sample)
		again.Name = "again.gz"
		changed := testkit.File("changed", string(testkit.Noise(3, 5000)))
		changed.Absent = true
		first := testkit.Dir("", append([]*testkit.Node{changed}, before...)...)
		now := testkit.Dir("", append([]*testkit.Node{plain, again, testkit.File("changed", string(content[:2048])+"new")}, before...)...)
		a := testkit.Archive{Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: first}, {Root: now, After: []int{0}}}}}}
		a.Options.BlocksPerFrame = 3
		archive := testkit.MustBuild(t, &a)
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, p path) {
				dir := t.TempDir()
				res := p.restore(t, archive, dir, numeric())
				if got, want := listing(t, dir), expected(now); got != want {
					t.Errorf("got\n%.2000s\nwant\n%.2000s", got, want)
				}
				if res.Err() != nil {
					t.Errorf("%+v", res)
				}
			})
		})
	}
}

// A recipe that cannot be followed costs its file, and no other.
func TestRecipesThatCannotBeFollowed(t *testing.T) {
	for name, c := range map[string]struct {
		lie   func(x *format.Recipe)
		block func(b *testkit.Block)
		class error
	}{
		"unknown transform": {lie: func(x *format.Recipe) { x.Transform = 77 }, class: format.ErrUnsupported},
		"wrong sum":         {lie: func(x *format.Recipe) { x.Params[len(x.Params)-1] ^= 1 }, class: format.ErrDamaged},
		"other length":      {lie: func(x *format.Recipe) { x.Length++ }, class: format.ErrDamaged},
		"lost input, of both that share it": {block: func(b *testkit.Block) {
			if b.Path == "nested" && b.Kind == format.FrameData && len(b.Bytes) > 100 {
				b.Bytes = make([]byte, len(b.Bytes))
			}
		}, class: format.ErrDamaged},
	} {
		a := testkit.One(testkit.Dir("", testkit.Gzip("text"), testkit.File("sound", string(testkit.Noise(1, 3000))), testkit.Nested(2)))
		a.Hooks.Recipe = func(path string, x *format.Recipe) {
			if path == "text.gz" && c.lie != nil {
				c.lie(x)
			}
		}
		a.Hooks.Block = c.block
		archive := testkit.MustBuild(t, a)
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, p path) {
				dir := t.TempDir()
				_, issues := p.issues(t, archive, dir, numeric())
				found := false
				for _, i := range issues {
					if i.Path == "text.gz" && errors.Is(i.Err, c.class) {
						found = true
					}
					if i.Path == "sound" {
						t.Errorf("issue: %v", i)
					}
				}
				if !found {
					t.Errorf("issues %v", issues)
				}
			})
		})
	}
}

// stored is a DEFLATE stream of one stored block, with streams in its content.
func stored(content []byte, in []testkit.Stream) testkit.Node {
	b := []byte{1}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(content)))
	b = binary.LittleEndian.AppendUint16(b, ^uint16(len(content)))
	b = append(b, content...)
	return testkit.Node{Data: b, Streams: []testkit.Stream{{Len: len(b), Model: deflate.ZlibModel(6), Inner: in}}}
}

// times gives content with the same stream in it several times.
func times(n int, x testkit.Node) (content []byte, in []testkit.Stream) {
	for range n {
		s := x.Streams[0]
		s.Off += len(content)
		in = append(in, s)
		content = append(content, x.Data...)
	}
	return content, in
}

// A few recipes, each many times in the input of the next, must not be followed
// as often as they occur: 4 of them 1024 deep in one another would take years.
func TestRecipeIsFollowedOnceForAFile(t *testing.T) {
	text := testkit.Raw("text")
	text.Data = text.Data[:text.Streams[0].Len]
	first, firstIn := times(3, stored([]byte("a recipe of literals is ready at once: it needs no block"), nil))
	first = append(first, text.Data...)
	s := text.Streams[0]
	s.Off = len(first) - len(text.Data)
	b := stored(first, append(firstIn, s))
	c := stored(times(4, b))
	file := testkit.File("f", "")
	file.Data, file.Streams = times(4, c)
	// What is in the input of others is met again, not as deep.
	s = b.Streams[0]
	s.Off = len(file.Data)
	file.Data, file.Streams = append(file.Data, b.Data...), append(file.Streams, s)
	root := testkit.Dir("", file, testkit.Gzip("text"))
	archive := testkit.MustBuild(t, testkit.One(root))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		p.restore(t, archive, dir, numeric())
		if got, want := listing(t, dir), expected(root); got != want {
			t.Errorf("got\n%.2000s\nwant\n%.2000s", got, want)
		}
	})

	a, err := reader.Open(reader.Bytes(archive), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	tree, err := a.Tree()
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEngine(t.Context(), t.TempDir(), numeric())
	if err != nil {
		t.Fatal(err)
	}
	err = newPlanner(e).plan(archiveTree{tree, a})
	e.cancel(err)
	// f and its recipes, which are four; text.gz and its own.
	if rows := len(e.files); err != nil || rows != 5+2 {
		t.Errorf("%d rows: %v", rows, err)
	}
	_, _ = e.finish(nil)
}

// A recipe that is met again deeper than at first can be too deep there.
func TestRecipeAgainTooDeep(t *testing.T) {
	ok, okIn := times(1, stored([]byte("innermost"), nil))
	for range 2 {
		ok, okIn = times(1, stored(ok, okIn))
	}
	file := testkit.File("f", "")
	deep := stored(times(1, stored(ok, okIn)))
	file.Data = append(bytes.Clone(ok), deep.Data...)
	s := deep.Streams[0]
	s.Off = len(ok)
	file.Streams = append(okIn, s)
	archive := testkit.MustBuild(t, testkit.One(testkit.Dir("", file)))
	both(t, func(t *testing.T, p path) {
		_, issues := p.issues(t, archive, t.TempDir(), numeric())
		if len(issues) != 1 || !errors.Is(issues[0].Err, format.ErrDamaged) {
			t.Errorf("issues %v", issues)
		}
	})
}
