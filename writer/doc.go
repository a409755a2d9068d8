// Package writer makes .vtd archives out of directory trees.
//
// Create writes an archive of some inputs to an io.Writer, HashTree computes
// the content id that it would have, List names what it would take. File is
// an output that appears under its name only when it is complete.
//
// # Two phases
//
// A reader wants the tree before the data, and a pipe cannot be written to
// twice. So Create first reads all there is and only then begins to write.
//
//  1. One goroutine walks the inputs and makes a node of every entry; others
//     read the files, cut them into blocks, hash these and enter them into a
//     table. New blocks stay in memory up to Options.KeepBytes.
//  2. Data blocks are put in order, metadata blocks are built from the leaves
//     up, all get their numbers. Header, top block, snapshot, metadata and
//     data frames follow in this order, then index and trailer. Frames are
//     filled and encoded by several goroutines and written by one. Blocks that
//     were not kept are read from their files again and hashed again.
//
// # What changes meanwhile
//
// No file is stored torn. A file is read until its times and size are the same
// before and after; one that was changed within the last tick of the clock is
// given that tick first, since it could change again without showing. After
// three attempts it is left out.
//
// When a block that was promised can no longer be read in phase 2, it is
// absent from its frame. Every file that needs it is read anew, with a copy
// of what is not in the archive yet in a temporary file, and a corrected tree
// follows the first one in the same segment. It shares with the first tree all
// metadata that leads to nothing absent. Files with the same content
// elsewhere are as good as before.
//
// Whatever could not be stored, or not as it was first seen, is an Issue: its
// path, why, and whether the entry is in the archive all the same. Issues are
// no errors. An error means that there is no archive.
//
// A name of a file with hard links that cannot be read is replaced by the next
// one; a name that has become another file is stored as that.
//
// # Inputs
//
// Paths become member names as in tar: what leads up to the last ".." goes, as
// do a leading slash and "." components, with a notice. An input that is a
// symbolic link is stored as one, even with a slash behind it. Directories on
// the way to an input are implied: they have no metadata. An input within
// another is part of it. One that comes from elsewhere, as with -C, joins the
// directory in which it belongs, unless that has something of its name; then
// the whole is refused, since it could not be extracted again.
//
// Filters see member names, those of inputs included, but not those of implied
// directories.
//
// # Same bytes
//
// The archive depends on the inputs and on Params, Time, Label and Message,
// not on threads, memory or timing; only a tree that changes meanwhile can
// come out in two ways. The id of the archive is a hash of its header and top
// block. The time of the snapshot, unless given, is the newest in the tree.
// The content id depends on the inputs and the hash function alone.
//
// # Memory
//
//	kept blocks   KeepBytes, outside the collected heap
//	frames        for each thread about three times DataFrame, and what the
//	              encoder needs (package codec)
//	each entry    about 130 bytes with its name; up to 70 more with a literal
//	each block    about 110 bytes, and 16 in its file if that has several;
//	              while they are put in order some 100 more for each file
//	each node     of metadata about 80 bytes
//	scanners      for each thread up to 32 MiB of joints and hints that lie ahead
//
// The numbers of descriptors open at once are bounded, however deep the tree.
//
// # Cancelling
//
// All functions end soon after their context does, with its error. Only a call
// of the output's Write is waited for.
//
// # Map
//
//	options.go    Options, Params, Presets, Issue
//	create.go     Create, HashTree, List; Report; the order of what is written
//	commit.go     File: the output that appears when complete
//
//	inputs.go     from paths to member names and descriptors
//	scan.go       phase 1: goroutines, issues, lost names of links
//	walk.go       the walk
//	take.go       one entry: kind, metadata, attributes
//	readfile.go   one file: read until it holds still, cut, hashed
//	links.go      names of one inode
//
//	tree.go       nodes of the tree, and what is beside them
//	paged.go      lists that grow in place
//	blocks.go     the table of data blocks; the arena that keeps their bytes
//	hashindex.go  ids by hash
//
//	families.go   the order of data blocks
//	meta.go       metadata blocks: built, numbered, written
//	cut.go        where large directories and lists of blocks are cut
//	contentid.go  the content id
//
//	frames.go     the pipeline of frames
//	source.go     bytes of blocks in phase 2; files by descriptor
//	correct.go    the corrected tree
package writer
