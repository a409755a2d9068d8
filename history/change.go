package history

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Kind is what has become of a path.
type Kind string

// The kinds of changes.
const (
	Added    Kind = "added"
	Deleted  Kind = "deleted"
	Modified Kind = "modified" // the content, a link's target or a device's number
	Renamed  Kind = "renamed"  // from another path; metadata may have changed as well
	Retyped  Kind = "type"     // what was a file is a directory, or the like
	Metadata Kind = "metadata" // nothing else than that
)

// What is a set of things in which two entries differ.
type What uint16

// The things.
const (
	Content What = 1 << iota
	Target
	Device
	Mode
	Owner
	Group
	Mtime
	Xattrs
	Links // how many names the file has
)

// Things are the names of all things, as options and reports have them.
var Things = []string{"content", "target", "device", "mode", "owner", "group", "mtime", "xattrs", "links"}

// ThingOf gives the thing of a name.
func ThingOf(name string) (What, bool) {
	i := slices.Index(Things, name)
	return 1 << max(i, 0), i >= 0
}

// Names lists the names of a set.
func (w What) Names() []string {
	var names []string
	for i, name := range Things {
		if w&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func (w What) String() string { return strings.Join(w.Names(), ",") }

// Change is in what a path differs between two trees.
type Change struct {
	Kind Kind
	Path string // in the new tree; for Deleted, in the old one
	From string // for Renamed, in the old tree
	What What
	// Old and New are the entries: nil where there is none.
	Old, New *format.Entry
}

// side is one of two trees.
type side struct {
	a *reader.Archive
	t *reader.Tree
}

// compare gives the things in which two entries of one kind differ. Of entries
// that stand only for what is below them nothing is compared.
func compare(o, n side, old, new *format.Entry) (What, error) {
	if old.Kind == format.KindImplied || new.Kind == format.KindImplied {
		return 0, nil
	}
	var w What
	set := func(differs bool, what What) {
		if differs {
			w |= what
		}
	}
	set(old.Perm != new.Perm && old.Kind != format.KindSymlink, Mode)
	set(old.Owner.UID != new.Owner.UID || old.Owner.User != new.Owner.User, Owner)
	set(old.Owner.GID != new.Owner.GID || old.Owner.Group != new.Owner.Group, Group)
	set(old.Mtime != new.Mtime, Mtime)
	set(!slices.Equal(old.Xattrs, new.Xattrs), Xattrs)
	set(!old.Kind.IsDir() && old.LinkCount != new.LinkCount, Links)
	set(old.Target != new.Target, Target)
	set(old.Major != new.Major || old.Minor != new.Minor, Device)
	if old.Kind == format.KindFile {
		same, err := sameContent(o, n, old, new)
		if err != nil {
			return 0, err
		}
		set(!same, Content)
	}
	return w, nil
}

// sameContent compares files: by their hashes, or where these are of different
// functions by their bytes.
func sameContent(o, n side, old, new *format.Entry) (bool, error) {
	if old.Size != new.Size {
		return false, nil
	}
	if id := o.a.HashID(); id == n.a.HashID() {
		return old.ContentHash(id) == new.ContentHash(id), nil
	}
	x, err := o.a.Content(old)
	if err != nil {
		return false, err
	}
	y, err := n.a.Content(new)
	if err != nil {
		return false, err
	}
	var a, b [64 << 10]byte
	for {
		k, err := io.ReadFull(x, a[:])
		m, err2 := io.ReadFull(y, b[:])
		if !bytes.Equal(a[:k], b[:m]) {
			return false, nil
		}
		for _, err := range []error{err, err2} {
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return false, err
			}
		}
		if err != nil || err2 != nil {
			return true, nil
		}
	}
}

// Kind says what a change of these things is: Modified or Metadata.
func (w What) Kind() Kind {
	if w&(Content|Target|Device) != 0 {
		return Modified
	}
	return Metadata
}

// sameKind says whether entries are of one kind. A directory that stands only
// for what is below it is a directory.
func sameKind(old, new *format.Entry) bool {
	return old.Kind == new.Kind || old.Kind.IsDir() && new.Kind.IsDir()
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// at gives an error its path, unless it has one.
func at(path string, err error) error {
	if path == "" {
		return err
	}
	return fmt.Errorf("%q: %w", path, err)
}
