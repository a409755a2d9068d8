package cli

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"syscall"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/recovery"
	"github.com/vtdarchive/vtd/writer"
)

type recoverCommand struct {
	Damaged string `arg:"" help:"What is left of an archive: a file or a FIFO; - is standard input."`
	Out     string `arg:"" help:"The archive to make of it."`

	From      []string `sep:"none" placeholder:"PATH" help:"Fill in what is missing from another archive, whole or damaged, from a file, or from all files below a directory, by hash. May be given several times."`
	Archive   string   `placeholder:"ID" help:"Of several archives in the file, recover the one with this id, in hexadecimal. Default: the first."`
	WholeOnly bool     `help:"Leave out files of which some is missing."`
	Verbose   bool     `short:"v" help:"Name, too, what is found that no directory names any more."`
	JSON      bool     `name:"json" help:"Print one JSON object."`
	Quiet     bool     `short:"q" help:"Print no progress, and nothing about what is in order."`
}

func (*recoverCommand) Help() string {
	return `
Reads what is left of an archive, whatever part of it is gone, and writes a valid one with all that can be saved: the header, the index or the trailer may be lost, any of the frames, the beginning or the end, and there may be other bytes in between. The damaged file is not changed.

Trees keep their names, and those that are whole their root hashes, content ids, labels and messages; one of which a file was filled by the hash of its content alone may have another root hash. A file of which some is missing is kept as NAME.damaged, with zeros in place of what is missing and the ranges of them in its attribute user.vtd.missing. Directories and parts of files that nothing names any more are put into lost+found, by the kind of their content; where the newest tree is whole, into a snapshot of its own that follows it.

What is missing is named on standard output, with the ranges of its bytes, and makes the exit status 3; 0 says that nothing is missing any more. Blocks that are missing, of files and of directories, are found in --from by their hashes, as far as the index is left, or the top block for a tree that is there as a whole: in another copy of the same archive, which may be damaged elsewhere and then needs no index, in other archives, and in files, cut as the archive's were. A file of several blocks is found by the hash of its content as well.

With recovery data in the archive, try vt ar repair first: it gives back the archive itself.

Examples:

    vt ar recover damaged.vtd saved.vtd
    vt ar recover disk1/a.vtd saved.vtd --from disk2/a.vtd --from /srv/data
    vt ar recover --json damaged.vtd saved.vtd | jq '.losses[].path'

The object of --json:

    whole                       whether nothing is missing
    size, stored                bytes of the damaged file, of the new archive
    header                      whether it was there
    frames, lost_frames         whole ones; those of which the head alone is
    blocks, lost_blocks, filled whole; missing, as far as is known; from --from
    damage                      structure, offset, length, message
    snapshots                   label, block, was, root, whole, proven, made,
                                entries, bytes: of each tree, the oldest first;
                                block, was: of its record, here and in the
                                damaged archive; proven:
                                by the hashes in its top block; made: in place
                                of a record that is lost
    lost_snapshots              of which nothing is left, as trailers count them
    losses                      snapshot, what (partial, file, directory,
                                entries, original), path, as, size, entries,
                                missing, reason
    found                       path, what, kind, block, size: in lost+found
    foreign                     archive_id, offset, frames: of other archives
                                in the file
    more, more_found            that are not listed
    archive_id                  of the new archive
    warnings                    in words`
}

func (c *recoverCommand) Run(e *Env) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	src, name, err := sourceOf(e, c.Damaged)
	if err != nil {
		return err
	}
	defer src.Close()
	out, err := writer.CreateFile(c.Out)
	if err != nil {
		return err
	}
	defer out.Discard()
	for _, path := range append([]string{c.Damaged}, c.From...) {
		if path != "-" && isSame(out, path) {
			return usagef("%s: is read and would be written; name another file for the new archive", human.Quote(path))
		}
	}
	done := e.progress(!c.Quiet)
	defer done()
	defer boundHeap(640 << 20)()
	o.Phase = func(name string, bytes int64) { e.bar.Phase(name, bytes, 0) }
	o.Progress = func(n int64) { e.bar.Add(n, 0) }
	w := bufio.NewWriterSize(out, 1<<20)
	rep, err := recovery.Recover(e.ctx, src, name, w, o)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = out.Commit()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", shownArchive(c.Damaged), err)
	}
	done()
	if err := e.output(func(w *bufio.Writer) error { return c.print(w, rep) }); err != nil {
		return err
	}
	if !rep.Whole() {
		return fmt.Errorf("%s: not all of it could be recovered%w", shownArchive(c.Damaged), hidden{format.ErrDamaged})
	}
	return nil
}

func (c *recoverCommand) options() (recovery.Options, error) {
	o := recovery.Options{From: c.From, WholeOnly: c.WholeOnly}
	for _, path := range c.From {
		if _, err := os.Stat(path); err != nil {
			return o, fmt.Errorf("--from: %w", err)
		}
	}
	if c.Archive != "" {
		b, err := hex.DecodeString(c.Archive)
		if err != nil || len(b) != format.ArchiveIDSize {
			return o, usagef("--archive %s: not the %d hexadecimal digits of an archive's id", human.Quote(c.Archive), 2*format.ArchiveIDSize)
		}
		id := format.ArchiveID(b)
		o.Archive = &id
	}
	return o, nil
}

