package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/glob"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/reader/stream"
)

// errMissing is the class of arguments that name nothing in the archive.
var errMissing = errors.New("not in the archive")

// member is an entry on its path.
type member struct {
	path string
	*format.Entry
	hash format.HashID // of the archive
	held holder
}

// holder tells how contents are held, by metadata alone.
type holder interface {
	// recipes gives the recipes that make parts of a file, in order, each with
	// its model.
	recipes(m member, do func(x *format.Recipe, model string)) error
}

type archiveHolder struct{ a *reader.Archive }

func (h archiveHolder) recipes(m member, do func(x *format.Recipe, model string)) error {
	f, err := h.a.ContentOf(m.Entry, m.path)
	if err != nil {
		return err
	}
	for p, err := range f.Pieces(0) {
		if err != nil {
			return err
		}
		if p.Ref.Kind == format.RefRecipe {
			x, model, err := f.RecipeModel(&p.Ref)
			if err != nil {
				return err
			}
			do(x, model)
		}
	}
	return nil
}

type streamHolder struct {
	from string // the pipe's name
	tree *stream.Tree
}

func (h streamHolder) recipes(m member, do func(x *format.Recipe, model string)) error {
	err := stream.Parts(h.tree, &m.Ref, func(_ uint64, ref *format.Ref) error {
		if ref.Kind != format.RefRecipe {
			return nil
		}
		x, err := stream.Recipe(h.tree, ref)
		if err == nil {
			do(x, reader.ModelOf(x))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %s: %w", h.from, human.Quote(m.path), err)
	}
	return nil
}

type visit func(m member) error

// eachMember calls do for the selected entries of an archive in the order of
// its tree. Damage is printed and the rest visited; the error is of the worst
// class met.
func eachMember(e *Env, archive string, at atFlag, members []string, do visit) error {
	m := glob.New(members)
	p, err := openPipe(e, archive)
	switch {
	case err != nil:
		return err
	case p != nil:
		defer p.Close()
		err = eachOfStream(e, p, at, m, do)
	default:
		var a *reader.Archive
		if a, err = at.open(e, archive, reader.Options{WholeTree: true}); err != nil {
			return err
		}
		err = eachOfFile(e, a, m, do)
	}
	if err != nil && archiveFault(err) == nil {
		return err
	}
	for _, arg := range m.Unmatched() {
		e.message("%s: not found in the archive", human.Quote(arg))
		if err == nil {
			err = reported(errMissing)
		}
	}
	return err
}

// eachOfFile closes the archive.
func eachOfFile(e *Env, a *reader.Archive, m *glob.Matcher, do visit) error {
	defer a.Close()
	return eachIn(e, a, m, do)
}

// eachIn leaves the archive open.
func eachIn(e *Env, a *reader.Archive, m *glob.Matcher, do visit) error {
	id := a.HashID()
	var damage error
	err := a.Walk(func(path string, x *format.Entry, err error) error {
		if err == nil {
			err = e.ctx.Err()
		}
		switch {
		case archiveFault(err) != nil:
			e.message("%v", err)
			damage = errors.Join(damage, reported(archiveFault(err)))
			return nil
		case err != nil:
			return err
		}
		if m.Match(path) {
			if err := do(member{path, x, id, archiveHolder{a}}); err != nil {
				return err
			}
		}
		if x.Kind.IsDir() && !m.CouldMatchBelow(path) {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return err
	}
	return damage
}

// eachOfStream reads a pipe to its end first. Only then is the tree proven,
// and known to be the last: a file that changed while the archive was made
// leads to a second, corrected one. Where that fails, the entries are those
// that arrived.
func eachOfStream(e *Env, p *pipe, at atFlag, m *glob.Matcher, do visit) error {
	s, whole, err := startStream(e, p, stream.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	if s.NeedsSpool() || at.At != "" {
		a, err := spoolArchive(e, p, whole)
		if err != nil {
			return err
		}
		if err := at.show(a); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", p.name, err), a.Close())
		}
		return eachOfFile(e, a, m, do)
	}
	var tree *stream.Tree
	var damage error
	for {
		ev, err := s.Next()
		if err == io.EOF {
			break
		}
		if err == nil && ev.Damage != nil {
			err = ev.Damage.Err
		}
		switch {
		case archiveFault(err) != nil:
			e.message("%s: %v", p.name, err)
			damage = errors.Join(damage, reported(archiveFault(err)))
		case err != nil:
			return err
		case ev.Tree != nil:
			tree = ev.Tree
		case ev.Frame != nil:
			ev.Frame.Release()
		}
		if err != nil && ev.Damage == nil {
			break
		}
	}
	if tree == nil {
		return damage
	}
	v := &pathVisitor{e: e, from: p.name, s: s, m: m, do: do, held: streamHolder{p.name, tree}}
	err = v.walk(tree)
	return errors.Join(damage, v.damage, err)
}

// pathVisitor gives the selected entries of a stream's tree with their paths.
type pathVisitor struct {
	e      *Env
	from   string // the pipe's name
	s      *stream.Reader
	m      *glob.Matcher
	do     visit
	held   streamHolder
	path   treePath
	damage error
}

// treePath turns the depths of a walk into paths.
type treePath struct {
	path []byte
	ends []int // of the path at each depth
}

// enter goes to an entry at a depth and gives its path.
func (t *treePath) enter(depth int, name string) string {
	t.ends = t.ends[:depth]
	t.path = t.path[:t.end()]
	if depth > 0 {
		t.path = append(t.path, '/')
	}
	t.path = append(t.path, name...)
	t.ends = append(t.ends, len(t.path))
	return string(t.path)
}

func (t *treePath) end() int {
	if len(t.ends) == 0 {
		return 0
	}
	return t.ends[len(t.ends)-1]
}

// at gives the path of the directory that the walk is in at a depth; -1 is the
// root.
func (t *treePath) at(depth int) string {
	if depth < 0 || depth >= len(t.ends) {
		return ""
	}
	return string(t.path[:t.ends[depth]])
}

func (v *pathVisitor) walk(t *stream.Tree) error {
	if v.m.Match("") {
		if err := v.do(member{"", t.Root(), v.s.Header().Hash, v.held}); err != nil {
			return err
		}
	}
	return stream.Walk(t, t.Root(), v)
}

func (v *pathVisitor) Visit(depth int, x *format.Entry) error {
	path := v.path.enter(depth, x.Name)
	if v.m.Match(path) {
		// A stream's references have no hashes; that of content is known by now.
		if x.Ref.Kind == format.RefBlock && !x.Kind.IsDir() {
			x.Ref.Hash, _ = v.s.BlockHash(x.Ref.Num)
		}
		if err := v.do(member{path, x, v.s.Header().Hash, v.held}); err != nil {
			return err
		}
	}
	if x.Kind.IsDir() && !v.m.CouldMatchBelow(path) {
		return stream.SkipDir
	}
	return nil
}

// Broken names a directory that cannot be read to its end, and goes on behind
// it.
func (v *pathVisitor) Broken(depth int, _ *format.Entry, err error) error {
	class := archiveFault(err)
	if class == nil {
		return err
	}
	v.e.message("%s: %s: %v", v.from, shownRoot(v.path.at(depth)), err)
	v.damage = errors.Join(v.damage, reported(class))
	return nil
}
