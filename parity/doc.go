// Package parity protects archives with recovery data: Reed-Solomon parity in a
// segment behind what it protects, as section 9.2 of the specification says.
//
// [New] describes the parity of an archive, or of what was appended since there
// was some; [Write] writes its frames in one pass over the file. [Look] holds a
// file that may be damaged in any way against its parity, and tells what is
// wrong and what of it can be repaired; [Survey.Copy] makes a repaired copy, and
// [Survey.Fix] repairs in place. What they make is held against the hashes that
// frames have of it: it is as it was, or there is an error.
//
// Memory is that of a row of cells for each worker, at most 17 MiB, and a byte
// for each cell of the file, one for some 60 KiB. Sets made elsewhere may have
// longer cells: there are fewer workers then, so that 256 MiB are not passed.
//
// The package is pure: files are what the caller hands it, as [io.ReaderAt] and
// [io.WriterAt]. Bytes that a file does not give, because it ends or the disk
// fails, count as damage like any other.
//
// # Map
//
//	plan.go    Share; how many shards, rows and cells
//	write.go   New, Write: parity is made
//	row.go     a row of cells: read, checked, coded
//	view.go    a file that may be damaged
//	find.go    Sets: where parity is, by trailers or by search
//	survey.go  Look: what is whole
//	report.go  Report: what was found
//	repair.go  Copy, Fix
package parity
