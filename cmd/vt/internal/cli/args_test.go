package cli

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestArrange(t *testing.T) {
	parser, err := newParser(new(grammar), io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want, seen string }{
		{"ar c a.vtd x", "ar c -- a.vtd x", "a.vtd x"},
		{"ar c -C d a.vtd x -Ce y", "ar c --directory=d --directory=e -- a.vtd x y", "directory=d a.vtd x directory=e y"},
		{"ar c a.vtd --exclude p x --include=q y", "ar c --exclude=p --include=q -- a.vtd x y", "a.vtd exclude=p x include=q y"},
		{"ar c -vqC d a.vtd x", "ar c --verbose --quiet --directory=d -- a.vtd x", "directory=d a.vtd x"},
		{"ar c --exclude -x a.vtd -- -y -C z", "ar c --exclude=-x -- a.vtd -y -C z", "exclude=-x a.vtd -y -C z"},
		{"ar c --no-long --json a.vtd x", "ar c --no-long --json -- a.vtd x", "a.vtd x"},
		{"ar c - x", "ar c -- - x", "- x"},
		{"--cpu-profile p ar t a.vtd", "ar t --cpu-profile=p -- a.vtd", "cpu-profile=p a.vtd"},
		{"ar --help", "ar --help", ""},
		{"--version", "--version", ""},
		{"ar list a.vtd --help", "ar list --help -- a.vtd", "a.vtd"},
		// For kong to reject.
		{"ar c --bogus=1 -Z a.vtd", "ar c --bogus=1 -Z -- a.vtd", "a.vtd"},
		{"ar c -vZq a.vtd", "ar c -vZq -- a.vtd", "a.vtd"},
		{"ar c -v-q a.vtd", "ar c -v-q -- a.vtd", "a.vtd"},
		{"ar c a.vtd -C", "ar c --directory", "a.vtd"},
		{"ar make a.vtd x", "ar make a.vtd x", ""},
		{"", "", ""},
	} {
		arranged, seen := arrange(parser.Model, strings.Fields(c.args))
		if got := strings.Join(arranged, " "); got != c.want {
			t.Errorf("%s: arranged %s, want %s", c.args, got, c.want)
		}
		var texts []string
		for _, o := range seen {
			if o.flag != "" {
				o.flag += "="
			}
			texts = append(texts, o.flag+o.value)
		}
		if want := strings.Fields(c.seen); !slices.Equal(texts, want) {
			t.Errorf("%s: seen %s, want %s", c.args, texts, want)
		}
	}
}

// Every way to order the same words comes to the same command for kong.
func TestArrangeIsOrderlessForKong(t *testing.T) {
	for _, args := range []string{
		"ar c --label=x -C d a.vtd one two",
		"ar c a.vtd --label x one -C d two",
		"ar create a.vtd one two -C d --label=x",
	} {
		var g grammar
		parser, err := newParser(&g, io.Discard, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		arranged, _ := arrange(parser.Model, strings.Fields(args))
		if _, err := parser.Parse(arranged); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		c := g.Ar.Create
		if c.Archive != "a.vtd" || !slices.Equal(c.Paths, []string{"one", "two"}) || c.Label != "x" {
			t.Errorf("%s: %+v", args, c)
		}
	}
}

func FuzzArrange(f *testing.F) {
	f.Add("ar c -vC d a.vtd --exclude x -- -y")
	f.Add("ar t -\xff a -")
	f.Add("ar x -v-exc")
	f.Add("ar x -\x00 a")
	f.Fuzz(func(t *testing.T, line string) {
		parser, err := newParser(new(grammar), io.Discard, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		args := strings.Split(line, " ")
		arranged, seen := arrange(parser.Model, args)
		// No argument is lost or made up.
		dash := slices.Index(arranged, "--")
		var rest []string
		for _, o := range seen {
			if o.flag == "" {
				rest = append(rest, o.value)
			}
		}
		if dash >= 0 && !slices.Equal(arranged[dash+1:], rest) {
			t.Errorf("%q: arguments %q, seen %q", line, arranged[dash+1:], rest)
		}
		if !accepts(parser, arranged) {
			return
		}
		again, _ := arrange(parser.Model, arranged)
		if !slices.Equal(again, arranged) {
			t.Errorf("%q: arranged %q, and again %q", line, arranged, again)
		}
	})
}

// accepts says whether kong takes a command line, and for a command to run:
// asked for help it would leave the program, which shows here as a panic.
func accepts(parser *kong.Kong, args []string) (ok bool) {
	defer func() {
		switch left := recover().(type) {
		case nil:
		case exited:
			ok = false
		default:
			panic(left)
		}
	}()
	_, err := parser.Parse(args)
	return err == nil
}

func TestFromTar(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"ar cf a.vtd dir", "vt ar c a.vtd dir"},
		{"cf a.vtd dir", "vt ar c a.vtd dir"},
		{"ar -cf a.vtd dir", "vt ar c a.vtd dir"},
		{"xf a.vtd -C out", "vt ar x a.vtd -C out"},
		{"-xzvf a.vtd", "vt ar x -v a.vtd"},
		{"tvf a.vtd", "vt ar t -l a.vtd"},
		{"c a.vtd dir", "vt ar c a.vtd dir"},
		{"ar c", ""},
		{"ar make a.vtd x", ""},
		{"ar cat a.vtd x", ""},
		{"ar zf a.vtd", ""},
		{"ar", ""},
		{"", ""},
		{"--help", ""},
		{"- x", ""},
	} {
		if got := fromTar(strings.Fields(c.args)); got != c.want {
			t.Errorf("%s: %q, want %q", c.args, got, c.want)
		}
	}
}
