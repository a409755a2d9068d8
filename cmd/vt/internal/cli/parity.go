package cli

import (
	"bufio"
	"fmt"
	"io"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/parity"
	"github.com/vtdarchive/vtd/writer"
)

type parityCommands struct {
	Add  parityAddCommand  `cmd:"" help:"Add recovery data to an archive."`
	Info parityInfoCommand `cmd:"" help:"Tell what recovery data an archive has."`
}

type parityAddCommand struct {
	Archive string `arg:"" help:"The archive to add to."`

	Share       parity.Share `required:"" placeholder:"SHARE" help:"How much may be lost in one piece, as 5%: from 0.01% to 75%. It takes a little more room than that."`
	All         bool         `help:"Protect all of the archive anew. Default: what has no recovery data of this share."`
	DiscardTail bool         `help:"Cut off what follows the last valid trailer, whatever it is."`
	Check       bool         `negatable:"" default:"true" help:"Check what is to be protected before, or do not."`
	Threads     uint         `placeholder:"N" help:"Work on N parts at once, with 17 MiB for each."`
	Quiet       bool         `short:"q" help:"Print no progress and no summary."`
	JSON        bool         `name:"json" help:"Print one JSON object."`
}

func (*parityAddCommand) Help() string {
	return `
Adds recovery data: Reed-Solomon parity, with which vt ar repair makes a damaged archive again what it was, bit for bit. Any bytes side by side, as many as the share, may be lost, wherever they are: among the files, at the beginning, at the end, in the recovery data itself. Damage that is scattered may come to as much, with luck in where it falls.

What an append adds later has no recovery data. Run parity add again: it protects what is new, from where the last recovery data ends, and what is lost may then be the share of each part. --all protects the whole as one.

The archive is only added to, and is at any time what it was before, or has its recovery data. Small archives need more: some 700 bytes at least.

What an append that was interrupted has left at the end is cut off, with a notice; what may be more than that only with --discard-tail.

Examples:

    vt ar parity add --share 5% backup.vtd
    vt ar append backup.vtd /home && vt ar parity add --share 5% backup.vtd
    vt ar parity add --share 10% --all backup.vtd

The object of --json:

    added, size    bytes that were added; of the archive
    discarded      bytes that were cut off its end before
    set            begin, end, segment_end: what is protected, and the
                   end of its recovery data; share, reach: what may be
                   lost of it in one piece, as a fraction and in bytes;
                   data_shards, parity_shards, rows, cell: how. Absent
                   where nothing was to be done`
}

func (c *parityAddCommand) Run(e *Env) error {
	if c.Archive == "-" {
		return usagef("standard output cannot be added to; give a file name, or use vt ar create --parity")
	}
	done := e.progress(!c.Quiet)
	defer done()
	rep, err := writer.AddParity(e.ctx, c.Archive, writer.ParityOptions{
		Share: c.Share, All: c.All, Unchecked: !c.Check, DiscardTail: c.DiscardTail, Threads: int(c.Threads),
		OnBegin:  func(what string, bytes int64) { e.bar.Phase(what, bytes, 0) },
		Progress: func(n int64) { e.bar.Add(n, 0) },
	})
	done()
	if err != nil {
		return err
	}
	out := struct {
		Added     int64       `json:"added"`
		Discarded int64       `json:"discarded"`
		Size      int64       `json:"size"`
		Set       *parity.Set `json:"set,omitempty"`
	}{Size: rep.Size, Discarded: rep.Discarded}
	if rep.Set != nil {
		set := parity.Describe(rep.Set)
		out.Set, out.Added = &set, set.SegmentEnd-set.End
	}
	noteDiscarded(e, c.Archive, rep.Discarded, c.Quiet)
	switch {
	case c.JSON:
		return newJSON(e.stdout).Encode(out)
	case c.Quiet:
	case out.Set == nil:
		e.note(fmt.Sprintf("nothing to do: all of it has recovery data of %v or more", c.Share))
	default:
		e.note(setText(out.Set))
		e.note(fmt.Sprintf("added: %s to %s", human.Bytes(out.Added), human.Bytes(out.Set.End)))
	}
	return nil
}

