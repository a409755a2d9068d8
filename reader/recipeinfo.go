package reader

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/recipe"
)

// RecipeFigures say what the recipes of an archive make, in all its snapshots,
// and what that saved.
type RecipeFigures struct {
	Models []RecipeModel // by what they make, the most first
	// Direct is the bytes that recipes make which files name: each recipe once,
	// and not those that only the inputs of others need. Stored is about how much
	// of the archive is there for recipes alone: of data, metadata and index.
	Direct, Stored uint64
	// Damaged is how many blocks of metadata could not be read; what they say is
	// not in the figures.
	Damaged uint64
}

// RecipeModel sums up the recipes of one model.
type RecipeModel struct {
	Model   string // as [ModelOf] names it
	Recipes uint64 // distinct ones
	Bytes   uint64 // that they make
	Content uint64 // bytes of their inputs
	Params  uint64 // bytes of their parameters
}

// Sum adds up the models.
func (f *RecipeFigures) Sum() (s RecipeModel) {
	for i := range f.Models {
		s.add(&f.Models[i])
	}
	return s
}

// Saved is Direct less Stored. It is negative where recipes take more, and says
// little with Damaged.
func (f *RecipeFigures) Saved() int64 { return int64(f.Direct) - int64(f.Stored) }

func (m *RecipeModel) add(x *RecipeModel) {
	m.Recipes += x.Recipes
	m.Bytes = boundedSum(m.Bytes, x.Bytes)
	m.Content = boundedSum(m.Content, x.Content)
	m.Params = boundedSum(m.Params, x.Params)
}

// boundedSum adds what may be lies: sums stay below format.MaxSpan.
func boundedSum(a, b uint64) uint64 {
	return min(min(a, format.MaxSpan)+min(b, format.MaxSpan), format.MaxSpan)
}

// ModelOf names the model of a recipe, also where this program cannot use it.
func ModelOf(x *format.Recipe) string {
	made, lack := recipe.Parse(x)
	return modelName(x, made, lack)
}

func modelName(x *format.Recipe, made *recipe.Recipe, lack error) string {
	switch {
	case lack == nil:
		return made.Model()
	case x.Transform == format.TransformDelta:
		return "delta"
	case x.Transform != format.TransformDeflate:
		return fmt.Sprintf("transform %d", x.Transform)
	case errors.Is(lack, format.ErrUnsupported):
		return "unknown"
	}
	return "damaged"
}

// RecipeModel gives the recipe that a piece of kind recipe names, and its model,
// also where this program cannot use it.
func (f *File) RecipeModel(ref *format.Ref) (*format.Recipe, string, error) {
	n, err := f.a.metaNode(ref.Num, "recipe")
	if err == nil && (n.lack == nil || n.recipe.Length != ref.Span) {
		n, err = f.a.recipe(ref)
	}
	if err != nil {
		return nil, "", f.wrap(err)
	}
	return n.recipe, modelName(n.recipe, n.made, n.lack), nil
}

// Input opens what a recipe in the file makes bytes from, with a name that
// scanners may go by.
func (f *File) Input(x *format.Recipe) (*File, error) {
	in, err := f.input(x)
	if err != nil {
		return nil, f.wrap(err)
	}
	in.e.Name = strings.TrimSuffix(f.e.Name, path.Ext(f.e.Name))
	in.name = f.name + ": " + in.name
	if f.depth == 0 && f.a.opts.Name != "" {
		in.name = f.a.opts.Name + ": " + in.name
	}
	return in, nil
}

// RecipeInfo finds all recipes and what is there for them. It reads all
// metadata, twice or more if there are recipes, and the heads of data frames;
// it reads no content. Of metadata without recipes it looks at the types of
// blocks only; what figures are made from is checked against its hash. It takes
// two octets for each block, and a frame. Damage to metadata is counted, other
// damage is an error.
func (a *Archive) RecipeInfo(ctx context.Context) (*RecipeFigures, error) {
	s := recipeSurvey{a: a, ctx: ctx, blocks: make([]usedBlock, a.Blocks()), models: map[string]*RecipeModel{}}
	if err := s.run(); err != nil {
		return nil, a.named(err)
	}
	for _, m := range s.models {
		s.figures.Models = append(s.figures.Models, *m)
	}
	slices.SortFunc(s.figures.Models, func(a, b RecipeModel) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Model, b.Model))
	})
	return &s.figures, nil
}

