package testkit

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/recipe"
)

// modelStreams has one content, or its start, as the streams of many encoders, by
// their names, and in folders other content; testdata/models.py made it.
//
//go:embed testdata/models.zip
var modelStreams []byte

var modelFamilies = map[string]func(level int) deflate.Model{
	"zlib": deflate.ZlibModel, "gzip": deflate.GzipModel, "pigz": deflate.PigzModel, "chromium": deflate.ChromiumModel, "go": deflate.GoModel,
	"klauspost": deflate.KlauspostModel,
}

// modelNamed gives the model of the encoder that a name says: a family, a level, and
// what is unusual.
func modelNamed(name string) deflate.Model {
	words := strings.SplitN(name, "-", 3)
	m := modelFamilies[words[0]](int(words[1][0] - '0'))
	m.Version = 1
	for rest := strings.Join(words[2:], ""); rest != ""; {
		word, value, _ := strings.Cut(rest, "-")
		var number uint8
		switch word {
		case "window", "memory", "version":
			value, rest, _ = strings.Cut(value, "-")
			fmt.Sscan(value, &number)
			*map[string]*uint8{"window": &m.Window, "memory": &m.Memory, "version": &m.Version}[word] = number
			continue
		}
		m.Strategy = map[string]deflate.Strategy{
			"filtered": deflate.Filtered, "huffman-only": deflate.HuffmanOnly, "rle": deflate.RLE, "fixed": deflate.Fixed, "rsyncable": deflate.Rsyncable,
		}[rest]
		rest = ""
	}
	return m
}

// modelled gives the streams whose names begin so: of a family's encoders, or in a
// folder.
func modelled(begin string) (nodes []*Node) {
	r, err := zip.NewReader(bytes.NewReader(modelStreams), int64(len(modelStreams)))
	if err != nil {
		panic(err)
	}
	for _, f := range r.File {
		if !strings.HasPrefix(f.Name, begin) {
			continue
		}
		in, err := f.Open()
		if err != nil {
			panic(err)
		}
		b, err := io.ReadAll(in)
		if err != nil {
			panic(err)
		}
		folder, encoder := path.Split(f.Name)
		_, kind, _ := strings.Cut(folder, "/")
		nodes = append(nodes, File(strings.ReplaceAll(kind, "/", "-")+encoder+".deflate", string(b)).With(func(n *Node) {
			n.Streams = []Stream{{Len: len(b), Model: modelNamed(encoder)}}
		}))
	}
	return nodes
}

// TestModels: the streams of the vectors are those that their models stand for. Of
// flushes only the places have to be recorded; a part of levels 7 and 8 does not know all
// that was before it, and where content repeats as much as here, tokens before a part are
// not quite those predicted.
func TestModels(t *testing.T) {
	tests := []struct {
		begin          string // of the names
		streams, parts int
		least, most    int // octets of corrections
	}{
		{"zlib-", 15, 1, 0, 0},
		{"gzip-", 6, 1, 0, 0},
		{"pigz-", 4, 1, 0, 0},
		{"chromium-", 4, 1, 0, 0},
		{"go-", 7, 1, 0, 0},
		{"klauspost-", 20, 1, 0, 0},
		{"mixed/", 6, 1, 0, 0},
		{"ends/", 40, 1, 0, 0},
		{"flushed/", 10, 1, 48, 48},
		{"parts/", 6, 2, 5, 140},
		{"far/", 6, 2, 0, 360},
	}
	n := 0
	for _, test := range tests {
		nodes := modelled(test.begin)
		n += len(nodes)
		if len(nodes) != test.streams {
			t.Errorf("%s: %d streams", test.begin, len(nodes))
		}
		for _, node := range nodes {
			m := node.Streams[0].Model
			if got, want := strings.ReplaceAll(m.String(), " ", "-")+".deflate", node.Name; !strings.HasSuffix(want, got) {
				t.Errorf("the model of %s is %s", want, got)
			}
			d, _, err := Deflate([]byte(node.Data), nil, m)
			if err != nil {
				t.Errorf("%s: %v", node.Name, err)
				continue
			}
			octets := len(slices.Concat(d.Stream.Corrections...))
			if parts := len(d.Stream.Corrections); parts < test.parts || octets < test.least || octets > test.most {
				t.Errorf("%s: %s has %d octets of corrections in %d parts", test.begin, node.Name, octets, parts)
			}
		}
	}
	r, err := zip.NewReader(bytes.NewReader(modelStreams), int64(len(modelStreams)))
	if err != nil || len(r.File) != n {
		t.Errorf("%d of %d streams: %v", n, len(r.File), err)
	}
}

