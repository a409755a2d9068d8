package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/vtdarchive/vtd/internal/progress"
)

// Env is what a command runs in.
type Env struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
	parser *kongParser
	seen   []occurrence // flags and arguments in their order
	bar    *progress.Bar

	download bool // of an archive at a URL: all of it first
}

// lasting is an Env that an interrupt does not end.
func (e *Env) lasting() *Env {
	l := *e
	l.ctx = context.WithoutCancel(e.ctx)
	return &l
}

// progress begins a line of progress on standard error; the result ends it.
func (e *Env) progress(enabled bool) (done func()) {
	bar := progress.New(e.stderr, enabled)
	e.bar = bar
	return bar.Done
}

// message prints a line about something on standard error.
func (e *Env) message(format string, args ...any) {
	text := "vt: " + fmt.Sprintf(format, args...)
	if e.bar != nil {
		e.bar.Message(text)
		return
	}
	fmt.Fprintln(e.stderr, text)
}

// note prints a line on standard error that is no message: an entry's name, a
// part of a summary.
func (e *Env) note(text string) {
	if e.bar != nil {
		e.bar.Message(text)
		return
	}
	fmt.Fprintln(e.stderr, text)
}

// output gives buffered standard output to a function, and reports what could
// not be written.
func (e *Env) output(fill func(w *bufio.Writer) error) error {
	w := bufio.NewWriterSize(e.stdout, 64<<10)
	err := fill(w)
	if flushErr := w.Flush(); flushErr != nil {
		err = errors.Join(err, fmt.Errorf("standard output: %w", flushErr))
	}
	return err
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// newJSON gives an encoder that leaves <, > and & as they are: names are not
// meant for HTML.
func newJSON(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// contextReader ends in the context's error.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// contextWriter ends in the context's error.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}
