package format

import (
	"errors"
	"fmt"
	"strconv"
)

// The classes of failure. Every error of this package, and every error about
// the content of an archive from the packages above it, is one of these under
// errors.Is; the place and the reason are in an *Error around it.
var (
	// ErrNotArchive: the bytes do not begin as a .vtd archive does.
	ErrNotArchive = errors.New("not a vtd archive")
	// ErrUnsupported: an archive, but of a version, or with a feature, that
	// this program lacks.
	ErrUnsupported = errors.New("unsupported version or feature")
	// ErrDamaged: the bytes contradict the specification or their own hashes.
	ErrDamaged = errors.New("archive damaged")
)

// NoOffset in an Error means that the place is not one byte position.
const NoOffset int64 = -1

// Error says where in an archive something is wrong, and what.
type Error struct {
	Class     error  // one of the sentinels above
	Structure string // "header", "frame head", "directory", …
	Offset    int64  // byte position in the file, or NoOffset
	Block     int64  // number of the block concerned, or -1
	Msg       string
}

// Error renders the place first, then what was wrong.
func (e *Error) Error() string {
	s := e.Structure
	if e.Offset >= 0 {
		s += " at offset " + strconv.FormatInt(e.Offset, 10)
	}
	if e.Block >= 0 {
		s += " (block " + strconv.FormatInt(e.Block, 10) + ")"
	}
	return s + ": " + e.Msg
}

// Unwrap gives the class.
func (e *Error) Unwrap() error { return e.Class }

// Damaged makes an ErrDamaged error for a structure at a byte offset.
func Damaged(structure string, offset int64, msg string, args ...any) *Error {
	return &Error{Class: ErrDamaged, Structure: structure, Offset: offset, Block: -1, Msg: fmt.Sprintf(msg, args...)}
}

// Unsupported makes an ErrUnsupported error for a structure at a byte offset.
func Unsupported(structure string, offset int64, msg string, args ...any) *Error {
	return &Error{Class: ErrUnsupported, Structure: structure, Offset: offset, Block: -1, Msg: fmt.Sprintf(msg, args...)}
}

// damagedBlock makes an ErrDamaged error for a metadata block.
func damagedBlock(structure string, num uint64, msg string, args ...any) *Error {
	e := Damaged(structure, NoOffset, msg, args...)
	e.Block = int64(num)
	return e
}
