package cli

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/parity"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/writer"
)

type appendCommand struct {
	Archive string   `arg:"" help:"The archive to add to."`
	Paths   []string `arg:"" name:"path" help:"What the snapshot is of."`

	Delete      bool `xor:"old" help:"The snapshot is exactly what is given: what else the newest one has is not in it. This is the default."`
	Merge       bool `xor:"old" help:"Lay what is given over the newest snapshot: what else that has stays."`
	DiscardTail bool `help:"Cut off what follows the last valid trailer, whatever it is."`
	DryRun      bool `short:"n" help:"List what would be added, changed and deleted, and tell how many bytes it would take; change nothing."`
	Checksum    bool `help:"Read all files, also those that kind, size and time of modification say are what they were."`

	selection
	recording `set:"otherwise=or now"`
	Recipes   writer.Recipes `placeholder:"auto|always|off" group:"archive" help:"As for create; and store files that have changed a little as what has changed, unless off. Default: what the archive's preset says."`

	Verbose bool `short:"v" help:"List on standard error what is new (+), has other content (*) or other metadata (~), and is gone (-)."`
	Quiet   bool `short:"q" help:"Print no progress, notices and summary."`
	JSON    bool `name:"json" help:"Print the summary as a JSON object."`
}

func (*appendCommand) Help() string {
	return `
Adds a snapshot to an archive: the state of some files and directories now, given as they were given to create. It takes the room of what is new. Earlier snapshots stay, and whoever reads or has mounted the archive goes on undisturbed.

A file that has the kind, the size and the time of modification that it had is not read. --checksum reads it all the same; so does append itself where a file could have changed in the same moment of the clock in which it was archived. Directories that are as they were are one reference.

The archive is at any time what it was before, or has the new snapshot: append can be interrupted, and the power may fail. One program at a time can append to an archive; for another it is in use.

What an append that was interrupted has left at the end is cut off, with a notice. What may be more than that, a snapshot or recovery data whose end is damaged, is not: append refuses, vt ar recover shows and saves what is there, vt ar repair mends it where there is recovery data, and --discard-tail cuts it off.

With --dry-run all is done but writing: it lists what is new (+), has other content (*) or other metadata (~), and is gone (-), and tells what the snapshot would take. It takes as long, needs no right to write to the archive, and does not wait for another writer.

A copy of an archive to which both sides append is a fork, and is known for one: append goes on under the identity of the writer of the newest snapshot only if it is the one that wrote it, to this very file. It keeps note of that below $XDG_STATE_HOME/vt, or ~/.local/state/vt; without this note each snapshot is of a writer of its own.

Examples:

    vt ar append src.vtd src
    vt ar u home.vtd --label 'before the upgrade' -C / home
    vt ar u notes.vtd --merge notes/2024
    vt ar u src.vtd --checksum --json src
    vt ar u -n src.vtd src

The object of --json:

    new, changed, touched, unchanged        entries that are no directories: with other
                                            content, other metadata only, neither
    removed                                 entries that are gone
    entries, files, directories, others,    the whole snapshot
    bytes
    added, size                             bytes of the archive: new ones, all
    discarded                               bytes that were cut off its end before
    deltas                                  files stored as what has changed in them
    new_blocks, new_bytes                   blocks of content that were stored
    snapshots, snapshot, time, replica      how many there are now; id, time and
                                            writer of this one
    content_id, root, archive_id            in hexadecimal
    dry_run                                 true where nothing was written: then
                                            there is no snapshot and replica, and
    changes                                 has, for each entry, change (new,
                                            content, metadata, gone), path, and
                                            directory
    corrected, issues, seconds              as for create`
}

func (c *appendCommand) Run(e *Env) error {
	if c.Archive == "-" {
		return usagef("standard output cannot be appended to; give a file name")
	}
	base, err := c.recording.options(e)
	if err == nil {
		err = c.apply(e, &base, 1)
	}
	if err != nil {
		return err
	}
	base.Recipes = c.Recipes
	o := writer.AppendOptions{Options: base, Merge: c.Merge, Checksum: c.Checksum, DiscardTail: c.DiscardTail, DryRun: c.DryRun}
	notes := replicaNotes(e)
	o.Replica = notes.replica
	done := e.progress(!c.Quiet)
	watchInputs(e, &o.Options, c.Quiet)
	if c.Verbose {
		o.OnChange = func(path string, isDir bool, what writer.Change) {
			e.note(changeSigns[what] + " " + shownPath(path, isDir))
		}
	}
	defer boundHeapBy(300<<20, 200, 50)()
	if c.DryRun {
		return c.dryRun(e, &o, done)
	}
	rep, err := writer.Append(e.ctx, c.Archive, o)
	done()
	if err != nil {
		return err
	}
	if err := notes.keep(rep.State, rep.Replica); err != nil && !c.Quiet {
		e.message("the next snapshot will be of a writer of its own: %v", err)
	}
	if err := c.summary(e, e.stdout, rep, nil); err != nil {
		return err
	}
	if len(rep.Issues) > 0 {
		return reported(errPartial)
	}
	return nil
}

