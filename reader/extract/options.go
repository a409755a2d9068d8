package extract

import (
	"errors"
	"fmt"
	"os"

	"github.com/vtdarchive/vtd/format"
)

// Existing says what becomes of files that exist under the name of an entry.
type Existing uint8

const (
	Replace Existing = iota // by the entry, in one step
	Keep                    // left alone, and each is an Issue
	Skip                    // left alone
)

// Options select what is restored and how. [Defaults] gives what a user
// expects; the zero value restores contents and kinds alone.
type Options struct {
	Existing Existing

	Owners       bool // user and group, by name where it is known here
	NumericOwner bool // by number only
	Perms        bool // permissions as recorded; without it the umask applies
	Times        bool
	Xattrs       bool // with ACLs and capabilities
	// SetID keeps set-user-ID and set-group-ID bits of what is no directory, and
	// file capabilities.
	SetID bool
	// Devices makes device nodes; without it each is an Issue.
	Devices bool

	// Match selects entries by their path in the archive, nil all. The root
	// has the path "".
	Match func(path string, isDir bool) bool
	// Below tells whether anything below a directory can be selected; nil:
	// only where Match selects the directory itself. Directories that are
	// passed through are made without metadata.
	Below func(path string) bool
	// Strip is how many leading components paths lose; what has no more is
	// left out.
	Strip int

	// MaxEntries and MaxBytes end the extraction with an error when the tree
	// has more entries to restore, or more bytes that are no holes; 0 is no limit.
	// A few kilobytes can name more of both than any disk holds.
	MaxEntries, MaxBytes uint64

	// Damaged restores what there is of files that the archive does not give
	// whole, under names that end in format.DamagedSuffix, with zeros in place of
	// what is missing, and the ranges of that in the attribute
	// format.MissingXattr. Each is an Issue with a *PartialError all the same.
	// Archive does so, at the end; a stream is gone by then. It takes about 200
	// bytes of memory for each file.
	Damaged bool

	Workers int // that write; 0: two, or more on many processors

	// Issue is told of everything that could not be restored, Restored of each
	// entry that was, with its path below the target, and Progress now and
	// then how far things are. None is called by two goroutines at once.
	Issue    func(Issue)
	Restored func(path string, kind format.Kind)
	Progress func(Progress)
}

// DefaultMaxEntries is more than file systems are made for.
const DefaultMaxEntries = 100_000_000

// Defaults restores, for root, everything; for anybody else what gives no rights
// to others: no owners, set-ID bits or devices.
func Defaults() Options {
	root := os.Geteuid() == 0
	return Options{
		Owners: root, SetID: root, Devices: root, Perms: true, Times: true, Xattrs: true, MaxEntries: DefaultMaxEntries,
	}
}

// Issue is something that could not be restored.
type Issue struct {
	Path string // below the target; "" where no path is known
	Attr string // the attribute; "" for the entry itself
	Err  error
}

// Damage reports whether the archive is to blame: it is damaged, or needs what
// this program lacks.
func (i Issue) Damage() bool {
	return errors.Is(i.Err, format.ErrDamaged) || errors.Is(i.Err, format.ErrUnsupported)
}

// String says what could not be restored, and why.
func (i Issue) String() string {
	s := i.Path
	if i.Attr != "" {
		s += ": " + i.Attr
	}
	if s == "" {
		return i.Err.Error()
	}
	return s + ": " + i.Err.Error()
}

// Progress is how far an extraction has come.
type Progress struct {
	Entries int64 // restored
	Bytes   int64 // written
}

// Result is what an extraction did.
type Result struct {
	Files, Dirs, Symlinks, Nodes, Links int64 // restored, by kind
	Bytes                               int64 // content of files
	Kept                                int64 // existing files left alone
	Partial                             int64 // files of which a part was restored
	Issues                              int64 // with those about damage
	Damaged                             int64 // issues about damage
	Damage                              []Issue
}

// Restored is how many entries were restored, of every kind.
func (r *Result) Restored() int64 { return r.Files + r.Dirs + r.Symlinks + r.Nodes + r.Links }

// count adds an entry, or with -1 takes it back.
func (r *Result) count(kind format.Kind, size uint64, n int64) {
	switch kind {
	case format.KindFile:
		r.Files += n
		r.Bytes += n * int64(size)
	case format.KindDir, format.KindImplied:
		r.Dirs += n
	case format.KindSymlink:
		r.Symlinks += n
	default:
		r.Nodes += n
	}
}

// maxDamage bounds Result.Damage; Options.Issue hears of all.
const maxDamage = 1 << 12

// ErrPartial is what Result.Err wraps when something could not be restored
// and the archive is not to blame.
var ErrPartial = errors.New("not everything could be restored")

// Errors of entries.
var (
	ErrExists   = errors.New("it exists and was kept")
	ErrNotEmpty = errors.New("a directory that is not empty is in the way")
	ErrInTheWay = errors.New("something that is not a directory is in the way and was kept")
	ErrTooMany  = errors.New("more references than can be restored at once")
	ErrDevice   = errors.New("device nodes were not asked for")
	ErrLimit    = errors.New("the limit of an extraction is reached")
)

// Err is nil when all was restored; else it is of class format.ErrUnsupported,
// format.ErrDamaged or ErrPartial.
func (r *Result) Err() error {
	for _, i := range r.Damage {
		if errors.Is(i.Err, format.ErrUnsupported) {
			return i.Err
		}
	}
	switch {
	case r.Damaged > 0:
		return fmt.Errorf("%d findings of damage, the first: %s: %w", r.Damaged, r.Damage[0].Path, r.Damage[0].Err)
	case r.Issues > 0:
		return fmt.Errorf("%d problems: %w", r.Issues, ErrPartial)
	}
	return nil
}
