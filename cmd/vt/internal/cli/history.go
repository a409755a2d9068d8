package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
)

type historyCommand struct {
	Archive string `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	Path    string `arg:"" help:"The path of a member, as list shows it."`
	JSON    bool   `name:"json" help:"One object a line."`
}

func (*historyCommand) Help() string {
	return `
Lists the states in which a path became what it was then, the newest first: letter as of vt ar diff, time, id, size, label. Of a directory, M means that something below it has changed.

Examples:

    vt ar history backup.vtd etc/fstab
    vt ar cat --at 3fa9c1d0 backup.vtd etc/fstab

Each line of --json is an object:

    id, time, time_sec, time_nsec, label  of the state, as log --json has them
    change                                added, deleted, modified, type, metadata
    what                                  as diff --json has it
    entry                                 as list --json shows it; not of deleted`
}

// pathStateJSON is a line of history --json; help of history describes it.
type pathStateJSON struct {
	ID     format.Hash  `json:"id"`
	Time   string       `json:"time,omitempty"`
	Sec    int64        `json:"time_sec"`
	Nsec   uint32       `json:"time_nsec"`
	Label  string       `json:"label,omitempty"`
	Change history.Kind `json:"change"`
	What   []string     `json:"what,omitempty"`
	Entry  *memberJSON  `json:"entry,omitempty"`
}

func (c *historyCommand) Run(e *Env) error {
	a, err := openArchive(e, c.Archive, reader.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	path := strings.Trim(c.Path, "/")
	if path == "." {
		path = ""
	}
	states, err := history.Path(e.ctx, a, path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", human.Quote(c.Path), missing("not found in any state of the archive"))
	}
	out := e.output(func(w *bufio.Writer) error {
		for _, s := range states {
			x := s.Snapshot()
			if c.JSON {
				j := pathStateJSON{ID: s.ID, Time: rfc3339(x.Time), Sec: x.Time.Sec, Nsec: x.Time.Nsec, Label: x.Label, Change: s.Kind, What: s.What.Names()}
				if s.Entry != nil {
					m := memberOf(member{path: path, Entry: s.Entry, hash: a.HashID()})
					j.Entry = &m
				}
				if err := newJSON(w).Encode(j); err != nil {
					return err
				}
				continue
			}
			size := "-"
			if s.Entry != nil && s.Entry.Kind == format.KindFile {
				size = human.Count(int64(s.Entry.Size))
			}
			line := fmt.Sprintf("%s  %s  %s %12s  %s", letters[s.Kind], stateTime(x.Time), shortID(s.ID), size, human.Quote(x.Label))
			if names := s.What.Names(); len(names) > 0 {
				line = strings.TrimRight(line, " ") + "  (" + strings.Join(names, ", ") + ")"
			}
			fmt.Fprintln(w, strings.TrimRight(line, " "))
		}
		return nil
	})
	if out != nil {
		return out
	}
	return err // states that could not be read
}