// noteDiscarded tells of bytes that an archive had after its last valid trailer.
func noteDiscarded(e *Env, path string, n int64, quiet bool) {
	if n > 0 && !quiet {
		e.message("%s: %d bytes after the last valid trailer were cut off", shownArchive(path), n)
	}
}

// setText says what a set protects.
func setText(s *parity.Set) string {
	return fmt.Sprintf("bytes %d to %d: %.3g %% may be lost in one piece, %s", s.Begin, s.SegmentEnd, 100*s.Share, human.Bytes(s.Reach))
}

type parityInfoCommand struct {
	Archive string `arg:"" help:"The archive, which may be damaged: a file or a FIFO; - is standard input."`
	JSON    bool   `name:"json" help:"Print one JSON object."`
}

func (*parityInfoCommand) Help() string {
	return `
Tells which parts of an archive are protected by recovery data, how much of each may be lost, and what is not protected. It looks at where the recovery data is and checks none of it: vt ar verify and vt ar repair --dry-run do. Where trailers are damaged it searches the file.

Examples:

    vt ar parity info backup.vtd
    vt ar parity info --json backup.vtd | jq '.not_covered[]'

The object of --json:

    size           bytes of the file
    sets           begin, end, segment_end, share, reach, data_shards,
                   parity_shards, rows, cell: as for vt ar parity add
    not_covered    offset, length: of what is not protected`
}

// parityJSON is what is said of an archive's recovery data.
type parityJSON struct {
	Size      int64          `json:"size"`
	Sets      []parity.Set   `json:"sets"`
	Uncovered []parity.Range `json:"not_covered"`
}

func (c *parityInfoCommand) Run(e *Env) error {
	src, name, err := sourceOf(e, c.Archive)
	if err != nil {
		return err
	}
	defer src.Close()
	found, err := parity.Sets(e.ctx, src, src.Size())
	if err != nil {
		return err
	}
	if len(found) == 0 {
		if err := notArchive(src); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	d := parityJSON{Size: src.Size(), Sets: []parity.Set{}}
	for i := len(found) - 1; i >= 0; i-- {
		d.Sets = append(d.Sets, parity.Describe(&found[i]))
	}
	d.Uncovered = parity.Uncovered(d.Sets, d.Size)
	return e.output(func(w *bufio.Writer) error {
		if c.JSON {
			return newJSON(w).Encode(d)
		}
		d.print(w)
		return nil
	})
}

func (d *parityJSON) print(w io.Writer) {
	if len(d.Sets) == 0 {
		fmt.Fprintln(w, "no recovery data: vt ar parity add adds some")
		return
	}
	for i := range d.Sets {
		s := &d.Sets[i]
		fmt.Fprintf(w, "%s\n", setText(s))
		fmt.Fprintf(w, "  %d + %d shards of %d cells of %s; takes %s\n", s.Data, s.Parity, s.Rows, human.Bytes(int64(s.Cell)), human.Bytes(s.SegmentEnd-s.End))
	}
	printUncovered(w, d.Uncovered)
}

func printUncovered(w io.Writer, ranges []parity.Range) {
	for _, r := range ranges {
		fmt.Fprintf(w, "bytes %d to %d: not protected: vt ar parity add protects what was appended\n", r.Offset, r.Offset+r.Length)
	}
}

// describeParity gives nothing where there is no recovery data.
func describeParity(sets []format.ParitySet, size int64) *parityJSON {
	if len(sets) == 0 {
		return nil
	}
	d := &parityJSON{Size: size}
	for i := range sets {
		d.Sets = append(d.Sets, parity.Describe(&sets[i]))
	}
	d.Uncovered = parity.Uncovered(d.Sets, size)
	return d
}
