package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/vtdarchive/vtd/export"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/glob"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/writer"
)

type exportCommand struct {
	Archive string   `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	Members []string `arg:"" optional:"" name:"member" help:"What to write, with everything below: paths, and patterns in which * also matches /. Default: everything."`
	atFlag

	Format  string     `placeholder:"tar|zip" help:"What to write. Default: what the name of --output ends in, else tar."`
	Output  string     `short:"o" placeholder:"FILE" help:"The file to make. Default: standard output."`
	Exact   bool       `help:"The very bytes of the tar or zip file that was imported with --exact."`
	Prefix  string     `placeholder:"DIR" help:"Put all names below this one."`
	Level   uint       `placeholder:"N" help:"Of zip: how hard to compress, from 1 to 9; 0 stores files as they are." default:"6"`
	Cache   human.Size `default:"512MiB" placeholder:"SIZE" help:"Memory for what is decoded."`
	Verbose bool       `short:"v" help:"List entries on standard error as they are written."`
	Quiet   bool       `short:"q" help:"Print no progress."`
}

func (*exportCommand) Help() string {
	return `
Writes a tar or zip file of what an archive holds, the same bytes for the same tree. A tar has the pax format with nanoseconds, extended attributes, access control lists, holes and hard links, as GNU tar and bsdtar read them; it lacks sockets. A zip has permissions, times in seconds, directories and symbolic links. What the format lacks is named, and makes the exit status 1; what is damaged makes it 3.

With --exact it is, byte for byte, the file that vt ar import --exact made this state from, whatever that was and --format says; with -o, all of it or nothing. Other states have none; vt ar log and info tell.

Examples:

    vt ar export backup.vtd | tar t
    vt ar export backup.vtd etc --at yesterday | ssh host tar x -C /
    vt ar export -o site.zip --prefix site site.vtd htdocs
    vt ar export backup.vtd | zstd > backup.tar.zst
    vt ar export --exact -o linux.tar.gz linux.vtd`
}

func (c *exportCommand) Run(e *Env) error {
	o, err := c.options(e)
	if err != nil {
		return err
	}
	a, err := c.open(e, c.Archive, reader.Options{WholeTree: true, CacheBytes: int64(c.Cache)})
	if err != nil {
		return err
	}
	defer a.Close()
	t, err := a.Tree()
	if err != nil {
		return err
	}
	if c.Exact {
		return c.exact(e, a, t)
	}
	m := glob.New(c.Members)
	o.Match, o.Below = m.Match, m.CouldMatchBelow
	done := e.progress(!c.Quiet)
	defer done()
	var failed []error
	o.Issue = func(path string, err error) {
		if path == "" {
			path = "."
		}
		e.message("%s: %v", human.Quote(path), err)
		class := archiveFault(err)
		if class == nil {
			class = errPartial
		}
		if !errors.Is(errors.Join(failed...), class) {
			failed = append(failed, reported(class))
		}
	}
	if len(c.Members) == 0 {
		e.bar.Phase("writing", int64(t.Root().Size), int64(t.Root().Count))
	}
	defer boundHeap(int64(c.Cache) + 256<<20)()
	err = c.output(e, func(w io.Writer) error {
		rep, err := export.Write(e.ctx, a, t, w, o)
		for _, arg := range m.Unmatched() {
			e.message("%s: not found in the archive", human.Quote(arg))
			failed = append(failed, reported(errMissing))
		}
		if err == nil && rep.Entries == 0 && len(failed) > 0 {
			err = errors.Join(failed...) // a file that is there stays as it is
		}
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(failed...)
}

// exact writes the file that the tree was made from.
func (c *exportCommand) exact(e *Env, a *reader.Archive, t *reader.Tree) error {
	_, original, err := t.Original()
	if err == nil && original == nil {
		err = export.ErrNoOriginal
	}
	if errors.Is(err, export.ErrNoOriginal) {
		return fmt.Errorf("%s: %w: only what vt ar import --exact makes has one; without --exact, export writes a %s with the same files", shownArchive(c.Archive), err, c.format())
	}
	if err != nil {
		return err
	}
	done := e.progress(!c.Quiet)
	defer done()
	e.bar.Phase("writing", int64(original.Size), 1)
	defer boundHeap(int64(c.Cache) + 256<<20)()
	return c.output(e, func(w io.Writer) error {
		_, err := export.Exact(e.ctx, a, t, w, func(n int64) { e.bar.Add(n, 0) })
		if err == nil && c.Verbose {
			e.note(human.Quote(original.Name))
		}
		return err
	})
}

// format gives the format to write: zip or, unless something else is asked for,
// tar.
func (c *exportCommand) format() string {
	if c.Format != "" {
		return c.Format
	}
	if strings.ToLower(filepath.Ext(c.Output)) == "."+string(export.Zip) {
		return string(export.Zip)
	}
	return string(export.Tar)
}

func (c *exportCommand) options(e *Env) (o export.Options, err error) {
	kind := c.format()
	o.Format = export.Format(kind)
	if o.Format != export.Tar && o.Format != export.Zip {
		return o, usagef("--format %s: it takes tar or zip", human.Quote(c.Format))
	}
	if c.Exact && (len(c.Members) > 0 || c.Prefix != "") {
		return o, usagef("--exact writes all of the original; leave out members and --prefix")
	}
	if c.Level > 9 {
		return o, usagef("--level %d: it goes from 0 to 9", c.Level)
	}
	if o.Level = int(c.Level); c.Level == 0 {
		o.Level = -1
	}
	o.Prefix = strings.TrimSuffix(c.Prefix, "/")
	if c.Output == "" && isTerminal(e.stdout) {
		return o, usagef("a %s is not written to a terminal; redirect, or give a file with -o", kind)
	}
	o.Written = func(path string, kind format.Kind, bytes int64) {
		e.bar.Add(bytes, 1)
		if c.Verbose {
			e.note(shownPath(path, kind.IsDir()))
		}
	}
	return o, nil
}

// output gives a function the file or the stream to write to. The file has its
// name when it is complete.
func (c *exportCommand) output(e *Env, fill func(w io.Writer) error) error {
	if c.Output == "" || c.Output == "-" {
		return e.output(func(w *bufio.Writer) error { return fill(w) })
	}
	if same(c.Archive, c.Output) {
		return fmt.Errorf("%s: it is the archive itself", human.Quote(c.Output))
	}
	f, err := writer.CreateFile(c.Output)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = fill(w)
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return errors.Join(err, f.Discard())
	}
	return f.Commit()
}

// same says whether two paths lead to one file.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
