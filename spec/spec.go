// Package spec holds the specification of the .vtd format and what goes with
// it, for programs and tests that want them at hand. It imports nothing of
// the project.
//
//	vtd.md        the specification
//	deflate.md    the transform of recipes
//	registry.md   every number it assigns
//	rationale.md  why things are as they are
//	chunks.json   golden cut points of the rolling cut
//	vectors/      small archives with one success or one defect each; see
//	              vectors/README.md
//	compat/       archives of earlier versions, which every later build reads
package spec

import "embed"

// FS holds the documents, chunks.json and the directories vectors and compat.
//
//go:embed *.md chunks.json vectors compat
var FS embed.FS
