package cli

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/vtdarchive/vtd/compact"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/parity"
	"github.com/vtdarchive/vtd/writer"
)

// rewriting are the flags of commands that put an archive in the place of one.
type rewriting struct {
	Parity      parity.Share `placeholder:"SHARE" help:"Add recovery data to what comes of it, as 5%."`
	DiscardTail bool         `help:"Leave out what follows the last valid trailer, whatever it is. Default: refuse, unless it is plainly what an append left that was interrupted."`
	Threads     uint         `placeholder:"N" help:"Compress N frames at once."`
	Quiet       bool         `short:"q" help:"Print no progress, notices and summary."`
	JSON        bool         `name:"json" help:"Print one JSON object."`
}

const rewritingHelp = `The object of --json:

    before, after     bytes of the archive
    predicted         whether after is an estimate, under --dry-run
    archive_id        of the new archive
    kept, dropped     id, was, time, time_sec, time_nsec, label, root: of each
                      state, the oldest first; was: the id before
    frames            copied, written, removed: of data
    blocks            live, freed, dead: in use; no longer there; in frames
                      that were copied, and not in use
    parity_removed    sets of recovery data that were there
    torn_tail         bytes after the last valid trailer, which went`

// minLive is a share of a frame.
type minLive float64

func (m *minLive) UnmarshalText(text []byte) error {
	s, percent := strings.CutSuffix(string(text), "%")
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || !percent || math.IsNaN(x) || x < 0 || x > 100 {
		return fmt.Errorf("%q is not a share from 0%% to 100%%", text)
	}
	*m = minLive(x / 100)
	return nil
}

type compactCommand struct {
	Archive string  `arg:"" help:"The archive."`
	MinLive minLive `default:"50%" placeholder:"SHARE" help:"Copy frames of data of which at least this is in use as they are, with the rest; pack what is in use of others anew. 100% packs everything anew."`
	DryRun  bool    `short:"n" help:"Tell about how large the archive would be, and change nothing."`
	rewriting
}

func (*compactCommand) Help() string {
	return `
Puts an archive with what its states need in the place of it: what is in no state any more goes, and so do its segments' superseded indexes. Data is compressed in frames. One of which much is still in use is copied as it is; what is in use of others is packed into new ones. With --min-live 100% all is packed anew, files that resemble each other side by side whatever state they are of: the bytes then depend on nothing but the states.

States keep their ids, and their trees. The archive gets another id. It takes the place of the old one when it is complete; whoever reads or has mounted the old one goes on with it. Recovery data is not taken over; --parity makes it anew. A damaged archive is refused.

What is packed anew lies in a temporary file meanwhile, uncompressed; TMPDIR says where.

Examples:

    vt ar compact backup.vtd
    vt ar compact -n --min-live 90% backup.vtd
    vt ar compact --min-live 100% --parity 5% backup.vtd

` + rewritingHelp
}

func (c *compactCommand) Run(e *Env) error {
	if c.DryRun && c.Parity != 0 {
		return usagef("--parity does nothing under --dry-run")
	}
	return c.rewrite(e, c.Archive, compact.Options{MinLive: float64(c.MinLive), DryRun: c.DryRun})
}

type repackCommand struct {
	Archive string `arg:"" help:"The archive."`
	Preset  string `enum:"fast,default,small," default:"" placeholder:"NAME" help:"What frames are to be like: fast, default or small, as for create. Default: as they are."`
	Hash    string `enum:"blake3,sha256," default:"" placeholder:"NAME" help:"Hash function: blake3 or sha256. Default: what it is. With another one, all ids are others."`
	rewriting
}

func (*repackCommand) Help() string {
	return `
Compresses an archive anew, with the frames, the level and the order of data of a preset, or its own. Files are not cut anew, and what was stored with recipes stays so: root hashes, content ids and the ids of states remain what they were. Data of all states lies side by side if it is alike, so that an archive that grew by many appends becomes about as small as one made of all at once. An archive of one state becomes what create with the preset would have made of these blocks; one that was made from a stream comes to have its tree in front.

With --hash everything is hashed anew under another function, which changes all of these names: the object of --json has the old ids beside the new ones.

It takes the place of the old one when it is complete, as under vt ar compact.

Examples:

    vt ar repack --preset small backup.vtd
    vt ar repack --preset small --parity 2% backup.vtd
    vt ar repack --hash sha256 backup.vtd

` + rewritingHelp
}

func (c *repackCommand) Run(e *Env) error {
	o := compact.Options{MinLive: 1}
	if c.Preset != "" {
		p, err := writer.Presets(c.Preset)
		if err != nil {
			return err
		}
		o.Preset = p.Preset
		o.Layout = &format.Layout{
			DataFrame: uint32(p.DataFrame), MetaFrame: uint32(p.MetaFrame), Level: uint8(p.Level), Long: p.Long, Order: p.Order,
		}
	}
	if c.Hash != "" {
		id, err := format.ParseHashID(c.Hash)
		if err != nil {
			return err
		}
		o.Hash = id
	}
	return c.rewrite(e, c.Archive, o)
}

