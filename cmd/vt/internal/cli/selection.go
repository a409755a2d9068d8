package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/filter"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/writer"
)

// selection are the flags that say what of the file system is looked at, the
// same for create and hash.
type selection struct {
	Directory     []string `short:"C" sep:"none" placeholder:"DIR" help:"Change to DIR for the paths that follow; relative to the -C before it."`
	Exclude       []string `sep:"none" placeholder:"PATTERN" group:"select" help:"Leave out what matches. The first match among --exclude, --include and --exclude-from decides."`
	Include       []string `sep:"none" placeholder:"PATTERN" group:"select" help:"Do not leave out what matches."`
	ExcludeFrom   []string `sep:"none" placeholder:"FILE" group:"select" help:"Read patterns from FILE, one a line, \"+ \" before those to include."`
	OneFileSystem bool     `group:"select" help:"Do not descend into other file systems."`
	ExcludeCaches bool     `group:"select" help:"Of directories tagged by CACHEDIR.TAG keep the tag only."`
	NumericOwner  bool     `group:"select" help:"Record no names of users and groups."`
	Btime         bool     `group:"select" help:"Record times of birth."`
	Threads       uint     `placeholder:"N" help:"Work on N files or frames at once; does not change the result. Default: one for each processor."`
}

// apply fills in options. Inputs are the arguments behind the first skip ones.
func (s *selection) apply(e *Env, o *writer.Options, skip int) error {
	rules := new(filter.Rules)
	dir, args := "", 0
	for _, x := range e.seen {
		var err error
		switch x.flag {
		case "":
			if args++; args > skip {
				o.Inputs = append(o.Inputs, writer.Input{Dir: dir, Path: x.value})
			}
		case "directory":
			dir, err = enter(dir, x.value)
		case "exclude":
			err = rules.Exclude(x.value)
		case "include":
			err = rules.Include(x.value)
		case "exclude-from":
			err = excludeFrom(e, rules, x.value)
		}
		if err != nil {
			return err
		}
	}
	o.Filter = rules
	o.OneFileSystem, o.ExcludeCaches = s.OneFileSystem, s.ExcludeCaches
	o.NumericOwner, o.Btime = s.NumericOwner, s.Btime
	o.Threads = int(s.Threads)
	return nil
}

// enter gives the directory that -C leads to from another. Names are put
// behind one another as they are: taking ".." away would be wrong behind a
// symbolic link.
func enter(from, to string) (string, error) {
	if from != "" && !filepath.IsAbs(to) {
		to = from + "/" + to
	}
	info, err := os.Stat(to)
	if err != nil {
		return "", fmt.Errorf("-C %s: %w", human.Quote(to), cause(err))
	}
	if !info.IsDir() {
		return "", fmt.Errorf("-C %s: not a directory", human.Quote(to))
	}
	return to, nil
}

func excludeFrom(e *Env, rules *filter.Rules, name string) error {
	if name == "-" {
		return rules.ExcludeFrom(e.stdin, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return rules.ExcludeFrom(f, name)
}

// watchInputs prints what happens to inputs as it happens, and shows progress.
func watchInputs(e *Env, o *writer.Options, quiet bool) {
	o.OnIssue = func(i writer.Issue) { e.message("%s: %v", human.Quote(i.Path), i.Err) }
	if !quiet {
		o.OnNotice = func(text string) { e.message("%s", text) }
	}
	o.OnPhase = func(p writer.Phase, bytes, files int64) {
		name := map[writer.Phase]string{writer.PhaseRead: "reading", writer.PhaseRecipes: "recipes", writer.PhaseWrite: "writing"}[p]
		e.bar.Phase(name, max(bytes, 0), max(files, 0))
	}
	o.OnProgress = func(_ writer.Phase, bytes, files int64) { e.bar.Add(bytes, files) }
}

// hashFlag is the hash function as a flag.
type hashFlag struct {
	Hash string `enum:"blake3,sha256" default:"blake3" placeholder:"NAME" help:"Hash function: blake3 or sha256."`
}

func (h *hashFlag) id() format.HashID {
	id, err := format.ParseHashID(h.Hash)
	if err != nil {
		panic(err) // kong has held it against the enum
	}
	return id
}
