package progress

import (
	"math"
	"testing"
	"time"
)

func TestLine(t *testing.T) {
	full := status{
		phase: "writing", bytes: 1288490188, totalBytes: 3650722201, files: 1234, totalFiles: 5678, perSecond: 126143692,
	}
	tests := []struct {
		name  string
		s     status
		width int
		want  string
	}{
		{"all", full, 100, "writing  1.2 GiB / 3.4 GiB  35%  1,234 / 5,678 files  120.3 MiB/s  0:19 left"},
		{"exactly", full, 76, "writing  1.2 GiB / 3.4 GiB  35%  1,234 / 5,678 files  120.3 MiB/s  0:19 left"},
		{"no files", full, 75, "writing  1.2 GiB / 3.4 GiB  35%  120.3 MiB/s  0:19 left"},
		{"no rate", full, 50, "writing  1.2 GiB / 3.4 GiB  35%  0:19 left"},
		{"no bytes", full, 30, "writing  35%  0:19 left"},
		{"no time", full, 15, "writing  35%"},
		{"phase only", full, 11, "writing"},
		{"cut", full, 4, "writ"},
		{"nothing", full, 0, ""},
		{"less than nothing", full, -1, ""},
		{"letters, not bytes", status{phase: "éé"}, 1, "é"},
		{"unknown totals", status{phase: "p", bytes: 5, files: 6, perSecond: 7}, 80, "p  5 B  6 files  7 B/s"},
		{"only a phase", status{phase: "p"}, 80, "p"},
		{"stalled", status{phase: "p", bytes: 5, totalBytes: 10}, 80, "p  5 B / 10 B  50%"},
		{"nearly", status{phase: "p", bytes: 999999, totalBytes: 1000000}, 80, "p  976.6 KiB / 976.6 KiB  99%"},
		{"grown", status{phase: "p", bytes: 20, totalBytes: 10, perSecond: 5}, 80, "p  20 B / 10 B  100%  5 B/s"},
		{"far off", status{phase: "p", totalBytes: math.MaxInt64, perSecond: 1}, 80, "p  0 B / 8.0 EiB  0%  1 B/s"},
	}
	for _, tt := range tests {
		if got := tt.s.line(tt.width); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRate(t *testing.T) {
	var r rate
	now := time.Unix(1e9, 0)
	r.reset(100, now)
	if got := r.perSecond(); got != 0 {
		t.Errorf("rate before any work is %v", got)
	}
	near := func(want float64) {
		t.Helper()
		if got := r.perSecond(); math.Abs(got-want) > want/100 {
			t.Errorf("rate is %v, want %v", got, want)
		}
	}
	bytes := int64(100)
	step := func(n int64) {
		now = now.Add(100 * time.Millisecond)
		bytes += n
		r.update(bytes, now)
	}
	step(10)
	near(100) // at once, not after a climb
	r.update(bytes+1000, now)
	near(100) // no time has passed
	for range 50 {
		step(10)
	}
	near(100)
	for range 50 {
		step(20)
	}
	near(173) // 1/e of the past is left after the window, and it was as long
	for range 300 {
		step(20)
	}
	near(200)
	for range 400 {
		step(0)
	}
	if got := r.perSecond(); got > 1 {
		t.Errorf("rate after a long stall is %v", got)
	}
}
