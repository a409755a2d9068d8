// Package legacy reads what the old vt, a program in Python, has written: data
// files, which hold blocks and nothing else, and the text files that name the
// directory at which to begin. It is pure: it reads from an io.ReaderAt, and
// writes nothing.
//
// # Data files
//
// A data file (.vtd, as the archives of this project) is records one after
// another, each of flags, a length, and that many octets of data, which flag 1
// says are a zlib stream. A record is known by the hash of its data; neither
// the hash nor its kind stands in the file. So Open looks at the heads of all
// records, and the first look-up by a hash of some kind reads, inflates and
// hashes them all. What Get gives was hashed again.
//
// # References
//
// A file or a directory names its content by a Ref: the hash of a block, a few
// octets in place, a run of one octet, a part of another Ref, or a block that
// holds more Refs. Content gives it in pieces, with holes for runs of zeros,
// and fails rather than give octets that are not those meant.
//
// # Directories
//
// A directory's content is its Dirents one after another. An entry has no
// length of its own, so none can be read behind one that is damaged. What the
// entry says of owner, permissions and time is a text, which ParseMeta reads.
//
// # Text files
//
// A text file (.vt) has a line for each state that was saved: two forms of its
// time, and a Dirent in a textual form. LastState reads the last one.
//
// # Strictness
//
// Numbers that are longer than need be, flags that are not known, names that
// no file can have, lengths that do not add up: all are errors. Each says at
// which offset of the file, or of the block, it was found. Limits are in
// limits.go.
//
// # Map
//
//	limits.go   limits, and their reasons
//	errors.go   Error
//	decode.go   numbers, strings: a cursor over octets
//	hash.go     HashKind, Hash
//	store.go    Store: records, and blocks by hash
//	roots.go    directories to which nothing refers
//	ref.go      Ref
//	content.go  what a Ref stands for
//	dirent.go   Dirent, directories
//	meta.go     Meta: owner, permissions, time, attributes
//	text.go     textual forms; LastState
package legacy
