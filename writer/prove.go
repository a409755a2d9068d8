package writer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/packed"
	"github.com/vtdarchive/vtd/recipe"
)

// The streams that are to be recipes are read once more, to find out how they
// were made, and to make them. A recipe counts only if what it makes is, octet for
// octet, what was read the first time.

const (
	// pilots is how many streams of a group are searched for before it is asked
	// whether that is of use: not if more than half of them need, besides their
	// content, one part in longShare of themselves. Then the others are searched for
	// in a sixteenth of the steps that package deflate would take.
	pilots, longShare         = 16, 16
	scantSteps, scantPerOctet = 128 << 10, 64
)

// proof is how a stream is made.
type proof struct {
	params []byte
	model  string
	id     uint32 // of the recipe + 1; 0: none yet
	search int64  // steps of searching for the model, at most; 0: as many as usual
}

// extra is what the recipe takes beyond what every one does.
func (p *proof) extra() float64 { return float64(len(p.params)) }

// prover makes recipes of streams.
type prover struct {
	c   *creation
	ctx context.Context
}

// prove makes the recipes of the streams in use, innermost ones first: where these
// have none, or a longer one than was thought, those around them may not pay.
func (x *chooser) prove(ctx context.Context) error {
	var todo []*packedStream
	total, heights := int64(0), 0
	for _, s := range x.streams {
		if s.use {
			todo = append(todo, s)
			total += s.survey.ContentSize
			heights = max(heights, s.height)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	x.c.o.phase(PhaseRecipes, total, -1)
	for h := 1; h <= heights; h++ {
		if err := x.c.prove(ctx, slices.DeleteFunc(slices.Clone(todo), func(s *packedStream) bool { return s.height != h })); err != nil {
			return err
		}
		x.choose()
	}
	return nil
}

// prove makes the recipes of streams that are in use. Those for which there is
// none are in use no longer.
func (c *creation) prove(ctx context.Context, streams []*packedStream) error {
	var small, large []*packedStream
	for _, s := range streams {
		switch {
		case !s.use: // by now
			c.o.progress(PhaseRecipes, s.survey.ContentSize, 0)
		case len(s.survey.Parts) > 1:
			large = append(large, s)
		default:
			small = append(small, s)
		}
	}
	first, groups := c.groupStreams(small)
	// Streams of one part beside each other; of others the parts.
	if err := c.proveSome(ctx, first, c.o.Threads, 1); err != nil {
		return err
	}
	var others []*packedStream
	for _, g := range groups {
		if hopeless(g[:pilots]) {
			for _, s := range g[pilots:] {
				s.search = scantSteps + scantPerOctet*s.survey.ContentSize
			}
		}
		others = append(others, g[pilots:]...)
	}
	if err := c.proveSome(ctx, others, c.o.Threads, 1); err != nil {
		return err
	}
	return c.proveSome(ctx, large, min(2, c.o.Threads), c.o.Threads)
}

// groupStreams gives the streams that come first, and the groups of which there are
// more. Those of a group are likely to be of one encoder: they are of one kind, and
// lie in one content, or in files of one directory.
func (c *creation) groupStreams(streams []*packedStream) (first []*packedStream, groups [][]*packedStream) {
	type key struct {
		kind   packed.Kind
		parent *packedStream
		dir    uint32
	}
	index := map[key]int{}
	var all [][]*packedStream
	for _, s := range streams {
		k := key{s.kind, s.at.parent, 0}
		if s.at.parent == nil {
			k.dir = c.tree.node(s.at.file).parent
		}
		i, ok := index[k]
		if !ok {
			i = len(all)
			index[k] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], s)
	}
	for _, g := range all {
		first = append(first, g[:min(len(g), pilots)]...)
		if len(g) > pilots {
			groups = append(groups, g)
		}
	}
	return first, groups
}

// hopeless says whether for most of some streams there is no recipe, or a long one.
func hopeless(streams []*packedStream) bool {
	bad := 0
	for _, s := range streams {
		if s.params == nil || int64(len(s.params)) > s.length/longShare {
			bad++
		}
	}
	return 2*bad > len(streams)
}

// proveSome makes recipes of streams, several at once, and of each several parts.
func (c *creation) proveSome(ctx context.Context, streams []*packedStream, streamsAtOnce, partsAtOnce int) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(streamsAtOnce)
	for _, s := range streams {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			p := prover{c, gctx}
			return p.stream(s, partsAtOnce)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// stream makes the recipe of one stream. Only cancelling is an error.
func (p *prover) stream(s *packedStream, atOnce int) error {
	container, done, err := p.container(s)
	if err == nil {
		defer done()
		err = p.make(s, container, atOnce)
	}
	if ctxErr := p.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	if err == nil {
		return nil
	}
	s.use, s.params = false, nil
	switch {
	case errors.Is(err, deflate.ErrNoModel), errors.Is(err, errLong):
		s.reason = reasonModel
	case errors.Is(err, deflate.ErrEffort):
		s.reason = reasonEffort
	case errors.Is(err, errDiffers):
		s.reason = reasonProof
	case errors.Is(err, errChanged), errors.Is(err, deflate.ErrInvalid), errors.Is(err, errLost):
		s.reason = reasonChanged
	default:
		s.reason = reasonProof
	}
	return nil
}

var (
	errLong    = errors.New("the recipe is too long")
	errDiffers = errors.New("the recipe makes other octets")
	errLost    = errors.New("a block cannot be read")
)

// container opens what the stream lies in.
func (p *prover) container(s *packedStream) (_ io.ReaderAt, done func(), err error) {
	if s.at.parent != nil {
		r := p.c.source.content(p.ctx, s.at.parent.pieces)
		return r, r.close, nil
	}
	if p.c.source.dirs == nil { // what was given to Build is in blocks only
		r := p.c.source.content(p.ctx, p.c.tree.pieces(p.c.tree.node(s.at.file)))
		return r, r.close, nil
	}
	fd, err := p.c.source.dirs.open(s.at.file)
	if err != nil {
		return nil, nil, errLost
	}
	return fdReader{p.ctx, fd, nil}, func() { unix.Close(fd) }, nil
}

func (p *prover) make(s *packedStream, container io.ReaderAt, atOnce int) error {
	content := p.c.source.content(p.ctx, s.pieces)
	defer content.close()
	octets := s.reader(container)
	limits := unpackLimits
	limits.Search = s.search
	model, err := deflate.Find(octets, content, s.survey, s.hints, limits)
	if err != nil {
		return err
	}
	r, err := p.predict(s, octets, content, model, atOnce)
	if err != nil {
		return err
	}
	d := recipe.Deflate{Stream: r}
	for _, b := range s.breaks {
		d.Breaks = append(d.Breaks, recipe.Break{At: b.At, Octets: b.Bytes})
	}
	if n, err := d.SetSums(io.NewSectionReader(container, s.at.off, s.length)); err != nil {
		return err
	} else if n != s.length {
		return errChanged
	}
	made, params, err := s.parse(&d)
	if err != nil {
		return err
	}
	if err := p.proved(s, made, container, content, atOnce); err != nil {
		return err
	}
	s.params, s.model = params, r.Model.String()
	return nil
}

// nearShare is the share of a stream, as 1 in so many, that corrections may take for
// the sake of rebuilding in little more than half the time.
const nearShare = 1000

// predict follows an encoder through a stream. It takes the version of the model that
// sees less where that has few corrections.
func (p *prover) predict(s *packedStream, octets, content io.ReaderAt, model deflate.Model, atOnce int) (*deflate.Recipe, error) {
	first, hasNear := model.Near()
	with := func(m deflate.Model) (*deflate.Recipe, error) {
		r := &deflate.Recipe{Layout: s.survey.Layout, Model: m, Corrections: make([][]byte, len(s.survey.Parts))}
		return r, p.parts(len(r.Parts), atOnce, func(i int) (err error) {
			r.Corrections[i], err = deflate.PredictPart(octets, content, s.survey, i, m, recipe.PartLimits(&r.Layout, i))
			if m == first {
				from, to := r.Content(i)
				p.c.o.progress(PhaseRecipes, (to-from)/2, 0)
			}
			return err
		})
	}
	r, err := with(first)
	if !hasNear || err == nil && int64(len(slices.Concat(r.Corrections...))) <= s.length/nearShare {
		return r, err
	}
	return with(model)
}

// parse encodes a recipe, and reads it as a reader would.
func (s *packedStream) parse(d *recipe.Deflate) (*recipe.Recipe, []byte, error) {
	params, err := d.Encode()
	if err != nil {
		return nil, nil, err
	}
	if len(params) > format.MaxRecipeParams || int64(len(params)) >= s.length {
		return nil, nil, errLong
	}
	x := format.Recipe{
		Transform: format.TransformDeflate, Params: params, Length: uint64(s.length),
		Input: format.Ref{Kind: format.RefRun, Span: uint64(s.survey.ContentSize)},
	}
	y, err := format.ParseRecipe(x.AppendTo(nil, format.Canonical, 0), format.Canonical, 0)
	if err != nil {
		return nil, nil, err
	}
	r, err := recipe.Parse(y)
	return r, params, err
}

// proved makes all parts and compares them with what was read at first.
func (p *prover) proved(s *packedStream, made *recipe.Recipe, container, content io.ReaderAt, atOnce int) error {
	h := p.c.o.Hash.New()
	outs := make([][]byte, atOnce)
	for from := 0; from < made.Parts(); from += atOnce {
		n := min(atOnce, made.Parts()-from)
		err := p.parts(n, atOnce, func(k int) error {
			part := made.Part(from + k)
			input, err := readAt(content, part.From, part.To-part.From)
			if err != nil {
				return err
			}
			out, err := made.Make(outs[k][:0], from+k, input)
			if err != nil {
				return err
			}
			outs[k] = out
			want, err := readAt(container, s.at.off+part.Offset, part.Length)
			if err == nil && !bytes.Equal(out, want) {
				err = errDiffers
			}
			lo, hi := s.survey.Content(from + k)
			p.c.o.progress(PhaseRecipes, hi-lo-(hi-lo)/2, 0)
			return err
		})
		if err != nil {
			return err
		}
		for _, out := range outs[:n] {
			h.Write(out)
		}
	}
	if h.Sum() != s.sum {
		return errChanged
	}
	return nil
}

// parts does something for each part, several at once.
func (p *prover) parts(n, atOnce int, do func(i int) error) error {
	if n == 1 || atOnce == 1 {
		for i := range n {
			if err := p.ctx.Err(); err != nil {
				return err
			}
			if err := do(i); err != nil {
				return err
			}
		}
		return nil
	}
	g, ctx := errgroup.WithContext(p.ctx)
	g.SetLimit(atOnce)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error { return do(i) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return p.ctx.Err()
}

func readAt(r io.ReaderAt, off, n int64) ([]byte, error) {
	b := make([]byte, n)
	k, err := r.ReadAt(b, off)
	if int64(k) == n {
		return b, nil
	}
	if err == nil || err == io.EOF {
		err = errChanged
	}
	return nil, err
}
