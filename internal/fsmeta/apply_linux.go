package fsmeta

import (
	"math"
	"strings"

	"golang.org/x/sys/unix"
)

// Meta is what [Apply] can set.
type Meta struct {
	// Mode is the kind and the permissions, as in st_mode. The kind is a
	// safeguard: an object of another kind is left alone. A Mode without kind
	// fits any.
	Mode  uint32
	Uid   uint32
	Gid   uint32
	Mtime Time
	// Xattrs are the extended attributes. They matter even when they are not
	// to be applied: permissions that came with an ACL are narrowed when the
	// ACL is not set.
	Xattrs []Xattr
}

// What selects the parts of a [Meta] to apply.
type What uint8

const (
	SetOwner What = 1 << iota
	SetXattrs
	SetMode
	SetTime
	// PruneXattrs removes the extended attributes an object has and the Meta
	// does not: those of an object that was there before, or ACLs inherited
	// from the directory's default. It costs one call more for an object
	// without any. Labels of security modules stay.
	PruneXattrs

	SetAll = SetOwner | SetXattrs | SetMode | SetTime
)

// InitialMode returns the permissions to make an object with, so that it is
// never open to more users than m allows and needs no chmod in the common
// case: no set-ID bits, no group permissions that were an ACL's mask, and
// writable by its owner when extended attributes are still to come.
func InitialMode(m *Meta) uint32 {
	perm := m.Mode & 0o777
	if acl, ok := m.accessACL(); ok {
		perm = withoutACL(perm, acl)
	}
	if len(m.Xattrs) > 0 {
		perm |= 0o200
	}
	return perm
}

func (m *Meta) accessACL() (acl []byte, ok bool) {
	for i := range m.Xattrs {
		if m.Xattrs[i].Name == XattrACLAccess {
			return m.Xattrs[i].Value, true
		}
	}
	return nil, false
}

func (m *Meta) hasXattr(name string) bool {
	for i := range m.Xattrs {
		if m.Xattrs[i].Name == name {
			return true
		}
	}
	return false
}

// Apply brings the named object to what m says, as far as selected, and
// returns one error for each attribute that could not be set, nil when there
// was none. The package comment tells the order and the safeguards.
//
// Without SetOwner the caller answers for set-ID bits in Mode: they will stand
// for whoever made the object.
func Apply(dirfd int, name string, m *Meta, what What) []*AttrError {
	if err := checkName(name); err != nil {
		return []*AttrError{{Attr: AttrStat, Err: err}}
	}
	a := application{o: object{dirfd, name}, m: m, what: what}
	a.run()
	return a.failed
}

// FApply is [Apply] on an open file, which must not be an O_PATH descriptor.
// It is the cheaper of the two.
func FApply(fd int, m *Meta, what What) []*AttrError {
	a := application{o: object{fd: fd}, m: m, what: what}
	a.run()
	return a.failed
}

// application is one call of Apply.
type application struct {
	o    object
	m    *Meta
	what What

	now       unix.Stat_t // the object before any change
	modeStale bool        // permissions may no longer be those in now
	keepOff   uint32      // set-ID bits whose owner could not be given
	aclSet    bool
	failed    []*AttrError
}

func (a *application) fail(attr Attr, err error) {
	a.failed = append(a.failed, &AttrError{Attr: attr, Err: err})
}

func (a *application) run() {
	if a.what == 0 {
		return
	}
	if err := a.o.stat(&a.now); err != nil {
		a.fail(AttrStat, err)
		return
	}
	kind := a.now.Mode & unix.S_IFMT
	if want := a.m.Mode & unix.S_IFMT; want != 0 && want != kind {
		a.fail(AttrKind, ErrKind)
		return
	}
	if a.what&SetOwner != 0 {
		a.owner()
	}
	if a.what&PruneXattrs != 0 {
		a.prune()
	}
	if a.what&SetXattrs != 0 {
		a.xattrs()
	}
	if a.what&SetMode != 0 && kind != unix.S_IFLNK {
		a.mode()
	}
	if a.what&SetTime != 0 {
		a.time()
	}
}

