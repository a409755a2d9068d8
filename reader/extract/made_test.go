package extract

import (
	"errors"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
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