// dryRun lists what an append would change.
func (c *appendCommand) dryRun(e *Env, o *writer.AppendOptions, done func()) error {
	return e.output(func(w *bufio.Writer) error {
		changes := []changedJSON{}
		o.OnChange = func(path string, isDir bool, what writer.Change) {
			switch {
			case c.JSON:
				x := changedJSON{Change: changeNames[what], Directory: isDir}
				x.Path, x.Bytes = human.JSONName(path)
				changes = append(changes, x)
			case !c.Quiet:
				fmt.Fprintln(w, changeSigns[what]+" "+shownPath(path, isDir))
			}
		}
		rep, err := writer.Append(e.ctx, c.Archive, *o)
		done()
		if err != nil {
			return err
		}
		if err := c.summary(e, w, rep, changes); err != nil {
			return err
		}
		if len(rep.Issues) > 0 {
			return reported(errPartial)
		}
		return nil
	})
}

// changedJSON is an entry that an append would change.
type changedJSON struct {
	Change    string `json:"change"`
	Path      string `json:"path"`
	Bytes     []byte `json:"path_bytes,omitempty"`
	Directory bool   `json:"directory,omitempty"`
}

var changeNames = map[writer.Change]string{
	writer.ChangeNew: "new", writer.ChangeContent: "content", writer.ChangeMetadata: "metadata", writer.ChangeGone: "gone",
}

var changeSigns = map[writer.Change]string{
	writer.ChangeNew: "+", writer.ChangeContent: "*", writer.ChangeMetadata: "~", writer.ChangeGone: "-",
}

// appendJSON is what append --json prints.
type appendJSON struct {
	New         int64       `json:"new"`
	Changed     int64       `json:"changed"`
	Touched     int64       `json:"touched"`
	Unchanged   int64       `json:"unchanged"`
	Removed     int64       `json:"removed"`
	Entries     uint64      `json:"entries"`
	Files       int64       `json:"files"`
	Directories int64       `json:"directories"`
	Others      int64       `json:"others"`
	Bytes       uint64      `json:"bytes"`
	Added       int64       `json:"added"`
	Discarded   int64       `json:"discarded"`
	Deltas      int64       `json:"deltas"`
	Size        int64       `json:"size"`
	NewBlocks   int64       `json:"new_blocks"`
	NewBytes    int64       `json:"new_bytes"`
	Snapshots   uint64      `json:"snapshots"`
	Snapshot    format.Hash `json:"snapshot,omitzero"`
	Time        string      `json:"time"`
	Replica     string      `json:"replica,omitempty"`
	ContentID   format.Hash `json:"content_id"`
	Root        format.Hash `json:"root"`
	ArchiveID   string      `json:"archive_id"`
	Corrected   bool        `json:"corrected"`
	Issues      []issueJSON `json:"issues"`
	Seconds     float64     `json:"seconds"`

	DryRun  bool          `json:"dry_run,omitempty"`
	Changes []changedJSON `json:"changes,omitempty"`
}

func (c *appendCommand) summary(e *Env, w io.Writer, r *writer.AppendReport, changes []changedJSON) error {
	if c.JSON {
		replica := hex.EncodeToString(r.Replica[:])
		if c.DryRun {
			replica = ""
		}
		return newJSON(w).Encode(appendJSON{
			New: r.New, Changed: r.Changed, Touched: r.Touched, Unchanged: r.Unchanged, Removed: r.Removed,
			Entries: r.Entries, Files: r.Files, Directories: r.Dirs, Others: r.Others, Bytes: r.Bytes,
			Added: r.Stored, Discarded: r.Discarded, Deltas: r.Deltas, Size: r.Size, NewBlocks: r.NewBlocks, NewBytes: r.NewBytes,
			Snapshots: r.Snapshots, Snapshot: r.State.Snapshot, Time: rfc3339(r.Time), Replica: replica,
			ContentID: r.ContentID, Root: r.RootHash, ArchiveID: hex.EncodeToString(r.ArchiveID[:]),
			Corrected: r.Corrected, Issues: issuesJSON(r.Issues), Seconds: r.Elapsed.Seconds(), DryRun: c.DryRun, Changes: changes,
		})
	}
	if c.Quiet {
		return nil
	}
	e.note(fmt.Sprintf("%s new, %s changed, %s with other metadata, %s unchanged; %s removed",
		human.Count(r.New), human.Count(r.Changed), human.Count(r.Touched), human.Count(r.Unchanged), human.Count(r.Removed)))
	if c.DryRun {
		e.note(fmt.Sprintf("the snapshot would have %s entries, %s, and take %s; the archive has %s",
			human.Count(int64(r.Entries)), human.Bytes(int64(r.Bytes)), human.Bytes(r.Stored), human.Bytes(r.Size-r.Stored)))
		return nil
	}
	e.note(fmt.Sprintf("snapshot %d, %s: %s entries, %s", r.Snapshots, r.State.Snapshot.String()[:12],
		human.Count(int64(r.Entries)), human.Bytes(int64(r.Bytes))))
	if r.Deltas > 0 {
		e.note(fmt.Sprintf("stored as what has changed in them: %s files", human.Count(r.Deltas)))
	}
	e.note(fmt.Sprintf("added: %s in %s; the archive has %s", human.Bytes(r.Stored), human.Duration(r.Elapsed.Round(time.Millisecond)), human.Bytes(r.Size)))
	e.note("content id: " + r.ContentID.String())
	return c.noteParity(e)
}

// noteParity tells that recovery data, if there is any, does not cover what is
// new.
func (c *appendCommand) noteParity(e *Env) error {
	a, err := reader.OpenFile(c.Archive, reader.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	sets, err := a.Parity()
	if d := describeParity(sets, a.Size()); err == nil && d != nil && len(d.Uncovered) > 0 {
		e.note(fmt.Sprintf("recovery data does not protect what is new: vt ar parity add --share %v", parity.ShareOf(&sets[len(sets)-1])))
	}
	return err
}
