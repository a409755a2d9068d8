package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"syscall"
	"unicode/utf8"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/parity"
	"github.com/vtdarchive/vtd/scanners"
	"github.com/vtdarchive/vtd/writer"
)

type createCommand struct {
	Archive string   `arg:"" help:"The file to make; - is standard output."`
	Paths   []string `arg:"" name:"path" help:"What goes in."`

	selection
	making `set:"otherwise=or the newest mtime"`

	DryRun bool         `short:"n" help:"Make nothing; list what would go in."`
	Parity parity.Share `placeholder:"SHARE" group:"archive" help:"Add recovery data, with which vt ar repair makes good the loss of any bytes side by side up to SHARE of the archive, as 5%."`

	Verbose bool `short:"v" help:"List entries on standard error as they are found, and files with the scanner that cuts them, as (mbox) mail/inbox, as they are read, and with what was stored inflated, as (2 gzip-9) old.tgz."`
	Quiet   bool `short:"q" help:"Print no progress, notices and summary."`
	JSON    bool `name:"json" help:"Print the summary as a JSON object: on standard output, or on standard error when the archive goes there."`
}

func (*createCommand) Help() string {
	return `
Makes one file of directory trees. The file appears under its name when it is complete; an interrupted run leaves nothing behind. What could not be read is named, and makes the exit status 1. So does a file that changes while it is read: its later state is stored, or, if it never holds still, the file is left out. The same files and options give the same bytes.

Paths lose a leading / and what goes up by .., as with tar. Patterns are those of rsync: one that begins with / matches from the top, one that ends in / only directories, ** also what holds a /.

Compressed files are looked into where that pays: successive .tar.gz of a project share nearly all of what is in them, and the directory that they were made of as well. They are read as ever, and give their exact octets back; reading them takes the time that compressing them took, some 15 MB/s of content a core for gzip -9 and 50 for gzip -6.

Examples:

    vt ar create src.vtd src
    vt ar c backup.vtd --exclude '*.o' --exclude /home/*/.cache/ /etc /home
    vt ar c releases.vtd --preset small -C /srv v1 v2 v3
    vt ar c packages.vtd --recipes always foo-1.0.tgz foo-1.1.tgz
    vt ar c photos.vtd --parity 5% /srv/photos
    vt ar c - src | ssh host 'cat > src.vtd'

The object of --json:

    entries, files, directories, others     what went in; others are neither
    bytes                                   content of all files
    new_blocks, new_bytes                   distinct blocks of content
    duplicate_blocks, duplicate_bytes       what was there already
    stored                                  bytes of the archive
    data_stored, metadata_stored            of it, frames of each kind
    parity                                  of it, recovery data
    metadata_blocks, index_bytes            what finding things takes
    ratio, seconds                          bytes for each one stored; how long
    recipes.streams, octets, saved          streams that were looked at; what they
                                            take; what is saved, as was estimated
    recipes.models                          of those stored inflated: model; streams,
                                            octets; content, and new of it; parameters
    recipes.plain                           of the others: why; streams, octets
    content_id, root, archive_id            in hexadecimal
    corrected                               files changed: their old state was
                                            replaced by a second tree
    issues                                  path, what, and whether the entry is
                                            stored, of each input with a problem`
}

func (c *createCommand) Run(e *Env) error {
	o, err := c.options(e)
	if err != nil {
		return err
	}
	if c.DryRun {
		return listInputs(e, o)
	}
	if c.Archive == "-" && isTerminal(e.stdout) {
		return usagef("an archive is not written to a terminal; give a file name, or redirect")
	}
	out, err := c.open(e)
	if err != nil {
		return err
	}
	defer out.Discard()
	o.Skip = out.Is
	done := c.watch(e, &o)
	defer boundHeap(300 << 20)()
	rep, size, err := c.create(e, out, o)
	done()
	if err == nil {
		err = out.Commit()
	}
	if err != nil {
		return err
	}
	if err := c.summary(e, rep, size); err != nil {
		return err
	}
	if len(rep.Issues) > 0 {
		return reported(errPartial)
	}
	return nil
}

