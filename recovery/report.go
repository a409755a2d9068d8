package recovery

import (
	"errors"
	"unicode/utf8"

	"github.com/vtdarchive/vtd/format"
)

// Range is from one offset to before another.
type Range struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Len is how many bytes the range has.
func (r Range) Len() int64 { return r.To - r.From }

// Report is what Recover has found, and what it has not.
type Report struct {
	Size      int64            `json:"size"`   // of the damaged file
	Stored    int64            `json:"stored"` // of the archive that was written
	Header    bool             `json:"header"` // it was there
	ArchiveID format.ArchiveID `json:"-"`      // of the archive that was written

	Frames     int64    `json:"frames"`      // that are whole
	LostFrames int64    `json:"lost_frames"` // whose heads are there and that are not
	Blocks     int64    `json:"blocks"`      // that are whole
	LostBlocks int64    `json:"lost_blocks"` // numbers without a block, as far as is known
	Filled     int64    `json:"filled"`      // blocks that came from elsewhere
	Damage     []Damage `json:"damage"`      // in the file, in its order

	Snapshots     []Snapshot `json:"snapshots"`      // that were written, the oldest first
	LostSnapshots int64      `json:"lost_snapshots"` // of which nothing is left, as trailers count them
	Losses        []Loss     `json:"losses"`         // what of them is missing
	More          int64      `json:"more"`           // losses that are not listed
	Found         []Found    `json:"found"`          // what had no name any more
	MoreFound     int64      `json:"more_found"`
	Foreign       []Foreign  `json:"foreign"` // other archives in the same file
	Warnings      []string   `json:"warnings"`
}

// Whole reports whether nothing that the file's archive had is missing.
func (r *Report) Whole() bool {
	for i := range r.Snapshots {
		if s := &r.Snapshots[i]; !s.Whole {
			return false
		}
	}
	return len(r.Losses) == 0 && len(r.Found) == 0 && len(r.Snapshots) > 0 && r.LostSnapshots == 0
}

// Damage is a part of the file that is not what it was.
type Damage struct {
	Structure string `json:"structure"`
	Offset    int64  `json:"offset"`
	Length    int64  `json:"length"`
	Message   string `json:"message"`
}

// Snapshot is a tree that was written.
type Snapshot struct {
	Label   string      `json:"label,omitempty"`
	Block   uint64      `json:"block"`  // of its record in what was written
	Was     uint64      `json:"was"`    // and in the damaged archive; 0 for one that was made
	Root    format.Hash `json:"root"`   // root hash, as written
	Whole   bool        `json:"whole"`  // nothing of it is missing
	Proven  bool        `json:"proven"` // hashes that it does not contain itself say so
	Made    bool        `json:"made"`   // its record is lost; this one stands in for it
	Entries uint64      `json:"entries"`
	Bytes   uint64      `json:"bytes"`
}

// What of an entry is missing.
const (
	LossPartial   = "partial"   // some bytes: it is there under another name
	LossFile      = "file"      // all of it
	LossDirectory = "directory" // what was in it, unless it turns up in lost+found
	LossEntries   = "entries"   // some of what was in it, the same
	LossOriginal  = "original"  // the file that the tree was made from, whatever is missing of it
)

// Loss is something missing from a tree.
type Loss struct {
	Snapshot  int     `json:"snapshot"` // which of Report.Snapshots
	What      string  `json:"what"`
	Path      string  `json:"path"`
	PathBytes []byte  `json:"path_bytes,omitempty"` // of one that is not UTF-8
	As        string  `json:"as,omitempty"`         // name of what is left of a file
	Size      uint64  `json:"size"`                 // of the file, or of all that was below
	Entries   uint64  `json:"entries,omitempty"`    // that are missing
	Missing   []Range `json:"missing,omitempty"`    // bytes of a file
	Reason    string  `json:"reason,omitempty"`
}

// Found is something that no directory names any more.
type Found struct {
	Path  string `json:"path"` // in the last of Report.Snapshots
	What  string `json:"what"` // directory, file, block of a file, or content of a compressed stream
	Kind  string `json:"kind,omitempty"`
	Block uint64 `json:"block"` // in the damaged archive
	Size  uint64 `json:"size"`
}

// Foreign is another archive in the same file. Options.Archive selects it.
type Foreign struct {
	ID     format.ArchiveID `json:"-"`
	Text   string           `json:"archive_id"`
	Offset int64            `json:"offset"`
	Frames int64            `json:"frames"`
}

// maxListed bounds the lists of a report, which is held in memory.
const maxListed = 100_000

func (r *Report) lose(l Loss) {
	if !utf8.ValidString(l.Path) {
		l.PathBytes = []byte(l.Path)
	}
	if len(r.Losses) >= maxListed {
		r.More++
		return
	}
	r.Losses = append(r.Losses, l)
}

// lost counts losses, listed or not.
func (r *Report) lost() int64 { return int64(len(r.Losses)) + r.More }

func (r *Report) find(f Found) {
	if len(r.Found) >= maxListed {
		r.MoreFound++
		return
	}
	r.Found = append(r.Found, f)
}

func damageOf(err error, at, n int64) Damage {
	d := Damage{Structure: "file", Offset: at, Length: n, Message: err.Error()}
	var e *format.Error
	if errors.As(err, &e) {
		d.Structure, d.Message = e.Structure, e.Msg
	}
	return d
}
