// Package disk is the file system as far as archives are written to it.
//
// Whatever makes, extends or replaces an archive does so through an [FS]: every
// write, sync, truncation, link, rename and removal. [OS] is the real one.
// Package simdisk is one in memory that forgets what was not synced, and fails
// where it is told to: with it a test stops the world after each operation in
// turn and looks at what is left.
//
// What may be relied on is what POSIX and Linux promise, no more:
//
//   - Data is safe when Sync of its file has returned without an error, and
//     names are when SyncDir of their directory has. Before that any part of
//     either may be lost, in any order.
//   - Within one sector of 512 octets, a write happens or does not.
//   - A rename happens or does not, as far as its target is concerned: it is
//     the old file or the new one.
//   - After a Sync that failed, the data it was about may be lost even if a
//     later one succeeds.
//
// [Create] begins an [Output], a file that appears under its name only when it
// is complete. [Temporary] makes a file that has no name and is gone with the
// process.
//
// # Map
//
//	disk.go       FS, File
//	os_linux.go   OS
//	output.go     Output: the file that appears when it is complete
//	temporary.go  Temporary
package disk
