package cli

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/writer"
)

// summaryJSON is what create --json prints.
type summaryJSON struct {
	Entries     uint64      `json:"entries"`
	Files       int64       `json:"files"`
	Directories int64       `json:"directories"`
	Others      int64       `json:"others"`
	Bytes       uint64      `json:"bytes"`
	NewBlocks   int64       `json:"new_blocks"`
	NewBytes    int64       `json:"new_bytes"`
	DupBlocks   int64       `json:"duplicate_blocks"`
	DupBytes    int64       `json:"duplicate_bytes"`
	Stored      int64       `json:"stored"`
	DataStored  int64       `json:"data_stored"`
	MetaStored  int64       `json:"metadata_stored"`
	MetaBlocks  int64       `json:"metadata_blocks"`
	IndexBytes  int64       `json:"index_bytes"`
	Parity      int64       `json:"parity,omitempty"`
	Recipes     recipesJSON `json:"recipes"`
	Ratio       float64     `json:"ratio"`
	Seconds     float64     `json:"seconds"`
	ContentID   format.Hash `json:"content_id"`
	Root        format.Hash `json:"root"`
	ArchiveID   string      `json:"archive_id"`
	Corrected   bool        `json:"corrected"`
	Issues      []issueJSON `json:"issues"`
}

// issueJSON is an input that could not be stored, or not as first seen.
type issueJSON struct {
	Path   string `json:"path"`
	Bytes  []byte `json:"path_bytes,omitempty"`
	What   string `json:"what"`
	Stored bool   `json:"stored"`
}

func issuesJSON(issues []writer.Issue) []issueJSON {
	out := make([]issueJSON, len(issues))
	for i, x := range issues {
		out[i] = issueJSON{What: x.Err.Error(), Stored: x.Stored}
		out[i].Path, out[i].Bytes = human.JSONName(x.Path)
	}
	return out
}

// ratio is how many bytes go into one stored.
func ratio(bytes uint64, stored int64) float64 {
	if stored == 0 {
		return 0
	}
	return float64(bytes) / float64(stored)
}

// summary tells what was made; parity is what recovery data takes of it.
func (c *createCommand) summary(e *Env, r *writer.Report, parity int64) error {
	stored := r.Stored + parity
	if c.JSON {
		w := e.stdout
		if c.Archive == "-" {
			w = e.stderr
		}
		return newJSON(w).Encode(summaryJSON{
			Entries: r.Entries, Files: r.Files, Directories: r.Dirs, Others: r.Others, Bytes: r.Bytes,
			NewBlocks: r.NewBlocks, NewBytes: r.NewBytes, DupBlocks: r.DupBlocks, DupBytes: r.DupBytes,
			Stored: stored, DataStored: r.DataStored, MetaStored: r.MetaStored, MetaBlocks: r.MetaBlocks,
			IndexBytes: r.IndexBytes, Parity: parity, Recipes: recipesOf(&r.Recipes), Ratio: ratio(r.Bytes, stored), Seconds: r.Elapsed.Seconds(),
			ContentID: r.ContentID, Root: r.RootHash, ArchiveID: hex.EncodeToString(r.ArchiveID[:]),
			Corrected: r.Corrected, Issues: issuesJSON(r.Issues),
		})
	}
	if c.Quiet {
		return nil
	}
	e.note(fmt.Sprintf("%s entries, %s in %s (%s)", human.Count(int64(r.Entries)), human.Bytes(int64(r.Bytes)),
		human.Duration(r.Elapsed), human.Rate(int64(r.Bytes), max(r.Elapsed, time.Millisecond))))
	e.note(fmt.Sprintf("new: %s in %s blocks; duplicate: %s in %s blocks", human.Bytes(r.NewBytes),
		human.Count(r.NewBlocks), human.Bytes(r.DupBytes), human.Count(r.DupBlocks)))
	if n := recipesStored(&r.Recipes); n != "" {
		e.note(n)
	}
	with := ""
	if parity > 0 {
		with = ", with " + human.Bytes(parity) + " of recovery data"
	}
	e.note(fmt.Sprintf("stored: %s, ratio %.2f%s", human.Bytes(stored), ratio(r.Bytes, stored), with))
	e.note("content id: " + r.ContentID.String())
	return nil
}
