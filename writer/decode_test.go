package writer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/reader/stream"
	"github.com/vtdarchive/vtd/recipe"
)

// same decodes an archive in three ways, with testkit, by random access and as
// a stream, and compares each with the tree it was made of.
func same(t testing.TB, b []byte, rep *Report, dir string) *testkit.Contents {
	t.Helper()
	want := survey(t, dir)
	c := check(t, b, rep)
	sameEntries(t, "testkit", c.Entries, want)
	sameEntries(t, "reader", readAll(t, b), want)
	sameEntries(t, "stream", streamAll(t, b), want)
	return c
}

func testEntry(path string, e *format.Entry, content func(io.Writer) error) (testkit.Entry, error) {
	if path == "" {
		path = "."
	}
	out := testkit.Entry{
		Kind: e.Kind.String(), UID: e.Owner.UID, GID: e.Owner.GID, User: e.Owner.User, Group: e.Owner.Group, Size: e.Size,
		Count: e.Count, Major: e.Major, Minor: e.Minor, LinkID: e.LinkID, LinkCount: e.LinkCount,
	}
	out.Path, out.PathHex = textHex(path)
	out.Target, out.TargetHex = textHex(e.Target)
	if e.Kind != format.KindImplied {
		out.Perm, out.Mtime = fmt.Sprintf("%04o", e.Perm), &testkit.Time{Sec: e.Mtime.Sec, Nsec: e.Mtime.Nsec}
	}
	for _, x := range e.Xattrs {
		out.Xattrs = append(out.Xattrs, testkit.Xattr{Name: x.Name, ValueHex: hex.EncodeToString([]byte(x.Value))})
	}
	if e.Kind != format.KindFile {
		return out, nil
	}
	h := sha256.New()
	if err := content(h); err != nil {
		return out, err
	}
	out.SHA256 = hex.EncodeToString(h.Sum(nil))
	return out, nil
}

// readAll decodes an archive by random access.
func readAll(t testing.TB, b []byte) []testkit.Entry {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(t, err)
	defer a.Close()
	var out []testkit.Entry
	err = a.Walk(func(path string, e *format.Entry, err error) error {
		if err != nil {
			return err
		}
		x, err := testEntry(path, e, func(w io.Writer) error {
			f, err := a.Content(e)
			if err != nil {
				return err
			}
			_, err = f.WriteTo(w)
			return err
		})
		out = append(out, x)
		return err
	})
	must(t, err)
	return out
}

// streamAll decodes an archive from front to back. Of several trees the last
// one counts.
func streamAll(t testing.TB, b []byte) []testkit.Entry {
	t.Helper()
	// One byte more than asked for is what a pipe never gives.
	r, err := stream.NewReader(context.Background(), io.MultiReader(bytes.NewReader(b[:len(b)/2]), bytes.NewReader(b[len(b)/2:])), stream.Options{})
	must(t, err)
	defer r.Close()
	blocks := map[uint64][]byte{}
	var tree *stream.Tree
	for {
		ev, err := r.Next()
		if err == io.EOF {
			break
		}
		must(t, err)
		switch {
		case ev.Damage != nil:
			t.Fatal(ev.Damage.Err)
		case ev.Tree != nil:
			tree = ev.Tree
		case ev.Frame != nil:
			at := 0
			for i, n := range ev.Frame.Head.Lengths {
				blocks[ev.Frame.Head.First+uint64(i)] = bytes.Clone(ev.Frame.Raw[at : at+int(n)])
				at += int(n)
			}
			ev.Frame.Release()
		}
	}
	if tree == nil {
		t.Fatal("the stream has no tree")
	}
	v := &streamVisitor{tree: tree, blocks: blocks}
	root, err := testEntry("", tree.Root(), nil)
	must(t, err)
	v.out = append(v.out, root)
	must(t, stream.Walk(tree, tree.Root(), v))
	return v.out
}

type streamVisitor struct {
	tree   *stream.Tree
	blocks map[uint64][]byte
	path   []string
	out    []testkit.Entry
}

func (v *streamVisitor) Visit(depth int, e *format.Entry) error {
	path := e.Name
	if depth > 0 {
		path = v.path[depth-1] + "/" + e.Name
	}
	v.path = append(v.path[:depth], path)
	x, err := testEntry(path, e, func(w io.Writer) error {
		return v.content(&e.Ref, w)
	})
	v.out = append(v.out, x)
	return err
}

// content writes what a reference stands for.
func (v *streamVisitor) content(ref *format.Ref, w io.Writer) error {
	return stream.Parts(v.tree, ref, func(_ uint64, r *format.Ref) error {
		var err error
		switch r.Kind {
		case format.RefLiteral:
			_, err = w.Write(r.Literal)
		case format.RefRun:
			run := bytes.Repeat([]byte{r.Octet}, int(min(r.Span, 1<<20)))
			for n := r.Span; n > 0 && err == nil; n -= min(n, 1<<20) {
				_, err = w.Write(run[:min(n, 1<<20)])
			}
		case format.RefRecipe:
			err = v.made(r, w)
		default:
			b, ok := v.blocks[r.Num]
			if !ok || uint64(len(b)) != r.Span {
				return fmt.Errorf("block %d has %d bytes, not %d", r.Num, len(b), r.Span)
			}
			_, err = w.Write(b)
		}
		return err
	})
}

// made writes what a recipe makes.
func (v *streamVisitor) made(ref *format.Ref, w io.Writer) error {
	x, err := stream.Recipe(v.tree, ref)
	if err != nil {
		return err
	}
	r, err := recipe.Parse(x)
	if err != nil {
		return err
	}
	var input bytes.Buffer
	if err := v.content(&x.Input, &input); err != nil {
		return err
	}
	for i := range r.Parts() {
		p := r.Part(i)
		b, err := r.Make(nil, i, input.Bytes()[p.From:p.To])
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func (v *streamVisitor) Broken(_ int, _ *format.Entry, err error) error { return err }