// create makes the archive, with parity if there is to be some, and gives the
// size of that.
func (c *createCommand) create(e *Env, out archiveOutput, o writer.Options) (rep *writer.Report, size int64, err error) {
	if c.Parity == 0 {
		rep, err = writer.Create(e.ctx, out, o)
		return rep, 0, err
	}
	protect := func(f parity.Target, size int64) (int64, error) {
		e.bar.Phase("protecting", size, 0)
		set, err := writer.Protect(e.ctx, f, size, c.Parity, parity.Options{Progress: func(n int64) { e.bar.Add(n, 0) }})
		if err != nil {
			return 0, err
		}
		return set.SegmentEnd() - size, nil
	}
	if f, ok := out.(*writer.File); ok && !f.Direct() {
		if rep, err = writer.Create(e.ctx, f, o); err == nil {
			size, err = protect(f, rep.Stored)
		}
		return rep, size, err
	}
	// A pipe is not read again: what goes there is kept.
	kept, err := disk.Temporary("")
	if err != nil {
		return nil, 0, err
	}
	defer kept.Close()
	if rep, err = writer.Create(e.ctx, io.MultiWriter(out, kept), o); err != nil {
		return nil, 0, err
	}
	if size, err = protect(kept, rep.Stored); err == nil {
		_, err = io.Copy(out, contextReader{e.ctx, io.NewSectionReader(kept, rep.Stored, size)})
	}
	return rep, size, err
}

func (c *createCommand) options(e *Env) (writer.Options, error) {
	o, err := c.making.options(e)
	if err == nil {
		err = c.apply(e, &o, 1)
	}
	return o, err
}

// watch connects messages and progress.
func (c *createCommand) watch(e *Env, o *writer.Options) (done func()) {
	done = e.progress(!c.Quiet)
	watchInputs(e, o, c.Quiet)
	if c.Verbose {
		o.OnEntry = func(path string, isDir bool) { e.note(shownPath(path, isDir)) }
		o.OnRecipes = func(path string, models map[string]int) {
			e.note("(" + recipesText(models) + ") " + shownPath(path, false))
		}
		o.OnScanner = func(path, scanner string) { e.note("(" + scanner + ") " + shownPath(path, false)) }
	}
	return done
}

// archiveOutput is where an archive goes.
type archiveOutput interface {
	io.Writer
	Is(dev, ino uint64) bool
	Commit() error
	Discard() error
}

func (c *createCommand) open(e *Env) (archiveOutput, error) {
	if c.Archive == "-" {
		return newStdoutArchive(e), nil
	}
	return writer.CreateFile(c.Archive)
}

// stdoutArchive is an archive on standard output, which may be redirected to a
// file among the inputs.
type stdoutArchive struct {
	*bufio.Writer
	stdout io.Writer
}

func newStdoutArchive(e *Env) stdoutArchive {
	return stdoutArchive{bufio.NewWriterSize(e.stdout, 256<<10), e.stdout}
}

func (s stdoutArchive) Is(dev, ino uint64) bool {
	f, ok := s.stdout.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Dev == dev && st.Ino == ino
}

func (s stdoutArchive) Commit() error  { return s.Flush() }
func (s stdoutArchive) Discard() error { return nil }

// listInputs is the dry run: a walk that reads no file.
func listInputs(e *Env, o writer.Options) error {
	watchInputs(e, &o, false)
	return e.output(func(w *bufio.Writer) error {
		o.OnEntry = func(path string, isDir bool) { fmt.Fprintln(w, shownPath(path, isDir)) }
		rep, err := writer.List(e.ctx, o)
		if err == nil && len(rep.Issues) > 0 {
			err = reported(errPartial)
		}
		return err
	})
}

// making are the flags of commands that make an archive.
type making struct {
	parameters `group:"archive"`
	recording
}

func (m *making) options(e *Env) (writer.Options, error) {
	o, err := m.recording.options(e)
	if err == nil {
		o.Params, err = m.params()
	}
	return o, err
}

// recording are the flags of commands that make a snapshot.
type recording struct {
	Label   string     `placeholder:"TEXT" group:"archive" help:"Label of the snapshot, by which --at finds it: a line, and not one of the names that --at has for others, as latest and @{2}."`
	Message string     `placeholder:"TEXT" group:"archive" help:"Message of the snapshot."`
	Time    *timeFlag  `placeholder:"TIME" group:"archive" help:"Time of the snapshot: RFC 3339, or @ and seconds since 1970. Default: $$SOURCE_DATE_EPOCH, ${otherwise}."`
	Memory  human.Size `placeholder:"SIZE" default:"512M" help:"Keep up to SIZE of new data in memory rather than read it twice."`
}

