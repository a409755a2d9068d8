package format

// The content id names a tree by what is in it: names, kinds, metadata and
// the hash of every file's whole content, whatever cut, packed or ordered it.
// It is built from the leaves up. See "Content id" in the specification.

// contentTag keeps content records apart from any other use of the hash.
const contentTag = "vtd content 1\n"

// ContentDir collects the entries of one directory, in order of name.
type ContentDir struct {
	h   Hasher
	buf []byte
}

// NewContentDir begins a directory.
func NewContentDir(id HashID) *ContentDir {
	d := &ContentDir{h: id.New()}
	d.h.Write([]byte(contentTag))
	return d
}

// Add adds an entry. sum is the hash of a file's whole content, or the
// directory's own id as Sum gave it; other kinds ignore it. Names come in
// ascending order.
func (d *ContentDir) Add(e *Entry, sum Hash) {
	d.buf = appendContentRecord(d.buf[:0], e, e.Name, sum)
	d.h.Write(d.buf)
}

// Sum gives the id of what was added.
func (d *ContentDir) Sum() Hash { return d.h.Sum() }

// ContentID gives the content id of a tree: of its root entry, whose name does
// not count, and the id of the root's entries.
func ContentID(id HashID, root *Entry, entries Hash) Hash {
	return id.Sum(appendContentRecord([]byte(contentTag), root, "", entries))
}

// ContentStart finds the directory at which the content id of a tree starts:
// the root or, below implied directories that hold nothing but one directory,
// the first that is more than a way to another. So a directory has one id, from
// wherever it was archived. D is whatever stands for an entry; only gives the
// entry of a directory that has exactly one.
func ContentStart[D any](root D, kind func(D) Kind, only func(dir D) (entry D, ok bool)) D {
	for kind(root) == KindImplied {
		entry, ok := only(root)
		if !ok || !kind(entry).IsDir() {
			break
		}
		root = entry
	}
	return root
}

func appendContentRecord(b []byte, e *Entry, name string, sum Hash) []byte {
	b = appendString(b, name)
	if e.Kind == KindImplied {
		b = appendUvarint(b, uint64(KindImplied)<<12)
		return append(b, sum[:]...)
	}
	b = appendUvarint(b, uint64(e.Mode()))
	b = appendOwner(b, e.Owner)
	b = appendUvarint(appendSvarint(b, e.Mtime.Sec), uint64(e.Mtime.Nsec))
	b = appendXattrs(b, e.Xattrs)
	b = appendUvarint(b, e.LinkID)
	switch {
	case e.Kind == KindFile:
		b = appendUvarint(b, e.Size)
		b = append(b, sum[:]...)
	case e.Kind == KindDir:
		b = append(b, sum[:]...)
	case e.Kind == KindSymlink:
		b = appendString(b, e.Target)
	case e.Kind.IsDevice():
		b = appendUvarint(appendUvarint(b, uint64(e.Major)), uint64(e.Minor))
	}
	return b
}
