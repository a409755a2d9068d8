// Package format turns the structures of a .vtd archive into bytes and back.
//
// It is pure: no files, no network, no goroutines. Package writer decides what
// to write and package reader what to read; both speak of bytes only through
// this package. The normative description is spec/vtd.md; the tables in the
// doc comments here are its tables, and a test compares them.
//
// # The file
//
//	header                     Header
//	frames                     FrameHead, then stored bytes (package codec)
//	  metadata: top, snapshot  Top, Snapshot
//	  metadata: tree           DirLeaf, DirInner, Indirect, Recipe
//	  data                     contents of files
//	index                      IndexHead, hash of each block, IndexFrame rows
//	trailer                    Trailer
//
// All integers are little-endian. Inside metadata blocks numbers are canonical
// LEB128 (uvarint), signed ones zigzagged (svarint).
//
// # Blocks and numbers
//
// A block is a byte string named by its hash. Blocks are numbered from 0 in the
// order in which frames hold them. A data block is plain content. A metadata
// block begins with its BlockType and has two forms: the canonical form names
// other blocks by hash, and the block's own hash is taken over it; the stored
// form, which is what frames hold, names them by number. To check a metadata
// block: parse its stored form, look the hash of each reference up in the
// index (ResolveRefs), write the canonical form, hash it.
//
// A block of length 0 in a frame head is absent: its content changed between
// being promised and being written. Some later tree version replaces what
// referred to it.
//
// The first metadata frame of a tree version holds just two blocks: the top
// block and, after it, the snapshot record. The other metadata frames follow,
// each node before the nodes it is the first to name; then the data frames. An
// archive made in one pass has data frames first.
//
// # Metadata blocks
//
// After the type (and level and count of rows, where there are any) come
// columns: id, length, bytes. One encoding exists for each value and parsing
// rejects all others, by encoding again what it has read.
//
// # Errors
//
// Every error is an *Error of class ErrNotArchive, ErrUnsupported or
// ErrDamaged. Lengths are checked against the constants of limits.go before
// anything is allocated.
package format

// ResolveRefs fills in the hash of every reference from its number.
func ResolveRefs(refs []*Ref, hashOf func(num uint64) (Hash, error)) error {
	for _, r := range refs {
		h, err := hashOf(r.Num)
		if err != nil {
			return err
		}
		r.Hash = h
	}
	return nil
}
