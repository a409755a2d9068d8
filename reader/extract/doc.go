// Package extract restores the entries of an archive below a directory.
//
// [Stream] reads an archive from front to back ([stream.Reader]), [Archive]
// one with random access, of which it decodes only the frames it needs. Both
// drive the same engine, and give the same trees.
//
// # How it goes
//
// The tree comes first. Walking it makes the directories, open to nobody else,
// and everything whose content stands in the tree itself: empty and short
// files, symbolic links, device nodes. What remains is a table: which block
// goes to which file at which offset. Frames then come in the order of the
// file; each is decoded once, and its blocks are written wherever they belong.
// What a recipe makes is written when all of its input has come, which is kept
// until then in a temporary file without a name.
// A file that has all its blocks gets its metadata and, when it takes the
// place of an older one, its name. Hard links are made when all files are
// there, and directories get their metadata last, deepest first, those of one
// depth by all workers.
//
// With random access decoding begins while the tree is walked, with frames of
// which the walk has seen that enough of them is wanted, and goes on ahead of
// the workers; frames on the way share one budget of bytes.
//
// Workers share the entries by directory: a file belongs to one worker from
// its making to its end, and two workers seldom change one directory, for
// which the kernel would make them wait.
//
// # Nothing outside the target
//
// The target is opened once, and everything below is reached by descriptors of
// directories and single names (packages dirtree and fsmeta): no symbolic
// link is followed, whoever made it and whenever; names are checked once more.
// A new file is never one that exists: what is in the way is replaced by
// renaming a complete new file over it, so that a reader of the old one sees
// old or new. A directory in use is never replaced. A symbolic link in the way
// of a directory is removed.
//
// # What can go wrong
//
// An entry or attribute that cannot be restored is an [Issue]; the rest is
// restored all the same. A file with a damaged or missing block is removed,
// and an Issue of class format.ErrDamaged; hard links to it, too. With
// Options.Damaged, what there is of it is restored under another name. A full disk,
// a failing input and the end of the context end the extraction with an error.
// In no case do temporary names or incomplete files stay behind.
//
// Without Options.SetID, set-user-ID and set-group-ID bits are left off; without
// Options.Owners those meant for somebody else, as tar does it.
//
// # Map
//
//	options.go   Options, Issue, Result
//	source.go    what the engine needs to know of a tree
//	stream.go    Stream: events of a stream.Reader
//	archive.go   Archive: frames by random access
//	engine.go    the engine: workers, jobs, first fatal error, clean-up
//	plan.go      the walk: selection, tables, what can be made at once
//	maker.go     directories made while the walk goes on
//	tables.go    directories, files, attributes, references, compactly
//	file.go      regular files: make, write, finish, fail
//	made.go      inputs of recipes, and what is made of them
//	damaged.go   what is left of damaged files
//	node.go      what is made in one go; what is in the way
//	dirs.go      directories, and their metadata at the end
//	links.go     hard links
//	correct.go   a second tree that corrects the first
//	readback.go  blocks that have gone by, read back from the files they are in
package extract
