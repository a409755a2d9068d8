package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/ingest"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/writer"
)

const fromLegacy = "legacy-vtd"

// openFile opens what is imported.
func (c *importCommand) openFile(e *Env) (*os.File, error) {
	if c.File != "-" {
		return os.Open(c.File)
	}
	if isTerminal(e.stdin) {
		return nil, usagef("a tar is not read from a terminal; give a file name, or redirect")
	}
	if f, ok := e.stdin.(*os.File); ok {
		return f, nil
	}
	return nil, usagef("standard input is no file")
}

// kind tells what a file is, and what of it has been read for that, which is
// nothing of a file that can be read again.
func (c *importCommand) kind(in *os.File) (kind string, head []byte, err error) {
	if c.From != "auto" {
		return c.From, nil, nil
	}
	head = make([]byte, ingest.HeadSize)
	info, err := in.Stat()
	if err != nil {
		return "", nil, err
	}
	if info.IsDir() {
		return fromLegacy, nil, nil // which says what is wrong
	}
	if info.Mode().IsRegular() {
		off, err := in.Seek(0, io.SeekCurrent)
		if err != nil {
			return "", nil, err
		}
		n, err := in.ReadAt(head, off)
		if err != nil && err != io.EOF {
			return "", nil, err
		}
		if ingest.Known(head[:n]) {
			return "tar", nil, nil
		}
		return fromLegacy, nil, nil
	}
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", nil, err
	}
	if !ingest.Known(head[:n]) {
		return "", nil, fmt.Errorf("%s: %w; a data file of the old vt is not read from a pipe%w", shownInput(c.File), ingest.ErrUnknown, hidden{format.ErrNotArchive})
	}
	return "tar", head[:n], nil
}

// endsAsZip says whether a file is a zip file, whatever it begins with.
func endsAsZip(in *os.File) bool {
	info, err := in.Stat()
	return err == nil && info.Mode().IsRegular() && ingest.EndsAsZip(in, info.Size())
}

func shownInput(path string) string {
	if path == "-" {
		return stdinName
	}
	return human.Quote(path)
}

// ingest makes an archive of a tar or zip file.
func (c *importCommand) ingest(e *Env, o writer.Options, in *os.File, head []byte) error {
	if c.Root != "" {
		return usagef("--root is about data files of the old vt")
	}
	if c.Archive != "-" {
		if err := sameFile(c.Archive, in); err != nil {
			return err
		}
	}
	create := createCommand{Archive: c.Archive, Verbose: c.Verbose, Quiet: c.Quiet, JSON: c.JSON}
	out, err := create.open(e)
	if err != nil {
		return err
	}
	defer out.Discard()
	done := create.watch(e, &o)
	defer done()
	defer boundHeap(300 << 20)()
	var broken bool
	var issues []writer.Issue
	from := ingest.Options{Salvage: true, Zip: c.From == "zip"}
	if c.Exact {
		from.Exact = filepath.Base(c.File)
	}
	from.Issue = func(path string, err error, stored bool) {
		if path == "" {
			path = shownInput(c.File)
		} else {
			path = human.Quote(path)
		}
		e.message("%s: %v", path, err)
		issues = append(issues, writer.Issue{Path: path, Err: err, Stored: stored})
		broken = broken || errors.Is(err, ingest.ErrBroken)
	}
	if !c.Quiet {
		from.Notice = func(text string) { e.message("%s", text) }
	}
	rep, err := writer.Build(e.ctx, out, o, func(add func(*writer.Member) error) error {
		var r io.Reader = in
		if len(head) > 0 {
			r = io.MultiReader(bytes.NewReader(head), in)
		}
		if err := ingest.Read(e.ctx, interruptible(e.ctx, r, in), from, add); err != nil {
			return fmt.Errorf("%s: %w", shownInput(c.File), err)
		}
		return nil
	})
	done()
	if err == nil && broken && rep.Entries == 0 {
		return reported(format.ErrDamaged) // nothing to put in the place of anything
	}
	if errors.Is(err, ingest.ErrUnknown) {
		return fmt.Errorf("%w%w", err, hidden{format.ErrNotArchive})
	}
	if err == nil {
		err = out.Commit()
	}
	if err != nil {
		return err
	}
	rep.Issues = append(issues, rep.Issues...)
	if err := create.summary(e, rep, 0); err != nil {
		return err
	}
	switch {
	case broken:
		return reported(format.ErrDamaged)
	case len(rep.Issues) > 0:
		return reported(errPartial)
	}
	return nil
}

// interruptible gives what reads a file: the file itself where it has random
// access; else its reads end with the context.
func interruptible(ctx context.Context, r io.Reader, in *os.File) io.Reader {
	if info, err := in.Stat(); err == nil && info.Mode().IsRegular() {
		return r
	}
	return contextReader{ctx, r}
}