// usedBlock is what is known of a block.
type usedBlock struct {
	marks uint8
	ratio uint8 // of the first input that it was found in; see ratioOf
}

// Marks of a block.
const (
	markPlain    uint8 = 1 << iota // a file names it, or a list that one names
	markInput                      // the input of a recipe does
	handedPlain                    // it was given on that it is plain,
	handedInput                    // or part of an input
	markLeaf                       // it is a directory leaf,
	markIndirect                   // a list of references,
	markRecipe                     // a recipe
	markBad                        // it cannot be read
)

// markPasses bounds how often metadata is gone over. Numbers ascend from a list
// to what it names unless another snapshot or place had that first; each pass
// goes at least one level down.
const markPasses = format.MaxNodeLevel + 1

// recipeSurvey finds which blocks are there for recipes alone: leaves mark what
// their files name, recipes mark their inputs, and lists give both on.
type recipeSurvey struct {
	a       *Archive
	ctx     context.Context
	blocks  []usedBlock
	models  map[string]*RecipeModel
	figures RecipeFigures
	changed bool // there are marks to be given on

	stored, raw []byte // of the frame that is looked at
}

func (s *recipeSurvey) run() error {
	if err := s.eachBlock(s.isWanted(0), s.typed); err != nil || len(s.models) == 0 {
		return err
	}
	wanted := s.isWanted(markLeaf | markIndirect)
	for range markPasses {
		s.changed = false
		if err := s.eachBlock(wanted, s.give); err != nil {
			return err
		}
		if !s.changed {
			break
		}
		wanted = s.isPending
	}
	return s.weigh()
}

// isWanted tells of blocks of some types, or of all.
func (s *recipeSurvey) isWanted(types uint8) func(num uint64) bool {
	return func(num uint64) bool { return types == 0 || s.blocks[num].marks&types != 0 }
}

// isPending tells of lists with marks that were not given on.
func (s *recipeSurvey) isPending(num uint64) bool {
	m := s.blocks[num].marks
	return m&markIndirect != 0 && m&(markPlain|markInput)&^(m>>2) != 0
}

