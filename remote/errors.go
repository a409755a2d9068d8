package remote

import (
	"errors"
	"fmt"
	"net/http"
)

var (
	// ErrNoRanges says that a server does not answer requests for ranges.
	ErrNoRanges = errors.New("the server does not serve parts of files")
	// ErrChanged says that the file is another one than was opened.
	ErrChanged = errors.New("the file on the server was replaced while it was read")
)

// StatusError is an answer that is not what was asked for. 404 and 410 are
// fs.ErrNotExist, 401 and 403 fs.ErrPermission, under errors.Is.
type StatusError struct {
	Code  int // of HTTP
	cause error
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the server answers %d %s", e.Code, http.StatusText(e.Code))
}

func (e *StatusError) Unwrap() error { return e.cause }
