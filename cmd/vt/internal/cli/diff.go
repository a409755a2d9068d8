package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/glob"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/remote"
)

type diffCommand struct {
	Old       string   `arg:"" name:"archive[@snapshot]" help:"An archive, and which of its states: the newest if none is named."`
	New       string   `arg:"" optional:"" name:"archive[@snapshot]|directory" help:"What to compare it with: another state or archive, or a directory. Default: the state is compared with the one that it follows."`
	Members   []string `name:"only" placeholder:"PATH" sep:"none" help:"Only this path, and what is below it, or what a pattern finds; may be given several times."`
	Stat      bool     `help:"Sizes, and a sum at the end."`
	JSON      bool     `name:"json" help:"One object a line."`
	Quiet     bool     `short:"q" help:"Print nothing; the exit status tells."`
	Ignore    []string `placeholder:"WHAT" help:"Differences that do not count: content, target, device, mode, owner, group, mtime, xattrs or links."`
	NoRenames bool     `help:"Show what was renamed as deleted and added."`
	Checksum  bool     `help:"Against a directory: read also files whose size and time are those in the archive."`
}

func (*diffCommand) Help() string {
	return `
Tells what has changed from one state of a tree to another, by hashes: what is equal is not read. A line has a letter and a path:

    A  added
    D  deleted
    M  modified: the content, the target of a link, the number of a device
    R  renamed, from one path to another
    T  of another type
    m  metadata only: what of it stands in parentheses

A directory that was renamed as a whole is one line. A directory in place of an archive is what the paths in the archive are relative to: what -C was to create, and / where paths were given from the root. What else is there counts as added, but not beside what was archived, in directories that the archive has only for the sake of what is below them. Files whose size and time are those in the archive count as equal then, as with rsync, and renames are not looked for.

The state begins at the first @ that the name of a file stands before. In a URL that is the @ of the first .vtd@, so that a label may have slashes, or without one the first behind the last slash; an @ that belongs to the URL may be written %40.

Exit status: 0 no differences; 1 differences; 2 and more trouble.

Examples:

    vt ar diff backup.vtd                        what the newest state has changed
    vt ar diff backup.vtd@latest~3 backup.vtd
    vt ar diff --stat a.vtd b.vtd
    vt ar diff backup.vtd@yesterday /
    vt ar diff --stat --only etc backup.vtd /
    vt ar diff --ignore mtime --only etc backup.vtd@before backup.vtd@after

Each line of --json is an object:

    change    added, deleted, modified, renamed, type, metadata
    path      as in the new tree, or for deleted in the old one
    from      of renamed: the path in the old tree
    what      content, target, device, mode, owner, group, mtime, xattrs, links
    old, new  the entry as list --json shows it, without its path; new only
              where there is no directory`
}

func (c *diffCommand) Run(e *Env) error {
	o := history.DiffOptions{NoRenames: c.NoRenames}
	for _, name := range c.Ignore {
		w, ok := history.ThingOf(name)
		if !ok {
			return usagef("--ignore %s: it takes %s", human.Quote(name), strings.Join(history.Things, ", "))
		}
		o.Ignore |= w
	}
	m := glob.New(c.Members)
	if len(c.Members) > 0 {
		o.Match, o.Below = m.Match, m.CouldMatchBelow
	}
	old, err := openState(e, c.Old)
	if err != nil {
		return err
	}
	defer old.a.Close()
	r := &diffReport{c: c, e: e}
	var run, find func() error
	if info, err := os.Stat(c.New); c.New != "" && err == nil && info.IsDir() {
		run = func() error { return r.directory(old, o) }
		find = func() error { return r.findOnly(m, old, nil) }
	} else {
		new, err := c.second(e, &old)
		if err != nil {
			return err
		}
		if new.a != old.a {
			defer new.a.Close()
		}
		run = func() error { return r.states(old, new, o) }
		find = func() error { return r.findOnly(m, old, &new) }
	}
	err = e.output(func(w *bufio.Writer) error {
		r.w = w
		if err := run(); err != nil {
			return err
		}
		if c.Stat && !c.Quiet && !c.JSON {
			r.sum()
		}
		return nil
	})
	if err == nil {
		err = find()
	}
	if err == nil && r.damage == nil && r.count > 0 {
		return reported(errPartial)
	}
	return errors.Join(err, r.damage)
}

