// Package human turns the numbers and names of the library into text for
// people, and the sizes people write into numbers.
//
// # Numbers
//
// [Bytes] writes a size with binary prefixes and one decimal, exact below
// 1 KiB; [Rate] is that per second, [Count] groups the digits of a number by
// thousands. [Duration] is how long something took, [Clock] the hours, minutes
// and seconds of something under way. [Size] is the type of a size among the
// flags of a command; [ParseSize] says what it accepts.
//
// # Listings
//
// [Mode] and [Time] are the first and the middle columns of
// "ls -l --time-style=long-iso".
//
// # Names
//
// A name is any bytes but "/" and NUL, chosen by whoever made the archive. To
// write it to a terminal as it is would let it send escape sequences: move the
// cursor, recolour or rewrite what was printed before, set the window's title.
// Every name that is printed for people goes through [Quote]. JSON cannot
// express a name that is not UTF-8; [JSONName] defines the form this project
// uses.
//
// # Files
//
//	size.go    Bytes, Rate, Count; Size and ParseSize
//	time.go    Duration, Clock, Time
//	mode.go    Mode
//	quote.go   Quote and JSONName
package human
