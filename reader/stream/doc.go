// Package stream reads a .vtd archive in one pass from front to back, as from
// a pipe, in bounded memory.
//
// [NewReader] reads the header and nothing more, so that a caller can still
// turn to random access: an archive that is not complete with its tree first
// ([Reader.NeedsSpool]) has to be spooled to a file. [Reader.Next] then yields
// what comes, in the order of the file:
//
//   - a [Tree] once all metadata of a tree version has arrived, before the data
//     it describes. A second Tree corrects the first: some blocks were absent
//     because a file changed while the archive was made.
//   - a [Frame] for each data frame, decoded, every block hashed. Frames are
//     read, checked and decoded ahead of the caller on other goroutines; the
//     caller gives each back with [Frame.Release].
//   - a [Damage] for what is wrong. Reading goes on behind it.
//
// The end is io.EOF. A stream that is cut short ends in an error of class
// format.ErrDamaged that names the offset; all that came before was delivered.
//
// # What is trusted when
//
// The stored bytes of a frame match the hash in its head before they are
// decoded. Beyond that nothing is proven until the index and the trailer have
// come: numbers stand for hashes, and a tree read early may lie, as any
// archive may. So walks mark the directories they are in (a cycle of numbers
// is damage), and bound depth and size. At the end the canonical form of every
// metadata block is made from the hashes computed on the way, up to the
// snapshot record and the top block; where that fails, the index tells which
// blocks differ.
//
// # Memory
//
// Frames on the way, stored and decoded, share one budget ([Options].Memory).
// A tree stays as the stored bytes of its frames, decoded on demand through a
// small cache. Each block costs 32 bytes for its hash.
//
// # Map
//
//	reader.go    Reader, Options, Next, Event
//	input.go     buffered input with offsets; the search for the next magic
//	produce.go   the goroutine that reads structures in order
//	frame.go     Frame, and the workers that check, decode and hash
//	buffers.go   buffers that go round
//	hashes.go    hashes by block number
//	nodes.go     metadata frames kept for the tree
//	tree.go      Tree
//	walk.go      walks over directories and contents, for any source of nodes
//	index.go     the index against what was seen
//	check.go     the tree against its top block
package stream
