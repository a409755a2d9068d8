package progress

import (
	"math"
	"time"
)

// rateWindow is how far back the rate remembers: work done that long ago counts
// 1/e as much as work done now.
const rateWindow = 5 * time.Second

// A rate is an average of bytes per second in which the past fades away.
type rate struct {
	sum, weight float64
	bytes       int64
	at          time.Time
}

// reset begins anew.
func (r *rate) reset(bytes int64, now time.Time) { *r = rate{bytes: bytes, at: now} }

// update takes in the number of bytes done by now.
func (r *rate) update(bytes int64, now time.Time) {
	dt := now.Sub(r.at).Seconds()
	if dt <= 0 {
		return
	}
	keep := math.Exp(-dt / rateWindow.Seconds())
	r.sum = r.sum*keep + float64(bytes-r.bytes)/dt*(1-keep)
	// The weights sum to less than one at first. Dividing by their sum makes
	// the first rates plain averages and not a slow climb from zero.
	r.weight = r.weight*keep + (1 - keep)
	r.bytes, r.at = bytes, now
}

// perSecond returns the rate, 0 if nothing is known.
func (r *rate) perSecond() float64 {
	if r.weight == 0 {
		return 0
	}
	return r.sum / r.weight
}
