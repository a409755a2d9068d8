package cli

import (
	"errors"
	"fmt"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/glob"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/reader/extract"
	"github.com/vtdarchive/vtd/reader/stream"
)

type extractCommand struct {
	Archive string   `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	Members []string `arg:"" optional:"" name:"member" help:"What to restore, with everything below: paths, and patterns in which * also matches /. Default: everything."`
	atFlag

	Directory       []string `short:"C" sep:"none" placeholder:"DIR" help:"Restore below DIR instead of the working directory; relative to the -C before it."`
	Keep            bool     `xor:"existing" help:"Leave existing files as they are, name each, and exit with status 1."`
	Skip            bool     `xor:"existing" help:"Leave existing files as they are."`
	StripComponents uint     `placeholder:"N" help:"Take N leading components off the paths; what has no more is left out."`
	Damaged         bool     `help:"Restore what there is of damaged files, too, as NAME.damaged: with zeros in place of what is missing, the ranges of which are in the attribute user.vtd.missing."`
	SameOwner       *bool    `negatable:"" help:"Restore owner and group, or do not. Default: for root."`
	NumericOwner    bool     `help:"Restore owner and group by number, whatever their names."`
	SetID           *bool    `name:"set-id" negatable:"" help:"Restore set-user-ID and set-group-ID bits and file capabilities, or do not. Default: for root."`
	Devices         *bool    `negatable:"" help:"Make device nodes, or do not. Default: for root."`
	MaxEntries      uint64   `default:"100000000" placeholder:"N" help:"Give up on an archive that has more than N entries; 0 for no limit. Default: 100 million."`
	MaxSize         string   `placeholder:"SIZE" help:"Give up on an archive that has more than SIZE of contents, holes not counted."`
	Threads         uint     `placeholder:"N" help:"Write N files at once."`
	Verbose         bool     `short:"v" help:"List entries on standard error as they are restored."`
	JSON            bool     `name:"json" help:"Print a JSON object of what was restored, and of what was not."`
	Quiet           bool     `short:"q" help:"Print no progress."`
}

func (*extractCommand) Help() string {
	return `
Restores files with permissions, times, extended attributes and, for root, owners. Existing files are replaced in one step; nothing is ever written outside the directory, through no symbolic link. What could not be restored is named and makes the exit status 1, or 2 if nothing could be; so does a member that is not in the archive make it 2, the others being restored. Set-ID bits meant for an owner that is not restored are left off, and for anybody but root, where --set-id does not ask for them, all of them.

A file that the archive does not give whole is left out; with --damaged, what there is of it is restored under another name. Either makes the exit status 3.

A pipe is read once from front to back; an archive that was appended to is copied to a temporary file first. From a pipe, or with - < FILE, what is left of an archive that was cut short is restored, too. The tree of an archive from a pipe is proven only at its end: where that fails, with exit status 3, do not trust what was restored.

Examples:

    vt ar extract backup.vtd
    vt ar x backup.vtd -C /tmp/restored home/ann 'etc/*.conf'
    vt ar x damaged.vtd --damaged -C /tmp/saved
    curl -s https://example.org/src.vtd | vt ar x - --strip-components 1

The object of --json:

    ok                                  whether there are no issues
    files, directories, symlinks,       restored, by kind; links are further
    nodes, links, bytes                 names of files
    kept                                existing files left alone
    partial                             files of which a part was restored
    issues                              path, attr, class (damaged, unsupported,
                                        failed), structure, offset, block, message
                                        and, of files restored in part, as, size,
                                        missing: of each thing not restored
    more                                issues that are not listed`
}

func (c *extractCommand) Run(e *Env) error {
	target, err := c.target(e)
	if err != nil {
		return err
	}
	p, err := openPipe(e, c.Archive)
	if err != nil {
		return err
	}
	if p != nil {
		defer p.Close()
	}
	defer boundHeap(384 << 20)()
	m := glob.New(c.Members)
	done := e.progress(!c.Quiet)
	defer done()
	o, err := c.options(e, m)
	if err != nil {
		return err
	}
	var failed []error
	listed := extractionJSON{Issues: []extractIssueJSON{}}
	o.Issue = func(i extract.Issue) {
		printIssue(e, p, i)
		if c.JSON {
			listed.add(i)
		}
		class := archiveFault(i.Err)
		if class == nil {
			class = errPartial
		}
		if !errors.Is(errors.Join(failed...), class) {
			failed = append(failed, reported(class))
		}
	}
	res, err := c.extract(e, p, target, o)
	if err != nil {
		return err
	}
	if res.Issues > 0 && res.Restored() == 0 && res.Partial == 0 && res.Kept == 0 {
		e.message("nothing could be restored below %s", human.Quote(target))
		failed = append(failed, reported(errNothing))
	}
	for _, arg := range m.Unmatched() {
		e.message("%s: not found in the archive", human.Quote(arg))
		failed = append(failed, reported(errMissing))
	}
	if c.JSON {
		if err := listed.print(e, res); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

func (c *extractCommand) target(e *Env) (string, error) {
	dir := ""
	for _, to := range c.Directory {
		var err error
		if dir, err = enter(dir, to); err != nil {
			return "", err
		}
	}
	if dir == "" {
		dir = "."
	}
	return dir, nil
}

func (c *extractCommand) options(e *Env, m *glob.Matcher) (extract.Options, error) {
	o := extract.Defaults()
	if c.MaxSize != "" {
		n, err := human.ParseSize(c.MaxSize)
		if err != nil {
			return o, usagef("--max-size %s: %w", human.Quote(c.MaxSize), err)
		}
		o.MaxBytes = uint64(n)
	}
	switch {
	case c.Keep:
		o.Existing = extract.Keep
	case c.Skip:
		o.Existing = extract.Skip
	}
	if c.SameOwner != nil {
		o.Owners = *c.SameOwner
	}
	if c.SetID != nil {
		o.SetID = *c.SetID
	}
	if c.Devices != nil {
		o.Devices = *c.Devices
	}
	o.NumericOwner, o.Damaged, o.MaxEntries = c.NumericOwner, c.Damaged, c.MaxEntries
	o.Strip, o.Workers = int(c.StripComponents), int(c.Threads)
	o.Match = func(path string, _ bool) bool { return m.Match(path) }
	o.Below = m.CouldMatchBelow
	if c.Verbose {
		o.Restored = func(path string, kind format.Kind) { e.note(shownPath(path, kind.IsDir())) }
	}
	var before extract.Progress
	o.Progress = func(p extract.Progress) {
		e.bar.Add(p.Bytes-before.Bytes, p.Entries-before.Entries)
		before = p
	}
	return o, nil
}

// printIssue names an entry, or the archive; a file's errors name it
// themselves.
func printIssue(e *Env, p *pipe, i extract.Issue) {
	text := i.Err.Error()
	if i.Attr != "" {
		text = i.Attr + ": " + text
	}
	switch {
	case i.Path != "":
		text = human.Quote(i.Path) + ": " + text
	case p != nil:
		text = p.name + ": " + text
	}
	e.message("%s", text)
}

func (c *extractCommand) extract(e *Env, p *pipe, target string, o extract.Options) (*extract.Result, error) {
	if p == nil {
		a, err := c.open(e, c.Archive, reader.Options{WholeTree: true})
		if err != nil {
			return nil, err
		}
		return c.archive(e, a, target, o)
	}
	s, whole, err := startStream(e, p, stream.Options{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if s.NeedsSpool() || c.At != "" || c.Damaged {
		a, err := spoolArchive(e, p, whole)
		if err != nil {
			return nil, err
		}
		if err := c.show(a); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", p.name, err), a.Close())
		}
		return c.archive(e, a, target, o)
	}
	e.bar.Phase("extracting", 0, 0)
	return extract.Stream(e.ctx, s, target, o)
}

// archive closes the archive.
func (c *extractCommand) archive(e *Env, a *reader.Archive, target string, o extract.Options) (*extract.Result, error) {
	defer a.Close()
	t, err := a.Tree()
	if err != nil {
		return nil, err
	}
	total, files := int64(t.Root().Size), int64(t.Root().Count)
	if len(c.Members) > 0 {
		total, files = 0, 0
	}
	e.bar.Phase("extracting", total, files)
	return extract.Archive(e.ctx, a, t, target, o)
}
