package deflate

import (
	"errors"
	"io"
	"math"
	"slices"
)

const (
	firstTrial  = 16 << 10
	secondTrial = 192 << 10 // so that there is a boundary of pigz's chunks in it
	// trialAhead is what a trial reads beyond its end, so that the end makes no
	// difference.
	trialAhead = 4 << 10
	worstShare = 4 // corrections above a fourth of the stream are not worth anything
	flushCost  = 3
)

// ErrNoModel says that no model comes near a stream.
var ErrNoModel = errors.New("deflate: no model predicts the stream")

// Find looks for the model that predicts a stream with the least corrections. It tries
// the likely ones first, on the start and, of a stream of several parts, in the middle,
// and is content with the first that is right there. Without any that is worth it, it
// gives ErrNoModel; when Limits allow no more steps, the best so far. stream and content
// are as in PredictPart.
func Find(stream, content io.ReaderAt, s *Stream, h Hints, limits Limits) (Model, error) {
	f := finder{limits: limits, left: limits.withDefaults().Search}
	defer f.free()
	if err := f.sample(stream, content, s, 0); err != nil {
		return Model{}, err
	}
	if n := len(s.Parts); n > 1 {
		if err := f.sample(stream, content, s, n/2); err != nil {
			return Model{}, err
		}
	}
	return f.find(Candidates(h, &s.Traits))
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
	first, last := s.Window(i)
	window := make([]byte, min(last, from+secondTrial+trialAhead+Ahead)-first)
	if err := readAt(content, window, first); err != nil {
		return err
	}
	part, err := readSection(stream, &s.Layout, i, secondTrial+trialAhead, f.limits)
	if err != nil {
		return err
	}
	octet, end := s.Octets(i)
	f.samples = append(f.samples, sample{part, s.view(i, window), int(to - from), int(end - octet)})
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
	start := &f.samples[0]
	best := start.worst(firstTrial)
	for _, m := range models {
		if f.left < f.limits.withDefaults().Search/2 && len(trials) > 0 || f.left < 0 {
			break
		}
		t, exact, err := f.try(m, start, firstTrial, best)
		if err == nil && exact {
			// The first that is right is taken if it stays so.
			if t, exact, err = f.all(m, math.MaxInt); err == nil && exact {
				return m, nil
			}
			t.cost = min(t.cost, best)
		}
		if err != nil {
			if !givenUp(err) {
				return Model{}, err
			}
			continue
		}
		trials = append(trials, t)
		best = min(best, 2*t.cost+16)
	}
	slices.SortStableFunc(trials, byCost)
	found, best := trial{}, 0
	for i := range f.samples {
		best += f.samples[i].worst(secondTrial)
	}
	for _, t := range trials {
		if f.left < 0 && found.m != (Model{}) {
			break
		}
		t, _, err := f.all(t.m, best)
		if err == nil && (found.m == Model{} || t.cost < found.cost) {
			found, best = t, t.cost
		} else if err != nil && !givenUp(err) {
			return Model{}, err
		}
	}
	if found.m == (Model{}) {
		return Model{}, ErrNoModel
	}
	return found.m, nil
}

func givenUp(err error) bool { return err == errCostly || errors.Is(err, ErrEffort) }

// all tries a model on all samples.
func (f *finder) all(m Model, most int) (trial, bool, error) {
	sum, exact := trial{m, 0}, true
	for i := range f.samples {
		t, ok, err := f.try(m, &f.samples[i], secondTrial, min(most-sum.cost, f.samples[i].worst(secondTrial)))
		if err != nil {
			return sum, false, err
		}
		sum.cost += t.cost
		exact = exact && ok
	}
	return sum, exact, nil
}

// try gives the cost of a model for the first n octets of a sample, and whether
// nothing but flushes has to be corrected there. If it costs more than most, it fails.
func (f *finder) try(m Model, s *sample, n, most int) (trial, bool, error) {
	p, err := newPrediction(s.part, s.view, m, f.limits)
	if err != nil {
		return trial{}, false, err
	}
	defer p.pred.free()
	to := math.MaxInt
	if n < s.size {
		to = s.view.at + n
	}
	err = p.run(to, most)
	f.left -= trialSteps + int64(p.pos-p.at) + p.steps()
	cost := p.corr.cost()
	return trial{m, cost + flushCost*p.corr.flushes.at}, cost == 0, err
}
