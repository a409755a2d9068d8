package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vtdarchive/vtd/cmd/vt/internal/compare"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/parity"
	"github.com/vtdarchive/vtd/reader"
)

type verifyCommand struct {
	Archive string `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	atFlag

	Fast         bool     `help:"Check stored bytes only; decode nothing."`
	Contents     bool     `negatable:"" default:"true" help:"Hold every file against the hash of its whole content, or do not, which saves hashing them twice, and reading contents that claim to be far larger than the archive: blocks are checked one by one anyway, and only a writer's mistake stays unseen."`
	Expect       []string `sep:"none" placeholder:"ID" help:"Fail unless ID, all of its digits, is the archive's content id or root hash."`
	Against      string   `placeholder:"DIR" help:"Compare with a directory and name all that differs."`
	Ignore       []string `placeholder:"WHAT" enum:"mode,owner,group,mtime,xattrs,links,content" help:"With --against, do not compare these: mode, owner, group, mtime, xattrs, links, content."`
	NumericOwner bool     `help:"With --against, compare owners by number, whatever their names."`
	Threads      uint     `placeholder:"N" help:"Check N frames at once."`
	JSON         bool     `name:"json" help:"Print one JSON object."`
	JUnit        string   `name:"junit" placeholder:"FILE" help:"Write a report for continuous integration in JUnit's XML to FILE."`
	Quiet        bool     `short:"q" help:"Print no progress, and nothing about what is in order."`
}

func (*verifyCommand) Help() string {
	return `
Checks every frame, every block against its hash, every reference, all the way up to the root, and names all that is wrong: where, and which bytes of which files it hurts. Of an archive that was cut short it names what is lost behind the cut, as far as its tree is there. The exit status is 3 for damage, 4 for what is not an archive or beyond this program, 1 where the archive is sound but not what was expected, or the directory differs, or bytes follow its last valid trailer: what an append left that did not finish, or what was stored and whose end is damaged.

Examples:

    vt ar verify backup.vtd
    vt ar verify --expect 7e916a3f… --fast backup.vtd
    vt ar verify --against /srv/data --ignore mtime backup.vtd
    vt ar verify -q --junit verify.xml backup.vtd

The object of --json:

    ok                          whether nothing was found, nor a torn tail
    torn_tail                   bytes after the last valid trailer, disregarded
    size, fast                  bytes of the file; as asked for
    trailers, frames, blocks,   what was checked
    snapshots, entries
    warnings                    what is unusual, in words
    findings                    class, structure, offset, length, block,
                                message, hurts, more_hurts: of each defect;
                                hurts are snapshot, label, path, offset, length,
                                and original where it is the file that the tree
                                was made from
    more                        findings that are not listed
    content_id, root            of the newest snapshot
    unexpected                  ids of --expect that are neither
    differences                 path, what, archive, found: of --against`
}

func (c *verifyCommand) Run(e *Env) error {
	expected, err := c.expected()
	if err != nil {
		return err
	}
	begin := time.Now()
	defer boundHeap(512 << 20)()
	done := e.progress(!c.Quiet)
	defer done()
	r := &verification{c: c, Report: &reader.Report{Fast: c.Fast, Warnings: []string{}, Findings: []reader.Finding{}}}
	src, name, err := sourceOf(e, c.Archive)
	if err != nil {
		return err
	}
	defer src.Close()
	a, err := reader.Open(src, reader.Options{Name: name})
	switch {
	case errors.Is(err, format.ErrDamaged):
		r.addFinding(err)
		err = r.remains(e, src)
	case err == nil:
		err = r.check(e, a, expected)
	}
	if errors.Is(err, format.ErrNotArchive) || err == nil && (!r.Report.OK() || r.TornTail > 0) {
		if sets, _ := parity.Sets(e.ctx, src, src.Size()); len(sets) > 0 {
			r.hint = "; it has recovery data: vt ar repair mends what that can"
		}
	}
	if err != nil && r.hint != "" {
		return fmt.Errorf("%w%s", err, r.hint)
	}
	if err != nil {
		return err
	}
	done()
	if c.JUnit != "" {
		if err := writeJUnit(c.JUnit, r.suite(time.Since(begin))); err != nil {
			return err
		}
	}
	if err := e.output(r.print); err != nil {
		return err
	}
	if r.TornTail > 0 {
		e.message("%s: %s", shownArchive(c.Archive), r.tail())
	}
	return r.status()
}

func (c *verifyCommand) expected() ([]format.Hash, error) {
	var ids []format.Hash
	for _, s := range c.Expect {
		h, err := format.ParseHash(s)
		if err != nil {
			return nil, usagef("--expect %s: not the 64 hexadecimal digits of a whole id, as vt ar info and vt ar hash print it", human.Quote(s))
		}
		ids = append(ids, h)
	}
	return ids, nil
}

// verification is what verify finds; verify --json prints it.
type verification struct {
	c         *verifyCommand
	hint      string // what to do about damage
	told      int    // warnings, the first ones, that are about the torn tail
	asCreated bool   // it says that there is no segment but the first
	appending bool   // another program writes the torn tail

	OK       bool  `json:"ok"`
	TornTail int64 `json:"torn_tail"`
	*reader.Report
	ContentID   *format.Hash     `json:"content_id,omitempty"`
	Root        *format.Hash     `json:"root,omitempty"`
	Unexpected  []format.Hash    `json:"unexpected,omitempty"`
	Differences []differenceJSON `json:"differences,omitempty"`
}

// differenceJSON is a difference between the archive and a directory.
type differenceJSON struct {
	Path      string `json:"path"`
	PathBytes []byte `json:"path_bytes,omitempty"`
	What      string `json:"what"`
	Archive   string `json:"archive,omitempty"`
	Found     string `json:"found,omitempty"`
}

// addFinding makes a finding of an error outside of Verify: what keeps an
// archive from being opened, and what reading it from the front meets.
func (r *verification) addFinding(err error) {
	f := reader.Finding{Class: "damaged", Structure: "file", Offset: format.NoOffset, Block: -1, Message: err.Error(), Hurts: []reader.Harm{}}
	if errors.Is(err, format.ErrUnsupported) {
		f.Class = "unsupported"
	}
	var fe *format.Error
	if errors.As(err, &fe) {
		f.Structure, f.Offset, f.Block, f.Message = fe.Structure, fe.Offset, fe.Block, fe.Msg
	}
	r.Findings = append(r.Findings, f)
}

func (r *verification) check(e *Env, a *reader.Archive, expected []format.Hash) error {
	e.bar.Phase("checking", a.Size(), 0)
	before := int64(0)
	rep, err := a.Verify(e.ctx, reader.VerifyOptions{
		Fast: r.c.Fast, NoContents: !r.c.Contents, Workers: int(r.c.Threads),
		Progress: func(done, total int64) { e.bar.Add(done-before, 0); before = done },
	})
	if err != nil {
		return err
	}
	r.Report, r.TornTail = rep, a.TornTail()
	if r.TornTail > 0 {
		r.told, r.asCreated, r.appending = len(a.Warnings()), asCreated(a), appendGoesOn(a, r.c.Archive)
	}
	if err := r.c.show(a); err != nil {
		return fmt.Errorf("%s: %w", shownArchive(r.c.Archive), err)
	}
	t, err := a.Tree()
	if err != nil {
		if archiveFault(err) != nil && !rep.OK() {
			return nil // a finding by now
		}
		return err
	}
	s := t.Snapshot()
	r.ContentID, r.Root = &s.Content, &s.Root.Ref.Hash
	for _, id := range expected {
		if id != s.Content && id != s.Root.Ref.Hash {
			r.Unexpected = append(r.Unexpected, id)
		}
	}
	if r.c.Against == "" {
		return nil
	}
	return r.against(e, a, t)
}

func (r *verification) against(e *Env, a *reader.Archive, t *reader.Tree) error {
	o := compare.Options{NumericOwner: r.c.NumericOwner, Ignore: map[string]bool{}, Threads: int(r.c.Threads), Progress: e.bar.Add}
	for _, what := range r.c.Ignore {
		o.Ignore[what] = true
	}
	o.Differ = func(d compare.Difference) {
		j := differenceJSON{What: d.What, Archive: d.Archive, Found: d.Found}
		j.Path, j.PathBytes = human.JSONName(d.Path)
		r.Differences = append(r.Differences, j)
	}
	e.bar.Phase("comparing", int64(t.Root().Size), 0)
	err := compare.Tree(e.ctx, a, t, r.c.Against, o)
	if archiveFault(err) != nil && !r.Report.OK() {
		return nil // a finding by now
	}
	return err
}

func (r *verification) print(w *bufio.Writer) error {
	r.OK = r.Report.OK() && r.TornTail == 0 && len(r.Unexpected) == 0 && len(r.Differences) == 0
	if r.c.JSON {
		return newJSON(w).Encode(r)
	}
	for _, f := range r.Findings {
		printFinding(w, &f)
	}
	if r.More > 0 {
		fmt.Fprintf(w, "and %s more\n", human.Count(int64(r.More)))
	}
	for _, id := range r.Unexpected {
		fmt.Fprintf(w, "expected %s: neither the content id, which is %s, nor the root hash, which is %s\n", id, r.ContentID, r.Root)
	}
	for _, d := range r.Differences {
		fmt.Fprintln(w, d.line())
	}
	if r.c.Quiet {
		return nil
	}
	for _, warning := range r.Warnings[r.told:] {
		fmt.Fprintf(w, "note: %s\n", warning)
	}
	sound := "sound"
	if r.TornTail > 0 {
		sound = fmt.Sprintf("sound up to offset %d", r.Size-r.TornTail)
	}
	if r.Report.OK() && r.Fast {
		fmt.Fprintf(w, "%s: the stored bytes of %s frames, %s\n", sound, human.Count(int64(r.Frames)), human.Bytes(r.Size-r.TornTail))
	} else if r.Report.OK() {
		fmt.Fprintf(w, "%s: %s blocks in %s frames, %s entries, %s\n", sound, human.Count(int64(r.Blocks)),
			human.Count(int64(r.Frames)), human.Count(int64(r.Entries)), human.Bytes(r.Size-r.TornTail))
	}
	return nil
}

// suite makes a case of each question that was asked.
func (r *verification) suite(took time.Duration) *junitSuite {
	s := newSuite("vt ar verify", shownArchive(r.c.Archive), took)
	var failures []string
	for i := range r.Findings {
		var b strings.Builder
		printFinding(&b, &r.Findings[i])
		failures = append(failures, strings.TrimSuffix(b.String(), "\n"))
	}
	s.add("no damage", "damage", failures)
	failures = nil
	if r.TornTail > 0 {
		failures = []string{r.tail()}
	}
	s.add("no torn tail", "tail", failures)
	if len(r.c.Expect) > 0 {
		failures = nil
		for _, id := range r.Unexpected {
			failures = append(failures, fmt.Sprintf("%s is neither the content id nor the root hash", id))
		}
		s.add("expected id", "unexpected", failures)
	}
	if r.c.Against != "" {
		failures = nil
		for _, d := range r.Differences {
			failures = append(failures, d.line())
		}
		s.add("no difference", "difference", failures)
	}
	return s
}

// tail says what bytes after the last valid trailer may be.
func (r *verification) tail() string {
	after := "; vt ar recover shows what is in them" + r.hint
	if r.appending {
		after = ""
	}
	return fmt.Sprintf("the last %d bytes, from offset %d, are disregarded: %s%s",
		r.TornTail, r.Size-r.TornTail, tailWhy(r.asCreated && r.hint == "", r.appending), after)
}

func printFinding(w io.Writer, f *reader.Finding) {
	fmt.Fprintf(w, "%s: %s", f.Class, f.Structure)
	if f.Offset >= 0 {
		fmt.Fprintf(w, " at offset %d", f.Offset)
	}
	if f.Length > 0 {
		fmt.Fprintf(w, ", %d bytes", f.Length)
	}
	if f.Block >= 0 {
		fmt.Fprintf(w, " (block %d)", f.Block)
	}
	fmt.Fprintf(w, ": %s\n", f.Message)
	for _, h := range f.Hurts {
		path := h.Path
		if h.PathBytes != nil {
			path = string(h.PathBytes)
		}
		shown := shownRoot(path)
		if h.Original {
			shown = strings.TrimSpace("the original " + human.Quote(path))
		}
		fmt.Fprintf(w, "  hurts %s", shown)
		if h.Length >= 0 {
			fmt.Fprintf(w, ", bytes %d to %d", h.Offset, h.Offset+h.Length)
		}
		if h.Label != "" {
			fmt.Fprintf(w, ", in snapshot %s", human.Quote(h.Label))
		}
		fmt.Fprintln(w)
	}
	if f.MoreHurts > 0 {
		fmt.Fprintf(w, "  hurts %s more\n", human.Count(int64(f.MoreHurts)))
	}
}

func (d *differenceJSON) line() string {
	path := d.Path
	if d.PathBytes != nil {
		path = string(d.PathBytes)
	}
	switch path = shownRoot(path); d.What {
	case compare.Missing:
		return path + ": in the archive only"
	case compare.Added:
		return path + ": in the directory only"
	case compare.Failed:
		return path + ": " + d.Found
	case compare.Content:
		return path + ": content differs"
	}
	return fmt.Sprintf("%s: %s: %s in the archive, %s in the directory", path, d.What, orNone(d.Archive), orNone(d.Found))
}

func shownRoot(path string) string {
	if path == "" {
		return "."
	}
	return human.Quote(path)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return human.Quote(s)
}

// status makes what was found the error of the command.
func (r *verification) status() error {
	classes := map[string]bool{}
	for _, f := range r.Findings {
		classes[f.Class] = true
	}
	name := shownArchive(r.c.Archive)
	switch {
	case classes["unsupported"]:
		return fmt.Errorf("%s: needs what this program lacks%w", name, hidden{format.ErrUnsupported})
	case classes["damaged"]:
		return fmt.Errorf("%s: damaged, %s found%s%w", name, plural(uint64(len(r.Findings))+r.More, "defect"), r.hint, hidden{format.ErrDamaged})
	case !r.Report.OK():
		return fmt.Errorf("%s: could not be read", name)
	case len(r.Unexpected) > 0:
		return fmt.Errorf("%s: not the archive that was expected%w", name, hidden{errPartial})
	case len(r.Differences) > 0:
		return fmt.Errorf("%s: differs from %s%w", name, human.Quote(r.c.Against), hidden{errPartial})
	case r.TornTail > 0:
		return reported(errPartial)
	}
	return nil
}
