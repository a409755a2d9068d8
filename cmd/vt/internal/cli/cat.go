package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/glob"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
)

type catCommand struct {
	Archive string   `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	Members []string `arg:"" name:"member" help:"Files, by path or pattern."`
	atFlag
}

func (*catCommand) Help() string {
	return `
Writes the content of files to standard output, one after the other, in the order of the arguments. Of what a pattern finds, files are written in the order of the tree.

Examples:

    vt ar cat backup.vtd etc/fstab
    vt ar cat logs.vtd 'var/log/*.log' | grep -c error`
}

func (c *catCommand) Run(e *Env) error {
	a, err := c.open(e, c.Archive, reader.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	var failed []error
	for _, arg := range c.Members {
		err := catMember(e, a, arg)
		switch {
		case err == nil:
		case archiveFault(err) != nil:
			e.message("%v", err)
			failed = append(failed, reported(archiveFault(err)))
		case errors.Is(err, errMissing):
			e.message("%s: %v", human.Quote(arg), err)
			failed = append(failed, reported(errMissing))
		default:
			return err
		}
	}
	return errors.Join(failed...)
}

// catMember writes what an argument names.
func catMember(e *Env, a *reader.Archive, arg string) error {
	x, err := a.Lookup(arg)
	switch {
	case err == nil:
		return catEntry(e, a, arg, x)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case !strings.ContainsAny(arg, "*?["):
		return missing("not found in the archive")
	}
	m := glob.New([]string{arg})
	found := false
	err = a.Walk(func(path string, x *format.Entry, err error) error {
		if err != nil {
			return err
		}
		if x.Kind == format.KindFile && m.Match(path) {
			found = true
			return catEntry(e, a, path, x)
		}
		return nil
	})
	if err == nil && !found {
		err = missing("finds no file in the archive")
	}
	return err
}

func missing(what string) error { return fmt.Errorf("%s%w", what, hidden{errMissing}) }

// noFile says what an entry is that has no content.
func noFile(x *format.Entry) error {
	switch x.Kind {
	case format.KindFile:
		return nil
	case format.KindSymlink:
		return missing("a symbolic link, to " + human.Quote(x.Target))
	}
	return missing("a " + x.Kind.String() + ", not a file")
}

func catEntry(e *Env, a *reader.Archive, path string, x *format.Entry) error {
	if err := noFile(x); err != nil {
		return err
	}
	f, err := a.ContentOf(x, path)
	if err != nil {
		return err
	}
	_, err = io.Copy(contextWriter{e.ctx, e.stdout}, f)
	return err
}
