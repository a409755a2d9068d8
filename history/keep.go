package history

import (
	"fmt"
	"time"
)

// Keep says which states of a history to keep: of the last ones how many, and
// of the last days, weeks and months that have any, the newest of each.
type Keep struct {
	Last, Daily, Weekly, Monthly uint
}

// IsZero reports whether it keeps nothing.
func (k Keep) IsZero() bool { return k == Keep{} }

// Select tells for each state, the newest first as Log gives them, whether it
// is kept. What any rule keeps is kept. Days begin at midnight in a location,
// weeks on Monday.
func (k Keep) Select(states []State, loc *time.Location) []bool {
	keep := make([]bool, len(states))
	for _, rule := range []struct {
		n      uint
		period func(i int, t time.Time) string
	}{
		{k.Last, func(i int, _ time.Time) string { return fmt.Sprint(i) }},
		{k.Daily, func(_ int, t time.Time) string { return t.Format(time.DateOnly) }},
		{k.Weekly, func(_ int, t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprint(y, "-", w) }},
		{k.Monthly, func(_ int, t time.Time) string { return t.Format("2006-01") }},
	} {
		seen := map[string]bool{}
		for i := 0; i < len(states) && uint(len(seen)) < rule.n; i++ {
			at := states[i].Snapshot().Time
			if p := rule.period(i, time.Unix(at.Sec, int64(at.Nsec)).In(loc)); !seen[p] {
				seen[p], keep[i] = true, true
			}
		}
	}
	return keep
}
