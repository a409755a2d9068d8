package remote

import (
	"cmp"
	"slices"
	"sort"

	"github.com/vtdarchive/vtd/reader"
)

// run is pages that one request fetches: from first to before end.
type run struct{ first, end int64 }

const (
	// maxRun bounds a request of what is going to be read.
	maxRun = 16 << 20
	// maxGrown bounds one of what seems to be read in order.
	maxGrown = 4 << 20
	// maxGap is how much that nobody asked for is fetched rather than asking twice.
	maxGap = 2 * pageSize
	// runsAhead is how many requests are under way besides one whose pages are read.
	runsAhead = 2
)

// plan makes requests of ranges.
func plan(ranges []reader.Range, size int64) []run {
	var all []run
	for _, r := range ranges {
		lo, hi := max(r.Off, 0), min(r.Off+r.Len, size)
		if lo < hi {
			all = append(all, run{lo / pageSize, (hi + pageSize - 1) / pageSize})
		}
	}
	slices.SortFunc(all, func(a, b run) int { return cmp.Compare(a.first, b.first) })
	var merged []run
	for _, r := range all {
		if n := len(merged); n > 0 && r.first-merged[n-1].end <= maxGap/pageSize {
			merged[n-1].end = max(merged[n-1].end, r.end)
		} else {
			merged = append(merged, r)
		}
	}
	var out []run
	for _, r := range merged {
		for ; r.end-r.first > maxRun/pageSize; r.first += maxRun / pageSize {
			out = append(out, run{r.first, r.first + maxRun/pageSize})
		}
		out = append(out, r)
	}
	return out
}

// planned finds the run that a page is in, or -1.
func planned(runs []run, page int64) int {
	i := sort.Search(len(runs), func(i int) bool { return runs[i].end > page })
	if i < len(runs) && runs[i].first <= page {
		return i
	}
	return -1
}
