package reader

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/vtdarchive/vtd/format"
)

// Report is what Verify has found.
type Report struct {
	Size     int64    `json:"size"` // bytes of the source
	Fast     bool     `json:"fast"`
	Warnings []string `json:"warnings"` // unusual, not damage

	// What was checked.
	Trailers  uint64 `json:"trailers"`
	Frames    uint64 `json:"frames"`
	Blocks    uint64 `json:"blocks"`    // 0 when fast
	Snapshots uint64 `json:"snapshots"` // 0 when fast and nothing is wrong
	Entries   uint64 `json:"entries"`   // of the newest snapshot, as found

	// Findings, in the order of the file.
	Findings []Finding `json:"findings"`
	// More counts findings above the limits of 100,000, and of 64 MiB of messages.
	More uint64 `json:"more"`
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// Finding is one thing that is wrong.
type Finding struct {
	Class     string `json:"class"`     // "damaged", "unsupported", "unreadable"
	Structure string `json:"structure"` // as in format.Error
	Offset    int64  `json:"offset"`    // in the file, or -1
	Length    int64  `json:"length"`    // bytes of the file concerned, or 0
	Block     int64  `json:"block"`     // number of the (first) block, or -1
	Message   string `json:"message"`
	Hurts     []Harm `json:"hurts"` // at most 1000
	MoreHurts uint64 `json:"more_hurts"`
}

// Harm is a part of a tree that cannot be read, or cannot be trusted.
type Harm struct {
	Snapshot uint64 `json:"snapshot"` // block of the record
	Label    string `json:"label,omitempty"`
	Path     string `json:"path"` // "" is the root
	// PathBytes are the bytes of a path that is not valid UTF-8.
	PathBytes []byte `json:"path_bytes,omitempty"`
	// Original says that it is not of the tree, but the file that the tree was made
	// from; see [Tree.Original].
	Original bool `json:"original,omitempty"`
	// The range of the file's content; Length is -1 for a directory, and for
	// an entry of which more than content is concerned.
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

const (
	maxFindings = 100_000 // a report is held in memory
	maxHurts    = 1000    // of one finding

	maxFindingText = 64 << 20 // bytes of all messages
)

// findings collects what several goroutines find.
type findings struct {
	mu   sync.Mutex
	list []*Finding
	seen map[findingKey]*Finding
	more uint64
	text int // bytes of messages
}

type findingKey struct {
	structure     string
	offset, block int64
	message       string
}

// add notes an error. length is that of the bytes concerned; the same error
// found twice counts once. It returns nil above the limit.
func (f *findings) add(err error, length int64) *Finding {
	n := &Finding{Class: "unreadable", Structure: "file", Offset: format.NoOffset, Block: -1, Length: length, Message: err.Error(), Hurts: []Harm{}}
	var e *format.Error
	if errors.As(err, &e) {
		n.Class = className(e.Class)
		n.Structure, n.Offset, n.Block, n.Message = e.Structure, e.Offset, e.Block, e.Msg
	}
	key := findingKey{n.Structure, n.Offset, n.Block, n.Message}
	f.mu.Lock()
	defer f.mu.Unlock()
	if old := f.seen[key]; old != nil {
		return old
	}
	if f.text += len(n.Message); len(f.list) >= maxFindings || f.text > maxFindingText {
		f.more++
		return nil
	}
	if f.seen == nil {
		f.seen = map[findingKey]*Finding{}
	}
	f.seen[key] = n
	f.list = append(f.list, n)
	return n
}

func className(class error) string {
	switch class {
	case format.ErrUnsupported:
		return "unsupported"
	case format.ErrNotArchive:
		return "not an archive"
	}
	return "damaged"
}

func (f *findings) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.list) == 0
}

// sorted gives the findings in the order of the file.
func (f *findings) sorted() []Finding {
	out := make([]Finding, len(f.list))
	for i, n := range f.list {
		out[i] = *n
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Block, b.Block), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Structure, b.Structure))
	})
	return out
}

// Hurt notes what a finding hurts; a nil finding notes nothing. Ranges of one
// file that meet become one.
func (n *Finding) Hurt(h Harm) {
	if n == nil {
		return
	}
	if k := len(n.Hurts) - 1; k >= 0 {
		last := &n.Hurts[k]
		if last.Snapshot == h.Snapshot && last.Path == h.Path && last.Original == h.Original && last.Length >= 0 && h.Length >= 0 && last.Offset+last.Length == h.Offset {
			last.Length += h.Length
			return
		}
	}
	if len(n.Hurts) >= maxHurts {
		n.MoreHurts++
		return
	}
	if !utf8.ValidString(h.Path) {
		h.PathBytes = []byte(h.Path)
	}
	n.Hurts = append(n.Hurts, h)
}
