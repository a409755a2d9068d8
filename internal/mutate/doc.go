// Package mutate makes hostile archives of good ones.
//
// Nearly every change of an archive ends at a CRC or a hash, and what is
// behind them is never met. So there are two ways to change one. Damage
// (damage.go) changes bytes, as disks, lines and crashes do, and as a program
// does that knows the file by its magic numbers alone: fields of structures
// are changed, frames exchanged, and what is computed from them is made right
// again as far as asked for ([Sealed]). Lies take the archive apart (model.go),
// change what it says, and put it together with every hash right, up to the top
// block: directories that hold themselves, totals that do not add up, names with
// slashes, bombs.
//
// Which changes are made a [Script] says, a string of bytes: a fuzzer makes
// scripts of its own, [Numbered] one for every pair of numbers, so that each
// mutation can be made again.
//
// Nothing here panics or allocates beyond a small multiple of its input and
// the limit of its output, whatever the archive is.
//
//	script.go     scripts, and numbers from them
//	mutate.go     Archive: a script's changes, one after another
//	parts.go      the structures of a file, found by magic numbers
//	damage.go     bytes changed, cut, moved, doubled
//	fields.go     numbers in structures changed, and sealed; structures moved
//	seal.go       CRCs and hashes made right again
//	model.go      an archive taken apart; put.go puts it together
//	settle.go     totals and content ids made right again
//	lies.go       the list of lies, and what they share
//	lietree.go    lies of directories: names, kinds, cycles, depth, doubling
//	liecontent.go lies of contents: spans, levels, runs, bombs, recipes
//	lielayout.go  lies of snapshots, frames, index
package mutate
