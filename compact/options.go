package compact

import (
	"errors"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/reader"
)

// DefaultMinLive is the share of a frame that is in use, above which it stays as
// it is by default.
const DefaultMinLive = 0.5

// Options say what is to become of an archive.
type Options struct {
	// Forget hears the states of the archive, the newest first, and tells for each
	// whether it goes. Nil: none does. Its error ends it all.
	Forget func(a *reader.Archive, states []history.State) (gone []bool, err error)
	// MinLive is the share of the bytes of a frame that the states which remain
	// must need for it to be copied as it is, with the rest of it. With 1, or with
	// Layout, nothing is copied and all data is packed anew.
	MinLive float64
	// Layout, if not nil, is what frames are like from now on, and Preset its name.
	Layout *format.Layout
	Preset string
	// Hash, if not 0, is the hash function of the new archive. With another than
	// before, all hashes, roots and content ids are others.
	Hash format.HashID
	// DiscardTail has what follows the last valid trailer go, whatever it is.
	// Otherwise a tail that may be more than what an append left that did not finish
	// is a *reader.TailError.
	DiscardTail bool
	// OnlyIfForgotten leaves everything as it is if no state goes.
	OnlyIfForgotten bool
	// DryRun leaves everything as it is; Report.After is an estimate then.
	DryRun bool

	Threads int    // frames that are compressed at once; 0 means one for each processor
	TempDir string // for the raw bytes of what is packed anew; empty: the system's

	// Phase, if not nil, is told what comes and of how many bytes; Progress how many
	// of them are done since the last call. Calls do not overlap.
	Phase    func(what string, bytes int64)
	Progress func(n int64)
}

func (o *Options) phase(what string, bytes int64) {
	if o.Phase != nil {
		o.Phase(what, bytes)
	}
}

func (o *Options) progress(n int64) {
	if o.Progress != nil {
		o.Progress(n)
	}
}

var (
	// ErrNothingLeft is the answer to forgetting all states.
	ErrNothingLeft = errors.New("no snapshot would remain")
	// ErrLost says that a state would remain that the newest does not lead to.
	ErrLost = errors.New("nothing would lead to it any more")
)

// Snapshot is a state of the archive.
type Snapshot struct {
	ID    format.Hash // of its record
	Was   format.Hash // of its record before: another one if its ancestors are
	Time  format.Time
	Label string
	Root  format.Hash
}

// Report is what Compact has done, or would do.
type Report struct {
	Before, After int64      // bytes of the archive
	Kept, Dropped []Snapshot // the oldest first; those dropped have no ID
	// Frames of data: as they were, packed anew, and left out or taken apart.
	Copied, Written, Removed int64
	// Live is how many data blocks are in use, Freed how many are no longer there,
	// and Dead how many are in frames that were copied and not in use.
	Live, Freed, Dead int64
	ParitySets        int   // that the archive had and has no more
	TornTail          int64 // bytes after the last valid trailer, which went

	// The archive and its newest record, before and after.
	OldArchive, Archive format.ArchiveID
	OldFile, File       [2]uint64 // device and inode; zeros where there are none
}
