// Package progress shows on one line of a terminal how far long work has come:
//
//	writing  1.2 GiB / 3.4 GiB  35%  1,234 / 5,678 files  120.3 MiB/s  0:19 left
//
// A command makes one [Bar] with [New], names what it does with [Bar.Phase],
// reports work with [Bar.Add] from any goroutine, prints warnings through
// [Bar.Message] so that they do not run into the line, and ends with [Bar.Done],
// which leaves nothing of the line behind.
//
// The line is shown only if the writer is a terminal, and one that can erase:
// on a pipe, in a file, with TERM=dumb and when progress was not asked for, only
// the messages are written.
//
// # How it draws
//
// There is no goroutine and no timer. Whoever calls Add when a tenth of a second
// has passed since the line was last drawn draws it; all others only add to two
// counters and read the clock. So a line is drawn at most ten times a second
// (and once for each phase), and stands still while nothing is done.
//
// The width of the terminal is asked for each time, since windows change. Where
// the line does not fit, the parts that matter least are left out.
//
// # Files
//
//	bar.go       Bar: counting, when to draw, erasing
//	line.go      what stands on the line, and what of it fits
//	rate.go      the smoothed rate
//	terminal.go  whether the writer is a terminal, and how wide
package progress
