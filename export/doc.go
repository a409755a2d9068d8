// Package export writes a tree of an archive as a tar or zip file, to a
// stream.
//
//	rep, err := export.Write(ctx, a, tree, os.Stdout, export.Options{Format: export.Tar})
//
// The same tree gives the same bytes, however it is stored: entries come in
// the order of the tree, with nothing of the time or the machine.
//
// # What tar keeps
//
// The POSIX format (pax), with what tars commonly agree on beyond it:
// nanoseconds, names of any bytes and length, owners by number and name,
// extended attributes as SCHILY.xattr, access control lists also as
// SCHILY.acl, times of birth as LIBARCHIVE.creationtime, holes as GNU sparse
// files of format 1.0, hard links, devices and fifos; a whiteout is the
// character device 0, 0. A tar has no sockets, no attribute with a = in its name,
// and no directory that stands only for what is below it: the last is left out,
// the others are issues.
//
// # What zip keeps
//
// Names, permissions, times in seconds, directories and symbolic links. A name
// of a hard link is a file of its own. Devices, fifos, sockets and extended
// attributes are issues; owners and parts of seconds are lost without
// a word, as by other programs.
//
// # Damage
//
// A file that cannot be read is left out, and is an issue. A large one, of
// which that is found out after its beginning has been written, is filled up
// with zeros, as tar does with a file that shrinks, and is an issue.
//
// # Exact
//
// [Exact] writes the file that a tree was made from, where it was kept.
//
// # Cost
//
// Files are read by several goroutines ahead of the one that writes: up to
// 64 MiB of them, besides the caches of the archive. A cache that holds all
// frames in use at a time, some 512 MiB for trees of many versions, saves that
// they are decoded twice.
//
// # Files
//
//	export.go   Write, Options, Report
//	contents.go files read ahead
//	tar.go      entries as tar has them
//	sparse.go   files with holes
//	zip.go      entries as zip has them
//	exact.go    Exact: the file that a tree was made from
package export