// second opens the new state. Where none is named, the one named is the new
// state, and the one before it becomes the old one.
func (c *diffCommand) second(e *Env, old *openedState) (openedState, error) {
	if c.New != "" {
		return openState(e, c.New)
	}
	new := *old
	s, err := history.Find(old.a, old.ID.String()+"~1", time.Now())
	if errors.Is(err, history.ErrNotFound) {
		return new, fmt.Errorf("%s: it follows no other state; name what to compare it with", shownArchive(c.Old))
	}
	if err != nil {
		return new, err
	}
	old.State = s
	return new, nil
}

// openedState is a state of an archive that is open.
type openedState struct {
	history.State
	a *reader.Archive
}

// openState opens what an argument ARCHIVE[@SNAPSHOT] names.
func openState(e *Env, arg string) (openedState, error) {
	path, at, named := splitState(arg)
	if named && at == "" {
		return openedState{}, errNoState(human.Quote(arg))
	}
	a, err := atFlag{at}.open(e, path, reader.Options{})
	if err != nil {
		return openedState{}, err
	}
	t, err := a.Tree()
	if err != nil {
		return openedState{}, errors.Join(err, a.Close())
	}
	id, err := a.Hash(t.SnapshotBlock())
	return openedState{history.State{Tree: t, ID: id}, a}, err
}

// splitState splits an argument at an @: at the first one with the name of a
// file before it, so that a label may have any in it, and a slash. The name of a
// file that has one in it is not split. In a URL, which nobody asks the server
// about, it is the first behind a name that ends in .vtd or, where there is none,
// the first behind the last slash: those before stand behind a user, or in a path.
func splitState(arg string) (path, at string, named bool) {
	if _, err := os.Lstat(arg); err == nil {
		return arg, "", false
	}
	if remote.IsURL(arg) {
		return splitURL(arg)
	}
	for i := 1; i < len(arg); i++ {
		if arg[i] == '@' && (isFile(arg[:i]) || arg[:i] == "-") {
			return arg[:i], arg[i+1:], true
		}
	}
	return arg, "", false
}

func splitURL(url string) (path, at string, named bool) {
	host := strings.Index(url, "://") + len("://")
	slash := strings.IndexByte(url[host:], '/')
	if slash < 0 {
		return url, "", false
	}
	const suffix = ".vtd@"
	if i := strings.Index(url[host+slash:], suffix); i >= 0 {
		i += host + slash + len(suffix)
		return url[:i-1], url[i:], true
	}
	last := strings.LastIndexByte(url, '/') + 1
	if i := strings.IndexByte(url[last:], '@'); i > 0 {
		return url[:last+i], url[last+i+1:], true
	}
	return url, "", false
}

// isFile tells whether there is something that could be an archive.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// diffReport prints changes.
type diffReport struct {
	c      *diffCommand
	e      *Env
	w      *bufio.Writer
	old    format.HashID // of the archives
	new    format.HashID // 0 for a directory
	damage error

	count          uint64
	kinds          map[history.Kind]uint64
	oldSum, newSum uint64 // bytes of files
}

