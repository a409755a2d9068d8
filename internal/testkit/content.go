package testkit

import "github.com/vtdarchive/vtd/format"

// dirSum is what the content id of a directory is made of.
type dirSum struct {
	entries format.Hash
	only    *format.Entry // the entry, where there is just one, a directory
	below   *dirSum       // and what is in it
}

// contentID gives the content id of a tree.
func (s *dirSum) contentID(id format.HashID, root *format.Entry) format.Hash {
	type dir struct {
		e   *format.Entry
		sum *dirSum
	}
	start := format.ContentStart(dir{root, s}, func(d dir) format.Kind { return d.e.Kind }, func(d dir) (dir, bool) {
		return dir{d.sum.only, d.sum.below}, d.sum.only != nil
	})
	return format.ContentID(id, start.e, start.sum.entries)
}
