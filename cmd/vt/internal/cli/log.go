package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
)

type logCommand struct {
	Archive string `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	Number  *uint  `short:"n" placeholder:"N" help:"Not more than the newest N states, one or more."`
	Oneline bool   `help:"One line a state: id, time, label."`
	JSON    bool   `name:"json" help:"One object a line."`
}

func (*logCommand) Help() string {
	return `
Lists the states of the tree that an archive holds, the newest first. What it prints of a state, its id, the beginning of that, its label or its time, is what --at of other commands takes. Times have parts of seconds where states of one second differ in them; of several states of one moment the time means the last, and the id each.

Examples:

    vt ar log backup.vtd
    vt ar log --oneline -n 10 backup.vtd
    vt ar log --json backup.vtd | jq -r 'select(.label != null) | .id'

Each line of --json is an object:

    id              hash of the snapshot record
    time            RFC 3339, in years 0 to 9999; time_sec, time_nsec always
    label, message  as they were given
    parents         ids of the states that it follows
    replica         id of the writer, if it has one
    vector          replica and count: what it has seen of each
    content_id      what the tree holds, whatever way it is stored
    root            hash of the root directory
    entries, bytes  how many are in the tree, and what all files have
    tool            what wrote it
    original        name (name_bytes where that is not UTF-8) and bytes of the
                    file that it was made from, where that was kept (import
                    --exact); or damaged`
}

// stateJSON is a line of log --json; help of log describes it.
type stateJSON struct {
	ID      format.Hash   `json:"id"`
	Time    string        `json:"time,omitempty"`
	Sec     int64         `json:"time_sec"`
	Nsec    uint32        `json:"time_nsec"`
	Label   string        `json:"label,omitempty"`
	Message string        `json:"message,omitempty"`
	Parents []format.Hash `json:"parents,omitempty"`
	Replica string        `json:"replica,omitempty"`
	Vector  []vectorJSON  `json:"vector,omitempty"`
	Content format.Hash   `json:"content_id"`
	Root    format.Hash   `json:"root"`
	Entries uint64        `json:"entries"`
	Bytes   uint64        `json:"bytes"`
	Tool    string        `json:"tool,omitempty"`

	Original *originalJSON `json:"original,omitempty"`
}

// originalJSON is about the file that a tree was made from.
type originalJSON struct {
	Name    string `json:"name,omitempty"`
	RawName []byte `json:"name_bytes,omitempty"` // where it is not UTF-8
	Bytes   uint64 `json:"bytes"`
	Damaged string `json:"damaged,omitempty"` // what is wrong
}

// originalOf gives nothing where there is none.
func originalOf(t *reader.Tree) *originalJSON {
	_, file, err := t.Original()
	switch {
	case err != nil:
		return &originalJSON{Damaged: err.Error()}
	case file == nil:
		return nil
	}
	x := &originalJSON{Bytes: file.Size}
	x.Name, x.RawName = human.JSONName(file.Name)
	return x
}

func (x *originalJSON) text() string {
	if x.Damaged != "" {
		return x.Damaged
	}
	name := x.Name
	if x.RawName != nil {
		name = string(x.RawName)
	}
	return human.Quote(name) + ", " + human.Bytes(int64(x.Bytes))
}

type vectorJSON struct {
	Replica string `json:"replica"`
	Count   uint64 `json:"count"`
}

func (c *logCommand) Run(e *Env) error {
	if c.Number != nil && *c.Number == 0 {
		return usagef("-n 0: asks for no state; leave it out for all")
	}
	a, err := openArchive(e, c.Archive, reader.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	states, err := history.Log(a)
	if err != nil && len(states) == 0 {
		return err
	}
	shared := sharedSeconds(states)
	if c.Number != nil {
		states = states[:min(uint(len(states)), *c.Number)]
	}
	out := e.output(func(w *bufio.Writer) error {
		for i, s := range states {
			at := stateTime(s.Snapshot().Time)
			if shared[s.Snapshot().Time.Sec] {
				at = stateMoment(s.Snapshot().Time)
			}
			switch {
			case c.JSON:
				if err := newJSON(w).Encode(stateOf(s)); err != nil {
					return err
				}
			case c.Oneline:
				fmt.Fprintln(w, strings.TrimRight(shortID(s.ID)+"  "+at+"  "+human.Quote(s.Snapshot().Label), " "))
			default:
				if i > 0 {
					fmt.Fprintln(w)
				}
				printState(w, s, at)
			}
		}
		return nil
	})
	if out != nil {
		return out
	}
	return err // what could not be read is missing
}

// shortID is as much of an id as tells states of most archives apart.
func shortID(id format.Hash) string { return id.String()[:12] }

// stateTime is the time of a state as log shows it, and as --at takes it.
func stateTime(t format.Time) string {
	if rfc3339(t) == "" {
		return fmt.Sprintf("@%d", t.Sec)
	}
	return time.Unix(t.Sec, 0).Format(time.RFC3339)
}

// sharedSeconds tells the seconds of which there are states of several moments.
func sharedSeconds(states []history.State) map[int64]bool {
	first, shared := map[int64]uint32{}, map[int64]bool{}
	for _, s := range states {
		t := s.Snapshot().Time
		if part, ok := first[t.Sec]; ok && part != t.Nsec {
			shared[t.Sec] = true
		}
		first[t.Sec] = t.Nsec
	}
	return shared
}

// stateMoment is stateTime with the part of the second, for states of the same
// one.
func stateMoment(t format.Time) string {
	if rfc3339(t) == "" {
		return stateTime(t)
	}
	part := strings.TrimRight(fmt.Sprintf("%09d", t.Nsec), "0")
	if part == "" {
		part = "0"
	}
	at := time.Unix(t.Sec, 0)
	return at.Format("2006-01-02T15:04:05") + "." + part + at.Format("Z07:00")
}

func printState(w io.Writer, s history.State, at string) {
	x := s.Snapshot()
	fmt.Fprintf(w, "snapshot %v\n", s.ID)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-9s%s\n", name+":", fmt.Sprintf(format, args...))
	}
	if x.Label != "" {
		line("Label", "%s", human.Quote(x.Label))
	}
	line("Time", "%s", at)
	if len(x.Parents) > 1 {
		var ids []string
		for _, p := range x.Parents {
			ids = append(ids, shortID(p.Hash))
		}
		line("Merges", "%s", strings.Join(ids, " "))
	}
	line("Tree", "%s entries, %s", human.Count(int64(s.Root().Count)), human.Bytes(int64(s.Root().Size)))
	if o := originalOf(s.Tree); o != nil {
		line("From", "%s", o.text())
	}
	if x.Message != "" {
		fmt.Fprintln(w)
		for line := range strings.Lines(x.Message) {
			fmt.Fprintln(w, "    "+human.Quote(strings.TrimSuffix(line, "\n")))
		}
	}
}

func stateOf(s history.State) stateJSON {
	x := s.Snapshot()
	j := stateJSON{
		ID: s.ID, Time: rfc3339(x.Time), Sec: x.Time.Sec, Nsec: x.Time.Nsec, Label: x.Label, Message: x.Message,
		Content: x.Content, Root: x.Root.Ref.Hash, Entries: x.Root.Count, Bytes: x.Root.Size, Tool: x.Tool,
		Original: originalOf(s.Tree),
	}
	for _, p := range x.Parents {
		j.Parents = append(j.Parents, p.Hash)
	}
	if x.Replica != (format.ReplicaID{}) {
		j.Replica = fmt.Sprintf("%x", x.Replica[:])
	}
	for _, v := range x.Vector {
		j.Vector = append(j.Vector, vectorJSON{fmt.Sprintf("%x", v.Replica[:]), v.Count})
	}
	return j
}
