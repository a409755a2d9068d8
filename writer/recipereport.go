package writer

import (
	"maps"
	"slices"
)

// RecipeReport says what was done about DEFLATE streams. A stream counts once,
// wherever it occurs.
type RecipeReport struct {
	Streams int64 // that were found, and inflated
	Octets  int64 // that they have
	Models  []ModelReport
	Plain   []PlainReport
	Saved   int64 // octets of the archive, by the estimate that decided
}

// ModelReport is about the recipes of one model.
type ModelReport struct {
	Model   string
	Streams int64
	Octets  int64 // of the streams
	Content int64 // octets of their contents
	New     int64 // octets of the contents that are in nothing else before
	Params  int64 // octets of corrections and check sums
}

// PlainReport is about streams that are stored as they are.
type PlainReport struct {
	Why     string
	Streams int64
	Octets  int64 // 0 where it is not known
}

// whys words reasons, each as what is said of streams.
var whys = [reasons]string{
	reasonInvalid: "damaged, or none",
	reasonLimit:   "too large when inflated",
	reasonGain:    "would save too little",
	reasonModel:   "made by no known program",
	reasonEffort:  "too slow to make again",
	reasonChanged: "changed",
	reasonProof:   "not made right",
}

// recipeReport sums up what was decided.
func (x *chooser) recipeReport() (r RecipeReport) {
	models := map[string]*ModelReport{}
	var plain [reasons]PlainReport
	for why, n := range x.c.scan.streams.refused {
		plain[why].Streams = n
		r.Streams += n
	}
	seen := slices.Clone(x.plain)
	for _, s := range x.streams {
		if !s.seen && s.reason == reasonNone {
			continue // in the content of one that is stored as it is
		}
		r.Streams++
		r.Octets += s.length
		if !s.use {
			plain[s.reason].Streams++
			plain[s.reason].Octets += s.length
			continue
		}
		m := models[s.model]
		if m == nil {
			m = &ModelReport{Model: s.model}
			models[s.model] = m
		}
		m.Streams++
		m.Octets += s.length
		m.Content += s.survey.ContentSize
		m.Params += int64(len(s.params))
		eachSpan(s.pieces, s.inner, func(p piece, free uint64, _ *packedStream) {
			if p.kind == pieceBlock && (free < p.span || !seen[p.id]) {
				m.New += int64(free)
				seen[p.id] = seen[p.id] || free == p.span
			}
		})
		if s.at.parent == nil || !s.at.parent.use {
			r.Saved += int64(s.plain - s.recipe)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(models)) {
		r.Models = append(r.Models, *models[k])
	}
	for why, p := range plain {
		if p.Streams > 0 {
			p.Why = whys[why]
			r.Plain = append(r.Plain, p)
		}
	}
	return r
}
