package writer

import (
	"bytes"
	"context"
	"path"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/vtdarchive/vtd/format/codec"
)

// How contents of streams would shrink is estimated from samples: of each stream
// alone, and of streams whose contents have names of one kind together, since
// they will share frames. So is how their own octets would.

const (
	sampleMin, sampleMax = 256 << 10, 2 << 20
	sampleShare          = 4       // of a content, one part in so many
	groupSample          = 4 << 20 // of the contents of one kind
	allSamples           = 16 << 20
	slowLevel            = 12       // above it a fourth of that
	sampleLevel          = 7        // for a stream alone, at most
	denseOctets          = 64 << 10 // of a stream's own octets
)

// estimate sets the ratio of all streams.
func (x *chooser) estimate(ctx context.Context) error {
	samples := make([][]byte, len(x.streams))
	g, ctx := errgroup.WithContext(ctx)
	next := make(chan int)
	g.Go(func() error {
		defer close(next)
		for i := range x.streams {
			select {
			case next <- i:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	kept := x.keepSamples()
	for range x.c.o.Threads {
		g.Go(func() error { return x.estimateSome(ctx, next, kept, samples) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return x.together(samples)
}

// estimateSome sets the ratios of streams alone, and keeps samples of some.
func (x *chooser) estimateSome(ctx context.Context, next <-chan int, kept []bool, samples [][]byte) error {
	z, err := codec.NewEncoder(codec.Params{Level: min(x.c.o.Level, sampleLevel), Long: x.c.o.Long})
	if err != nil {
		return err
	}
	r := x.c.source.reader()
	defer r.close()
	var buf, out []byte
	for i := range next {
		s := x.streams[i]
		if buf, err = s.sample(ctx, r, buf[:0]); err != nil {
			return err
		}
		if kept[i] {
			samples[i] = bytes.Clone(buf)
		}
		s.ratio, out = shrinks(z, buf, out)
		if buf, err = x.c.denseSample(ctx, s, buf); err != nil {
			return err
		}
		s.dense, out = shrinks(z, buf, out)
	}
	return nil
}

// shrinks tells by which ratio a sample shrinks.
func shrinks(z *codec.Encoder, sample, buf []byte) (ratio float64, out []byte) {
	if len(sample) == 0 {
		return 1, buf
	}
	_, out = z.Encode(buf[:0], sample)
	return min(float64(len(out))/float64(len(sample)), 1), out
}

// denseSample reads some of a stream's own octets: from its middle, since what
// shrinks once more was made by storing, or of a content that repeats itself. What
// cannot be read is left out.
func (c *creation) denseSample(ctx context.Context, s *packedStream, b []byte) ([]byte, error) {
	p := prover{c, ctx}
	container, done, err := p.container(s)
	if err != nil {
		return b[:0], ctx.Err()
	}
	defer done()
	n := min(s.length, denseOctets)
	b = slices.Grow(b[:0], int(n))[:n]
	if _, err := container.ReadAt(b, s.at.off+(s.length-n)/2); err != nil {
		return b[:0], ctx.Err()
	}
	return b, nil
}

// kindOf tells streams apart whose contents do not resemble each other.
func (s *packedStream) kindOf() string { return s.kind.String() + path.Ext(s.name) }

// keepSamples chooses the streams whose samples are compressed together: no two
// with a block in common.
func (x *chooser) keepSamples() []bool {
	kept := make([]bool, len(x.streams))
	have := make([]bool, len(x.uses))
	group := map[string]int64{}
	all, left := int64(groupSample), int64(allSamples)
	if x.c.o.Level > slowLevel {
		all, left = all/4, left/4
	}
	for i, s := range x.streams {
		n := s.sampleSize()
		k := s.kindOf()
		common := false
		eachData(s.pieces, func(id uint32) { common = common || have[id] })
		if common || group[k]+n > all || left < n {
			continue
		}
		eachData(s.pieces, func(id uint32) { have[id] = true })
		kept[i] = true
		group[k] += n
		left -= n
	}
	return kept
}

// together corrects the ratios of each kind by what its samples shrink to when
// they are compressed as the archive will be.
func (x *chooser) together(samples [][]byte) error {
	type group struct {
		raw   []byte
		alone float64
	}
	groups := map[string]*group{}
	for i, s := range x.streams {
		if len(samples[i]) == 0 {
			continue
		}
		k := s.kindOf()
		if groups[k] == nil {
			groups[k] = &group{}
		}
		groups[k].raw = append(groups[k].raw, samples[i]...)
		groups[k].alone += s.ratio * float64(len(samples[i]))
	}
	z, err := codec.NewEncoder(codec.Params{Level: x.c.o.Level, Long: x.c.o.Long})
	if err != nil {
		return err
	}
	factor := map[string]float64{}
	for k, g := range groups {
		_, out := z.Encode(nil, g.raw)
		factor[k] = min(max(float64(len(out))/g.alone, 0.1), 1)
	}
	for _, s := range x.streams {
		s.alone = s.ratio
		if f, ok := factor[s.kindOf()]; ok {
			s.ratio *= f
		}
	}
	return nil
}

func (s *packedStream) sampleSize() int64 {
	return min(max(s.survey.ContentSize/sampleShare, sampleMin), sampleMax)
}

// sample reads some of the content that is not packed once more: whole blocks
// from two places. Of blocks that cannot be read there is nothing.
func (s *packedStream) sample(ctx context.Context, r *blockReader, b []byte) ([]byte, error) {
	var free []piece
	eachSpan(s.pieces, s.inner, func(p piece, n uint64, idle *packedStream) {
		if p.kind == pieceBlock && n == p.span && idle == nil {
			free = append(free, p)
		}
	})
	size := int(s.sampleSize())
	total := 0
	for _, p := range free {
		total += int(p.span)
	}
	if total > size {
		// The beginning of a tar is not like the rest of it, nor is the end.
		free = slices.Concat(piecesFrom(free, total/4, size/2), piecesFrom(free, total/8*5, size/2))
	}
	for _, p := range free {
		var err error
		if b, _, err = r.append(ctx, b, p.id); err != nil {
			return b, err
		}
		if len(b) >= size {
			return b[:size], nil
		}
	}
	return b, nil
}

// piecesFrom gives the pieces that hold n octets behind the first skip.
func piecesFrom(pieces []piece, skip, n int) []piece {
	i := 0
	for ; i < len(pieces) && skip >= int(pieces[i].span); i++ {
		skip -= int(pieces[i].span)
	}
	k := i
	for ; k < len(pieces) && n > 0; k++ {
		n -= int(pieces[k].span)
	}
	return pieces[i:k]
}