// rewrite puts an archive in the place of one and tells of it.
func (r *rewriting) rewrite(e *Env, path string, o compact.Options) error {
	if path == "-" {
		return usagef("standard input cannot be replaced; give a file name")
	}
	done := e.progress(!r.Quiet)
	defer done()
	defer boundHeap(640 << 20)()
	o.DiscardTail = r.DiscardTail
	o.Threads = int(min(r.Threads, 64))
	o.Phase = func(what string, bytes int64) { e.bar.Phase(what, bytes, 0) }
	o.Progress = func(n int64) { e.bar.Add(n, 0) }
	rep, err := compact.Compact(e.ctx, path, o)
	switch {
	case errors.Is(err, compact.ErrNothingLeft):
		return usagef("%s: %v; delete the file to be rid of all", shownArchive(path), err)
	case err != nil:
		return err
	}
	changed := !o.DryRun && (!o.OnlyIfForgotten || len(rep.Dropped) > 0)
	if changed {
		noteDiscarded(e, path, rep.TornTail, r.Quiet)
		if err := takeNote(replicaNotes(e), rep); err != nil && !r.Quiet {
			e.message("the next snapshot will be of a writer of its own: %v", err)
		}
	}
	if changed && r.Parity != 0 {
		_, err := writer.AddParity(e.ctx, path, writer.ParityOptions{
			Share: r.Parity, Threads: int(min(r.Threads, 64)),
			OnBegin:  func(what string, bytes int64) { e.bar.Phase(what, bytes, 0) },
			Progress: func(n int64) { e.bar.Add(n, 0) },
		})
		if err != nil {
			return fmt.Errorf("%s: it is as it was to be, but for its recovery data: %w", shownArchive(path), err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		rep.After = info.Size()
	}
	done()
	return e.output(func(w *bufio.Writer) error { return r.print(e, w, rep, o.DryRun, changed) })
}

// takeNote has the writer of the newest state go on with the new file, if it was
// the one of the old.
func takeNote(n notes, r *compact.Report) error {
	last := r.Kept[len(r.Kept)-1]
	was := writer.State{ArchiveID: r.OldArchive, Snapshot: last.Was, Dev: r.OldFile[0], Ino: r.OldFile[1]}
	id := n.replica(was)
	if id == (format.ReplicaID{}) {
		return nil
	}
	return n.keep(writer.State{ArchiveID: r.Archive, Snapshot: last.ID, Dev: r.File[0], Ino: r.File[1]}, id)
}

// rewrittenJSON is what --json prints of an archive that was replaced.
type rewrittenJSON struct {
	Before        int64       `json:"before"`
	After         int64       `json:"after"`
	Predicted     bool        `json:"predicted"`
	ArchiveID     string      `json:"archive_id,omitempty"`
	Kept          []keptJSON  `json:"kept"`
	Dropped       []keptJSON  `json:"dropped"`
	Frames        framesMoved `json:"frames"`
	Blocks        blocksInUse `json:"blocks"`
	ParityRemoved int         `json:"parity_removed"`
	TornTail      int64       `json:"torn_tail"`
}

type framesMoved struct {
	Copied  int64 `json:"copied"`
	Written int64 `json:"written"`
	Removed int64 `json:"removed"`
}

type blocksInUse struct {
	Live  int64 `json:"live"`
	Freed int64 `json:"freed"`
	Dead  int64 `json:"dead"`
}

type keptJSON struct {
	ID    *format.Hash `json:"id,omitempty"`
	Was   format.Hash  `json:"was"`
	Time  string       `json:"time,omitempty"`
	Sec   int64        `json:"time_sec"`
	Nsec  uint32       `json:"time_nsec"`
	Label string       `json:"label,omitempty"`
	Root  format.Hash  `json:"root"`
}

func keptOf(list []compact.Snapshot) []keptJSON {
	out := []keptJSON{}
	for i := range list {
		s := &list[i]
		x := keptJSON{Was: s.Was, Time: rfc3339(s.Time), Sec: s.Time.Sec, Nsec: s.Time.Nsec, Label: s.Label, Root: s.Root}
		if !s.ID.IsZero() {
			x.ID = &s.ID
		}
		out = append(out, x)
	}
	return out
}

func (r *rewriting) print(e *Env, w *bufio.Writer, rep *compact.Report, dry, changed bool) error {
	if r.JSON {
		x := rewrittenJSON{
			Before: rep.Before, After: rep.After, Predicted: dry, Kept: keptOf(rep.Kept), Dropped: keptOf(rep.Dropped),
			Frames: framesMoved{rep.Copied, rep.Written, rep.Removed}, Blocks: blocksInUse{rep.Live, rep.Freed, rep.Dead},
			ParityRemoved: rep.ParitySets, TornTail: rep.TornTail,
		}
		if rep.Archive != (format.ArchiveID{}) {
			x.ArchiveID = fmt.Sprintf("%x", rep.Archive[:])
		}
		return newJSON(w).Encode(x)
	}
	if r.Quiet {
		return nil
	}
	forgotten, about := "forgotten", ""
	if dry {
		forgotten, about = "would be forgotten", "about "
	}
	for _, s := range rep.Dropped {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%s: %s  %s  %s", forgotten, shortID(s.Was), stateTime(s.Time), human.Quote(s.Label)), " "))
	}
	for _, s := range rep.Kept {
		if !s.ID.IsZero() && s.ID != s.Was {
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("kept: %s, now %s  %s  %s", shortID(s.Was), shortID(s.ID), stateTime(s.Time), human.Quote(s.Label)), " "))
		}
	}
	if !changed && !dry {
		e.note("nothing to forget: the archive is as it was")
		return nil
	}
	if rep.ParitySets > 0 && changed && r.Parity == 0 {
		e.message("its recovery data was not taken over; vt ar parity add makes it anew")
	}
	e.note(fmt.Sprintf("%s of %s left; the archive has %s%s, it had %s", plural(uint64(len(rep.Kept)), "state"),
		human.Count(int64(len(rep.Kept)+len(rep.Dropped))), about, human.Bytes(rep.After), human.Bytes(rep.Before)))
	return nil
}
