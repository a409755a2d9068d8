package deflate

import (
	"errors"
	"fmt"
)

// The classes of failure. Every error of this package is one of these under
// errors.Is, or comes from a reader or writer that was passed in.
var (
	// ErrInvalid: the bytes are no valid DEFLATE stream, or end before it does.
	ErrInvalid = errors.New("invalid DEFLATE stream")
	// ErrLimit: the stream may be valid, but goes beyond one of the Limits.
	ErrLimit = errors.New("beyond a limit")
	// ErrEffort: following the model takes more searching than Limits allow.
	ErrEffort = errors.New("more searching than allowed")
	// ErrModel: there is no such model, or its parameters are out of range.
	ErrModel = errors.New("unknown model")
	// ErrCorrections: a recipe or corrections contradict themselves or the content.
	ErrCorrections = errors.New("corrections damaged")
	// errCostly ends a trial that became worse than an earlier one.
	errCostly = errors.New("worse than another model")
	// errSteps ends a trial that has taken its steps.
	errSteps = errors.New("cut short")
)

// Error says where something is wrong, and what.
type Error struct {
	Class  error // one of the sentinels above
	Offset int64 // octets of the stream before it, or of the content where Content is set
	// Content says what Offset counts.
	Content bool
	Msg     string
}

// Error renders the class, the place and the reason.
func (e *Error) Error() string {
	of := "of the stream"
	if e.Content {
		of = "of the content"
	}
	return fmt.Sprintf("%v: at offset %d %s: %s", e.Class, e.Offset, of, e.Msg)
}

// Unwrap gives the class.
func (e *Error) Unwrap() error { return e.Class }

func damagedCorrections(pos int64, msg string) error {
	return &Error{Class: ErrCorrections, Offset: pos, Content: true, Msg: msg}
}
