// Package fuzz holds the fuzz targets that cross packages. It has no code of
// its own: all of it is tests. README.md says how to run them for a night.
//
// Packages have targets for their own codings and structures; what is here
// asks whether readers, writer and extraction agree, whatever they are given.
// There is an oracle for each question, so that a target fails on a wrong
// answer and not on a crash alone.
//
// # Targets
//
// FuzzArchive reads any bytes in memory, mapped and with pread, and as a
// stream: tree, every file, verification. The three sources give the same to
// the letter. Where the stream finds no fault, its tree and contents are those
// of random access. Verification finds something exactly where testkit.Check
// does, an implementation that shares no code with package reader.
//
// FuzzExtract extracts any bytes, from the stream and by random access, into
// directories where symbolic links and directories are in the way. Nothing
// beside the target changes, down to its times of change; nothing is left in
// it but entries of the archive; archives without damage give equal trees,
// counts and issues on both paths.
//
// FuzzRoundTrip makes a directory tree and parameters of the writer from the
// input. The archive is clean for every reader, has the content id of the
// tree, gives back the same tree on both paths, and its bytes depend on
// neither threads nor memory.
//
// FuzzMutate changes valid archives as a script says. Whoever says that an
// archive has the root hash of the original gives the original's entries and
// contents, or errors: never something else.
//
// FuzzRecipes stores any bytes as files of kinds that have DEFLATE streams in them,
// and asks the same. TestBadStreams is a table of streams that are wrong or hostile.
//
// FuzzRecover recovers anything: what comes of it is a sound archive, and
// recovering that gives the same octets again.
//
// TestEveryBit and its like damage small archives in each place: README.md has
// the table of what notices it.
//
// TestHistories does to archives whatever is done to them, in any order, on a
// disk of its own that fails in the midst of it: create, append, forget, compact,
// repack, parity. Each state that remains is held against a plain copy of it
// (package model), and nothing that was acknowledged is lost.
//
// Everywhere, errors about an archive are of exactly one class of package
// format, work and memory are bounded (guard_test.go), and a target without
// seeds fails.
//
// # Getting past the hashes
//
// Nearly every change of an archive ends at a CRC or a hash, and what is
// behind them is never met. So changes come from package mutate, which computes
// CRCs and hashes again, on demand up to the top block, and knows lies that are
// well-formed. Whether all ways to read an archive agree, package crosscheck
// says; vt fuzz does the same with any archive.
//
// # Map
//
//	archive_test.go    FuzzArchive; agree, which holds all readers against each other
//	extract_test.go    FuzzExtract; places with canaries
//	roundtrip_test.go  FuzzRoundTrip
//	recipes_test.go    FuzzRecipes
//	mutated_test.go    FuzzMutate; originals and what they hold
//
//	recover_test.go    FuzzRecover
//	everybit_test.go   every bit, page, cut and swap
//	histories_test.go  TestHistories
//	operations_test.go what is done to an archive
//	plain_test.go      and what it has to be after that
//
//	seeds_test.go      what targets begin with
//	guard_test.go      bounds on time and memory
//	restore_test.go    an archive extracted, on both paths
//	listing_test.go    a directory as the system sees it
//	tree_test.go       directory trees from scripts
package fuzz
