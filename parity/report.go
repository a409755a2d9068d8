package parity

import (
	"cmp"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// Report is what a Survey has found.
type Report struct {
	Size int64 `json:"size"` // of the file as it is
	// Restored is the size that it should have.
	Restored  int64    `json:"restored_size"`
	Sets      []Set    `json:"sets"`
	Uncovered []Range  `json:"not_covered"` // nothing is known of these bytes
	Damage    []Damage `json:"damage"`      // in the order of the file
	More      uint64   `json:"more"`        // stretches of damage that are not listed
	Damaged   int64    `json:"damaged_bytes"`
	// Lost are those of them that cannot be made again or, where sets protect
	// parts of the same, of which that is not certain.
	Lost int64 `json:"lost_bytes"`
	// Unproved counts bytes of which nothing tells whether they are right,
	// because all parity of their rows is gone. New parity is made of them.
	Unproved int64 `json:"unproved_bytes"`
	// Shifted are stretches that lie elsewhere than they should, because bytes
	// before them were inserted or are missing.
	Shifted []Shift `json:"shifted"`
}

// Range is a stretch of the file.
type Range struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// Damage is a stretch of the file that is not what it was.
type Damage struct {
	Range
	What      string `json:"what"` // header, data, parity, trailer
	Repairing bool   `json:"repairable"`
}

// Shift says that bytes that belong at an offset lie By bytes behind it.
type Shift struct {
	Range
	By int64 `json:"by"`
}

// Set describes a set.
type Set struct {
	Begin      int64   `json:"begin"`
	End        int64   `json:"end"` // of what it protects
	SegmentEnd int64   `json:"segment_end"`
	Share      float64 `json:"share"` // of Begin to SegmentEnd: how much may be lost
	Reach      int64   `json:"reach"` // the same in bytes
	Data       int     `json:"data_shards"`
	Parity     int     `json:"parity_shards"`
	Rows       uint32  `json:"rows"`
	Cell       uint32  `json:"cell"`
}

// Describe gives what can be said of a set without looking at its bytes.
func Describe(s *format.ParitySet) Set {
	return Set{
		s.Begin, s.End(), s.SegmentEnd(), float64(ShareOf(s)) / whole, s.Reach(), s.Data, s.Parity, s.Rows, s.Cell,
	}
}

// Whole reports whether nothing has to be repaired.
func (r *Report) Whole() bool { return r.Damaged == 0 && len(r.Shifted) == 0 }

// maxListed bounds the stretches of damage that are listed.
const maxListed = 10_000

// Report gives what was found.
func (y *Survey) Report() *Report { return &y.rep }

func (y *Survey) report() {
	r := &y.rep
	*r = Report{Size: y.v.size, Restored: y.size, Sets: []Set{}, Damage: []Damage{}, Shifted: []Shift{}}
	for _, s := range slices.Backward(y.sets) {
		r.Sets = append(r.Sets, Describe(&s.ParitySet))
	}
	r.Uncovered = Uncovered(r.Sets, y.size)
	for _, s := range slices.Backward(y.sets) {
		if s.done && !s.inner {
			y.reportSet(s)
		}
	}
	for _, x := range y.runs() {
		if x.shift == 0 {
			continue
		}
		if len(r.Shifted) < maxListed {
			r.Shifted = append(r.Shifted, Shift{Range{x.from, x.to - x.from}, x.shift})
		}
	}
	slices.SortStableFunc(r.Damage, func(a, b Damage) int { return cmp.Compare(a.Offset, b.Offset) })
}

func (y *Survey) reportSet(s *surveyed) {
	if _, ok := y.v.header(); s.Begin == 0 && !ok && s.loc[0] == 0 {
		// Nothing but what the code does not see is wrong.
		y.damage(Damage{Range{0, format.HeaderFixedSize}, "header", true})
	}
	for i, at := range s.loc {
		if s.blind[i%int(s.Rows)] && i < s.Data*int(s.Rows) && at >= 0 {
			from, to := s.extent(i)
			y.rep.Unproved += to - from
		}
		if at >= 0 {
			continue
		}
		what := "data"
		if i >= s.Data*int(s.Rows) {
			what = "parity"
		}
		from, to := s.extent(i)
		can := at == helped || s.can(uint32(i%int(s.Rows)))
		y.damage(Damage{Range{from, to - from}, what, can})
	}
	if s.tail == nowhere {
		y.damage(Damage{Range{s.IndexAt(), format.ParityTailSize}, "trailer", true})
	}
}

// damage notes a stretch; one that goes on from the last is joined to it.
func (y *Survey) damage(d Damage) {
	r := &y.rep
	r.Damaged += d.Length
	if !d.Repairing {
		r.Lost += d.Length
	}
	if n := len(r.Damage); n > 0 {
		last := &r.Damage[n-1]
		if last.What == d.What && last.Repairing == d.Repairing && last.Offset+last.Length == d.Offset {
			last.Length += d.Length
			return
		}
	}
	if len(r.Damage) == maxListed {
		r.More++
		return
	}
	r.Damage = append(r.Damage, d)
}

// Uncovered gives the stretches of a file that are in no set.
func Uncovered(sets []Set, size int64) []Range {
	sets = slices.Clone(sets)
	slices.SortFunc(sets, func(a, b Set) int { return cmp.Compare(a.Begin, b.Begin) })
	out, at := []Range{}, int64(0)
	for _, s := range sets {
		if s.Begin > at {
			out = append(out, Range{at, s.Begin - at})
		}
		at = max(at, s.SegmentEnd)
	}
	if at < size {
		out = append(out, Range{at, size - at})
	}
	return out
}
