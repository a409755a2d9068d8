package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/vtdarchive/vtd/internal/human"
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
	var words, flags, rest, missing []string
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
			missing = []string{"--" + f.Name}
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
			if missing != nil {
				// At the very end, for kong to say that its value is missing.
				return append(arranged, missing...), seen
			}
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
			known, value := cluster(node, arg[1:])
			if known == nil {
				flags = append(flags, arg) // kong says which of them it does not know
				continue
			}
			for _, f := range known[:len(known)-1] {
				flags = append(flags, "--"+f.Name)
			}
			if f := known[len(known)-1]; takesValue(f) {
				take(f, value, value != "")
			} else {
				flags = append(flags, "--"+f.Name)
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

// cluster reads short flags written together, as in -vqCdir: the flags, and
// what stands behind the last one if that takes a value. It gives nil if one
// of them is not known.
func cluster(node *kong.Node, letters string) (known []*kong.Flag, value string) {
	for i, c := range letters {
		f := findShort(node, c)
		if f == nil {
			return nil, ""
		}
		known = append(known, f)
		if takesValue(f) {
			return known, letters[i+utf8.RuneLen(c):]
		}
	}
	return known, ""
}

func takesValue(f *kong.Flag) bool { return !f.IsBool() && !f.IsCounter() }

func findFlag(node *kong.Node, name string) *kong.Flag {
	return flagWhere(node, func(f *kong.Flag) bool {
		return f.Name == name || f.Tag.Negatable != "" && "no-"+f.Name == name
	})
}

func findShort(node *kong.Node, c rune) *kong.Flag {
	return flagWhere(node, func(f *kong.Flag) bool { return f.Short != 0 && f.Short == c })
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

// noEmptyArgument refuses an empty argument, which no file and no member has
// as its name, and an empty --at, which no state is called: mostly it is a
// variable without a value.
func noEmptyArgument(seen []occurrence) error {
	n := 0
	for _, x := range seen {
		if x.flag == "at" && x.value == "" {
			return errNoState("--at")
		}
		if x.flag != "" {
			continue
		}
		if n++; x.value == "" {
			return fmt.Errorf("argument %d is empty; give a path, or check the variable that it comes from", n)
		}
	}
	return nil
}

// errNoState is the answer to what is to name a state and is empty: to take the
// newest then would restore, or show, what was not asked for.
func errNoState(where string) error {
	return usagef("%s names no snapshot; leave it out for the newest, or check the variable that it comes from", where)
}

// fromTar words a command line that is meant for tar, as in cf and -xzvf, as
// one of vt; it gives "" for any other.
func fromTar(args []string) string {
	inAr := len(args) > 0 && args[0] == "ar"
	if inAr {
		args = args[1:]
	}
	if len(args) == 0 {
		return ""
	}
	letters := strings.TrimPrefix(args[0], "-")
	verb, verbose := "", false
	for _, c := range letters {
		switch {
		case strings.ContainsRune("cxt", c) && verb == "":
			verb = string(c)
		case c == 'v':
			verbose = true
		case !strings.ContainsRune("fzjJapkS", c):
			return ""
		}
	}
	if verb == "" || inAr && args[0] == verb {
		return ""
	}
	words := []string{"vt", "ar", verb}
	if verbose && verb == "t" {
		words = append(words, "-l")
	} else if verbose {
		words = append(words, "-v")
	}
	for _, arg := range args[1:] {
		words = append(words, human.Quote(arg))
	}
	return strings.Join(words, " ")
}
