// Package compact makes an archive smaller by what nobody needs any more:
// states of its history that are forgotten, and data that only these had. It
// also packs an archive anew, in other frames.
//
//	rep, err := compact.Compact(ctx, "backup.vtd", compact.Options{MinLive: compact.DefaultMinLive, Forget: …})
//
// # What remains
//
// A state that remains keeps its tree, with root hash and content id, its time,
// label and message, the identity of its writer and what that had seen. Its
// parents are the nearest of its ancestors that remain. An id of a state is the
// hash of its record, which names its parents: so the ids of those change whose
// ancestors do. The report has both ids.
//
// Unfinished appends and recovery data are not taken over. The archive has
// another id.
//
// # The new archive
//
// It has a segment for each state, the oldest first, and all data in the first
// one. So an archive of one state is like one that was just created. The indexes
// of up to eight segments repeat nothing of one another; of more, the last ones
// take in others as those of appends do.
//
// Frames of data in which enough is in use (Options.MinLive) are copied as they
// are, with what is not in use: decoded, they would have to be compressed again.
// They stand in the order in which the trees, the oldest first, name the first of
// their blocks. Behind them, what is in use of other frames is packed in the
// order in which the trees name it or, if that is the archive's order, in
// families. All metadata is written anew.
//
// With another hash function (Options.Hash) everything is packed anew, and
// hashed: blocks, contents of files as wholes, which recipes make for it, and
// trees. What is hashed again is held against the old hashes first.
//
// With a MinLive of 1, nothing is copied: then every byte follows from
// the states that remain and the parameters in the header, whatever the history
// was, and an archive of one state is the one that create makes of the same tree
// with the same parameters, as far as that has no recipes. Recipes stay, deltas of
// former states among them: they are a part of what the root hash says.
//
// # Memory
//
// 8 bytes for each block of the archive, 64 for each data block in use, 8 for
// each other one, the names of files, and some frames; with another hash function 40 for
// each block in use and each file of several. What is packed anew lies in
// a temporary file meanwhile, uncompressed.
//
// # Safety
//
// The new archive takes the place of the old one at once, when it is complete
// and safe on disk. The old one is locked meanwhile, as by an append, and not
// written to: mounts of it, and whoever has it open, go on with it. Everything is
// checked that is read: hashes of indexes, of metadata, of the stored bytes of
// frames that are copied and of the blocks of others.
//
// # Files
//
//	compact.go     Compact; which states remain
//	options.go     Options, Report
//	source.go      the archive as it was
//	mark.go        what is in use; which frames are copied
//	order.go       the order of data
//	pack.go        data that is packed anew
//	write.go       the new archive
//	transcribe.go  another hash function
//	index.go       its indexes and trailers
package compact
