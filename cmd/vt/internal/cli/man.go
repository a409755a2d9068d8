package cli

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// manCommand prints the manual page, made of what kong knows of the commands.
type manCommand struct{}

func (manCommand) Run(e *Env) error {
	return e.output(func(w *bufio.Writer) error {
		writeManual(w, e.parser.Model)
		return nil
	})
}

// manDate is that of the last change of what the page says by itself.
const manDate = "November 21, 2026"

// writeManual writes mdoc(7).
func writeManual(w io.Writer, app *kong.Application) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	p(".\\\" Made by vt man; go test ./cmd/vt/... -update renews it.")
	p(".Dd %s\n.Dt VT 1\n.Os", manDate)
	p(".Sh NAME\n.Nm vt\n.Nd make, read and check archives of directory trees")
	p(".Sh SYNOPSIS")
	commands := app.Leaves(true)
	for _, c := range commands {
		p(".Nm\n%s", synopsis(c))
	}
	p(".Sh DESCRIPTION\n%s", prose(description))
	p(".Pp\nOptions may stand before, between and behind arguments;\n.Fl Fl\nends them.")
	p("An archive called\n.Sq -\nis standard input or output.")
	p("Sizes are numbers of bytes, or have a unit such as K, MiB or GB.")
	for _, c := range commands {
		p(".Ss vt %s", roff(strings.Join(append([]string{commandName(c)}, c.Aliases...), ", ")))
		p("%s", synopsis(c))
		p(".Pp\n%s", prose(c.Help))
		writeDetail(w, c.Detail)
		writeArguments(w, c)
	}
	p(".Sh ENVIRONMENT\n.Bl -tag -width Ds")
	p(".It Ev SOURCE_DATE_EPOCH\nTime of a snapshot that is not given one by\n.Fl Fl time .")
	p(".It Ev TMPDIR\nWhere a pipe is copied to that cannot be read from front to back.")
	p(".It Ev GOGC , GOMEMLIMIT\nOverrule how the command bounds its memory.\n.El")
	p(".Sh EXIT STATUS\n.Bl -tag -width Ds")
	for i, text := range statusTexts {
		p(".It %d\n%s", i, prose(text))
	}
	p(".El\n.Sh SEE ALSO\n.Xr rsync 1 ,\n.Xr tar 1 ,\n.Xr zstd 1")
}

// statusTexts says what each exit status means.
var statusTexts = []string{
	exitDone:        "Done.",
	exitPartial:     "Done, but inputs could not be read or changed while they were read, something could not be restored, or there are differences.",
	exitFailed:      "Not done: wrong usage, input or output failed, no permission, interrupted. Also where a member that was named is not in the archive: the others are done all the same, as with tar.",
	exitDamaged:     "Damage found in an archive.",
	exitUnsupported: "Not an archive, or it needs a version or feature that this program lacks.",
}

// commandName gives the words of a command.
func commandName(c *kong.Node) string {
	name := c.Name
	for n := c.Parent; n != nil && n.Type == kong.CommandNode; n = n.Parent {
		name = n.Name + " " + name
	}
	return name
}

func synopsis(c *kong.Node) string {
	s := ".Cm " + roff(commandName(c))
	if len(c.Flags) > 0 {
		s += "\n.Op Ar options"
	}
	for _, a := range c.Positional {
		arg := ".Ar " + a.Name
		if !a.Required {
			arg = ".Op Ar " + a.Name
		}
		if a.IsCumulative() {
			arg += " ..."
		}
		s += "\n" + arg
	}
	return s
}

func writeArguments(w io.Writer, c *kong.Node) {
	if len(c.Flags)+len(c.Positional) == 0 {
		return
	}
	fmt.Fprintln(w, ".Bl -tag -width Ds")
	for _, a := range c.Positional {
		fmt.Fprintf(w, ".It Ar %s\n%s\n", a.Name, prose(a.Help))
	}
	for _, f := range c.Flags {
		if f.Hidden {
			continue
		}
		name := ".Fl Fl " + roff(f.Name)
		if f.Tag.Negatable != "" {
			name = ".Fl Fl Oo no\\- Oc Ns " + roff(f.Name)
		}
		if f.Short != 0 {
			name = fmt.Sprintf(".Fl %c , %s", f.Short, name[1:])
		}
		if takesValue(f) {
			name += " Ns = Ns Ar " + roff(f.FormatPlaceHolder())
		}
		fmt.Fprintf(w, ".It %s\n%s\n", name[1:], prose(f.Help))
	}
	fmt.Fprintln(w, ".El")
}

// writeDetail turns a command's help, in the form of Go's doc comments, into
// paragraphs and displays.
func writeDetail(w io.Writer, detail string) {
	display := false
	end := func() {
		if display {
			fmt.Fprintln(w, ".Ed")
		}
		display = false
	}
	for _, line := range strings.Split(strings.TrimSpace(detail), "\n") {
		text, indented := strings.CutPrefix(line, "    ")
		switch {
		case line == "":
		case indented && !display:
			fmt.Fprintln(w, ".Bd -literal -offset indent")
			display = true
			fmt.Fprintln(w, roff(text))
		case indented:
			fmt.Fprintln(w, roff(text))
		default:
			end()
			fmt.Fprintf(w, ".Pp\n%s\n", prose(line))
		}
	}
	end()
}

// sentenceEnd is where mdoc wants a new line.
var sentenceEnd = regexp.MustCompile(`([.:;]) ([A-Z])`)

// prose writes text as lines of the source, which are short and end where
// sentences end.
func prose(s string) string {
	var b strings.Builder
	for _, sentence := range strings.Split(sentenceEnd.ReplaceAllString(s, "$1\n$2"), "\n") {
		width := 0
		for i, word := range strings.Fields(sentence) {
			switch {
			case i == 0:
			case width+len(word) > 75:
				b.WriteByte('\n')
				width = 0
			default:
				b.WriteByte(' ')
			}
			b.WriteString(word)
			width += len(word) + 1
		}
		b.WriteByte('\n')
	}
	return roff(strings.TrimSuffix(b.String(), "\n"))
}

// roff escapes what means something to troff.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "…", "...").Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
