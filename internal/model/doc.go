// Package model holds plain copies of trees, for tests that ask whether an
// archive still has what it was given, whatever was done to it since.
//
// [Of] takes a copy of a directory and [In] of a tree in an archive;
// [Tree.Over] is what a merge makes of two. [Edit] changes a directory in some
// way, [Settle] gives what was changed a time of a clock of its own, so that all
// depends on the numbers of a generator alone.
//
// # Map
//
//	tree.go   Tree, Of, In, Over, Differs
//	edit.go   Edit, Settle
package model
