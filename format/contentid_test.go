package format_test

import (
	"testing"

	"github.com/vtdarchive/vtd/format"
)

func TestContentStart(t *testing.T) {
	type node struct {
		name  string
		kind  format.Kind
		below []node
	}
	implied := func(name string, below ...node) node { return node{name, format.KindImplied, below} }
	dir := func(name string, below ...node) node { return node{name, format.KindDir, below} }
	file := node{"file", format.KindFile, nil}
	link := node{"link", format.KindSymlink, nil}
	for _, c := range []struct {
		what string
		root node
		want string
	}{
		{"a directory", dir("root", dir("a")), "root"},
		{"an empty way", implied("root"), "root"},
		{"a way to a directory", implied("root", dir("a", dir("b"))), "a"},
		{"a longer one", implied("root", implied("a", implied("b", dir("c", file)))), "c"},
		{"a way that ends", implied("root", implied("a")), "a"},
		{"a way to a file", implied("root", implied("a", file)), "a"},
		{"a way to a link", implied("root", link), "root"},
		{"two directories", implied("root", implied("a", dir("b"), dir("c"))), "a"},
		{"a directory and a file", implied("root", dir("a"), file), "root"},
		{"behind a directory", implied("root", dir("a", implied("b", dir("c")))), "a"},
	} {
		got := format.ContentStart(c.root, func(n node) format.Kind { return n.kind }, func(n node) (node, bool) {
			if len(n.below) != 1 {
				return node{}, false
			}
			return n.below[0], true
		})
		if got.name != c.want {
			t.Errorf("%s: starts at %s, want %s", c.what, got.name, c.want)
		}
	}
}
