package reader

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/vtdarchive/vtd/format"
)

var errNotDir = errors.New("not a directory")

// WalkFunc is called for each entry of a walk, with its path from the root,
// which itself has the path "". When err is not nil some or all of the directory
// e could not be read, after it was visited: of a large directory only the part
// that is damaged is left out, and there may be several. Returning fs.SkipDir
// skips what is below a directory, or the rest of the directory of another entry;
// fs.SkipAll ends the walk without error; any other error ends it with that.
// Returning nil for an err goes on behind what could not be read.
type WalkFunc func(path string, e *format.Entry, err error) error

// Walk goes through the newest tree; see Tree.Walk.
func (a *Archive) Walk(fn WalkFunc) error {
	t, err := a.Tree()
	if err != nil {
		return err
	}
	return t.Walk(fn)
}

// Walk visits the root and all below it: each directory before its entries,
// these in order of name. Memory grows with the depth only, and depth is
// limited by format.MaxDepth.
func (t *Tree) Walk(fn WalkFunc) error {
	return t.WalkFrom("", t.Root(), fn)
}

// walkLevel is a directory of which not all entries have been visited.
type walkLevel struct {
	it   *dirIter
	dir  *format.Entry
	path int // length of the directory's path, with the slash at its end
}

// WalkFrom visits an entry, whose path is given, and all below it.
func (t *Tree) WalkFrom(path string, e *format.Entry, fn WalkFunc) error {
	err := t.walkFrom(path, e, fn)
	if err == fs.SkipAll || err == fs.SkipDir {
		return nil
	}
	return err
}

func (t *Tree) walkFrom(path string, e *format.Entry, fn WalkFunc) error {
	if err := fn(path, e, nil); err != nil || !e.Kind.IsDir() {
		return err
	}
	prefix := []byte(path)
	var stack []walkLevel
	push := func(e *format.Entry) {
		if len(stack) > 0 {
			stack[len(stack)-1].it.rest()
		}
		if len(prefix) > 0 {
			prefix = append(prefix, '/')
		}
		// Entries hold on to the leaf they are in; a copy does not.
		dir := *e
		stack = append(stack, walkLevel{t.a.dirIter(e), &dir, len(prefix)})
	}
	for push(e); len(stack) > 0; {
		l := &stack[len(stack)-1]
		prefix = prefix[:l.path]
		e, err := l.it.next()
		if err == nil && e != nil && e.Kind.IsDir() && len(stack) > format.MaxDepth {
			err = blockDamage("directory", format.NoOffset, l.dir.Ref.Num, "directories are nested deeper than %d", format.MaxDepth)
		}
		if err != nil {
			done := len(l.it.path) == 0 || classOf(err) == nil || e != nil
			dir := string(prefix[:max(0, len(prefix)-1)])
			err = fn(dir, l.dir, t.a.named(fmt.Errorf("%s: %w", displayPath(dir), err)))
			if done || err == fs.SkipDir {
				stack = stack[:len(stack)-1]
			}
			if err != nil && err != fs.SkipDir {
				return err
			}
			continue
		}
		if e == nil {
			stack = stack[:len(stack)-1]
			continue
		}
		prefix = append(prefix, e.Name...)
		switch err := fn(string(prefix), e, nil); {
		case err == fs.SkipDir && e.Kind.IsDir():
		case err == fs.SkipDir:
			stack = stack[:len(stack)-1]
		case err != nil:
			return err
		case e.Kind.IsDir():
			push(e)
		}
	}
	return nil
}

// displayPath is a path as messages show it.
func displayPath(path string) string {
	if path == "" {
		return "."
	}
	return path
}
