package ingest

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

const (
	xattrAccess  = "system.posix_acl_access"
	xattrDefault = "system.posix_acl_default"
)

// Tags of entries of access control lists, as Linux has them.
const (
	aclUserObj  = 0x01
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20
	aclNobody   = 0xffffffff
)

var errACL = errors.New("not an access control list")

// parseACL reads a list as tars have it (entries divided by commas or ends of
// lines, each of a tag, who, permissions, and perhaps the number of who) and
// gives it as the kernel has it: "" for one for access that says no more than
// permissions do.
func parseACL(text string, access bool) (string, error) {
	type entry struct {
		tag, perm uint16
		id        uint32
	}
	var list []entry
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ',' || c == '\n' }) {
		part, _, _ = strings.Cut(part, "#")
		f := strings.Split(strings.TrimSpace(part), ":")
		if len(f) == 1 && f[0] == "" {
			continue
		}
		if len(f) == 2 && (f[0] == "mask" || f[0] == "other" || f[0] == "m" || f[0] == "o") {
			f = []string{f[0], "", f[1]}
		}
		if len(f) < 3 || len(f) > 4 || len(f[2]) < 3 {
			return "", fmt.Errorf("%w: %q", errACL, part)
		}
		e := entry{id: aclNobody}
		switch f[0] {
		case "user", "u":
			e.tag = aclUserObj
		case "group", "g":
			e.tag = aclGroupObj
		case "mask", "m":
			e.tag = aclMask
		case "other", "o":
			e.tag = aclOther
		default:
			return "", fmt.Errorf("%w: %q", errACL, part)
		}
		if f[1] != "" {
			id, err := whoOf(f, e.tag == aclGroupObj)
			if err != nil || e.tag > aclGroupObj {
				return "", fmt.Errorf("%w: nobody is known as %q", errACL, f[1])
			}
			e.tag, e.id = e.tag<<1, id
		}
		for i, c := range "rwx" {
			switch rune(f[2][i]) {
			case c:
				e.perm |= 4 >> i
			case '-':
			default:
				return "", fmt.Errorf("%w: permissions %q", errACL, f[2])
			}
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		return "", errACL
	}
	if access && !slices.ContainsFunc(list, func(e entry) bool { return e.tag == aclUser || e.tag == aclGroup || e.tag == aclMask }) {
		return "", nil // it says what permissions say
	}
	slices.SortStableFunc(list, func(a, b entry) int {
		if a.tag != b.tag {
			return int(a.tag) - int(b.tag)
		}
		return int(int64(a.id) - int64(b.id))
	})
	out := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range list {
		out = binary.LittleEndian.AppendUint16(out, e.tag)
		out = binary.LittleEndian.AppendUint16(out, e.perm)
		out = binary.LittleEndian.AppendUint32(out, e.id)
	}
	return string(out), nil
}

// whoOf gives the number of a user or group: the one that stands behind, or the
// one of the name here.
func whoOf(f []string, group bool) (uint32, error) {
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

// base64Loose reads base 64 with or without its padding, as libarchive writes
// it.
func base64Loose(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "=\n"))
}