// isSame tells whether a path leads to the file that is written, or replaced.
func isSame(out *writer.File, path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false // reading it will tell
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && out.Is(st.Dev, st.Ino)
}

// recoveryJSON is what recover --json prints.
type recoveryJSON struct {
	Whole bool `json:"whole"`
	*recovery.Report
	ArchiveID string `json:"archive_id"`
}

// list gives a list that JSON has as one even where it is empty.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func (c *recoverCommand) print(w *bufio.Writer, r *recovery.Report) error {
	if c.JSON {
		listed := *r
		listed.Damage, listed.Snapshots, listed.Losses = list(r.Damage), list(r.Snapshots), list(r.Losses)
		listed.Found, listed.Foreign, listed.Warnings = list(r.Found), list(r.Foreign), list(r.Warnings)
		return newJSON(w).Encode(recoveryJSON{r.Whole(), &listed, hex.EncodeToString(r.ArchiveID[:])})
	}
	for _, d := range r.Damage {
		fmt.Fprintf(w, "damaged: %s at offset %d", d.Structure, d.Offset)
		if d.Length > 0 {
			fmt.Fprintf(w, ", %d bytes", d.Length)
		}
		fmt.Fprintf(w, ": %s\n", d.Message)
	}
	for _, f := range r.Foreign {
		fmt.Fprintf(w, "another archive at offset %d, %s: --archive %s recovers it\n", f.Offset, plural(uint64(f.Frames), "frame"), f.Text)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "note: %s\n", warning)
	}
	if r.LostSnapshots > 0 {
		fmt.Fprintf(w, "lost: %s of the snapshots, with all that only they had\n", human.Count(r.LostSnapshots))
	}
	for i := range r.Losses {
		printLoss(w, r, &r.Losses[i])
	}
	if r.More > 0 {
		fmt.Fprintf(w, "lost: %s more\n", human.Count(r.More))
	}
	if c.Verbose {
		for _, f := range r.Found {
			fmt.Fprintf(w, "found: %s: %s, %s\n", human.Quote(f.Path), f.What, human.Bytes(int64(f.Size)))
		}
	}
	if n := int64(len(r.Found)) + r.MoreFound; n > 0 {
		fmt.Fprintf(w, "found: %s without a name, in %s\n", counted(uint64(n), "directory, file or part of one", "directories, files or parts of them"), recovery.LostFound)
	}
	if c.Quiet {
		return nil
	}
	for i := range r.Snapshots {
		printRecovered(w, &r.Snapshots[i])
	}
	if r.Filled > 0 {
		fmt.Fprintf(w, "filled: %s\n", counted(uint64(r.Filled), "block or file", "blocks or files"))
	}
	fmt.Fprintf(w, "recovered: %s blocks in %s frames, %s\n", human.Count(r.Blocks), human.Count(r.Frames), human.Bytes(r.Stored))
	return nil
}

func printLoss(w *bufio.Writer, r *recovery.Report, l *recovery.Loss) {
	path := l.Path
	if l.PathBytes != nil {
		path = string(l.PathBytes)
	}
	fmt.Fprintf(w, "lost: %s: ", shownRoot(path))
	switch l.What {
	case recovery.LossPartial:
		fmt.Fprintf(w, "kept as %s without", human.Quote(l.As))
		for i, m := range l.Missing {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, " bytes %d to %d", m.From, m.To)
		}
		fmt.Fprintf(w, " of %d", l.Size)
	case recovery.LossFile:
		fmt.Fprintf(w, "a file of %s", human.Bytes(int64(l.Size)))
	case recovery.LossDirectory:
		fmt.Fprintf(w, "what was in the directory, %s", human.Bytes(int64(l.Size)))
	case recovery.LossOriginal:
		fmt.Fprintf(w, "the original, %s", human.Bytes(int64(l.Size)))
	case recovery.LossEntries:
		fmt.Fprintf(w, "%s of the directory", counted(l.Entries, "entry", "entries"))
	}
	if l.Reason != "" {
		fmt.Fprintf(w, ": %s", l.Reason)
	}
	if len(r.Snapshots) > 1 && l.Snapshot < len(r.Snapshots) {
		fmt.Fprintf(w, ", in snapshot %d", l.Snapshot+1)
		if label := r.Snapshots[l.Snapshot].Label; label != "" {
			fmt.Fprintf(w, " (%s)", human.Quote(label))
		}
	}
	fmt.Fprintln(w)
}

func printRecovered(w *bufio.Writer, s *recovery.Snapshot) {
	state := "with losses"
	switch {
	case s.Whole && s.Proven:
		state = "whole, as its hashes prove"
	case s.Whole:
		state = "whole"
	case s.Made:
		state = "in place of a record that is lost"
	}
	name := ""
	if s.Label != "" {
		name = " " + human.Quote(s.Label)
	}
	fmt.Fprintf(w, "snapshot%s: %s entries, %s, %s\n", name, human.Count(int64(s.Entries)), human.Bytes(int64(s.Bytes)), state)
}
