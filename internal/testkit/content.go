package testkit

import "github.com/vtdarchive/vtd/format"

// dirSum is what the content id of a directory is made of.
type dirSum struct {
	entries format.Hash
	only    *format.Entry // the entry, where there is just one, a directory
	below   *dirSum       // and what is in it
}

// contentID gives the content id of a tree. Implied directories on the way to
// the only directory in them do not count: a directory has one id, from
// wherever it was archived.
func (s *dirSum) contentID(id format.HashID, root *format.Entry) format.Hash {
	for root.Kind == format.KindImplied && s.only != nil {
		root, s = s.only, s.below
	}
	return format.ContentID(id, root, s.entries)
}
