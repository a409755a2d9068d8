package model

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Entry is what is known of an entry of a tree.
type Entry struct {
	Kind  format.Kind
	Perm  uint16
	Mtime format.Time
	Data  string // or the target
	Links uint64 // names of a file that has several
}

// Tree is a tree by path; the root is "".
type Tree map[string]Entry

// Of takes a copy of a directory.
func Of(dir string) (Tree, error) {
	t := Tree{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mod := info.ModTime()
		e := Entry{Perm: uint16(info.Mode().Perm()), Mtime: format.Time{Sec: mod.Unix(), Nsec: uint32(mod.Nanosecond())}}
		switch {
		case d.IsDir():
			e.Kind = format.KindDir
		case d.Type() == fs.ModeSymlink:
			e.Kind = format.KindSymlink
			e.Data, err = os.Readlink(path)
		default:
			b, fail := os.ReadFile(path)
			e.Kind, e.Data, err = format.KindFile, string(b), fail
		}
		if n := info.Sys().(*syscall.Stat_t).Nlink; n > 1 && !d.IsDir() {
			e.Links = uint64(n)
		}
		rel, _ := filepath.Rel(dir, path)
		if rel == "." {
			rel = ""
		}
		t[rel] = e
		return err
	})
	return t, err
}

// In takes a copy of a tree in an archive.
func In(a *reader.Archive, tree *reader.Tree) (Tree, error) {
	t := Tree{}
	err := tree.Walk(func(path string, e *format.Entry, err error) error {
		if err != nil {
			return err
		}
		f := Entry{Kind: e.Kind, Perm: e.Perm, Mtime: e.Mtime, Data: e.Target, Links: e.LinkCount}
		if e.Kind == format.KindSymlink {
			f.Perm = 0o777
		}
		if e.Kind == format.KindFile {
			c, err := a.ContentOf(e, path)
			if err != nil {
				return err
			}
			b := make([]byte, e.Size)
			if _, err := c.ReadAt(b, 0); err != nil && e.Size > 0 {
				return err
			}
			f.Data = string(b)
		}
		t[path] = f
		return nil
	})
	return t, err
}

// Over lays a tree over an older one. Names of one file that have become few
// are counted anew by who looks.
func (t Tree) Over(old Tree) Tree {
	out := maps.Clone(t)
	for path, e := range old {
		_, there := t[path]
		for up := path; !there && up != ""; {
			up = strings.TrimSuffix(up[:max(strings.LastIndexByte(up, '/'), 0)], "/")
			e, ok := t[up]
			there = ok && e.Kind != format.KindDir
		}
		if !there {
			out[path] = e
		}
	}
	return out
}

// Differs says in what a tree is not what it should be, or "". Whether files
// have as many names counts if links is set.
func (t Tree) Differs(want Tree, links bool) string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(want)) {
		have, ok := t[path]
		w := want[path]
		if !links {
			have.Links, w.Links = 0, 0
		}
		if !ok || have != w {
			out = append(out, fmt.Sprintf("%q is %.80v there=%v, want %.80v", path, have, ok, w))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(t)) {
		if _, ok := want[path]; !ok {
			out = append(out, fmt.Sprintf("%q is there, and should not be", path))
		}
	}
	return strings.Join(out, "\n")
}
