// Package recovery makes a valid archive of what is left of a damaged one.
//
//	rep, err := recovery.Recover(ctx, src, "damaged.vtd", w, recovery.Options{})
//	if err != nil { … }       // w holds no archive
//	if !rep.Whole() { … }     // rep.Losses says what is missing
//
// # What it goes by
//
// Nothing but frames is needed: a head with a right CRC and stored bytes with
// the right hash are a frame, wherever they lie, and the head has the number of
// its first block. Header, indexes and trailers are used as far as they are
// there:
//
//   - a header says how content was cut; without it the hash function is the
//     one that frames go by;
//   - an index that has the hash which its trailer says proves blocks, and
//     rejects those with another hash. One that has not still says what hash a
//     missing block may have;
//   - a trailer tells archives in one file apart, and which trees were
//     superseded.
//
// A frame that is damaged is decoded as far as that goes; blocks of it that
// have the hash which an index says are whole. Where no index says anything, they
// are guessed at, and taken for a file whose content then has its hash. A failing disk that does not give
// some sectors is read around them.
//
// # What comes of it
//
// An archive as package writer would make it: of one segment if there is one
// snapshot, otherwise of one for each, the first of which has all data. Blocks
// have new numbers. Frames of data are copied as they are stored, under new
// heads; metadata is written anew. An archive that is not damaged gives the same
// octets again, if it is of one segment in the order of the specification.
//
//   - A directory, or file, all of which is there keeps its node, and so its
//     hash. A tree that is whole has the root hash and content id that it had.
//   - A file of which some is missing has its name with
//     format.DamagedSuffix, zeros in place of what is missing, and the ranges of
//     that in the attribute format.MissingXattr.
//     One of which nothing is there but runs is left out. So is one whose
//     content does not have the hash in its entry, where nothing proves blocks.
//   - What a recipe makes is made as far as its input goes; the rest of the
//     input is in [LostFound].
//   - A directory whose node is missing is empty. One some of whose nodes are
//     missing has the other entries.
//   - Hard-link groups have the names that there are; a group of one is none.
//   - A root directory whose snapshot record is lost gets a new record, with the
//     label "recovered". The root is then an implied directory.
//   - What nothing names goes to [LostFound] in the newest tree: directories by
//     the numbers of their nodes, all else by the kind of content that it begins
//     like, and the number of its block. Where the newest tree is whole, it is not
//     touched: a snapshot with the label "lost+found" follows it.
//   - The file that a tree was made from is kept beside it if all of it is there.
//   - Snapshots whose parents are lost follow the one before them.
//
// A tree that a corrected one follows in its segment is not kept if that is
// whole. Where several archives are in one file, one is recovered and the others
// are named.
//
// # Filling
//
// [Options].From names other archives, files and directories. Another copy of
// the same archive, by its id, counts as a part of it: its frames fill gaps by
// number, so that no index is needed. From other archives and from files come
// blocks with hashes that an index says; files are cut by the parameters in
// the header. A metadata block of another archive has that one's numbers in it:
// what it names is looked up by hash, in the damaged archive first and then in the
// other one, and the result has to have the hash that was wanted. So from one
// block that is found come all those below it, also where no index is left to
// say their hashes: that of a root is in the top block. A node whose hash neither
// an index says nor a top block, nor a node from elsewhere, cannot be looked for:
// nodes name one another by number, and these are of one archive. A file in a tree that has a hash of its whole content is made
// whole of a file with that hash.
//
// # What is proven
//
// Every block that is written has the hash that its frame, as it was written
// once, gives it, and that a proven index says, if there is one. A tree is
// proven (Snapshot.Proven) when its root has the hash in its top block. Where
// neither an index nor that proves what is there, each file of several blocks is
// held against the hash of its content; a file of one block then rests on the
// hash of its frame alone.
//
// # Cost
//
// The file is read twice: all of it when it is scanned, as fast as verification
// reads it, on all processors; and the data that is kept when it is copied.
// Contents are decoded once more where they have to be held against their
// hashes, and of files of which some is missing.
//
// Memory, besides 512 MiB for frames and nodes: for each block of data about 60
// bytes, for each metadata block about 150; the entries of directories that are
// not whole, and of lost+found, some 400 bytes each; all metadata that is made
// anew; for each block that is wanted from elsewhere, and each node that comes from there, about 100 bytes. Blocks that
// are in no whole frame, with all that is filled in, and what is guessed at, up to
// sixteen times the size of the file, wait in a temporary file without a name.
//
// # Map
//
//	recover.go    Recover, Options: the order of things
//	report.go     Report
//
//	scan.go       structures found in a file; frames checked
//	assign.go     whose they are: archives told apart, frames in order
//	index.go      what indexes say and prove; blocks out of damaged frames
//	mend.go       frames that are cut, made fit to be decoded
//	data.go       data blocks: where they are, by number and hash
//	node.go       metadata blocks
//	cache.go, buffer.go
//
//	check.go      what is whole: directories, contents
//	snapshots.go  which trees there are
//	trees.go      what becomes of them
//	fill.go       what is missing from elsewhere
//	fillfiles.go  from plain files
//	foreign.go    metadata from other archives
//	plan.go       directories of which some is missing
//	content.go    files of which some is missing
//	original.go   files that trees were made from
//	lost.go       what nothing names
//	build.go      nodes made anew; hard links
//	write.go      the archive that is written: numbers, segments
//	frames.go     its frames
package recovery