func (r *recording) options(e *Env) (writer.Options, error) {
	o := writer.Options{Label: r.Label, Message: r.Message, KeepBytes: int64(r.Memory)}
	for flag, text := range map[string]string{"--label": r.Label, "--message": r.Message} {
		if !utf8.ValidString(text) {
			return o, usagef("%s %s: not UTF-8, in which an archive has its label and its message", flag, human.Quote(text))
		}
	}
	if err := history.CheckLabel(r.Label); err != nil {
		return o, usagef("--label %s: %w", human.Quote(r.Label), err)
	}
	if o.KeepBytes == 0 {
		o.KeepBytes = -1
	}
	var err error
	o.Time, err = snapshotTime(r.Time, e.getenv("SOURCE_DATE_EPOCH"))
	return o, err
}

// parameters are the flags that decide what the archive is like.
type parameters struct {
	Preset    string          `enum:"fast,default,small" default:"default" placeholder:"NAME" help:"Parameters to start from: fast, default or small. What the options below say counts more."`
	FrameSize *human.Size     `placeholder:"SIZE" help:"Compress SIZE of data at a time; also what a random read decodes at most."`
	Level     *int            `placeholder:"1-22" help:"Level of zstd."`
	Long      *bool           `negatable:"" help:"Look for long matches before zstd does, or do not."`
	ChunkSize *human.Size     `placeholder:"SIZE" help:"Cut files into blocks of about SIZE, a power of two."`
	Scanner   scanners.Choice `placeholder:"NAME" help:"Cut files where their own structure has joints: auto chooses for each file by content and name, joints does but leaves text alone, none does not; or one of ${scanners}. Default: auto, and joints with --preset fast."`
	Recipes   writer.Recipes  `placeholder:"auto|always|off" help:"Look into compressed files (gzip, zip, PNG, packs of git): store what is in them, and how to make them of it again to the octet. auto does where it saves a fourth of a file, any of it with --preset small; always takes whatever grows by no more than 1 %. Default: auto, and off with --preset fast."`
	Order     string          `enum:"path,families," default:"" placeholder:"ORDER" help:"Order of data: path, as the tree is walked, or families, similar files side by side."`
	hashFlag
}

// What --chunk-size may be: chunks go from a quarter to four times of it, and
// have their own bounds.
const (
	minChunkSize = 4 * 64
	maxChunkSize = scanners.MaxChunk / 4
)

func (r *parameters) params() (writer.Params, error) {
	p, err := writer.Presets(r.Preset)
	if err != nil {
		return p, err
	}
	p.Hash = r.id()
	if r.Scanner != "" {
		p.Scanner = r.Scanner
	}
	if r.Recipes != "" {
		p.Recipes = r.Recipes
	}
	if r.FrameSize != nil {
		if n := *r.FrameSize; n < writer.MinFrame || n > format.MaxFrameRaw {
			return p, usagef("--frame-size %v: not between %v and %v; write it like 1M or 32M", n, human.Size(writer.MinFrame), human.Size(format.MaxFrameRaw))
		}
		p.DataFrame = int(*r.FrameSize)
	}
	if r.Level != nil {
		p.Level = *r.Level
	}
	if r.Long != nil {
		p.Long = *r.Long
	}
	if r.ChunkSize != nil {
		n := *r.ChunkSize
		if n < minChunkSize || n > maxChunkSize || n&(n-1) != 0 {
			return p, usagef("--chunk-size %v: not a power of two between %v and %v; write it like 16K or 64K", n, human.Size(minChunkSize), human.Size(maxChunkSize))
		}
		t := int(n)
		p.Chunks.Min, p.Chunks.Target, p.Chunks.Max = t/4, t, 4*t
	}
	switch r.Order {
	case "path":
		p.Order = format.OrderPath
	case "families":
		p.Order = format.OrderFamilies
	}
	return p, p.Chunks.Validate()
}
