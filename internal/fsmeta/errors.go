package fsmeta

import (
	"errors"
	"io/fs"
)

var (
	// ErrName reports a name that is not exactly one path component.
	ErrName = errors.New("not a single path component")

	// ErrKind reports an object whose kind is not that of the metadata to be
	// applied to it: something else took its place.
	ErrKind = errors.New("the object is of another kind")

	// ErrShrunk reports a file that became shorter while it was read.
	ErrShrunk = errors.New("file shrank while being read")

	// ErrSetID reports a set-user-ID or set-group-ID bit left off because the
	// user or group it would have stood for could not be set.
	ErrSetID = errors.New("set-ID bit left off: the file does not have the owner it was meant for")

	// ErrNotKept reports a value that was accepted but not stored as given,
	// as when a file system's range of times is too small.
	ErrNotKept = errors.New("the file system did not keep the value")
)

// Attr is a piece of metadata that can fail on its own.
type Attr string

// The attributes an [AttrError] can name.
const (
	AttrKind  Attr = "kind"  // what the object is; nothing was applied
	AttrStat  Attr = "stat"  // the object could not be looked at; nothing was applied
	AttrUser  Attr = "user"  // user id
	AttrGroup Attr = "group" // group id
	AttrXattr Attr = "xattr" // one extended attribute, or the list of them when Name is empty
	AttrMode  Attr = "mode"  // permissions
	AttrTime  Attr = "time"  // modification time
)

// AttrError tells which attribute could not be read or set, and why.
type AttrError struct {
	Attr Attr
	Name string // of the extended attribute
	Err  error  // mostly an errno
}

func (e *AttrError) Error() string {
	if e.Name != "" {
		return string(e.Attr) + " " + e.Name + ": " + e.Err.Error()
	}
	return string(e.Attr) + ": " + e.Err.Error()
}

func (e *AttrError) Unwrap() error { return e.Err }

// OwnerDenied reports whether the system refused to give the object away,
// which is what an ordinary user is to expect.
func (e *AttrError) OwnerDenied() bool {
	return (e.Attr == AttrUser || e.Attr == AttrGroup) && errors.Is(e.Err, fs.ErrPermission)
}

// Unsupported reports whether the file system has no such attribute at all.
func (e *AttrError) Unsupported() bool { return errors.Is(e.Err, errors.ErrUnsupported) }

// pathError wraps err, when there is one, with the call and the name.
func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
