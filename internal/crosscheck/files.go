package crosscheck

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// maxDepth is how deep trees are that are read by path: each step goes down from
// the root again.
const maxDepth = 200

// files walks the tree through fs.FS and holds it against the view: the same
// names in the same order, of the same sizes and kinds, and the beginnings of
// files equal. Names that are not UTF-8 are not to be seen, nor what is below.
func (v *View) files(r Reporter, a *reader.Archive) {
	if v.Bad || v.Cut {
		return
	}
	var want []Entry
	for _, e := range v.Entries {
		if strings.Count(e.Path, "/") > maxDepth {
			return
		}
		if utf8.ValidString(e.Path) {
			want = append(want, e)
		}
	}
	fsys := a.FS()
	buf := make([]byte, 4096)
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if len(want) == 0 {
			return fmt.Errorf("%q is not in the tree", path)
		}
		e := want[0]
		want = want[1:]
		if path == "." {
			path = ""
		}
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case path != e.Path:
			return fmt.Errorf("%q stands where the tree has %q", path, e.Path)
		case d.IsDir() != e.Kind.IsDir(), info.Mode().IsRegular() != (e.Kind == format.KindFile):
			return fmt.Errorf("%q is of kind %v, in the tree of kind %v", path, info.Mode(), e.Kind)
		case e.Kind == format.KindFile && uint64(info.Size()) != e.Size:
			return fmt.Errorf("%q has %d bytes, in the tree %d", path, info.Size(), e.Size)
		case e.Kind == format.KindFile && e.Read && e.Size <= uint64(len(buf)):
			return sameFile(fsys, path, buf[:e.Size], e.Sum)
		}
		return nil
	})
	if err == nil && len(want) > 0 {
		err = fmt.Errorf("%q is missing", want[0].Path)
	}
	if err != nil {
		r.Fault(Files, "%v", err)
	}
}

// sameFile reads a file whole into a buffer of its size.
func sameFile(fsys fs.FS, path string, buf []byte, want format.Hash) (err error) {
	f, err := fsys.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.ReadFull(f, buf); err != nil {
		return err
	}
	if format.HashBLAKE3.Sum(buf) != want {
		return fmt.Errorf("%q has another content", path)
	}
	return nil
}
