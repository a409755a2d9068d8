// Package simdisk is a file system in memory for tests of what happens when the
// power goes, or an operation fails.
//
// A [Disk] counts the operations that change something. Its Fault hears of each
// before it is done, and may have it fail, or have the world stop after it: from
// then on all that the program does fails and has no effect, as if there were no
// program any more. [Disk.After] gives the disk as it may be found then: what
// was synced is there, and of the rest nothing, all, or any part, by sectors of
// files and by names of directories, in which a rename may be found half done.
//
// [EachStop] and [EachFault] run an operation again and again, stopped or
// failing at each of its operations in turn.
//
// # Map
//
//	disk.go     Disk: names; what may fail
//	file.go     files: what is synced and what is not
//	after.go    After: what is left
//	harness.go  EachStop, EachFault
package simdisk
