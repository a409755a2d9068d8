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
	secondTrial = 192 << 10 // so that there is a boundary of pigz's chunks in it
	// trialAhead is what a trial reads beyond its end, so that the end makes no
	// difference.
	trialAhead = 4 << 10
	worstShare = 4 // corrections above a fourth of the stream are not worth anything
	flushCost  = 3
	// closeTrial is how much worse than half another one a first trial may be.
	closeTrial  = 16
	firstWeight = 8
	warmShare   = 256 // of worst: what a model that is not lazy may get wrong in a later sample
	firsts      = 16  // models that get a first trial without having been exact at a glance
	seconds     = 8   // models that are tried on all samples without having been exact on the first
)

// ErrNoModel says that no model comes near a stream.
var ErrNoModel = errors.New("deflate: no model predicts the stream")

// Find looks for the model that predicts a stream with the least corrections. It tries
// the likely ones first, at a glance, and those that do well there on more of the start
// and, of a stream of several parts, in the middle; it is content with the first that is
// right there. Without any that is worth it, it
// gives ErrNoModel; when Limits allow no more steps, the best so far. stream and content
// are as in PredictPart.
func Find(stream, content io.ReaderAt, s *Stream, h Hints, limits Limits) (Model, error) {
	f := finder{limits: limits}
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
	m, err := f.find(Candidates(h, &s.Traits))
	if len(s.Parts) > 1 && m.warms() {
		m.Version = 2 // which is slower, and differs only where a part begins
	}
	return m, err
}

// A finder tries models on samples of a stream.
type finder struct {
	samples []sample
	limits  Limits
	left    int64 // steps
}

// A sample is the start of a part.
type sample struct {
	part  *section
	view  view
	size  int // of the part's content
	costs int // of the part of the stream, in octets
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
	f.samples = append(f.samples, sample{part, s.view(i, Model{}, window), int(to - from), int(end - octet)})
	return nil
}

func (f *finder) free() {
	for _, s := range f.samples {
		s.part.free()
	}
}

// worst is the cost above which a trial of n octets is given up.
func (s *sample) worst(n int) int {
	return int(int64(s.costs)*int64(min(n, s.size))/int64(max(s.size, 1)))/worstShare + 16
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
		cost, exact, err := f.all(m, most)
		if err == nil && cost < most {
			best = trial{m, cost}
		}
		return exact, err
	}
	var glances []trial
	most := f.samples[0].worst(firstTrial)
	first := func(m Model) (exact bool, err error) {
		cost, exact, err := f.try(m, &f.samples[0], firstTrial, most)
		switch {
		case err != nil:
			return false, err
		case exact:
			// The first that is right is taken if it stays so.
			exact, err = all(m)
			most = min(most, closeTrial)
			return exact && err == nil, err
		}
		trials = append(trials, trial{m, cost})
		most = min(most, 2*cost+closeTrial)
		return false, nil
	}
	for _, m := range models {
		if f.left < 0 {
			break
		}
		cost, exact, err := f.try(m, &f.samples[0], glance, f.samples[0].worst(glance))
		if err == nil && exact {
			if len(f.samples) == 1 && f.samples[0].size <= glance {
				return m, nil // that was all
			}
			if exact, err = first(m); exact {
				return m, nil
			}
		} else if err == nil {
			glances = append(glances, trial{m, cost})
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

func givenUp(err error) bool { return err == errCostly || errors.Is(err, ErrEffort) }

// all gives the cost of a model for all samples, and whether it is right. The first
// sample counts most: at the start of another, models that are not lazy are not quite
// in the state of the encoder.
func (f *finder) all(m Model, most int) (cost int, exact bool, err error) {
	exact = true
	for i := range f.samples {
		s := &f.samples[i]
		weight, worst := 1, s.worst(secondTrial)
		if i == 0 {
			weight = firstWeight
		}
		n, ok, err := f.try(m, s, secondTrial, min((most-cost)/weight, worst))
		if err != nil {
			return 0, false, err
		}
		cost += n * weight
		exact = exact && (ok || i > 0 && m.Level < 4 && n <= worst/warmShare)
	}
	return cost, exact, nil
}

// try gives the cost of a model for the first n octets of a sample, and whether
// nothing but flushes has to be corrected there. If it costs more than most, it fails.
func (f *finder) try(m Model, s *sample, n, most int) (cost int, exact bool, err error) {
	p, err := newPrediction(s.part, s.view, m, f.limits)
	if err != nil {
		return 0, false, err
	}
	defer p.pred.free()
	to := math.MaxInt
	if n < s.size {
		to = s.view.at + n
	}
	err = p.run(to, most)
	f.left -= trialSteps + int64(p.pos-p.at) + p.steps()
	cost = p.corr.cost()
	return cost + flushCost*p.corr.flushes.at, cost == 0, err
}
