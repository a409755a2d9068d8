package fsmeta

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Xattr is an extended attribute: its full name with the namespace
// ("user.comment") and its value, which is any bytes, or none.
type Xattr struct {
	Name  string
	Value []byte
}

// Most attributes, and lists of them, fit the first buffer, which lives on the
// stack; the second is the most Linux lets a value or a list be
// (XATTR_SIZE_MAX, XATTR_LIST_MAX), so that there is never a size to ask for
// first, nor a race with one that grows.
const (
	smallXattr = 256
	largeXattr = 64 << 10
)

// Xattrs returns all extended attributes of a file with their values, sorted
// by name; a file system without any is not an error. When some cannot be
// read, the others come back together with an error that joins one
// [AttrError] for each.
func Xattrs(dirfd int, name string) ([]Xattr, error) {
	if err := checkName(name); err != nil {
		return nil, pathError("listxattr", name, err)
	}
	return object{dirfd, name}.xattrs()
}

// FXattrs is [Xattrs] of an open file.
func FXattrs(fd int) ([]Xattr, error) { return object{fd: fd}.xattrs() }

// ListXattrs returns the names of a file's extended attributes, sorted; none
// when the file system has no such thing. It is a single system call for a
// file without any.
func ListXattrs(dirfd int, name string) ([]string, error) {
	if err := checkName(name); err != nil {
		return nil, pathError("listxattr", name, err)
	}
	names, err := object{dirfd, name}.xattrNames()
	return names, pathError("listxattr", name, err)
}

// FListXattrs is [ListXattrs] of an open file.
func FListXattrs(fd int) ([]string, error) {
	names, err := object{fd: fd}.xattrNames()
	return names, pathError("listxattr", "", err)
}

// GetXattr returns the value of one extended attribute, ENODATA when the file
// does not have it. An empty value is an empty slice, not nil.
func GetXattr(dirfd int, name, attr string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, pathError("getxattr", name, err)
	}
	v, err := object{dirfd, name}.xattr(attr)
	return v, pathError("getxattr "+attr, name, err)
}

// FGetXattr is [GetXattr] of an open file.
func FGetXattr(fd int, attr string) ([]byte, error) {
	v, err := object{fd: fd}.xattr(attr)
	return v, pathError("getxattr "+attr, "", err)
}

// SetXattr sets one extended attribute, whether or not it exists.
func SetXattr(dirfd int, name, attr string, value []byte) error {
	if err := checkName(name); err != nil {
		return pathError("setxattr", name, err)
	}
	return pathError("setxattr "+attr, name, object{dirfd, name}.setXattr(attr, value))
}

// FSetXattr is [SetXattr] of an open file.
func FSetXattr(fd int, attr string, value []byte) error {
	return pathError("setxattr "+attr, "", object{fd: fd}.setXattr(attr, value))
}

// RemoveXattr removes one extended attribute, ENODATA when there is none.
func RemoveXattr(dirfd int, name, attr string) error {
	if err := checkName(name); err != nil {
		return pathError("removexattr", name, err)
	}
	return pathError("removexattr "+attr, name, object{dirfd, name}.removeXattr(attr))
}

// FRemoveXattr is [RemoveXattr] of an open file.
func FRemoveXattr(fd int, attr string) error {
	return pathError("removexattr "+attr, "", object{fd: fd}.removeXattr(attr))
}

func (o object) xattrs() ([]Xattr, error) {
	names, err := o.xattrNames()
	if err != nil {
		return nil, &AttrError{Attr: AttrXattr, Err: err}
	}
	if len(names) == 0 {
		return nil, nil
	}
	attrs := make([]Xattr, 0, len(names))
	var failed []error
	for _, name := range names {
		value, err := o.xattr(name)
		switch err {
		case nil:
			attrs = append(attrs, Xattr{name, value})
		case unix.ENODATA:
			// Removed since it was listed.
		default:
			failed = append(failed, &AttrError{AttrXattr, name, err})
		}
	}
	return attrs, errors.Join(failed...)
}

func (o object) xattrNames() ([]string, error) {
	var small [smallXattr]byte
	list := small[:]
	n, err := o.listXattr(list)
	if err == unix.ERANGE {
		list = make([]byte, largeXattr)
		n, err = o.listXattr(list)
	}
	if err == unix.ENOTSUP {
		return nil, nil
	}
	if err != nil || n == 0 {
		return nil, err
	}
	list = bytes.TrimSuffix(list[:n], []byte{0})
	names := strings.Split(string(list), "\x00")
	slices.Sort(names)
	return names, nil
}

func (o object) xattr(attr string) ([]byte, error) {
	var small [smallXattr]byte
	n, err := o.getXattr(attr, small[:])
	if err == nil {
		return append(make([]byte, 0, n), small[:n]...), nil
	}
	if err != unix.ERANGE {
		return nil, err
	}
	large := make([]byte, largeXattr)
	if n, err = o.getXattr(attr, large); err != nil {
		return nil, err
	}
	return slices.Clip(append([]byte(nil), large[:n]...)), nil
}
