package testkit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"github.com/vtdarchive/vtd/format"
)

// Contents is what an archive holds, in the form in which vectors list it.
// Bytes that are not UTF-8 stand in the fields ending in Hex instead.
type Contents struct {
	Hash      string  `json:"hash"` // name of the archive's hash function
	Top       string  `json:"top_hash"`
	Root      string  `json:"root_hash"`
	Content   string  `json:"content_id"`
	Blocks    uint64  `json:"blocks"`
	Snapshots uint64  `json:"snapshots"` // as the trailer counts them
	Label     string  `json:"label,omitempty"`
	Entries   []Entry `json:"entries"`                // depth first, in order of name; the root is "."
	Original  *Entry  `json:"original,omitempty"`     // what the tree was made from
	Tail      int     `json:"ignored_tail,omitempty"` // bytes after the last valid trailer: a reader reports them
}

// Entry is one entry of the tree.
type Entry struct {
	Path      string  `json:"path,omitempty"`
	PathHex   string  `json:"path_hex,omitempty"`
	Kind      string  `json:"kind"`
	Perm      string  `json:"perm,omitempty"` // octal; absent, as all below, from implied directories
	UID       uint32  `json:"uid"`
	GID       uint32  `json:"gid"`
	User      string  `json:"user,omitempty"`
	Group     string  `json:"group,omitempty"`
	Mtime     *Time   `json:"mtime,omitempty"`
	Btime     *Time   `json:"btime,omitempty"`
	Size      uint64  `json:"size"`            // of a directory: of all files below
	Count     uint64  `json:"count,omitempty"` // of a directory: entries below
	Ref       string  `json:"ref,omitempty"`   // how a file's content is held
	SHA256    string  `json:"sha256,omitempty"`
	Target    string  `json:"target,omitempty"`
	TargetHex string  `json:"target_hex,omitempty"`
	Major     uint32  `json:"major,omitempty"`
	Minor     uint32  `json:"minor,omitempty"`
	LinkID    uint64  `json:"link_id,omitempty"`
	LinkCount uint64  `json:"link_count,omitempty"`
	Xattrs    []Xattr `json:"xattrs,omitempty"`
}

// Time is a time as two integers of 64 and 32 bits.
type Time struct {
	Sec  int64  `json:"sec"`
	Nsec uint32 `json:"nsec"`
}

// Xattr is an extended attribute.
type Xattr struct {
	Name     string `json:"name"`
	ValueHex string `json:"value_hex"`
}

var refNames = map[format.RefKind]string{
	format.RefLiteral: "literal", format.RefBlock: "block", format.RefRun: "run", format.RefIndirect: "indirect", format.RefRecipe: "recipe",
}

// entryOf lists an entry; the content of a file is filled in later.
func entryOf(path string, e *format.Entry) Entry {
	out := Entry{
		Kind: e.Kind.String(), Size: e.Size, Count: e.Count,
		Major: e.Major, Minor: e.Minor, LinkID: e.LinkID, LinkCount: e.LinkCount,
	}
	out.Path, out.PathHex = textOrHex(path)
	out.Target, out.TargetHex = textOrHex(e.Target)
	if e.Kind == format.KindImplied {
		return out
	}
	out.Perm = fmt.Sprintf("%04o", e.Perm)
	out.UID, out.GID, out.User, out.Group = e.Owner.UID, e.Owner.GID, e.Owner.User, e.Owner.Group
	out.Mtime = &Time{e.Mtime.Sec, e.Mtime.Nsec}
	if e.Btime != (format.Time{}) {
		out.Btime = &Time{e.Btime.Sec, e.Btime.Nsec}
	}
	if e.Kind == format.KindFile {
		out.Ref = refNames[e.Ref.Kind]
	}
	for _, x := range e.Xattrs {
		out.Xattrs = append(out.Xattrs, Xattr{x.Name, hex.EncodeToString([]byte(x.Value))})
	}
	return out
}

func textOrHex(s string) (text, digits string) {
	if utf8.ValidString(s) {
		return s, ""
	}
	return "", hex.EncodeToString([]byte(s))
}

func sha256Hex(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