func (r *diffReport) states(old, new openedState, o history.DiffOptions) error {
	r.old, r.new = old.a.HashID(), new.a.HashID()
	for c, err := range history.Diff(r.e.ctx, old.a, old.Tree, new.a, new.Tree, o) {
		switch {
		case archiveFault(err) != nil:
			r.fault(err)
		case err != nil:
			return err
		default:
			if err := r.show(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// fault names what cannot be read of an archive.
func (r *diffReport) fault(err error) {
	r.e.message("%v", err)
	r.damage = errors.Join(r.damage, reported(archiveFault(err)))
}

// letters stand for kinds of changes.
var letters = map[history.Kind]string{
	history.Added: "A", history.Deleted: "D", history.Modified: "M", history.Renamed: "R", history.Retyped: "T", history.Metadata: "m",
}

func (r *diffReport) show(c history.Change) error {
	r.count++
	if r.kinds == nil {
		r.kinds = map[history.Kind]uint64{}
	}
	r.kinds[c.Kind]++
	before, after := bytesOf(c, c.Old), bytesOf(c, c.New)
	r.oldSum, r.newSum = r.oldSum+before, r.newSum+after
	switch {
	case r.c.Quiet:
		return nil
	case r.c.JSON:
		return newJSON(r.w).Encode(r.object(c))
	}
	isDir := c.New != nil && c.New.Kind.IsDir() || c.New == nil && c.Old != nil && c.Old.Kind.IsDir()
	line := letters[c.Kind] + "  "
	if c.Kind == history.Renamed {
		line += shownPath(c.From, isDir) + " -> "
	}
	line += shownPath(c.Path, isDir)
	if c.What != 0 {
		line += " (" + strings.Join(c.What.Names(), ", ") + ")"
	}
	if r.c.Stat && (before != 0 || after != 0) {
		line += fmt.Sprintf("  %s -> %s", human.Count(int64(before)), human.Count(int64(after)))
	}
	_, err := fmt.Fprintln(r.w, line)
	return err
}

// bytesOf gives how many bytes of files a change is about. A directory that was
// renamed stands for all that is below it.
func bytesOf(c history.Change, e *format.Entry) uint64 {
	if e == nil || e.Kind != format.KindFile && !(c.Kind == history.Renamed && e.Kind.IsDir()) {
		return 0
	}
	return e.Size
}

// sum is the last line of --stat.
func (r *diffReport) sum() {
	var parts []string
	for _, k := range []history.Kind{history.Added, history.Deleted, history.Modified, history.Renamed, history.Retyped, history.Metadata} {
		if n := r.kinds[k]; n > 0 {
			name := string(k)
			switch k {
			case history.Retyped:
				name = "of another type"
			case history.Metadata:
				name = "with other metadata"
			}
			parts = append(parts, human.Count(int64(n))+" "+name)
		}
	}
	if len(parts) == 0 {
		parts = []string{"no differences"}
	}
	fmt.Fprintf(r.w, "%s; %s in these files before, %s after\n", strings.Join(parts, ", "), human.Bytes(int64(r.oldSum)), human.Bytes(int64(r.newSum)))
}

// changeJSON is a line of diff --json; help of diff describes it.
type changeJSON struct {
	Change    history.Kind `json:"change"`
	Path      string       `json:"path"`
	PathBytes []byte       `json:"path_bytes,omitempty"`
	From      string       `json:"from,omitempty"`
	FromBytes []byte       `json:"from_bytes,omitempty"`
	What      []string     `json:"what,omitempty"`
	Old       *memberJSON  `json:"old,omitempty"`
	New       *memberJSON  `json:"new,omitempty"`
}

func (r *diffReport) object(c history.Change) changeJSON {
	j := changeJSON{Change: c.Kind, What: c.What.Names()}
	path := c.Path
	if path == "" {
		path = "."
	}
	j.Path, j.PathBytes = human.JSONName(path)
	j.From, j.FromBytes = human.JSONName(c.From)
	for _, x := range []struct {
		e  *format.Entry
		id format.HashID
		to **memberJSON
	}{{c.Old, r.old, &j.Old}, {c.New, r.new, &j.New}} {
		if x.e != nil && x.id != 0 {
			m := memberOf(member{path: path, Entry: x.e, hash: x.id})
			m.Path, m.PathBytes = "", nil
			*x.to = &m
		}
	}
	return j
}
