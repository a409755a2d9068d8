package human

import (
	"fmt"
	"time"
)

// Duration formats how long something took, with about three digits: "340ms",
// "12.3s", "4m 05s", "2h 03m", "3d 04h".
func Duration(d time.Duration) string {
	if d < 0 {
		return "-" + Duration(-max(d, -1<<63+1))
	}
	// Each step rounds to its own precision first, so that 59.96s is "1m 00s"
	// and never "60.0s".
	if ms := d.Round(time.Millisecond); ms < time.Second {
		return fmt.Sprintf("%dms", ms.Milliseconds())
	}
	if tenths := d.Round(100 * time.Millisecond); tenths < time.Minute {
		return fmt.Sprintf("%.1fs", tenths.Seconds())
	}
	const day = 24 * time.Hour
	if s := d.Round(time.Second); s < time.Hour {
		return fmt.Sprintf("%dm %02ds", s/time.Minute, s%time.Minute/time.Second)
	}
	if m := d.Round(time.Minute); m < day {
		return fmt.Sprintf("%dh %02dm", m/time.Hour, m%time.Hour/time.Minute)
	}
	h := d.Round(time.Hour)
	return fmt.Sprintf("%dd %02dh", h/day, h%day/time.Hour)
}

// Clock formats a time that is running, to the second: "0:07", "12:34",
// "1:02:03". From 100 hours on it is days and hours: "4d 04h".
func Clock(d time.Duration) string {
	s := max(d, 0).Round(time.Second)
	minutes, seconds := s/time.Minute, s%time.Minute/time.Second
	switch {
	case s < time.Hour:
		return fmt.Sprintf("%d:%02d", minutes, seconds)
	case s < 100*time.Hour:
		return fmt.Sprintf("%d:%02d:%02d", minutes/60, minutes%60, seconds)
	default:
		return Duration(d)
	}
}

// Time formats a time like "ls -l --time-style=long-iso", in its own zone.
func Time(t time.Time) string { return t.Format("2006-01-02 15:04") }