// eachBlock visits the blocks of metadata that are wanted and can be read.
func (s *recipeSurvey) eachBlock(wanted func(num uint64) bool, do func(num uint64, b []byte) error) error {
	for row, err := range s.a.Frames() {
		if err != nil {
			return err
		}
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if row.Kind != format.FrameMetadata || !s.any(&row, wanted) {
			continue
		}
		head, err := s.a.readHead(&row)
		if err == nil {
			err = s.decode(&row)
		}
		if err != nil {
			if classOf(err) == nil {
				return err
			}
			for i := range row.Count {
				s.damage(row.First + uint64(i))
			}
			continue
		}
		raw := s.raw
		for i, n := range head.Lengths {
			b := raw[:n:n]
			raw = raw[n:]
			num := row.First + uint64(i)
			if n == 0 || s.blocks[num].marks&markBad != 0 || !wanted(num) {
				continue
			}
			if err := do(num, b); classOf(err) != nil {
				s.damage(num)
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *recipeSurvey) any(row *format.IndexFrame, wanted func(num uint64) bool) bool {
	for num := row.First; num < row.First+uint64(row.Count); num++ {
		if wanted(num) {
			return true
		}
	}
	return false
}

func (s *recipeSurvey) decode(row *format.IndexFrame) error {
	s.stored = slices.Grow(s.stored[:0], int(row.Stored))[:row.Stored]
	if err := s.a.readStored(s.stored, row); err != nil {
		return err
	}
	var err error
	if s.raw, err = codec.Decode(s.raw[:0], row.Codec, s.stored, int(row.RawLen)); err != nil {
		return codecError(err, row.Offset)
	}
	return nil
}

// damage counts a block that cannot be read, once.
func (s *recipeSurvey) damage(num uint64) {
	if s.blocks[num].marks&markBad == 0 {
		s.blocks[num].marks |= markBad
		s.figures.Damaged++
	}
}

// typed notes the type of a block, and counts a recipe.
func (s *recipeSurvey) typed(num uint64, b []byte) error {
	switch format.BlockType(b[0]) {
	case format.BlockDirLeaf:
		s.blocks[num].marks |= markLeaf
	case format.BlockIndirect:
		s.blocks[num].marks |= markIndirect
	case format.BlockRecipe:
		n, err := s.a.parseNode(b, num, "recipe")
		if err != nil {
			return err
		}
		s.blocks[num].marks |= markRecipe
		x := n.recipe
		name := modelName(x, n.made, n.lack)
		m := s.models[name]
		if m == nil {
			m = &RecipeModel{Model: name}
			s.models[name] = m
		}
		m.add(&RecipeModel{Recipes: 1, Bytes: x.Length, Content: x.Input.Span, Params: uint64(len(x.Params))})
		s.mark(&x.Input, usedBlock{markInput, ratioOf(x)})
	}
	return nil
}

// give marks what a leaf or a list names.
func (s *recipeSurvey) give(num uint64, b []byte) error {
	if s.blocks[num].marks&markIndirect != 0 && !s.isPending(num) {
		return nil // nothing names it yet
	}
	n, err := s.a.parseNode(b, num, "block")
	if err != nil {
		return err
	}
	switch {
	case n.leaf != nil:
		for i := range n.leaf.Entries {
			if x := &n.leaf.Entries[i]; x.Kind == format.KindFile {
				s.mark(&x.Ref, usedBlock{marks: markPlain})
			}
		}
	case n.indirect != nil:
		u := s.blocks[num]
		u.marks &= markPlain | markInput
		s.blocks[num].marks |= u.marks << 2
		for i := range n.indirect.Refs {
			s.mark(&n.indirect.Refs[i], u)
		}
	}
	return nil
}

// mark notes by what a block is named.
func (s *recipeSurvey) mark(ref *format.Ref, by usedBlock) {
	if ref.Kind == format.RefLiteral || ref.Kind == format.RefRun || ref.Num >= uint64(len(s.blocks)) {
		return
	}
	b := &s.blocks[ref.Num]
	fresh := by.marks &^ b.marks
	b.marks |= fresh
	if fresh&markInput != 0 {
		b.ratio = by.ratio
	}
	switch {
	case ref.Kind == format.RefIndirect && fresh != 0:
		s.changed = true
	case ref.Kind == format.RefRecipe && fresh&markPlain != 0 && b.marks&markRecipe != 0:
		s.figures.Direct = boundedSum(s.figures.Direct, ref.Span)
	}
}

// ratioOf is how much longer the input of a recipe is than what is made of it:
// eight times the binary logarithm, and 0 if it is shorter.
func ratioOf(x *format.Recipe) uint8 {
	return uint8(min(max(math.Round(8*math.Log2(float64(x.Input.Span)/float64(x.Length))), 0), 255))
}

// forRecipes tells whether a block is there for recipes alone.
func (s *recipeSurvey) forRecipes(num uint64) bool {
	m := s.blocks[num].marks
	return m&markRecipe != 0 || m&(markPlain|markInput) == markInput
}

// weigh sums up what the blocks take that are there for recipes alone: what
// takes of their frames, and a hash each in the index.
func (s *recipeSurvey) weigh() error {
	sum := 0.0
	for row, err := range s.a.Frames() {
		if err != nil {
			return err
		}
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if !s.any(&row, s.forRecipes) {
			continue
		}
		head, err := s.a.readHead(&row)
		if err != nil && classOf(err) == nil {
			return err
		}
		blocks, length, packed := 0, 0.0, 0.0
		for i := range uint64(row.Count) {
			num := row.First + i
			if !s.forRecipes(num) {
				continue
			}
			n := float64(row.RawLen) / float64(row.Count) // where lengths are not known
			if err == nil {
				n = float64(head.Lengths[i])
			}
			blocks++
			length += n
			packed += n * math.Exp2(-float64(s.blocks[num].ratio)/8)
		}
		sum += takes(&row, length, packed) + float64(blocks)*format.HashSize
	}
	s.figures.Stored = uint64(sum)
	return nil
}

// takes estimates how much of a frame is there for some of its blocks, which
// have a length. In metadata it is their share. Inputs of recipes mostly shrink
// much more, or much less, than what lies beside them: they take what they did as
// streams, packed, but neither more than the frame, nor so little that the others
// would have grown.
func takes(row *format.IndexFrame, length, packed float64) float64 {
	all, raw := float64(frameEnd(row)-row.Offset), float64(row.RawLen)
	if row.Kind == format.FrameMetadata {
		return all * length / max(raw, 1)
	}
	return min(max(packed, all-(raw-length)), all)
}
