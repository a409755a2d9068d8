//go:build !unix

package deflate

import "time"

var began = time.Now()

// cpuTime is the time that has passed, where there is nothing better.
func cpuTime() time.Duration { return time.Since(began) }
