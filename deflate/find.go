package deflate

import (
	"errors"
	"io"
	"math"
	"slices"
)

const (
	glance      = 2 << 10 // what is tried of all models, before more of those that do best
	firstTrial  = 16 << 10
	secondTrial = 192 << 10
	// trialAhead is what a trial reads beyond its end, so that the end makes no
	// difference.
	trialAhead = 4 << 10
	worstShare = 4 // Share of Hints
	flushCost  = 3
	// closeTrial is how much worse than half another one a first trial may be.
	closeTrial  = 16
	firstWeight = 8
	warmShare   = 256 // of worst: what a model that is not lazy may get wrong in a later sample
	firsts      = 16  // models that get a first trial without having been exact at a glance
	seconds     = 8   // models that are tried on all samples without having been exact on the first
	// A trial takes so many steps at most, and one on all samples the same for each; beyond
	// that it counts by what it has seen.
	glanceSteps = 256 << 10
	sampleSteps = 1 << 20
)

// ErrNoModel says that no model comes near a stream.
var ErrNoModel = errors.New("deflate: no model predicts the stream")

// Find looks for the model that predicts a stream with the least corrections. It tries
// the likely ones first, at a glance, and those that do well there on more of the start
// and, of a stream of several parts, in the middle; it is content with the first that is
// right there. What it looks at is bounded by steps rather than by octets: where searching
// takes long, as at high levels, it predicts only pieces of the content, the end among them, and
// whether blocks end where the model ends them. So the model that it gives is nearly always the right one, which
// PredictPart shows. Without any that is worth it, it
// gives ErrNoModel; when Limits allow no more steps, the best so far. stream and content
// are as in PredictPart.
func Find(stream, content io.ReaderAt, s *Stream, h Hints, limits Limits) (Model, error) {
	f := finder{limits: limits, share: h.Share, cut: map[Model]int{}}
	if f.share <= 0 {
		f.share = worstShare
	}
	f.left = min(limits.withDefaults().Search, leastSearch+searchOctet*min(s.ContentSize, 1<<30))
	defer f.free()
	if err := f.sample(stream, content, s, 0); err != nil {
		return Model{}, err
	}
	if n := len(s.Parts); n > 1 {
		if err := f.sample(stream, content, s, n/2); err != nil {
			return Model{}, err
		}
	}
	m, err := f.find(f.samples[0].chunked(Candidates(h, &s.Traits)))
	if len(s.Parts) > 1 && m.warms() {
		m.Version = 2 // which is slower, and differs only where a part begins
	}
	return m, err
}

// A finder tries models on samples of a stream.
type finder struct {
	samples []sample
	limits  Limits
	share   int
	left    int64 // steps
	cut     map[Model]int
}

// sample reads the start of part i.
func (f *finder) sample(stream, content io.ReaderAt, s *Stream, i int) error {
	from, to := s.Content(i)
	first, last := s.Window(i, Model{})
	window := make([]byte, min(last, from+secondTrial+trialAhead+Ahead)-first)
	if err := readAt(content, window, first); err != nil {
		return err
	}
	part, err := readSection(stream, &s.Layout, i, secondTrial+trialAhead, f.limits)
	if err != nil {
		return err
	}
	octet, end := s.Octets(i)
	f.samples = append(f.samples, sample{part, s.view(i, Model{}, window), int(to - from), int(end - octet), f.share})
	return nil
}

func (f *finder) free() {
	for _, s := range f.samples {
		s.part.free()
	}
}

// A trial is what came out for a model; cost is about the octets of corrections.
type trial struct {
	m    Model
	cost int
}

func byCost(a, b trial) int { return a.cost - b.cost }

