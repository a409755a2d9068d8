package legacy

import (
	"errors"
	"fmt"
)

// Classes of errors, under errors.Is.
var (
	// ErrNotLegacy: the file does not begin with a record.
	ErrNotLegacy = errors.New("not a data file of the old vt")
	// ErrDamaged: something contradicts itself or its hash, or is missing.
	ErrDamaged = errors.New("damaged")
)

// Error says what is wrong, and where.
type Error struct {
	Class  error
	Where  string // "record", "directory", …
	Offset int64  // in the file for records, in its block for anything else
	Msg    string
}

func (e *Error) Error() string { return fmt.Sprintf("%s at offset %d: %s", e.Where, e.Offset, e.Msg) }

// Unwrap gives the class.
func (e *Error) Unwrap() error { return e.Class }

func damaged(where string, off int64, format string, args ...any) *Error {
	return &Error{Class: ErrDamaged, Where: where, Offset: off, Msg: fmt.Sprintf(format, args...)}
}
