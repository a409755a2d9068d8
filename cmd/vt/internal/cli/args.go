package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// occurrence is a flag with its value, or an argument, as it stood on the
// command line.
type occurrence struct {
	flag  string // long name; empty for an argument
	value string
}

// arrange puts a command line in the order that kong reads, and gives the
// order in which flags and arguments stood. Kong wants all arguments of a
// command side by side; users of tar write "c a.vtd -C x f -C y g". And kong
// collects the values of each flag by itself, but what -C, --exclude and
// --include mean depends on what stands before them.
//
// Which flags take a value is known from kong's own model. What is not known
// there is passed on for kong to reject.
func arrange(app *kong.Application, args []string) (arranged []string, seen []occurrence) {
	var words, flags, rest []string
	node := app.Node
	next := 0
	pop := func() (string, bool) {
		if next == len(args) {
			return "", false
		}
		next++
		return args[next-1], true
	}
	take := func(f *kong.Flag, value string, has bool) {
		if !has {
			value, has = pop()
		}
		if !has {
			flags = append(flags, "--"+f.Name) // kong says that a value is missing
			return
		}
		flags = append(flags, "--"+f.Name+"="+value)
		seen = append(seen, occurrence{f.Name, value})
	}
	for {
		arg, ok := pop()
		switch {
		case !ok:
			arranged = append(words, flags...)
			if len(rest) > 0 {
				arranged = append(append(arranged, "--"), rest...)
			}
			return arranged, seen
		case arg == "--":
			for _, a := range args[next:] {
				rest = append(rest, a)
				seen = append(seen, occurrence{"", a})
			}
			next = len(args)
		case strings.HasPrefix(arg, "--"):
			name, value, has := strings.Cut(arg[2:], "=")
			if f := findFlag(node, name); f != nil && takesValue(f) {
				take(f, value, has)
			} else {
				flags = append(flags, arg)
			}
		case len(arg) > 1 && arg[0] == '-':
			for i, c := range arg {
				if i == 0 {
					continue
				}
				f := findShort(node, c)
				if f != nil && takesValue(f) {
					value := arg[i+len(string(c)):]
					take(f, value, value != "")
					break
				}
				if f == nil {
					flags = append(flags, "-"+string(c))
				} else {
					flags = append(flags, "--"+f.Name)
				}
			}
		case len(node.Children) > 0:
			words = append(words, arg)
			if child := findCommand(node, arg); child != nil {
				node = child
			}
		default:
			rest = append(rest, arg)
			seen = append(seen, occurrence{"", arg})
		}
	}
}

func takesValue(f *kong.Flag) bool { return !f.IsBool() && !f.IsCounter() }

func findFlag(node *kong.Node, name string) *kong.Flag {
	return flagWhere(node, func(f *kong.Flag) bool {
		return f.Name == name || f.Tag.Negatable != "" && "no-"+f.Name == name
	})
}

func findShort(node *kong.Node, c rune) *kong.Flag {
	return flagWhere(node, func(f *kong.Flag) bool { return f.Short == c })
}

func flagWhere(node *kong.Node, is func(*kong.Flag) bool) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if is(f) {
				return f
			}
		}
	}
	return nil
}

func findCommand(node *kong.Node, word string) *kong.Node {
	for _, c := range node.Children {
		if c.Name == word {
			return c
		}
		for _, a := range c.Aliases {
			if a == word {
				return c
			}
		}
	}
	return nil
}
