package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/parity"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/writer"
)

type repairCommand struct {
	Archive string `arg:"" help:"The damaged archive: a file or a FIFO; - is standard input."`

	Out     string `short:"o" placeholder:"FILE" help:"Write the repaired archive to FILE and leave the damaged one as it is. Default: put it in the place of the damaged one, at once, when it is complete."`
	InPlace bool   `help:"Write over what is damaged, and nothing else: needs no room for a copy. If it is interrupted, nothing is worse than before; run it again."`
	Partial bool   `help:"Repair what can be, even if not all can. Default: change nothing then."`
	DryRun  bool   `short:"n" help:"Change nothing; tell what is damaged and whether it can be repaired."`
	Threads uint   `placeholder:"N" help:"Work on N parts at once, with 17 MiB for each."`
	Quiet   bool   `short:"q" help:"Print no progress, and nothing about what is in order."`
	JSON    bool   `name:"json" help:"Print one JSON object."`
}

func (*repairCommand) Help() string {
	return `
Makes a damaged archive again what it was, bit for bit, with the recovery data that vt ar create --parity or vt ar parity add put into it. Anything may be damaged, also the header, the index, the trailer, and the recovery data itself: it is searched for. Where bytes were inserted, or are missing, what lies behind them is found and put back. What is made is checked against its hashes.

Until the repaired archive is complete the damaged one stays as it is; then it takes its name, or FILE. At last the stored bytes of the result are checked, as vt ar verify --fast does, also those that no recovery data protects.

The exit status is 0 where all is well now, or was before; 3 where something cannot be repaired, which is named; 2 where there is no recovery data: vt ar recover then saves what is left, in a new archive.

Examples:

    vt ar repair backup.vtd
    vt ar repair -n backup.vtd
    vt ar repair /mnt/bad-disk/backup.vtd -o backup.vtd

The object of --json:

    repaired                     whether something was written
    sound                        whether all is well at the end; for --dry-run,
                                 whether it would be, where it is protected
    size, restored_size          bytes of the file as it was; as it should be
    sets, not_covered            as for vt ar parity info: begin, end,
                                 segment_end, share, reach, data_shards,
                                 parity_shards, rows, cell; offset, length
    damage                       offset, length, what (header, data, parity,
                                 trailer), repairable: of each stretch
    damaged_bytes, lost_bytes    of all; of those that cannot be repaired
    unproved_bytes               of which recovery data no longer tells whether
                                 they are right
    shifted                      offset, length, by: bytes that lie elsewhere
                                 than they should
    more                         stretches of damage that are not listed
    findings                     of the check at the end, as for vt ar verify:
                                 class, structure, offset, length, block,
                                 message, hurts, more_hurts; snapshot, label,
                                 path, original`
}

// repair is what repair finds and does; repair --json prints it.
type repair struct {
	Repaired bool `json:"repaired"`
	Sound    bool `json:"sound"`
	*parity.Report
	Findings []reader.Finding `json:"findings"`

	c    *repairCommand
	left error // what could not be repaired
}

func (c *repairCommand) Run(e *Env) error {
	if err := c.usage(); err != nil {
		return err
	}
	src, err := c.source(e)
	if err != nil {
		return err
	}
	defer src.Close()
	done := e.progress(!c.Quiet)
	defer done()
	o := parity.Options{Workers: int(c.Threads), Progress: func(n int64) { e.bar.Add(n, 0) }}
	e.bar.Phase("checking", src.Size(), 0)
	y, err := parity.Look(e.ctx, src, src.Size(), o)
	if err != nil {
		return err
	}
	r := &repair{c: c, Report: y.Report(), Findings: []reader.Finding{}}
	if len(r.Sets) == 0 {
		if err := notArchive(src); err != nil {
			return fmt.Errorf("%s: %w", shownArchive(c.Archive), err)
		}
		return fmt.Errorf("%s: it has no recovery data to repair it with, or none is left: vt ar recover saves what can be saved in a new archive%w",
			shownArchive(c.Archive), hidden{errNothing})
	}
	switch {
	case c.DryRun:
		err = nil
		if r.Lost > 0 {
			r.left = format.Damaged("archive", format.NoOffset, "%d bytes cannot be repaired", r.Lost)
		}
	case c.InPlace && !r.Whole():
		err = r.inPlace(e, y, src, o)
	case !r.Whole() || c.Out != "":
		err = r.copy(e, y, o)
	case len(r.Uncovered) > 0 || r.Unproved > 0:
		err = r.check(e, src)
	}
	if err != nil {
		return err
	}
	r.Sound = r.left == nil && len(r.Findings) == 0
	done()
	if err := e.output(r.print); err != nil {
		return err
	}
	return r.status()
}

