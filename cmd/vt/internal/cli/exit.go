package cli

import (
	"errors"
	"fmt"

	"github.com/vtdarchive/vtd/format"
)

// errPartial is what a command returns that has done its work but for what it
// has named on standard error, or that has found differences.
var errPartial = errors.New("not all of it was done")

// errNothing is what a command returns that could do nothing of its work, for
// reasons that it has named.
var errNothing = errors.New("nothing of it was done")

// errReported stands beside the class of an error whose text has already been
// printed, so that Run does not print another line.
var errReported = errors.New("reported")

// reported makes an error of a class that is not printed again.
func reported(class error) error { return errors.Join(errReported, class) }

// The exit statuses of vt.
const (
	exitDone        = 0
	exitPartial     = 1 // inputs unreadable or changed, something not restored, differences
	exitFailed      = 2 // usage, I/O, permission, interruption; a member named that is not there
	exitDamaged     = 3
	exitUnsupported = 4 // not an archive, or beyond this program
)

// archiveFault gives the class of an error for which a part of an archive is
// to blame, while the rest of it can be read: nil for any other.
func archiveFault(err error) error {
	for _, class := range []error{format.ErrUnsupported, format.ErrDamaged} {
		if errors.Is(err, class) {
			return class
		}
	}
	return nil
}

// statusError is the status that another program has ended with, for vt to end
// with, too.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// exitStatus is the one place where errors become exit statuses. Where an
// error has several classes, the first one here counts: what this program does
// not understand may be why the rest looks damaged.
func exitStatus(err error) int {
	if err == nil {
		return exitDone
	}
	var other statusError
	if errors.As(err, &other) {
		return int(other)
	}
	for _, c := range []struct {
		class  error
		status int
	}{
		{format.ErrNotArchive, exitUnsupported},
		{format.ErrUnsupported, exitUnsupported},
		{format.ErrDamaged, exitDamaged},
		{errMissing, exitFailed}, // as with tar, what was found is done all the same
		{errNothing, exitFailed},
		{errPartial, exitPartial},
	} {
		if errors.Is(err, c.class) {
			return c.status
		}
	}
	return exitFailed
}
