package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/reader/stream"
)

// stdinName is what messages call standard input.
const stdinName = "standard input"

// shownArchive is how messages name an archive.
func shownArchive(path string) string {
	if path == "-" {
		return stdinName
	}
	return human.Quote(path)
}

// openArchive opens an archive with random access. A pipe on standard input is
// copied to a temporary file first, with a notice.
func openArchive(e *Env, path string) (*reader.Archive, error) {
	a, err := openSource(e, path)
	if err != nil {
		return nil, err
	}
	for _, w := range a.Warnings() {
		e.message("%s: %s", shownArchive(path), w)
	}
	return a, nil
}

func openSource(e *Env, path string) (*reader.Archive, error) {
	if path != "-" {
		return reader.OpenFile(path, reader.Options{})
	}
	if isTerminal(e.stdin) {
		return nil, errTerminal
	}
	if f, ok := regularInput(e); ok {
		return openDescriptor(f, stdinName)
	}
	return spoolArchive(e, e.stdin)
}

// errTerminal is the answer to an archive that is to be typed in.
var errTerminal = usagef("an archive is not read from a terminal; give a file name, or redirect")

// openDescriptor opens the archive in a file that may have no name. The file
// may be closed afterwards.
func openDescriptor(f *os.File, name string) (*reader.Archive, error) {
	src, err := reader.MappedFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return nil, err
	}
	a, err := reader.Open(src, reader.Options{Name: name})
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	return a, nil
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
func startStream(e *Env, o stream.Options) (s *stream.Reader, whole io.Reader, err error) {
	if isTerminal(e.stdin) {
		return nil, nil, errTerminal
	}
	var head bytes.Buffer
	in := &switchReader{io.TeeReader(e.stdin, &head)}
	if s, err = stream.NewReader(e.ctx, in, o); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", stdinName, err)
	}
	in.Reader = e.stdin // the header alone is kept
	return s, io.MultiReader(&head, e.stdin), nil
}

// switchReader is a reader whose source can be changed between reads.
type switchReader struct{ io.Reader }

// spoolArchive opens what comes from a pipe by way of a temporary file. The
// file loses its name at once, so that nothing stays behind however the
// process ends.
func spoolArchive(e *Env, r io.Reader) (*reader.Archive, error) {
	f, err := os.CreateTemp("", "vt-")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return nil, err
	}
	e.message("copying %s to a temporary file in %s, to read it in any order", stdinName, human.Quote(os.TempDir()))
	if _, err := io.Copy(f, contextReader{e.ctx, r}); err != nil {
		return nil, err
	}
	return openDescriptor(f, stdinName)
}
