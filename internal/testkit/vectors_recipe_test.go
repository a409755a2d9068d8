package testkit

import (
	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// okRecipes: content that is made.
func okRecipes() []vectorCase {
	zstd := opts(Options{Codec: codec.Zstd, Chunk: 1 << 15})
	other := Gzip("text")
	other.Name = "other.gz"
	copyOf := Raw("text")
	copyOf.Name = "copy"
	return []vectorCase{
		ok("recipe", "a file that is a DEFLATE stream, of GNU gzip's level 9, made from one block", Dir("", Raw("text")), opts(Options{Chunk: 1 << 12})),
		ok("recipe-gzip", "a gzip file: data blocks around a recipe, whose input is a list", Dir("", Gzip("text"))),
		ok("recipe-parts", "a recipe of several parts", Dir("", Gzip("large")), zstd),
		ok("recipe-run", "a recipe whose input is a run", Dir("", Zeros())),
		ok("recipe-empty", "a recipe without input: an empty stream", Dir("", File("empty", "\x03\x00").With(func(n *Node) { n.Streams = []Stream{{Len: 2, Model: deflate.ZlibModel(6)}} }))),
		ok("recipe-corrections", "a stream that no model predicts: a stored block, and corrections", Dir("", Nested(2))),
		ok("recipe-breaks", "a stream interrupted by octets that are not its own", Dir("", Broken())),
		ok("recipe-depth", "four recipes in one another, the limit", Dir("", Nested(4))),
		ok("recipes-shared", "equal streams are one recipe; a file of their content shares its blocks", Dir("", Gzip("text"), other, copyOf)),
	}
}

// badRecipes: recipes that cannot be followed, each wrong in one way.
func badRecipes() []vectorCase {
	text := withRoot(Dir("", Raw("text"), File("sound", string(Noise(1, 300)))))
	lie := func(f func(x *format.Recipe)) Hooks {
		return Hooks{Recipe: func(_ string, x *format.Recipe) { f(x) }}
	}
	params := func(f func(b []byte) []byte) Hooks {
		return lie(func(x *format.Recipe) { x.Params = f(x.Params) })
	}
	const model = 2 // where in the parameters of a short recipe without breaks
	return []vectorCase{
		bad("recipe-transform", "a recipe of a transform that version 1.0 lacks", ScopeData, lie(func(x *format.Recipe) { x.Transform = 9 }), text, unsupported),
		bad("recipe-model", "a DEFLATE recipe of a family that there is not", ScopeData, params(func(b []byte) []byte { b[model] = 99; return b }), text, unsupported),
		bad("recipe-model-version", "a DEFLATE recipe of a version of a family that there is not", ScopeData, params(func(b []byte) []byte { b[model+1]++; return b }), text, unsupported),
		bad("recipe-level", "a DEFLATE recipe of another level of the same encoder, without corrections", ScopeData, params(func(b []byte) []byte { b[model+2] = 1; return b }), text),
		bad("recipe-sum", "a recipe with a wrong check sum of what it makes", ScopeData, params(func(b []byte) []byte { return flip(b, len(b)-1) }), text),
		bad("recipe-params-cut", "parameters that lack their last octet", ScopeData, params(func(b []byte) []byte { return b[:len(b)-1] }), text),
		bad("recipe-params-longer", "an octet behind the parameters", ScopeData, params(func(b []byte) []byte { return append(b, 0) }), text),
		bad("recipe-length", "a recipe that says it makes one byte more, as the reference to it does", ScopeData, lie(func(x *format.Recipe) { x.Length++ }), text),
		bad("recipe-span", "a reference that spans one byte more than its recipe makes", ScopeData, leafLie(".", func(d *format.DirLeaf) {
			d.Entries[1].Ref.Span++
			d.Entries[1].Size++
		}), text),
		bad("recipe-input", "a recipe whose input is another block of the same length", ScopeData, lie(func(x *format.Recipe) {
			x.Input = format.Ref{Kind: format.RefRun, Span: x.Input.Span}
		}), func(c *vectorCase) {
			text(c)
			with(Options{Chunk: 1 << 12})(c)
		}),
		bad("recipe-input-span", "a recipe with a list of one byte less for its input", ScopeData, lie(func(x *format.Recipe) { x.Input.Span-- }), text),
		bad("recipe-input-limit", "a recipe with more input than it may have for what it makes", ScopeData, lie(func(x *format.Recipe) {
			x.Input = format.Ref{Kind: format.RefRun, Span: format.MaxRecipeFree + format.MaxRecipeRatio*x.Length + 1}
		}), text),
		bad("recipe-too-deep", "five recipes in one another", ScopeData, Hooks{}, withRoot(Dir("", Nested(5)))),
		bad("recipe-is-directory", "a reference of kind recipe to a directory", ScopeData, leafLie(".", func(d *format.DirLeaf) {
			d.Entries[0].Ref.Kind = format.RefRecipe
		}), withRoot(Dir("", File("list", string(Noise(1, 3000)))))),
	}
}
