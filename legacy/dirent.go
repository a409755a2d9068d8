package legacy

import (
	"encoding/hex"
	"fmt"
	"iter"
	"strings"
)

// Kind is what an entry is.
type Kind uint8

// Kinds of entries.
const (
	File     Kind = iota
	Dir           //
	Symlink       // its target is in the Meta
	HardLink      // another name of the entry with its UUID
	kinds
)

// UUID tells apart entries that have several names.
type UUID [16]byte

// String gives the usual form.
func (u UUID) String() string {
	h := hex.EncodeToString(u[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// Dirent is an entry of a directory.
type Dirent struct {
	Kind    Kind
	Name    string
	Meta    string // as ParseMeta reads it; empty: nothing is known
	HasUUID bool
	UUID    UUID
	Content *Ref // of files and directories; nil: there is none
	Prev    *Ref // to an earlier version of the entry, as a block; nil: there is none
}

const (
	direntMeta     = 0x01
	direntName     = 0x02
	direntNoBlock  = 0x04
	direntUUID     = 0x08
	direntPrev     = 0x10
	direntExtended = 0x20
)

// dirent reads one entry.
func (c *cursor) dirent() (d Dirent) {
	d.Kind = Kind(c.kind(uint64(kinds), "a type of entry"))
	flags := c.flags(0x3f, "flags of an entry")
	if flags&direntName != 0 {
		d.Name = string(c.data(MaxName, "a name"))
	}
	if flags&direntMeta != 0 {
		d.Meta = string(c.data(MaxMeta, "metadata"))
	}
	if flags&direntUUID != 0 {
		d.HasUUID = true
		copy(d.UUID[:], c.take(uint64(len(d.UUID))))
	}
	if flags&direntNoBlock == 0 {
		r := c.ref(0)
		d.Content = &r
	}
	if flags&direntPrev != 0 {
		r := c.ref(0)
		d.Prev = &r
	}
	if flags&direntExtended != 0 {
		c.data(MaxMeta, "an extension")
	}
	return d
}

// CheckName says what is wrong with the name of an entry.
func CheckName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%q is no name%w", name, class{ErrDamaged})
	case strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("the name %q holds a slash or a zero%w", name, class{ErrDamaged})
	}
	return nil
}

// Dirents reads a directory's content, an entry at a time: in memory all would
// take many times the room. An error, at the place where it is damaged, comes
// behind the entries before that place.
func Dirents(b []byte) iter.Seq2[Dirent, error] {
	return func(yield func(Dirent, error) bool) {
		c := cursor{b: b}
		for n := 0; len(c.b) > 0; n++ {
			if n == MaxEntries {
				yield(Dirent{}, fmt.Errorf("more than %d entries%w", MaxEntries, class{ErrDamaged}))
				return
			}
			d := c.dirent()
			if err := c.err("entry"); err != nil {
				yield(Dirent{}, err)
				return
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}
