// Package ingest reads tar and zip files as members for writer.Build: from a
// stream, without unpacking.
//
//	rep, err := writer.Build(ctx, out, opts, func(add func(*writer.Member) error) error {
//		return ingest.Read(ctx, in, ingest.Options{Issue: issue}, add)
//	})
//
// # Kinds
//
// What it is, is told by its first bytes: tar, as it is or packed by gzip, zstd,
// bzip2 or xz, and zip. A zip file needs random access, since its
// directory stands at its end: what has none is copied to a temporary file.
//
// # What is kept
//
// Of tar (v7, ustar, pax, GNU, star's attributes): names and targets of any
// bytes, permissions, owners by number and name, times to the nanosecond, hard
// links, devices, fifos, sparse files, attributes (SCHILY.xattr and
// LIBARCHIVE.xattr), access control lists (SCHILY.acl), times of birth
// (LIBARCHIVE.creationtime). Of zip: names, permissions and kinds as Unix has
// them, times in seconds where they are (extended timestamp), directories,
// symbolic links.
//
// A leading slash and what goes up by ".." is taken off names, as tar does; so
// it is of the names that hard links lead to. Targets of symbolic links stay.
//
// # Exact
//
// With [Options.Exact] the file itself is kept beside the tree, as what it is
// made from. It shares its blocks with the files of the tree; what remains are
// headers and padding, and of gzip and zip the recipes of their streams.
//
// # What is refused
//
// Each is an issue, with a reason, and left out; the rest is taken:
//
//   - a type of member that is unknown, or that only continues others (volumes
//     of several parts);
//   - in a zip: members that are encrypted, or packed by a method other than store,
//     deflate, bzip2, LZMA, zstd and xz; content whose sum is wrong;
//   - names, targets and attributes beyond the limits of the format.
//
// Tars that follow one another are all taken. Files are read to their end, since the
// sum of what a tar is packed in stands there.
//
// A file that ends early, or has a broken header, is an error; what came
// before it is in the archive if the caller so wishes ([Options.Salvage]).
//
// # Files
//
//	read.go    Read, Options: what it is, and what it is packed by
//	tar.go     members of tar files
//	zip.go     members of zip files
//	unzip.go   what they hold, and what they are called
//	name.go    names
//	exact.go   the file itself, beside what it holds
package ingest
