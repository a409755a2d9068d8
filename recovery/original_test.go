package recovery_test

import (
	"bytes"
	"testing"

	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/recovery"
)

// TestOriginal: what a tree was made from stays if all of it is there, and its
// loss hurts nothing else.
func TestOriginal(t *testing.T) {
	header := testkit.Noise(21, 512)
	content := string(testkit.Noise(22, 900))
	made := testkit.File("made.tar", string(header)+content)
	made.Pieces = [][]byte{header, []byte(content)}
	a := &testkit.Archive{Options: testkit.Options{BlocksPerFrame: 1}, Segments: []testkit.Segment{{Versions: []testkit.Version{{
		Root: testkit.Dir("", testkit.File("a", content), testkit.File("b", "literal")), Original: made,
	}}}}}
	built := testkit.MustMake(t, a)
	find := func(b []byte) (at int) {
		if at = bytes.Index(built.Bytes, b); at < 0 {
			t.Fatal("not in the archive")
		}
		return at
	}
	for _, c := range []struct {
		name   string
		damage []int
		cut    int
		kept   bool
		losses map[string]string
	}{
		{"whole", nil, 0, true, nil},
		{"without its index", nil, built.Segments[0].Index + 60, true, nil},
		{"a header is damaged", []int{find(header)}, 0, false, map[string]string{"made.tar": recovery.LossOriginal}},
		{"content is damaged", []int{find([]byte(content))}, 0, false, map[string]string{"made.tar": recovery.LossOriginal, "a": recovery.LossFile}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bytes.Clone(built.Bytes)
			for _, at := range c.damage {
				b[at] ^= 1
			}
			if c.cut > 0 {
				b = b[:c.cut]
			}
			r, rep, _ := recovered(t, b, recovery.Options{})
			tree, err := r.Tree()
			must(t, err)
			dir, file, err := tree.Original()
			must(t, err)
			if (dir != nil) != c.kept || len(rep.Losses) != len(c.losses) || rep.Whole() != (len(c.losses) == 0) || len(rep.Found) > 0 {
				t.Errorf("original %v, losses %+v, found %+v", file, rep.Losses, rep.Found)
			}
			for _, l := range rep.Losses {
				if c.losses[l.Path] != l.What {
					t.Errorf("%+v", l)
				}
			}
			if c.kept {
				f, err := r.Content(file)
				must(t, err)
				var got bytes.Buffer
				_, err = f.WriteTo(&got)
				must(t, err)
				if got.String() != string(header)+content {
					t.Error("the original is another")
				}
			}
		})
	}
}

// TestOriginalVerified: damage to what only the original needs is found, and
// said to hurt that and no file of the tree.
func TestOriginalVerified(t *testing.T) {
	header := testkit.Noise(21, 512)
	made := testkit.File("made.tar", string(header))
	a := testkit.One(testkit.Dir("", testkit.File("a", string(testkit.Noise(22, 900)))))
	a.Options.BlocksPerFrame = 1
	a.Segments[0].Versions[0].Original = made
	b := testkit.MustBuild(t, a)
	b[bytes.Index(b, header)] ^= 1
	r, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	defer r.Close()
	rep, err := r.Verify(t.Context(), reader.VerifyOptions{})
	must(t, err)
	if len(rep.Findings) != 1 || len(rep.Findings[0].Hurts) != 1 {
		t.Fatalf("%+v", rep.Findings)
	}
	if h := rep.Findings[0].Hurts[0]; !h.Original || h.Path != "made.tar" || h.Offset != 0 || h.Length != 512 {
		t.Errorf("%+v", h)
	}
}
