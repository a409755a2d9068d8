package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/reader/stream"
	"github.com/vtdarchive/vtd/remote"
)

// stdinName is what messages call standard input.
const stdinName = "standard input"

// shownArchive is how messages name an archive.
func shownArchive(path string) string {
	if path == "-" {
		return stdinName
	}
	return human.Quote(remote.Shown(path))
}

// atFlag is the state of an archive that a command is about.
type atFlag struct {
	At string `placeholder:"SNAPSHOT" help:"A state of the tree other than the newest: a label, the beginning of an id, @{2} (two states ago), latest~3, or a time such as 2026-03-01, 'yesterday 14:00' or '3 days ago' (the last state before it; a day counts whole)."`
}

// show makes an archive show the state.
func (f atFlag) show(a *reader.Archive) error {
	if f.At == "" {
		return nil
	}
	s, err := findState(a, f.At)
	if err == nil {
		a.Show(s.Tree)
	}
	return err
}

// findState gives the state that a name means.
func findState(a *reader.Archive, name string) (history.State, error) {
	s, err := history.Find(a, name, time.Now())
	if errors.Is(err, history.ErrNotFound) || errors.Is(err, history.ErrAmbiguous) {
		err = fmt.Errorf("%w; vt ar log lists them%w", err, hidden{errMissing})
	}
	return s, err
}

// open opens an archive in that state.
func (f atFlag) open(e *Env, path string, o reader.Options) (*reader.Archive, error) {
	a, err := openArchive(e, path, o)
	if err != nil {
		return nil, err
	}
	if err := f.show(a); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", shownArchive(path), err), a.Close())
	}
	return a, nil
}

// openArchive opens an archive with random access. A pipe on standard input is
// copied to a temporary file first, with a notice.
func openArchive(e *Env, path string, o reader.Options) (*reader.Archive, error) {
	src, name, err := sourceOf(e, path)
	if err != nil {
		return nil, err
	}
	a, err := openOn(src, name, o)
	if err != nil {
		return nil, err
	}
	for _, w := range warnings(a, path) {
		e.message("%s: %s", shownArchive(path), w)
	}
	return a, nil
}

// sourceOf gives the bytes of an archive with random access, and how errors
// name it.
func sourceOf(e *Env, path string) (src reader.Source, name string, err error) {
	if remote.IsURL(path) {
		src, err = openURL(e, path)
		return src, remote.Shown(path), err
	}
	if f, ok := regularInput(e); ok && path == "-" {
		src, err = descriptorSource(f)
		return src, stdinName, err
	}
	p, err := openPipe(e, path)
	switch {
	case err != nil:
		return nil, "", err
	case p == nil:
		src, err = reader.MappedFile(path)
		return src, path, err
	}
	defer p.Close()
	src, err = spool(e, p, p)
	return src, p.name, err
}

// openOn opens an archive, and closes its source if that fails.
func openOn(src reader.Source, name string, o reader.Options) (*reader.Archive, error) {
	o.Name = name
	a, err := reader.Open(src, o)
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	return a, nil
}

// errTerminal is the answer to an archive that is to be typed in.
var errTerminal = usagef("an archive is not read from a terminal; give a file name, or redirect")

// pipe is an archive that comes from front to back: on standard input, or out
// of a FIFO, which is also what a shell makes of <(command).
type pipe struct {
	io.ReadCloser
	name string // for messages
}

// openPipe opens an archive that is to be read as a stream; it gives nil for
// the path of anything else.
func openPipe(e *Env, path string) (*pipe, error) {
	if path == "-" {
		if isTerminal(e.stdin) {
			return nil, errTerminal
		}
		return &pipe{io.NopCloser(e.stdin), stdinName}, nil
	}
	if remote.IsURL(path) {
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return nil, nil // opening it says what is wrong
	}
	// Opening a FIFO waits for its writer, and nothing but one ends that.
	type opened struct {
		f   *os.File
		err error
	}
	come := make(chan opened, 1)
	go func() {
		f, err := os.Open(path)
		come <- opened{f, err}
	}()
	select {
	case o := <-come:
		if o.err != nil {
			return nil, o.err
		}
		return &pipe{o.f, shownArchive(path)}, nil
	case <-e.ctx.Done():
		return nil, e.ctx.Err()
	}
}

// descriptorSource reads a file that may have no name. The file may be closed
// afterwards.
func descriptorSource(f *os.File) (reader.Source, error) {
	return reader.MappedFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
}

// regularInput gives standard input where it is redirected from a file and so
// has random access.
func regularInput(e *Env) (*os.File, bool) {
	f, ok := e.stdin.(*os.File)
	if !ok {
		return nil, false
	}
	info, err := f.Stat()
	return f, err == nil && info.Mode().IsRegular()
}

// startStream begins to read an archive from a pipe. Where the stream turns
// out to need spooling, whole is the archive from its first byte.
func startStream(e *Env, p *pipe, o stream.Options) (s *stream.Reader, whole io.Reader, err error) {
	var head bytes.Buffer
	in := &switchReader{io.TeeReader(p, &head)}
	if s, err = stream.NewReader(e.ctx, in, o); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", p.name, err)
	}
	in.Reader = p // the header alone is kept
	return s, io.MultiReader(&head, p), nil
}

// switchReader is a reader whose source can be changed between reads.
type switchReader struct{ io.Reader }

// spoolArchive opens what comes from a pipe, all of which whole gives.
func spoolArchive(e *Env, p *pipe, whole io.Reader) (*reader.Archive, error) {
	src, err := spool(e, p, whole)
	if err != nil {
		return nil, err
	}
	return openOn(src, p.name, reader.Options{})
}

// openURL opens a file on a server, or a copy of it where that is asked for.
func openURL(e *Env, url string) (reader.Source, error) {
	o := remote.Options{UserAgent: "vt/" + version}
	if !e.download {
		f, err := remote.Open(e.ctx, url, o)
		if errors.Is(err, remote.ErrNoRanges) {
			err = fmt.Errorf("%w; --download fetches the whole file first", err)
		}
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	f, err := disk.Temporary("")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e.message("copying %s to a temporary file in %s", shownArchive(url), human.Quote(os.TempDir()))
	if err := remote.Download(e.ctx, url, o, f); err != nil {
		return nil, err
	}
	return descriptorSource(f)
}

// spool copies what comes from a pipe to a temporary file. It has no name,
// so that nothing stays behind however the process ends.
func spool(e *Env, p *pipe, whole io.Reader) (reader.Source, error) {
	f, err := disk.Temporary("")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e.message("copying %s to a temporary file in %s, to read it in any order", p.name, human.Quote(os.TempDir()))
	if _, err := io.Copy(f, contextReader{e.ctx, whole}); err != nil {
		return nil, err
	}
	return descriptorSource(f)
}