// okRecipes: content that is made.
func okRecipes() []vectorCase {
	zstd := opts(Options{Codec: codec.Zstd, Chunk: 1 << 15})
	other := Gzip("text")
	other.Name = "other.gz"
	copyOf := Raw("text")
	copyOf.Name = "copy"
	raw := inflated("text")
	return []vectorCase{
		ok("recipe", "a file that is a DEFLATE stream, of GNU gzip's level 9, made from one block", Dir("", Raw("text")), opts(Options{Chunk: 1 << 12})),
		ok("recipe-gzip", "a gzip file: data blocks around a recipe, whose input is a list", Dir("", Gzip("text"))),
		ok("recipe-parts", "a recipe of several parts", Dir("", Gzip("large")), zstd),
		ok("recipe-search", "a recipe that takes most of the steps that it may", Dir("", Gzip("search"))),
		ok("recipe-run", "a recipe whose input is a run", Dir("", Zeros())),
		ok("recipe-empty", "a recipe without input: an empty stream", Dir("", File("empty", "\x03\x00").With(func(n *Node) { n.Streams = []Stream{{Len: 2, Model: deflate.ZlibModel(6)}} }))),
		ok("recipe-corrections", "a stream that no model predicts: a stored block, and corrections", Dir("", Nested(2))),
		ok("recipe-breaks", "a stream interrupted by octets that are not its own", Dir("", Broken())),
		ok("recipe-depth", "four recipes in one another, the limit", Dir("", Nested(4))),
		ok("recipe-zlib", "streams of zlib: levels, windows, memory and strategies; all have one content, or its start", Dir("", modelled("zlib-")...), zstd),
		ok("recipe-gzip-levels", "streams of GNU gzip", Dir("", modelled("gzip-")...), zstd),
		ok("recipe-pigz", "streams of pigz", Dir("", modelled("pigz-")...), zstd),
		ok("recipe-chromium", "streams of zlib as in Chromium and Node.js", Dir("", modelled("chromium-")...), zstd),
		ok("recipe-go", "streams of Go's compress/flate", Dir("", modelled("go-")...), zstd),
		ok("recipe-klauspost", "streams of flate of github.com/klauspost/compress, releases 1.17.11 and 1.20.3", Dir("", modelled("klauspost-")...), zstd),
		ok("recipe-klauspost-mixed", "the same, of content that codes of blocks do not fit throughout", Dir("", modelled("mixed/")...), zstd),
		ok("recipe-klauspost-ends", "the same, of two chunks: the second is of many kinds", Dir("", modelled("ends/")...), zstd),
		ok("recipe-klauspost-flushed", "the same, flushed here and there: corrections have the places", Dir("", modelled("flushed/")...), zstd),
		ok("recipe-klauspost-parts", "the same, in parts", Dir("", modelled("parts/")...), zstd),
		ok("recipe-parts-far", "streams of levels 1 to 3 in parts, of models that know what was before", Dir("", modelled("far/")...), zstd),
		ok("recipe-delta", "files that are deltas of the text beside them: copies forwards and backwards, with and without literals; and one of a run", Dir("", raw, Changed("all", string(raw.Data), recipe.Delta{
			Copies: []recipe.Copy{{From: 0, Length: len(raw.Data)}},
		}), Changed("changed", string(raw.Data), recipe.Delta{
			Copies: []recipe.Copy{{Literals: 4, From: 500, Length: 700}, {From: 100, Length: 50}, {Literals: 2, From: 151, Length: 2000}, {From: 0, Length: 1}}, Literals: []byte("new in it at the end"),
		}), Changed("run", strings.Repeat("\x00", 5000), recipe.Delta{
			Copies: []recipe.Copy{{Literals: 1, From: 4000, Length: 1000}}, Literals: []byte("x"),
		})), opts(Options{Chunk: 1 << 12})),
		ok("recipes-shared", "equal streams are one recipe; a file of their content shares its blocks", Dir("", Gzip("text"), other, copyOf)),
	}
}

