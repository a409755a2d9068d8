// Package reader opens .vtd archives and reads what is in them: it looks
// entries up, walks trees, reads files at any offset, serves them as an fs.FS,
// and verifies the whole. Every block is checked against its hash before any of
// its bytes, or anything made from them, are given out.
//
//	a, err := reader.OpenFile("photos.vtd", reader.Options{})
//	if err != nil { … }
//	defer a.Close()
//	e, err := a.Lookup("2019/june/beach.jpg")
//	f, err := a.ContentOf(e, "2019/june/beach.jpg")
//	_, err = f.ReadAt(buf, 1<<20)
//
// Package format defines the bytes; packages stream and extract, below this
// one, read an archive from front to back and put it onto a disk.
//
// # Sources
//
// A [Source] is the bytes of an archive: [MappedFile], [PlainFile], [Bytes], or
// anything else with ReadAt and a size. Mapped memory is touched in one
// function, which copies out of it and turns a fault into an error, so that a
// file cut while it is mapped fails reads and nothing else. Large reads of a
// mapped file go past the map: what is mapped counts as the process's memory.
//
// # Cost
//
// Opening reads the header, the trailer, and the heads of a few index parts: a
// few KiB, whatever the size of the archive. A look-up reads the nodes on the
// way to the entry. The index is read where it is needed, in pages of 4 KiB.
// Only where something follows the last trailer is it searched for backwards,
// however far: at the speed of reading, past holes ([SparseSource]) at once.
//
// Frames, the unit of compression, are decoded as far as a block needs and
// stay in a cache bounded by Options.CacheBytes; parsed metadata stays in one
// bounded by Options.NodeCacheBytes. Several goroutines that need a frame wait
// for one to decode it. Who reads a file from its start has the frames that its next
// pieces are in decoded, and its blocks checked, on other processors, the further
// ahead the more has been read; who reads frames in order, as of files as they
// lie, has the next one decoded: both while the cache has room for it.
//
// Where there is no more room, frames are first made lighter by what has been read of
// them: who reads a tree, or a large file, needs a block once mostly, and its frame for
// as long as others of its blocks are to come, since what is alike lies together. What
// was read again, and what was missed once, stays. If that is not enough, frames are
// dropped: which is left to chance, so that who goes round through more than fits finds
// some of it. When what was dropped is needed again, the frames of a file that is read
// from front to back are decoded for a long stretch of it at a time, past the cache, and
// what the stretch needs of each is kept. Who needs all of a frame once reads it past the cache, with
// [Archive.ReadFrame]. Of a frame with damage what lies before that is read.
//
// [Archive.Verify] decodes each frame once: those of metadata first, which tell
// what is made of the blocks, then those of data. Files of several blocks are hashed
// while their frames pass, from the frames' memory; a file that goes on in later
// frames takes a hasher along, and blocks that a file needs again are kept, both
// within fixed bounds. What is beyond these, and recipes in one another, is
// read once more at the end. Meanwhile another processor checks the trees. What is
// reported depends on none of this.
//
// # Concurrency and ownership
//
// [Archive], [Tree] and [FS] are safe for concurrent use, and so is ReadAt of
// a [File]. Entries, snapshots and blocks that methods return are shared: they
// never change, and callers must not change them. They stay valid after Close.
//
// # Errors
//
// Errors about the content of an archive are a *format.Error of class
// format.ErrNotArchive, format.ErrUnsupported or format.ErrDamaged, under
// errors.As and errors.Is, with the archive's name before them. For a block
// they name its number and the offset of its frame; for a file its path and the
// range of its bytes. Other errors are the source's own, or fs.ErrClosed. What
// is not there is fs.ErrNotExist.
//
// Damage makes unreadable what needs it and nothing else. A row of the index
// that is wrong is made good from the frames around it. Failures are not
// remembered: a read tried again reads again.
//
// An append that did not finish leaves bytes after the last trailer, a torn
// tail. They are ignored; [Archive.TornTail] and [Archive.Warnings] tell. So does one
// whose trailer is damaged: [Archive.CheckTail] tells what must not be cut off.
//
// # Files
//
//	archive.go         Archive, Options, OpenFile, Open, Close
//	source.go          Source: mapped, plain, in memory
//	planned.go         telling a source what is going to be read
//	open.go            header, search for the trailer, parts of the index
//	index.go           hashes and frames by block number
//	follow.go          frames whose row of the index is damaged
//	find.go            blocks by hash
//	parts.go           parts of the index; absent blocks
//	tail.go            CheckTail: what a torn tail has that must not be cut off
//	meta.go            metadata blocks, for who writes them again
//	info.go            figures about an archive
//	recipeinfo.go      figures about its recipes
//
//	cache.go           the cache: bounded, single-flight, pinned while in use
//	frame.go           frames, decoded as far as needed
//	bitset.go          a bit for each block of a frame
//	lighter.go         what has been read of them, and frames without that
//	excerpt.go         what is going to be read of them, and frames of that
//	whole.go           frames read whole, past the cache
//	buffers.go         memory for them that goes round
//	readahead.go       decoding ahead: slots, frames in order
//	lookahead.go       what a sequential reader of a file needs next
//	block.go           data blocks, checked
//	node.go            metadata blocks, parsed and checked
//
//	tree.go            Tree: snapshots, look-up
//	original.go        the file that a tree was made from
//	dir.go             directories of one or many nodes, in order
//	walk.go            Walk
//	pairs.go           two directories side by side, without what is equal
//	file.go            File: ReadAt, Read, Seek, WriteTo
//	pieces.go          the pieces of a file; holes
//	fs.go, fsinfo.go   FS: a tree as an fs.FS
//
//	verify.go          Verify: options, order of work
//	verify_layout.go   trailers, indexes, rows, gaps
//	verify_frames.go   frames and blocks
//	verify_contents.go hashes of whole files, while their blocks are checked
//	verify_plan.go     which files in which frames, and what is kept for them
//	verify_early.go    the trees beside the frames, where nothing is wrong
//	verify_twice.go    blocks that are stored twice
//	verify_tree.go     trees: references, totals, links, content ids
//	verify_again.go    whole files, read again
//	verify_harm.go     what the findings hurt
//	report.go          Report and its findings
package reader
