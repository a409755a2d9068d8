package fusearchive

import (
	"encoding/hex"
	"fmt"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/vtdarchive/vtd/format"
)

// BlockRef is the extended attribute that tells how an entry's content is named
// in the archive. It is not listed: it is no attribute of the file, and nothing
// that copies files should copy it.
const BlockRef = "x-vt-blockref"

// GetXAttr reads an attribute.
func (f *FS) GetXAttr(_ <-chan struct{}, header *fuse.InHeader, name string, dest []byte) (uint32, fuse.Status) {
	n, e, status := f.find(header.NodeId)
	if !status.Ok() {
		return 0, status
	}
	if name == BlockRef {
		if text := f.blockRef(n, e); text != "" {
			return into(dest, text)
		}
		return 0, fuse.ENODATA
	}
	for i := range e.Xattrs {
		if e.Xattrs[i].Name == name {
			return into(dest, e.Xattrs[i].Value)
		}
	}
	return 0, fuse.ENODATA
}

// ListXAttr lists the attributes.
func (f *FS) ListXAttr(_ <-chan struct{}, header *fuse.InHeader, dest []byte) (uint32, fuse.Status) {
	_, e, status := f.find(header.NodeId)
	if !status.Ok() {
		return 0, status
	}
	list := ""
	for i := range e.Xattrs {
		list += e.Xattrs[i].Name + "\x00"
	}
	return into(dest, list)
}

// into gives a value to somebody who has brought room for it, or asks how much
// it takes.
func into(dest []byte, value string) (uint32, fuse.Status) {
	if len(dest) > 0 && len(dest) < len(value) {
		return uint32(len(value)), fuse.ERANGE
	}
	copy(dest, value)
	return uint32(len(value)), fuse.OK
}

// blockRef is the text of a reference: its kind and what it names. Entries
// without content have none.
func (f *FS) blockRef(n *node, e *format.Entry) string {
	switch {
	case n.parent == nil && f.base == "":
		s := f.tree.Snapshot()
		hash, err := f.a.Hash(f.tree.SnapshotBlock())
		if err != nil {
			f.tell(err)
			return ""
		}
		return fmt.Sprintf("directory %v\nroot %v\nsnapshot %v\ncontent %v", e.Ref.Hash, s.Root.Ref.Hash, hash, s.Content)
	case e.Kind.IsDir():
		return fmt.Sprintf("directory %v", e.Ref.Hash)
	case e.Kind != format.KindFile:
		return ""
	}
	switch r := &e.Ref; r.Kind {
	case format.RefLiteral:
		return "literal " + hex.EncodeToString(r.Literal)
	case format.RefRun:
		return fmt.Sprintf("run %d of %02x", r.Span, r.Octet)
	case format.RefIndirect:
		return fmt.Sprintf("indirect %v", r.Hash)
	case format.RefRecipe:
		return fmt.Sprintf("recipe %v", r.Hash)
	}
	return fmt.Sprintf("block %v", e.Ref.Hash)
}
