package export

import (
	"encoding/binary"
	"fmt"
	"strings"
)

const (
	xattrAccess  = "system.posix_acl_access"
	xattrDefault = "system.posix_acl_default"
)

// aclText writes an access control list as tars have it, with owners as
// numbers: user::rwx,user:1000:r-x,group::r-x,mask::rwx,other::r--. ok is false
// for what is none.
func aclText(raw string) (text string, ok bool) {
	b := []byte(raw)
	if len(b) < 4 || (len(b)-4)%8 != 0 || binary.LittleEndian.Uint32(b) != 2 {
		return "", false
	}
	names := map[uint16]string{0x01: "user:", 0x02: "user:", 0x04: "group:", 0x08: "group:", 0x10: "mask:", 0x20: "other:"}
	var parts []string
	for b = b[4:]; len(b) > 0; b = b[8:] {
		tag, perm, id := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:])
		name := names[tag]
		if name == "" {
			return "", false
		}
		if tag == 0x02 || tag == 0x08 {
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
