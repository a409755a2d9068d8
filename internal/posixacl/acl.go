// Package posixacl turns POSIX access control lists from the form in which the
// kernel keeps them, as an extended attribute, into the text that tars have
// (acl(5), short form), and back.
package posixacl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

// Names of the attributes that hold the lists.
const (
	Access  = "system.posix_acl_access"
	Default = "system.posix_acl_default"
)

// The kernel's form: a version, then entries of tag, permissions and id.
const (
	version    = 2
	headerSize = 4
	entrySize  = 8
	noID       = 0xffffffff
)

// Tags of entries, in the order in which they stand.
const (
	userObj  = 0x01
	userTag  = 0x02
	groupObj = 0x04
	groupTag = 0x08
	mask     = 0x10
	other    = 0x20
)

// ErrSyntax says of a text that it is no list.
var ErrSyntax = errors.New("not an access control list")

var names = map[uint16]string{userObj: "user:", userTag: "user:", groupObj: "group:", groupTag: "group:", mask: "mask:", other: "other:"}

// Text writes a list as text, with owners as numbers:
// user::rwx,user:1000:r-x,group::r-x,mask::rwx,other::r--. ok is false for what
// is no list.
func Text(raw string) (text string, ok bool) {
	b := []byte(raw)
	if len(b) < headerSize || (len(b)-headerSize)%entrySize != 0 || binary.LittleEndian.Uint32(b) != version {
		return "", false
	}
	var parts []string
	for b = b[headerSize:]; len(b) > 0; b = b[entrySize:] {
		tag, perm, id := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:])
		name := names[tag]
		if name == "" {
			return "", false
		}
		if tag == userTag || tag == groupTag {
			name += fmt.Sprint(id)
		}
		rwx := []byte("rwx")
		for i := range rwx {
			if perm&(4>>i) == 0 {
				rwx[i] = '-'
			}
		}
		parts = append(parts, name+":"+string(rwx))
	}
	return strings.Join(parts, ","), true
}

type entry struct {
	tag, perm uint16
	id        uint32
}

// Parse reads a text: entries divided by commas or ends of lines, each of a tag,
// who, permissions, and perhaps the number of who. A name without a number is
// looked up here. A list for access that says no more than permissions do is "".
// Errors are ErrSyntax.
func Parse(text string, access bool) (raw string, err error) {
	var list []entry
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ',' || c == '\n' }) {
		part, _, _ = strings.Cut(part, "#")
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		e, err := parseEntry(part)
		if err != nil {
			return "", err
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		return "", ErrSyntax
	}
	if access && !slices.ContainsFunc(list, func(e entry) bool { return e.tag == userTag || e.tag == groupTag || e.tag == mask }) {
		return "", nil
	}
	slices.SortStableFunc(list, func(a, b entry) int {
		if a.tag != b.tag {
			return int(a.tag) - int(b.tag)
		}
		return int(int64(a.id) - int64(b.id))
	})
	out := binary.LittleEndian.AppendUint32(nil, version)
	for _, e := range list {
		out = binary.LittleEndian.AppendUint16(out, e.tag)
		out = binary.LittleEndian.AppendUint16(out, e.perm)
		out = binary.LittleEndian.AppendUint32(out, e.id)
	}
	return string(out), nil
}

func parseEntry(part string) (entry, error) {
	e := entry{id: noID}
	f := strings.Split(part, ":")
	if len(f) == 2 && (f[0] == "mask" || f[0] == "other" || f[0] == "m" || f[0] == "o") {
		f = []string{f[0], "", f[1]}
	}
	if len(f) < 3 || len(f) > 4 || len(f[2]) < 3 {
		return e, fmt.Errorf("%w: %q", ErrSyntax, part)
	}
	switch f[0] {
	case "user", "u":
		e.tag = userObj
	case "group", "g":
		e.tag = groupObj
	case "mask", "m":
		e.tag = mask
	case "other", "o":
		e.tag = other
	default:
		return e, fmt.Errorf("%w: %q", ErrSyntax, part)
	}
	if f[1] != "" {
		id, err := idOf(f, e.tag == groupObj)
		if err != nil || e.tag > groupObj {
			return e, fmt.Errorf("%w: nobody is known as %q", ErrSyntax, f[1])
		}
		e.tag, e.id = e.tag<<1, id // the tag of a named one is the next bit
	}
	for i, c := range "rwx" {
		switch rune(f[2][i]) {
		case c:
			e.perm |= 4 >> i
		case '-':
		default:
			return e, fmt.Errorf("%w: permissions %q", ErrSyntax, f[2])
		}
	}
	return e, nil
}

// idOf gives the number of a user or group: the one that stands behind, or the
// one of the name here.
func idOf(f []string, group bool) (uint32, error) {
	number := f[1]
	if len(f) == 4 {
		number = f[3]
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err == nil {
		return uint32(n), nil
	}
	if group {
		g, err := user.LookupGroup(f[1])
		if err != nil {
			return 0, err
		}
		number = g.Gid
	} else {
		u, err := user.Lookup(f[1])
		if err != nil {
			return 0, err
		}
		number = u.Uid
	}
	n, err = strconv.ParseUint(number, 10, 32)
	return uint32(n), err
}
