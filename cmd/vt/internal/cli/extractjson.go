package cli

import (
	"bufio"
	"errors"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader/extract"
)

// extractionJSON is what extract --json prints; help of extract describes it.
type extractionJSON struct {
	OK       bool               `json:"ok"`
	Files    int64              `json:"files"`
	Dirs     int64              `json:"directories"`
	Symlinks int64              `json:"symlinks"`
	Nodes    int64              `json:"nodes"`
	Links    int64              `json:"links"`
	Bytes    int64              `json:"bytes"`
	Kept     int64              `json:"kept"`
	Partial  int64              `json:"partial"`
	Issues   []extractIssueJSON `json:"issues"`
	More     int64              `json:"more"`
}

// extractIssueJSON is an entry, or an attribute of one, that was not restored.
type extractIssueJSON struct {
	Path      string     `json:"path"`
	PathBytes []byte     `json:"path_bytes,omitempty"`
	Attr      string     `json:"attr,omitempty"`
	Class     string     `json:"class"`
	Structure string     `json:"structure,omitempty"`
	Offset    int64      `json:"offset"`
	Block     int64      `json:"block"`
	Message   string     `json:"message"`
	As        string     `json:"as,omitempty"`
	Size      *int64     `json:"size,omitempty"`
	Missing   [][2]int64 `json:"missing,omitempty"`
}

// maxIssuesListed bounds what is held in memory of issues.
const maxIssuesListed = 100_000

func (x *extractionJSON) add(i extract.Issue) {
	if len(x.Issues) == maxIssuesListed {
		x.More++
		return
	}
	j := extractIssueJSON{Attr: i.Attr, Class: "failed", Offset: format.NoOffset, Block: -1, Message: i.Err.Error()}
	j.Path, j.PathBytes = human.JSONName(i.Path)
	switch archiveFault(i.Err) {
	case format.ErrDamaged:
		j.Class = "damaged"
	case format.ErrUnsupported:
		j.Class = "unsupported"
	}
	var fe *format.Error
	if errors.As(i.Err, &fe) {
		j.Structure, j.Offset, j.Block = fe.Structure, fe.Offset, fe.Block
	}
	var p *extract.PartialError
	if errors.As(i.Err, &p) {
		j.As, j.Size, j.Missing = p.As, &p.Size, p.Missing
	}
	x.Issues = append(x.Issues, j)
}

func (x *extractionJSON) print(e *Env, res *extract.Result) error {
	x.OK = len(x.Issues) == 0
	x.Files, x.Dirs, x.Symlinks, x.Nodes, x.Links = res.Files, res.Dirs, res.Symlinks, res.Nodes, res.Links
	x.Bytes, x.Kept, x.Partial = res.Bytes, res.Kept, res.Partial
	return e.output(func(w *bufio.Writer) error { return newJSON(w).Encode(x) })
}
