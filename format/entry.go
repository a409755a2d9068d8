package format

import "cmp"

// Time is a point in time: seconds since 1970 and nanoseconds below a second.
type Time struct {
	Sec  int64
	Nsec uint32
}

// Compare orders times.
func (t Time) Compare(o Time) int {
	return cmp.Or(cmp.Compare(t.Sec, o.Sec), cmp.Compare(t.Nsec, o.Nsec))
}

// Owner is the user and group of an entry, by number and by name. A name that
// was not known is empty.
type Owner struct {
	UID, GID    uint32
	User, Group string
}

// Xattr is one extended attribute.
type Xattr struct{ Name, Value string }

// Ref names content: the bytes of a file, of a part of one, or a metadata
// block. Span is its length in bytes of content. Of Num and Hash, the stored
// form of a block gives Num and the canonical form Hash; ResolveRefs fills in
// the hashes.
type Ref struct {
	Kind    RefKind
	Octet   byte   // RefRun
	Span    uint64 // bytes
	Num     uint64 // RefBlock, RefIndirect, RefRecipe, and references to metadata
	Hash    Hash   // the same
	Literal []byte // RefLiteral
}

// named reports whether the reference names a block.
func (r *Ref) named() bool { return r.Kind == RefBlock || r.Kind == RefIndirect || r.Kind == RefRecipe }

// Entry is one name of a directory with all that is known of it.
type Entry struct {
	Name  string
	Kind  Kind
	Perm  uint16 // 07777
	Owner Owner
	Mtime Time
	Btime Time   // zero: not recorded
	Size  uint64 // file: bytes of content; directory: bytes of all files below
	Count uint64 // directory: entries below

	// Ref is a file's content; for a directory its Num and Hash name the
	// directory's node.
	Ref Ref
	// Content is the hash of the whole content of a file. It is recorded where
	// Ref is a run, indirect or a recipe; use ContentHash for any file.
	Content Hash

	Target       string // symlink
	Major, Minor uint32 // devices
	LinkID       uint64 // names with the same LinkID are one file; 0: only one name
	LinkCount    uint64 // how many names the snapshot has for it
	Xattrs       []Xattr
}

// Mode packs kind and permissions as the modes column does.
func (e *Entry) Mode() uint32 { return uint32(e.Kind)<<12 | uint32(e.Perm) }

// HasContentHash reports whether the entry records Content.
func (e *Entry) HasContentHash() bool {
	return e.Kind == KindFile && (e.Ref.Kind == RefRun || e.Ref.Kind == RefIndirect || e.Ref.Kind == RefRecipe)
}

// ContentHash gives the hash of a file's whole content. The reference must
// carry its hash.
func (e *Entry) ContentHash(id HashID) Hash {
	switch e.Ref.Kind {
	case RefLiteral:
		return id.Sum(e.Ref.Literal)
	case RefBlock:
		return e.Ref.Hash
	}
	return e.Content
}

// ValidName reports whether a name may stand in a directory.
func ValidName(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > MaxName {
		return false
	}
	for i := range len(name) {
		if name[i] == 0 || name[i] == '/' {
			return false
		}
	}
	return true
}