// noID is the id that chown takes for "leave it".
const noID = math.MaxUint32

func (a *application) owner() {
	uid, gid := -1, -1
	if a.m.Uid != a.now.Uid {
		uid = int(a.m.Uid)
	}
	if a.m.Gid != a.now.Gid {
		gid = int(a.m.Gid)
	}
	if a.m.Uid == noID {
		uid = -1
		a.failOwner(AttrUser, unix.EINVAL)
	}
	if a.m.Gid == noID {
		gid = -1
		a.failOwner(AttrGroup, unix.EINVAL)
	}
	if uid == -1 && gid == -1 {
		return
	}
	a.modeStale = true
	err := a.o.chown(uid, gid)
	if err != nil && uid != -1 {
		a.failOwner(AttrUser, err)
		if gid != -1 {
			// Users may give their files to any group they are in.
			err = a.o.chown(-1, gid)
		}
	}
	if err != nil && gid != -1 {
		a.failOwner(AttrGroup, err)
	}
}

// failOwner notes that an id could not be set, and with it that the set-ID bit
// must stay off which would lend the wrong one. On a directory set-group-ID
// lends nothing.
func (a *application) failOwner(attr Attr, err error) {
	a.fail(attr, err)
	if a.now.Mode&unix.S_IFMT == unix.S_IFDIR {
		return
	}
	if attr == AttrUser {
		a.keepOff |= unix.S_ISUID
	} else {
		a.keepOff |= unix.S_ISGID
	}
}

// prune removes what the object has and the Meta does not.
func (a *application) prune() {
	names, err := a.o.xattrNames()
	if err != nil {
		a.fail(AttrXattr, err)
		return
	}
	for _, name := range names {
		if !prunable(name) || a.m.hasXattr(name) {
			continue
		}
		a.modeStale = a.modeStale || name == XattrACLAccess
		if err := a.o.removeXattr(name); err != nil && err != unix.ENODATA {
			a.failed = append(a.failed, &AttrError{AttrXattr, name, err})
		}
	}
}

// prunable tells attributes that belong to the object from those a security
// module or the file system maintains.
func prunable(name string) bool {
	return strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "trusted.") ||
		name == XattrACLAccess || name == XattrACLDefault || name == "security.capability"
}

func (a *application) xattrs() {
	for i := range a.m.Xattrs {
		x := &a.m.Xattrs[i]
		if err := a.o.setXattr(x.Name, x.Value); err != nil {
			a.failed = append(a.failed, &AttrError{AttrXattr, x.Name, err})
			continue
		}
		if x.Name == XattrACLAccess {
			a.aclSet, a.modeStale = true, true
		}
	}
}

func (a *application) mode() {
	want := a.m.Mode & permMask
	if acl, ok := a.m.accessACL(); ok && !a.aclSet {
		want = withoutACL(want, acl)
	}
	if want&a.keepOff != 0 {
		a.fail(AttrMode, ErrSetID)
		want &^= a.keepOff
	}
	if !a.modeStale && a.now.Mode&permMask == want {
		return
	}
	if err := a.o.chmod(want); err != nil {
		a.fail(AttrMode, err)
		return
	}
	if want&unix.S_ISGID == 0 {
		return
	}
	// The kernel drops set-group-ID in silence for one not in the group.
	var st unix.Stat_t
	if err := a.o.stat(&st); err != nil {
		a.fail(AttrMode, err)
	} else if st.Mode&permMask != want {
		a.fail(AttrMode, ErrNotKept)
	}
}

func (a *application) time() {
	if statTime(&a.now) == a.m.Mtime {
		return
	}
	if err := a.o.setTime(a.m.Mtime); err != nil {
		a.fail(AttrTime, err)
		return
	}
	if a.m.Mtime.everywhere() {
		return
	}
	var st unix.Stat_t
	if err := a.o.stat(&st); err != nil {
		a.fail(AttrTime, err)
	} else if statTime(&st).Sec != a.m.Mtime.Sec {
		a.fail(AttrTime, ErrNotKept)
	}
}
