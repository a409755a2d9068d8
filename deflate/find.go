package deflate

import (
	"errors"
	"io"
	"slices"
)

const (
	firstTrial  = 16 << 10
	secondTrial = 128 << 10
	worstShare  = 4 // corrections above a fourth of the stream are not worth anything
	fullTries   = 3
)

// ErrNoModel says that no model comes near a stream.
var ErrNoModel = errors.New("deflate: no model predicts the stream")

// find looks for the model that predicts a stream with the least corrections,
// and gives both. r has the stream that s was inflated from at its start. It
// is content with the first model that needs none. Without any that is worth
// it, it gives ErrNoModel.
func find(r io.ReaderAt, s *inflated, h Hints, limits Limits) (Model, []byte, error) {
	f := finder{r: r, s: s, limits: limits}
	type trial struct {
		m    Model
		cost int
	}
	var trials []trial
	n := len(s.content)
	best := f.worst(firstTrial)
	for _, m := range Candidates(h, &s.Traits) {
		cost, err := f.try(m, min(n, firstTrial), best)
		if err != nil {
			return Model{}, nil, err
		} else if cost < 0 {
			continue
		}
		if cost == 0 && f.full(m) {
			return f.done()
		}
		trials = append(trials, trial{m, cost})
		best = min(best, 2*cost+16)
	}
	slices.SortStableFunc(trials, func(a, b trial) int { return a.cost - b.cost })
	second := trials[:0]
	best = f.worst(secondTrial)
	for _, t := range trials {
		cost, err := f.try(t.m, min(n, secondTrial), best)
		if err != nil {
			return Model{}, nil, err
		} else if cost >= 0 {
			second = append(second, trial{t.m, cost})
			best = cost
		}
	}
	slices.SortStableFunc(second, func(a, b trial) int { return a.cost - b.cost })
	for i, t := range second {
		if i == fullTries || f.full(t.m) {
			break
		}
	}
	return f.done()
}

// A finder keeps the best result of a search.
type finder struct {
	r      io.ReaderAt
	s      *inflated
	limits Limits
	found  bool
	model  Model
	corr   []byte
	cost   int
	tried  []Model
	err    error
}

// worst is the cost above which a trial of n octets is given up.
func (f *finder) worst(n int) int {
	size := f.s.size
	if n < len(f.s.content) {
		size = size * int64(n) / int64(len(f.s.content))
	}
	return int(size)/worstShare + 16
}

// try gives the cost of a model for the first n octets of content, -1 if it is
// more than most.
func (f *finder) try(m Model, n, most int) (int, error) {
	p, err := newPrediction(io.NewSectionReader(f.r, 0, f.s.size), f.s, m, f.limits)
	if err != nil {
		return 0, err
	}
	switch err := p.run(n, most); {
	case errors.Is(err, ErrEffort), err == errCostly:
		return -1, nil
	case err != nil:
		return 0, err
	}
	return p.corr.cost(), nil
}

// full predicts the whole stream, and says whether there is nothing to correct.
func (f *finder) full(m Model) bool {
	if slices.Contains(f.tried, m) {
		return false
	}
	f.tried = append(f.tried, m)
	n := len(f.s.content)
	if n > secondTrial { // most of those that are wrong show it there
		if cost, err := f.try(m, secondTrial, f.most()); err != nil || cost < 0 {
			f.err = err
			return false
		}
	}
	p, err := newPrediction(io.NewSectionReader(f.r, 0, f.s.size), f.s, m, f.limits)
	if err == nil {
		err = p.run(n, f.most())
	}
	if err != nil {
		if err != errCostly && !errors.Is(err, ErrEffort) {
			f.err = err
		}
		return false
	}
	if cost := p.corr.cost() + 3*p.Flushes; !f.found || cost < f.cost {
		f.found, f.model, f.cost, f.corr = true, m, cost, p.corr.encode()
	}
	return f.cost == 3*p.Flushes
}

// most is the cost up to which a result is of interest.
func (f *finder) most() int {
	if f.found {
		return f.cost
	}
	return f.worst(len(f.s.content))
}

func (f *finder) done() (Model, []byte, error) {
	switch {
	case f.found:
		return f.model, f.corr, nil
	case f.err != nil:
		return Model{}, nil, f.err
	}
	return Model{}, nil, ErrNoModel
}
