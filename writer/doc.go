// Package writer makes .vtd archives out of directory trees.
//
// Create writes an archive of some inputs to an io.Writer, Append adds a
// snapshot to one, HashTree computes the content id that it would have, List
// names what it would take. File is an output that appears under its name only
// when it is complete.
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
// # Append
//
// Append goes through the same phases with the archive beside it, its base. The
// walk goes through the directories of the newest snapshot as it goes through
// those of the inputs. What has the kind, size and mtime that it had is taken over
// with its content and attributes, unread: where it has recipes, it keeps them. It
// is read all the same where a change could hide: where the mtime is within a tick
// of the clock of the snapshot's time or, on file systems that count in seconds,
// less than two seconds before it or later. The mode and the owner are always
// those that it has now.
//
// Blocks that the base has are known by their hash and named by their number; a
// directory of which all is as it was is not even built. New blocks are numbered
// behind the old ones. The index of the segment takes in those before it that are
// less than twice as large as itself and what it took in already, so an archive of
// n snapshots has about log₂ n of them.
//
// Nothing is written before the inputs are read. Then the header's promise that
// nothing was appended is withdrawn, what an append before has left is cut off,
// and both is synced; then the segment is, with the name of the archive, and last its trailer. Should something
// go wrong the file is cut to what it was. An exclusive lock on the file keeps
// other writers out; readers go by the size that the file had when they opened it.
//
// A snapshot follows the newest one, is not older, and has a replica id and a
// version vector: the id is a new one unless AppendOptions.Replica vouches that
// who appends now also wrote the newest snapshot, and that nobody can have gone on
// from a copy under the same id.
//
// A file whose blocks are new as a whole, though little of it has changed, becomes
// a delta (transform 2 of recipes) of the content that the base has in its place.
// Deltas are tried for files of 256 octets to format.MaxDelta, of both what the
// base has and, if that is a delta, of what it comes from in the end; at most four
// are in one another. One is made if, compressed alone, it takes less than 70 % of
// what the new blocks take, or less at all under RecipesAlways; none is under
// RecipesOff.
//
// With Merge, what the newest snapshot has and the inputs lack is kept, as nodes
// that come from the base.
//
// # Recipes
//
// Content that is DEFLATE inside, as in gzip files, zip archives, PNG pictures
// and packs of Git, shares nothing with what it was made of, and little with its
// next version. Under Options.Recipes it is looked into:
//
//   - Phase 1 reads and cuts such a file like any other. Then its streams are
//     found (package packed) and inflated; each content is cut as a file of its
//     name would be, and its blocks are entered into the table. Contents may
//     hold streams, down to format.MaxRecipeDepth recipes in one another.
//   - When all is read, it is decided for which streams a recipe pays.
//   - For these it is found out how they were made (package deflate); what the
//     recipe makes is compared with the file, octet for octet.
//   - The file becomes recipes, and what lies between them: of that the blocks
//     stay that lie in it whole, up to 256 octets are literals, and the rest is
//     cut without a scanner.
//
// What of this fails leaves the stream as it is: it is none, or damaged; it
// inflates to 4 GiB and more, or to more than format.MaxRecipeFree octets and
// format.MaxRecipeRatio for each of its own; no model predicts it; following the
// model takes more than the steps that readers allow (package deflate), which is
// below some 4 MB/s; its
// parameters are above 4 MiB, or not shorter than itself; it is not what it was in
// phase 1. Streams below packed.MinStream octets are not looked at.
//
// A stream as it is costs its octets, times what a sample of them shrinks to;
// those in blocks that others have as well count in proportion. A recipe costs 90
// octets and its parameters, and each block of its content that no plain file has
// costs 38 octets and its length times a ratio, divided by how many recipes have
// it. The ratio is what samples shrink to, of the stream alone and together with
// those of its kind, and less for blocks that resemble others. All streams
// begin as recipes, those that do not pay are dropped, innermost ones first, and it
// is reckoned again, until none is dropped. A recipe pays
//
//   - under RecipesAlways, if it costs no more than the stream and 1 % of it;
//   - under RecipesAuto, if it saves Params.RecipeGain per cent of the stream, and
//     a twenty-fifth of that of its content. That is 25 % and 1 % by default,
//     and 1 % and 0.04 % with the preset small. To read a recipe takes as long
//     as compressing took, for a MB of content some 60 ms at level 9 of zlib, 20
//     at level 6 and 5 at level 1: so a stream that shares nothing stays as it
//     is by default, since zstd would save less of it.
//
// # No larger
//
// These are estimates. Unless the recipes would still save 16 KiB if they cost
// half as much again, the archive is then written on trial, to nowhere, without
// recipes and with them. If it is larger with them, by anything under RecipesAuto
// and by more than 1 % and 128 octets under RecipesAlways, estimates are corrected
// by what they were wrong, more streams are dropped, and it is tried again; after
// the fourth time there are no recipes. So an archive is never larger than without
// recipes by more than 1 % and 128 octets, where a trial is made: the data blocks
// of both archives have no more than 32 MiB and twice the contents of the recipes
// (8 MiB above level 12). In a larger archive the estimates decide alone, and are no
// bound: they do not see that octets of a stream are also in another that stays as it is,
// as in damaged copies of one file. By estimates alone, which trialFree, trialRatio and
// trialSlow of 0 give, vt ar create --recipes auto and always took, of --recipes off:
//
//	14 MB of PNG icons                        92.6 and 88.0 %
//	17 MB of .gz below /usr/share/doc         96.7 and 88.8 %
//	0.9 MB of JPEG, PDF and svgz              96.8 and 99.5 %
//	24 MB of .tar.gz, .tgz, .whl, .jar, .zip  73.7 % (auto)
//
// # Rates
//
// Looking for the model of a stream takes at most 2 Mi steps and 1024 for each octet
// of its content, and 64 Mi in all (deflate.Limits.Search); a step is a nanosecond
// or two, so that is a MB of content in one second or two. What is not found then
// stays as it is, as does a stream that is made at less than some MB of content in
// a second: 512 steps an octet, and 8192 for each octet that is made. Where most of the
// first 16 of many streams of one kind, in one content or in the files of a
// directory, have no recipe that is worth its name, the others get a sixteenth of the
// steps: a MB of content in 60 to 130 ms.
//
// The preset fast looks into nothing, nor does RecipesAuto where content is cut
// without scanners.
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
// follows the first one in the same segment; in it, these files have no recipes.
// It shares with the first tree all
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
//	inflating     for each thread and each recipe around it 4 MiB of content, a
//	              splitter, and what package deflate needs, below 2 MiB
//	each stream   about 400 bytes, 24 for each 512 KiB of its content and each of its
//	              blocks; 40 for each break of a PNG
//	deciding      9 bytes for each block, and samples of up to 16 MiB, and 1 MiB
//	              for each thread
//	appending     about 300 bytes for each directory that the base has, too, and 90
//	              for each file taken over; 16 for each block of the base, once
//	              something has changed; for each thread 40 MiB for deltas
//	proving       for each thread a part of a stream and of its content: 3 MiB
//	              mostly, 100 at most
//
// # Temporary files
//
// Blocks of inflated contents that KeepBytes has no room for go to a temporary
// file in TempDir, since they cannot be read again: at most all that is inflated,
// each distinct block once. So do, in the same file, blocks of files that changed
// between the phases. While a content above 4 MiB is looked through for what is
// packed in it, it is in a temporary file of its own, of at most 4 GiB, for each
// thread and each recipe around it. None of them has a name, and they are gone
// with the process.
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
//	parity.go     Protect, AddParity: recovery data behind an archive
//	append.go     Append; AppendReport
//	build.go      Build: a tree that comes from elsewhere than a file system
//	given.go      contents that come once
//	segment.go    the end of an archive: lock, order of syncs, undoing
//	base.go       the archive that is there: blocks by hash, parts of its index
//	past.go       parents, replica, version vector
//	old.go        what is as it was, and taken over
//	merge.go      what is kept
//	delta.go      files that have changed a little
//	ahead.go      directories of the base, read before the walk comes to them
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
//	recipes.go    Recipes: the choice
//	unpack.go     phase 1: streams found and inflated, contents cut
//	streams.go    each stream once
//	worth.go      which of them become recipes
//	resemble.go   what contents that are alike save
//	sample.go     what contents would shrink to
//	trial.go      the archive with recipes and without, compared
//	prove.go      how streams were made, and the proof
//	swap.go       recipes in the place of streams
//	recipereport.go  what was done
//	content.go    contents read by their pieces
//
//	families.go   the order of data blocks
//	dense.go      dense blocks apart
//	meta.go       metadata blocks: built, numbered, written
//	metarecipe.go those of recipes
//	cut.go        the weight of entries, by which directories are cut
//	contentid.go  the content id
//
//	frames.go     the pipeline of frames
//	source.go     bytes of blocks in phase 2; files by descriptor
//	spool.go      bytes that neither memory nor files have
//	correct.go    the corrected tree
package writer