// find tries models in their order.
func (f *finder) find(models []Model) (Model, error) {
	var trials []trial
	var best trial // of those tried on all samples
	all := func(m Model) (exact bool, err error) {
		most := math.MaxInt
		if best.m != (Model{}) {
			most = best.cost
		}
		cost, exact, err := f.all(m, math.MaxInt, most)
		if err == nil && cost < most {
			best = trial{m, cost}
		}
		return exact, err
	}
	var glances []trial
	most := f.samples[0].worst(firstTrial)
	first := func(m Model) (exact bool, err error) {
		t, err := f.try(m, &f.samples[0], firstTrial, sampleSteps, most)
		switch {
		case err != nil:
			return false, err
		case t.exact:
			exact, err = all(m)
			most = min(most, closeTrial)
			return exact && err == nil, err
		}
		trials = append(trials, trial{m, t.cost})
		most = min(most, 2*t.cost+closeTrial)
		return false, nil
	}
	for _, m := range models {
		if f.left < 0 {
			break
		}
		likely, err := f.glance(m, &glances)
		if err == nil && likely {
			// The first that is right is taken.
			cost, exact, err := f.all(m, 0, math.MaxInt)
			switch {
			case exact && err == nil:
				return m, nil
			case err == nil && (best.m == (Model{}) || cost < best.cost):
				best = trial{m, cost}
			case err == errCostly:
				glances = append(glances, trial{m, 0}) // it was right at first
			case err != nil && !givenUp(err):
				return Model{}, err
			}
			continue
		}
		if err != nil && !givenUp(err) {
			return Model{}, err
		}
	}
	slices.SortStableFunc(glances, byCost)
	for i, t := range glances {
		if i == firsts || f.left < 0 {
			break
		}
		exact, err := first(t.m)
		if exact {
			return t.m, nil
		}
		if err != nil && !givenUp(err) {
			return Model{}, err
		}
	}
	slices.SortStableFunc(trials, byCost)
	for i, t := range trials {
		if i == seconds || best.m != (Model{}) && (f.left < 0 || t.cost > most) {
			break
		}
		if _, err := all(t.m); err != nil && !givenUp(err) {
			return Model{}, err
		}
	}
	if best.m == (Model{}) {
		return Model{}, ErrNoModel
	}
	return best.m, nil
}

// glance says whether a model may be right, as far as can be said soon. Others go to those
// that may come near.
func (f *finder) glance(m Model, others *[]trial) (likely bool, err error) {
	if m.Family == Klauspost && m.Level >= 7 {
		return true, nil // it cannot predict a little
	}
	s := &f.samples[0]
	t, err := f.try(m, s, glance, glanceSteps, s.worst(glance))
	if err == nil && t.exact {
		t.cost, err = f.ends(m, s)
		t.exact = t.cost == 0
	}
	if err == nil && !t.exact {
		*others = append(*others, trial{m, t.cost})
	}
	return t.exact, err
}

func givenUp(err error) bool { return err == errCostly || errors.Is(err, ErrEffort) }

// all gives the cost of a model for all samples, and whether it is right. The first
// sample counts most: at the start of another, models that are not lazy are not quite
// in the state of the encoder. That one may cost only so much, and all of them.
func (f *finder) all(m Model, mostFirst, most int) (cost int, exact bool, err error) {
	exact = true
	for i := range f.samples {
		s := &f.samples[i]
		weight, worst := 1, s.worst(secondTrial)
		if i == 0 {
			weight, worst = firstWeight, min(worst, mostFirst)
		} else if exact && m.Family == Klauspost {
			break // what it does not know at the start says nothing
		}
		steps := int64(sampleSteps)
		if !s.knows(m) {
			steps *= 4 // for nothing is known of what is not tried
		}
		t, err := f.try(m, s, secondTrial, steps, min((most-cost)/weight, worst))
		if err != nil {
			return 0, false, err
		}
		if t.exact && t.cut {
			if t.cost, err = f.spread(m, s); err != nil {
				return 0, false, err
			}
			t.exact = t.cost == 0
		}
		cost += t.cost * weight
		exact = exact && (t.exact || i > 0 && m.Level < 4 && t.cost <= worst/warmShare)
	}
	return cost, exact, nil
}

// A result is what a trial gave.
type result struct {
	cost  int
	exact bool // nothing but flushes had to be corrected
	cut   bool // it ended before all was seen that should be
}

// try gives the cost of a model for the first n octets of a sample. If it costs more than
// most, it fails.
func (f *finder) try(m Model, s *sample, n int, steps int64, most int) (r result, err error) {
	p, err := newPrediction(s.part, s.view, m, f.limits)
	if err != nil {
		return result{}, err
	}
	defer p.pred.free()
	to := math.MaxInt
	if n < s.size {
		to = s.view.at + n
	}
	p.maxSteps = p.steps() + steps
	err = p.run(to, most)
	seen := p.pos - p.at
	f.left -= trialSteps + int64(seen) + p.steps()
	cost := p.corr.cost()
	r = result{cost + flushCost*p.corr.flushes.at, cost == 0, err == errSteps}
	if r.cut {
		r.cost, err = int(int64(r.cost)*int64(min(n, s.size))/int64(max(seen, 1))), nil
	}
	return r, err
}
