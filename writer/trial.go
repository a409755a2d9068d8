package writer

import (
	"context"
	"io"
)

// Estimates err: contents that share a frame share its statistics, and samples are
// not all. Where that could make the archive larger, and it takes no longer than
// what was done so far, it is written on trial, without recipes and with them, and
// its size counts.

const (
	// trialFree and trialRatio bound the data blocks of the two archives that are
	// written on trial: so much, and so many times what was proved.
	trialFree, trialRatio = 32 << 20, 2
	// trialSlow is trialFree above slowLevel.
	trialSlow = 8 << 20
	// sureShare and sureOctets say when no trial is needed: if recipes would still
	// save something if they took sureShare times what they seem to, and so many
	// octets more.
	sureShare, sureOctets = 1.5, 16 << 10
	// trials bounds how often it is decided anew.
	trials = 4
)

// settle puts recipes in the place of streams in use.
func (x *chooser) settle(ctx context.Context) error {
	without := int64(-1)
	for range trials {
		if !x.any() {
			return nil
		}
		doubtful := x.doubtful()
		if doubtful && without < 0 && x.c.dataSize()+x.contentSize() <= x.trialLimit() {
			var err error
			if without, err = x.c.trial(ctx); err != nil {
				return err
			}
		}
		x.markDense(true)
		undo, err := x.c.swap(ctx, x)
		if err != nil || without < 0 {
			return err
		}
		with, err := x.c.trial(ctx)
		if err != nil || with < 0 || with <= x.mayTake(without) {
			return err
		}
		undo()
		x.markDense(false)
		x.correct(float64(with - without))
		x.choose()
	}
	for _, s := range x.streams {
		if s.use {
			s.use, s.reason = false, reasonGain
		}
	}
	return nil
}

func (x *chooser) any() bool {
	for _, s := range x.streams {
		if s.use {
			return true
		}
	}
	return false
}

// mayTake is what an archive may take that takes so much without recipes.
func (x *chooser) mayTake(without int64) int64 {
	if x.c.o.Recipes == RecipesAlways {
		return without + without*alwaysLoss/100 + alwaysOctets
	}
	return without
}

// sum adds up the estimates for the streams in use, and what of them is content.
func (x *chooser) sum() (plain, recipe, content float64) {
	for _, s := range x.streams {
		if s.use && (s.at.parent == nil || !s.at.parent.use) {
			plain, recipe, content = plain+s.plain, recipe+s.recipe, content+s.content
		}
	}
	return plain, recipe, content
}

// doubtful says whether recipes may, all in all, take more than they save.
func (x *chooser) doubtful() bool {
	plain, recipe, _ := x.sum()
	return plain < sureShare*recipe+sureOctets
}

// correct makes estimates of contents so much larger that they give what a trial
// has shown the archive to lose.
func (x *chooser) correct(loss float64) {
	plain, recipe, content := x.sum()
	f := 1 + max(loss+plain-recipe, 0)/max(content, 1)
	for _, s := range x.streams {
		s.ratio, s.alone = s.ratio*f, s.alone*f
	}
}

// trialLimit is how much it may take to write an archive twice.
func (x *chooser) trialLimit() int64 {
	if x.c.o.Level > slowLevel {
		return trialSlow
	}
	proved := int64(0)
	for _, s := range x.streams {
		if s.params != nil {
			proved += s.survey.ContentSize
		}
	}
	return trialFree + trialRatio*proved
}

// contentSize is no less than what is in the blocks of the contents in use.
func (x *chooser) contentSize() (n int64) {
	for _, s := range x.streams {
		if s.use {
			n += s.survey.ContentSize
		}
	}
	return n
}

// dataSize is what the data blocks of files have.
func (c *creation) dataSize() (n int64) {
	for _, id := range orderBlocks(c.tree, c.table, c.o.Order) {
		n += int64(c.table.at(id).length)
	}
	return n
}

// trial tells how large the archive would be if it were written now. It is
// negative if files have changed.
func (c *creation) trial(ctx context.Context) (int64, error) {
	o := *c.o
	o.OnPhase = func(_ Phase, bytes, files int64) { c.o.phase(PhaseRecipes, bytes, files) }
	o.OnProgress = func(_ Phase, bytes, files int64) { c.o.progress(PhaseRecipes, bytes, files) }
	t := &creation{o: &o, base: c.base, past: c.past, scan: c.scan, tree: c.tree, table: c.table, source: c.source, out: &countingWriter{w: io.Discard}}
	t.frames = &frameWriter{o: &o, w: t.out, table: c.table, src: c.source}
	t.meta = newMetaTree(c.tree, c.table, o.Hash)
	next, err := t.version(ctx, c.base.blocks())
	for _, r := range t.runs {
		for _, id := range r.data {
			c.table.at(id).num = 0
		}
	}
	if err != nil {
		return 0, err
	}
	if len(t.frames.absent) > 0 {
		return -1, nil
	}
	err = t.finish(next)
	return t.out.off, err
}