func (c *repairCommand) usage() error {
	switch {
	case c.InPlace && c.Out != "":
		return usagef("--in-place and -o exclude each other")
	case c.Out == "-":
		return usagef("a repaired archive is not written to standard output; give a file name")
	case c.Archive == "-" && c.Out == "" && !c.DryRun:
		return usagef("what comes from standard input cannot be put in the place of anything; name a file with -o")
	}
	return nil
}

// lockedSource is the file that is repaired, which nobody else may write to.
type lockedSource struct {
	disk.File
	size int64
}

func (s *lockedSource) Size() int64 { return s.size }

// source opens what is to be repaired. A file that is to be replaced, or written
// to, is locked, so that no append is lost.
func (c *repairCommand) source(e *Env) (reader.Source, error) {
	info, err := os.Stat(c.Archive)
	if c.Out != "" || c.DryRun || c.Archive == "-" || err != nil || !info.Mode().IsRegular() {
		if err == nil && c.Out == "" && !c.DryRun {
			return nil, usagef("%s: not a file that could be replaced; name one with -o", human.Quote(c.Archive))
		}
		src, _, err := sourceOf(e, c.Archive)
		return src, err
	}
	flag := os.O_RDONLY
	if c.InPlace {
		flag = os.O_RDWR
	}
	f, err := disk.OS.OpenFile(c.Archive, flag, 0)
	if err != nil {
		return nil, err
	}
	if err = f.Lock(); err == nil {
		info, err = f.Stat()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &lockedSource{f, info.Size()}, nil
}

// copy makes the repaired archive and gives it its name.
func (r *repair) copy(e *Env, y *parity.Survey, o parity.Options) error {
	path := r.c.Out
	if path == "" {
		path = r.c.Archive
	}
	out, err := writer.CreateFile(path)
	if err != nil {
		return err
	}
	defer out.Discard()
	switch {
	case out.Direct():
		return &fs.PathError{Op: "create", Path: path, Err: errors.New("not a regular file")}
	case r.c.Out != "" && r.c.Archive != "-" && isSame(out, r.c.Archive):
		return usagef("%s: is read and would be written; leave out -o to replace it", human.Quote(path))
	}
	e.bar.Phase("repairing", r.Restored+r.Damaged, 0)
	if err := y.Copy(e.ctx, out, o); errors.Is(err, format.ErrDamaged) {
		if r.left = err; !r.c.Partial {
			return nil
		}
	} else if err != nil {
		return err
	}
	if err := r.check(e, sized{out, r.Restored}); err != nil {
		return err
	}
	r.Repaired = true
	return out.Commit()
}

// inPlace writes over what is damaged.
func (r *repair) inPlace(e *Env, y *parity.Survey, src reader.Source, o parity.Options) error {
	if r.Lost > 0 && !r.c.Partial {
		r.left = format.Damaged("archive", format.NoOffset, "%d bytes cannot be repaired", r.Lost)
		return nil
	}
	f := src.(*lockedSource)
	e.bar.Phase("repairing", r.Damaged, 0)
	err := y.Fix(e.ctx, f, o)
	switch {
	case errors.Is(err, parity.ErrShifted):
		return fmt.Errorf("%s: %w; leave out --in-place", shownArchive(r.c.Archive), err)
	case errors.Is(err, format.ErrDamaged):
		r.left = err
	case err != nil:
		return disk.WriteError("write", r.c.Archive, err)
	}
	r.Repaired = true
	if err := f.Sync(); err != nil {
		return disk.WriteError("sync", r.c.Archive, err)
	}
	return r.check(e, sized{f, r.Restored})
}

// sized is a file that is read while it is still being written.
type sized struct {
	io.ReaderAt
	size int64
}

func (s sized) Size() int64  { return s.size }
func (s sized) Close() error { return nil }

// check verifies the stored bytes of what is there now.
func (r *repair) check(e *Env, src reader.Source) error {
	e.bar.Phase("checking again", src.Size(), 0)
	a, err := reader.Open(sized{src, src.Size()}, reader.Options{})
	if archiveFault(err) != nil || errors.Is(err, format.ErrNotArchive) {
		v := verification{Report: &reader.Report{}}
		v.addFinding(err)
		r.Findings = v.Findings
		return nil
	}
	if err != nil {
		return err
	}
	defer a.Close()
	before := int64(0)
	rep, err := a.Verify(e.ctx, reader.VerifyOptions{
		Fast: true, Workers: int(r.c.Threads),
		Progress: func(done, total int64) { e.bar.Add(done-before, 0); before = done },
	})
	if err != nil {
		return err
	}
	r.Findings = rep.Findings
	return nil
}

func (r *repair) print(w *bufio.Writer) error {
	if r.c.JSON {
		return newJSON(w).Encode(r)
	}
	for _, d := range r.Damage {
		what := "can be repaired"
		switch {
		case !d.Repairing:
			what = "cannot be repaired"
		case r.Repaired:
			what = "repaired"
		}
		fmt.Fprintf(w, "damaged: %s at offset %d, %d bytes: %s\n", d.What, d.Offset, d.Length, what)
	}
	if r.More > 0 {
		fmt.Fprintf(w, "and %s more\n", human.Count(int64(r.More)))
	}
	for _, s := range r.Shifted {
		where := fmt.Sprintf("%d bytes behind", s.By)
		if s.By < 0 {
			where = fmt.Sprintf("%d bytes before", -s.By)
		}
		fmt.Fprintf(w, "shifted: %d bytes, which were found %s their place at offset %d\n", s.Length, where, s.Offset)
	}
	for i := range r.Findings {
		printFinding(w, &r.Findings[i])
	}
	if r.c.Quiet {
		return nil
	}
	if r.Size != r.Restored {
		fmt.Fprintf(w, "note: the file has %d bytes; it had %d\n", r.Size, r.Restored)
	}
	if r.Unproved > 0 {
		made := "repairing makes it anew"
		if r.Repaired {
			made = "it was made anew"
		}
		fmt.Fprintf(w, "note: all recovery data of %s is gone; %s of what is there\n", human.Bytes(r.Unproved), made)
	}
	printUncovered(w, r.Uncovered)
	switch {
	case r.Repaired && r.Sound:
		fmt.Fprintf(w, "repaired: %s of %s\n", human.Bytes(r.Damaged), human.Bytes(r.Restored))
	case r.Whole() && r.Sound:
		fmt.Fprintf(w, "sound: nothing to repair in %s\n", human.Bytes(r.Size))
	}
	return nil
}

func (r *repair) status() error {
	name := shownArchive(r.c.Archive)
	switch {
	case r.left != nil && r.Repaired:
		return fmt.Errorf("%s: repaired in part: %w; vt ar recover saves what is left", name, r.left)
	case r.left != nil:
		return fmt.Errorf("%s: not changed: %w; --partial repairs what can be, and vt ar recover saves what is left", name, r.left)
	case len(r.Findings) > 0:
		return fmt.Errorf("%s: %s found, in what no recovery data protects, or what was damaged before it did%w", name, plural(uint64(len(r.Findings)), "defect"), hidden{format.ErrDamaged})
	}
	return nil
}

// notArchive gives an error if a file neither begins as an archive does nor has
// anything of one.
func notArchive(src reader.Source) error {
	b := make([]byte, min(format.HeaderFixedSize, src.Size()))
	if _, err := src.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := format.HeaderSize(b); errors.Is(err, format.ErrNotArchive) {
		return err
	}
	return nil
}
