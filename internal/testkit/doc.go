// Package testkit makes small .vtd archives by hand, for tests.
//
// It goes from a description in memory straight to bytes, with package format
// and nothing of package writer, so that reader and writer are each tested
// against an implementation which is neither. It is also how the vectors of
// spec/vectors are made: every one is an archive of this package with at most
// one lie or one damage in it.
//
//	tree.go     Node and its constructors: what an archive is to hold
//	archive.go  Archive, Segment, Version, Options: the description
//	plan.go     nodes become blocks, with hashes from the leaves up
//	parity.go   a parity segment, by the definition of the code
//	emit.go     blocks get numbers, frames, an index and a trailer
//	hooks.go    where a test may lie, and how to make a lie well-formed
//	check*.go   Check: a small, slow and strict reader, the oracle for the rest
//	content.go  where a content id begins
//	entries.go  what an archive holds, as Check and the vectors list it
//	vector.go   Vectors: those of spec/vectors, and what they expect
//
// A valid archive:
//
//	a := testkit.Archive{Segments: []testkit.Segment{{Versions: []testkit.Version{{
//		Root: testkit.Dir("", testkit.File("hello", "hello\n")),
//	}}}}}
//	b, err := a.Build()
//
// or, for one version, testkit.One(root). A lie is a hook which changes a
// structure before its CRC and before the hashes above it are computed, so
// that nothing but the lie is wrong; damage is a change to the finished bytes,
// for which Make tells where everything lies.
package testkit
