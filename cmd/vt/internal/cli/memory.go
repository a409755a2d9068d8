package cli

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// boundHeap asks the collector to keep the heap near what is in use, and below
// a soft limit while that is enough. By default the heap grows to twice what
// is in use, and of that most stays for the whole run. The environment has the
// last word. stop ends it.
func boundHeap(limit int64) (stop func()) { return boundHeapBy(limit, 50, 50) }

// boundHeapBy is boundHeap for other shares, in per cent of what is in use: the heap
// may be larger than that by share, more for work that may be over soon, and the limit
// stays above it by above.
func boundHeapBy(limit int64, share, above int) (stop func()) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(share)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	debug.SetMemoryLimit(limit)
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				debug.SetMemoryLimit(heapLimit(limit, liveHeap(), above))
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

// heapLimit gives the limit for what is in use. One that is below it would make
// the collector run without an end: a tree of many millions of entries needs
// what it needs.
func heapLimit(limit, live int64, above int) int64 { return max(limit, live+live*int64(above)/100) }

// liveHeap is what the last collection found in use.
func liveHeap() int64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}
