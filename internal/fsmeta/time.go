package fsmeta

import (
	"cmp"
	"time"
)

// Time is a point in time as file systems keep it: seconds since 1970, which
// may be negative, and nanoseconds to add, in [0, 1e9).
type Time struct {
	Sec  int64
	Nsec int32
}

// Std returns t as a [time.Time] in UTC.
func (t Time) Std() time.Time { return time.Unix(t.Sec, int64(t.Nsec)).UTC() }

// TimeOf returns the Time of a [time.Time].
func TimeOf(t time.Time) Time { return Time{Sec: t.Unix(), Nsec: int32(t.Nanosecond())} }

// Compare orders times: -1 when t is before u, +1 when after.
func (t Time) Compare(u Time) int {
	return cmp.Or(cmp.Compare(t.Sec, u.Sec), cmp.Compare(t.Nsec, u.Nsec))
}

// valid reports whether the nanoseconds are in range. utimensat gives values
// beyond it a meaning of its own (UTIME_NOW, UTIME_OMIT).
func (t Time) valid() bool { return t.Nsec >= 0 && t.Nsec < 1e9 }

// everywhere reports whether t fits the 32-bit seconds that every file system
// can hold. Times beyond are clamped, silently, by those that cannot.
func (t Time) everywhere() bool { return int64(int32(t.Sec)) == t.Sec }
