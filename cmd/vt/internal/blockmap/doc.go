// Package blockmap tells how files of an archive are cut into blocks, and why.
//
// An archive records where content was cut, not why. That is found by cutting
// it again, with the parameters that the archive records and the scanner that
// its content chooses: where both agree the reason is known.
//
//	map.go        Mapper: the pieces of a file, each with its reason
//	histogram.go  Histogram: sizes, reasons and sharing of many files
//	text.go       a histogram as text
//	svg.go        a histogram as a drawing
package blockmap
