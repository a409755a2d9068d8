package extract

import (
	"io/fs"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/reader/stream"
)

// tree is what the engine needs of a tree.
type tree interface {
	Root() *format.Entry
	// walk goes over all entries but the root.
	walk(v stream.Visitor) error
	// parts gives the references that a content is made of, none of them
	// indirect.
	parts(ref *format.Ref, do func(off uint64, r *format.Ref) error) error
	// recipe gives the recipe that a reference names.
	recipe(ref *format.Ref) (*format.Recipe, error)
}

// streamTree is a tree whose nodes came by.
type streamTree struct{ *stream.Tree }

func (t streamTree) walk(v stream.Visitor) error { return stream.Walk(t, t.Root(), v) }

func (t streamTree) parts(ref *format.Ref, do func(off uint64, r *format.Ref) error) error {
	return stream.Parts(t, ref, do)
}

func (t streamTree) recipe(ref *format.Ref) (*format.Recipe, error) { return stream.Recipe(t, ref) }

// archiveTree is a tree with random access, every node of it checked.
type archiveTree struct {
	*reader.Tree
	a *reader.Archive
}

func (t archiveTree) walk(v stream.Visitor) error {
	return t.Walk(func(path string, e *format.Entry, err error) error {
		depth := strings.Count(path, "/")
		if path == "" {
			depth = -1
		}
		if err != nil {
			return v.Broken(depth, e, err)
		}
		if path == "" {
			return nil
		}
		if err = v.Visit(depth, e); err == fs.SkipDir && !e.Kind.IsDir() {
			return nil // here it would skip the rest of the directory
		}
		return err
	})
}

func (t archiveTree) recipe(ref *format.Ref) (*format.Recipe, error) { return t.a.Recipe(ref) }

func (t archiveTree) parts(ref *format.Ref, do func(off uint64, r *format.Ref) error) error {
	f, err := t.a.Content(&format.Entry{Kind: format.KindFile, Size: ref.Span, Ref: *ref})
	if err != nil {
		return err
	}
	for p, err := range f.Pieces(0) {
		if err != nil {
			return err
		}
		if err := do(uint64(p.Offset), &p.Ref); err != nil {
			return err
		}
	}
	return nil
}
