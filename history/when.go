package history

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

var errNoTime = errors.New("not a time")

var (
	exactLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"}
	localLayouts = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04"}
	clockLayouts = []string{"15:04:05", "15:04"}
)

// parseWhen reads a time as people write it. A day is its last moment, and so
// is a second.
func parseWhen(s string, now time.Time) (time.Time, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, layout := range exactLayouts {
		if t, err := time.Parse(layout, strings.ToUpper(s)); err == nil {
			return moment(t, s), nil
		}
	}
	for _, layout := range localLayouts {
		if t, err := time.ParseInLocation(layout, strings.ToUpper(s), now.Location()); err == nil {
			return moment(t, s), nil
		}
	}
	if t, err := time.ParseInLocation("2006-01-02", s, now.Location()); err == nil {
		return endOf(t), nil
	}
	if sec, ok := strings.CutPrefix(s, "@"); ok {
		n, err := strconv.ParseInt(sec, 10, 64)
		return whole(time.Unix(n, 0).In(now.Location())), err
	}
	if s == "now" {
		return now, nil
	}
	if t, ok := ago(s, now); ok {
		return t, nil
	}
	day, clock, _ := strings.Cut(s, " ")
	date := now
	switch day {
	case "today":
	case "yesterday":
		date = now.AddDate(0, 0, -1)
	default:
		clock = s
	}
	if clock = strings.TrimSpace(clock); clock == "" && day != "" {
		return endOf(date), nil
	}
	for _, layout := range clockLayouts {
		if t, err := time.Parse(layout, clock); err == nil {
			y, m, d := date.Date()
			return whole(time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, now.Location())), nil
		}
	}
	return time.Time{}, errNoTime
}

// moment gives the time that was written: of a second without a fraction, the
// last moment. As times are shown, so they can be given.
func moment(t time.Time, written string) time.Time {
	if strings.ContainsAny(written, ".,") {
		return t
	}
	return whole(t)
}

// whole gives the last moment of a second.
func whole(t time.Time) time.Time { return t.Add(time.Second - 1) }

func endOf(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, day.Location()).Add(-1)
}

// ago reads "3 days ago".
func ago(s string, now time.Time) (time.Time, bool) {
	f := strings.Fields(s)
	if len(f) != 3 || f[2] != "ago" {
		return now, false
	}
	n, err := strconv.ParseUint(f[0], 10, 20)
	if f[0] == "a" || f[0] == "an" {
		n, err = 1, nil
	}
	if err != nil {
		return now, false
	}
	k := int(n)
	switch strings.TrimSuffix(f[1], "s") {
	case "second":
		return now.Add(-time.Duration(k) * time.Second), true
	case "minute":
		return now.Add(-time.Duration(k) * time.Minute), true
	case "hour":
		return now.Add(-time.Duration(k) * time.Hour), true
	case "day":
		return now.AddDate(0, 0, -k), true
	case "week":
		return now.AddDate(0, 0, -7*k), true
	case "month":
		return now.AddDate(0, -k, 0), true
	case "year":
		return now.AddDate(-k, 0, 0), true
	}
	return now, false
}