// inflated is the content of a sample's stream.
func inflated(sample string) *Node {
	n := Raw(sample)
	_, content, err := Deflate([]byte(n.Data), nil, n.Streams[0].Model)
	if err != nil {
		panic(err)
	}
	return File(sample, string(content))
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
	// Where in the parameters of a short recipe without breaks.
	const model, size, parts = 2, 8, 10
	// parted makes it of two parts, the first of so much content and so many bits.
	parted := func(content, bits uint64) Hooks {
		return params(func(b []byte) []byte {
			part := binary.AppendUvarint(binary.AppendUvarint([]byte{1}, content), bits)
			if bits%8 != 0 {
				part = append(part, 0)
			}
			part = append(part, 0) // of corrections
			b = slices.Concat(b[:parts], part, b[parts+1:], make([]byte, 4))
			b[1] += byte(len(part) - 1)
			return b
		})
	}
	delta := withRoot(Dir("", Changed("changed", string(inflated("text").Data), recipe.Delta{
		Copies: []recipe.Copy{{Literals: 4, From: 10, Length: 60}, {Literals: 2, From: 20, Length: 50}}, Literals: []byte("new in it"),
	}), File("sound", string(Noise(1, 300)))))
	// Where in the parameters of this delta.
	const copies, run, length, place = 0, 1, 3, 5
	octet := func(at int, v byte) Hooks {
		return params(func(b []byte) []byte { b = bytes.Clone(b); b[at] = v; return b })
	}
	return []vectorCase{
		bad("delta-none", "a delta of literals alone", ScopeData, params(func(b []byte) []byte {
			lits := []byte("nothing is copied")
			return binary.LittleEndian.AppendUint32(append([]byte{0}, lits...), recipe.Sum(lits))
		}), delta),
		bad("delta-copies", "a delta of more copies than it describes", ScopeData, octet(copies, 200), delta),
		bad("delta-runs", "literals before a copy that are more than there are", ScopeData, octet(run, 99), delta),
		bad("delta-copy-empty", "a copy of nothing", ScopeData, octet(length, 0), delta),
		bad("delta-copy-before", "a copy that begins before the input", ScopeData, octet(place, 1), delta),
		bad("delta-copy-behind", "a copy that ends behind the input", ScopeData, params(func(b []byte) []byte {
			return slices.Concat(b[:place], []byte{0xfe, 0xff, 0x03}, b[place+1:])
		}), delta),
		bad("delta-lengths", "copies and literals that make an octet less than the recipe says", ScopeData, octet(length, 59), delta),
		bad("delta-sum", "a delta with a wrong check sum of what it makes", ScopeData, params(func(b []byte) []byte { return flip(b, len(b)-1) }), delta),
		bad("delta-cut", "a delta whose parameters end in its check sum", ScopeData, params(func(b []byte) []byte { return b[:3] }), delta),
		bad("delta-large", "a delta that makes more than deltas do", ScopeData, lie(func(x *format.Recipe) { x.Length = format.MaxDelta + 1 }), delta),
		bad("recipe-transform", "a recipe of a transform that version 1.0 lacks", ScopeData, lie(func(x *format.Recipe) { x.Transform = 9 }), text, unsupported),
		bad("recipe-model", "a DEFLATE recipe of a family that there is not", ScopeData, params(func(b []byte) []byte { b[model] = 99; return b }), text, unsupported),
		bad("recipe-model-version", "a DEFLATE recipe of a version of a family that there is not", ScopeData, params(func(b []byte) []byte { b[model+1]++; return b }), text, unsupported),
		bad("recipe-level", "a DEFLATE recipe of another level of the same encoder, without corrections", ScopeData, params(func(b []byte) []byte { b[model+2] = 1; return b }), text),
		bad("recipe-window", "a DEFLATE recipe with a window of 2^16", ScopeData, params(func(b []byte) []byte { b[model+3] = 16; return b }), text, unsupported),
		bad("recipe-memory", "a DEFLATE recipe with a memory that its family does not have", ScopeData, params(func(b []byte) []byte { b[model+4] = 1; return b }), text, unsupported),
		bad("recipe-strategy", "a DEFLATE recipe with a strategy that its family does not have", ScopeData, params(func(b []byte) []byte { b[model+5] = byte(deflate.RLE); return b }), text, unsupported),
		bad("recipe-stream-size", "a DEFLATE recipe of a stream that is said to have an octet less", ScopeData, params(func(b []byte) []byte { b[size]--; return b }), text),
		bad("recipe-stream-size-encoding", "a size that is written with an octet too many", ScopeData, params(func(b []byte) []byte {
			b = bytes.Clone(b)
			b[1]++
			b[size+1] |= 0x80
			return slices.Insert(b, size+2, 0)
		}), text),
		bad("recipe-parts-count", "a DEFLATE recipe of two parts that describes one", ScopeData, params(func(b []byte) []byte { b[parts] = 1; return b }), text),
		bad("recipe-part-none", "a second part that begins where the first does", ScopeData, parted(0, 0), text),
		bad("recipe-part-small", "two parts that could be one", ScopeData, parted(1000, 4000), text),
		bad("recipe-steps", "a recipe that takes more steps than a part may", ScopeData, Hooks{}, withRoot(Dir("", Gzip("steps")))),
		bad("recipe-part-content", "a part of more content than parts have", ScopeData, parted(deflate.MaxPart+1, 4000), text),
		bad("recipe-part-bits", "a part of more of the stream than there is", ScopeData, parted(1000, 1<<24), text),
		bad("recipe-correction", "corrections that correct nothing there is", ScopeData, params(func(b []byte) []byte {
			b[1] += 2
			return slices.Insert(bytes.Clone(b), parts+1, 0x02, 0x7f)
		}), text),
		bad("recipe-break-empty", "a break without octets", ScopeData, params(func(b []byte) []byte { return append([]byte{1, 5, 0}, b[1:]...) }), text),
		bad("recipe-break-first", "a break before the first octet of the stream", ScopeData, params(func(b []byte) []byte { return append([]byte{1, 0, 1, 'x'}, b[1:]...) }), text),
		bad("recipe-break-behind", "a break behind the stream", ScopeData, params(func(b []byte) []byte { return append([]byte{1, 0xff, 0x7f, 1, 'x'}, b[1:]...) }), text),
		bad("recipe-break-long", "a break of more octets than breaks have", ScopeData, params(func(b []byte) []byte {
			return slices.Concat([]byte{1, 5, recipe.MaxBreak + 1}, make([]byte, recipe.MaxBreak+1), b[1:])
		}), text),
		bad("recipe-breaks-limit", "more breaks than a stream has", ScopeData, params(func(b []byte) []byte {
			return append(binary.AppendUvarint(nil, recipe.MaxBreaks+1), b[1:]...)
		}), text),
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
