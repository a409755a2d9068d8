package fsmeta

import "encoding/binary"

// Names of the extended attributes that carry POSIX ACLs.
const (
	XattrACLAccess  = "system.posix_acl_access"
	XattrACLDefault = "system.posix_acl_default"
)

// The raw form of an ACL: a version, then entries of tag, permissions and id.
const (
	aclVersion   = 2
	aclHeader    = 4
	aclEntry     = 8
	aclTagGroup  = 0x04 // ACL_GROUP_OBJ, the owning group
	aclPermsMask = 7
)

// withoutACL returns permissions that grant no more than mode and acl
// together did, for a file that has to do without acl. Where there is an ACL
// the group bits of a mode are its mask, an upper bound over all it names;
// what the owning group itself was granted stands in the ACL only.
func withoutACL(mode uint32, acl []byte) uint32 {
	var group uint32
	if len(acl) >= aclHeader && binary.LittleEndian.Uint32(acl) == aclVersion {
		for e := acl[aclHeader:]; len(e) >= aclEntry; e = e[aclEntry:] {
			if binary.LittleEndian.Uint16(e) == aclTagGroup {
				group = uint32(binary.LittleEndian.Uint16(e[2:])) & aclPermsMask
			}
		}
	}
	return mode&^(aclPermsMask<<3) | mode&(group<<3)
}
