package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/scanners"
)

type kongParser = kong.Kong

// exited is thrown by what kong calls in place of os.Exit, which it expects
// not to return.
type exited int

// errUsage is the class of wrong command lines.
var errUsage = errors.New("usage")

// usagef makes an error about the command line.
func usagef(format string, args ...any) error {
	return fmt.Errorf("%w%w", fmt.Errorf(format, args...), hidden{errUsage})
}

// hidden is an error that has a class and no text.
type hidden struct{ error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.error }

// Run runs one command line and gives the exit status. Ending the context
// interrupts it.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) (status int) {
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exited)
			if !ok {
				panic(r)
			}
			status = int(code)
		}
	}()
	e := &Env{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv}
	if getenv(roleVariable) == roleGuard { // it needs nothing of the command line
		return e.failed(guard(), nil)
	}
	if k, g := parseMount(e, args); k != nil {
		return e.run(k, g)
	}
	var g grammar
	parser, err := newParser(&g, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "vt: %v\n", err)
		return exitFailed
	}
	e.parser = parser
	typed := args
	args, e.seen = arrange(parser.Model, args)
	k, err := parser.Parse(args)
	if err == nil {
		err = noEmptyArgument(e.seen)
	}
	if err == nil {
		err = noForeignURL(k.Selected())
	}
	if err != nil {
		if meant := fromTar(typed); meant != "" {
			err = fmt.Errorf("the verb is one word, and letters as for tar are options behind it; did you mean: %s", meant)
		}
		var p *kong.ParseError
		if errors.As(err, &p) {
			k = p.Context
		}
		return e.failed(usagef("%w", err), k)
	}
	return e.run(k, &g.globals)
}

// run runs what has been parsed and gives the exit status.
func (e *Env) run(k *kong.Context, g *globals) int {
	stop, err := g.Profile.start()
	if err == nil {
		e.download = g.Download
		err = k.Run(e)
		err = errors.Join(err, stop())
	}
	return e.failed(err, k)
}

// parseMount parses the command line of a mount. It gives nil for any other, and for
// one with which something is wrong.
func parseMount(e *Env, args []string) (*kong.Context, *globals) {
	if len(args) == 0 || args[0] != "mount" {
		return nil, nil
	}
	var g mountGrammar
	parser, err := newParser(&g, e.stdout, e.stderr, kong.NoDefaultHelp())
	if err != nil {
		return nil, nil
	}
	args, seen := arrange(parser.Model, args)
	k, err := parser.Parse(args)
	if err != nil || noEmptyArgument(seen) != nil || noForeignURL(k.Selected()) != nil {
		return nil, nil
	}
	e.seen = seen
	return k, &g.globals
}

func newParser(g any, stdout, stderr io.Writer, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(g, append(more,
		kong.Name("vt"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.KindMapper(reflect.String, kong.MapperFunc(mapString)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		groups,
		kong.Vars{"version": "vt " + version, "scanners": strings.Join(scanners.Names(), ", ")},
	)...)
}

// mapString takes a value as it is. Kong's own way passes it through JSON, which
// replaces what is not UTF-8: names of files need not be.
func mapString(ctx *kong.DecodeContext, target reflect.Value) error {
	token, err := ctx.Scan.PopValue("string")
	if err != nil {
		return err
	}
	target.SetString(token.String())
	return nil
}

// failed prints an error, unless that has been done, and gives its status.
func (e *Env) failed(err error, k *kong.Context) int {
	if err == nil {
		return exitDone
	}
	if !errors.Is(err, errReported) {
		for _, line := range e.lines(err) {
			e.message("%s", line)
		}
		if k != nil && k.Selected() != nil {
			if way := hint(err, k.Selected()); way != "" {
				e.message("%s", way)
			}
		}
		if errors.Is(err, errUsage) {
			help := "vt"
			if k != nil && k.Selected() != nil {
				help += " " + commandName(k.Selected())
			}
			e.message("see %s --help", help)
		}
	}
	return exitStatus(err)
}

// lines words an error: one line for each of joined errors. An interruption
// stands for whatever it made fail.
func (e *Env) lines(err error) []string {
	if e.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return []string{"interrupted"}
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		parts := j.Unwrap()
		if err.Error() == errors.Join(parts...).Error() {
			var all []string
			for _, one := range parts {
				all = append(all, e.lines(one)...)
			}
			return all
		}
	}
	return []string{errText(err)}
}

// errText words an error as vt prints it: what of a file comes behind its
// name, quoted.
func errText(err error) string {
	if p, ok := err.(*fs.PathError); ok {
		return human.Quote(p.Path) + ": " + p.Err.Error()
	}
	return err.Error()
}
