package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/legacy"
	"github.com/vtdarchive/vtd/writer"
)

type importCommand struct {
	Archive string `arg:"" help:"The file to make; - is standard output."`
	File    string `arg:"" help:"What to import; - is standard input, for tar and zip."`

	From string `enum:"auto,tar,zip,legacy-vtd" default:"auto" placeholder:"FORMAT" help:"What FILE is: tar, which may be packed by gzip, zstd, bzip2 or xz; zip; legacy-vtd, a data file of the old vt. Default: what it begins like."`
	Root string `placeholder:"ROOT" help:"Of the old vt: where to begin: a text file (.vt) of the old vt, the last line of which counts, or the hash of a directory, as in sha1:0123…. Default: the directory to which no other refers, if there is just one."`

	Exact bool `help:"Of tar and zip: keep the very bytes of FILE, too, for export --exact."`

	making `set:"otherwise=or that in the text file, or the newest mtime"`

	Threads uint `placeholder:"N" help:"Work on N files or frames at once; does not change the result. Default: one for each processor."`

	Verbose bool `short:"v" help:"List entries on standard error as they are stored."`
	Quiet   bool `short:"q" help:"Print no progress, notices and summary."`
	JSON    bool `name:"json" help:"Print the summary as a JSON object, as create does."`
}

func (*importCommand) Help() string {
	return `
Makes an archive of the tree in a tar or zip file, or in a data file of the old vt.

Tar and zip are read from front to back and not unpacked; only a zip file from a pipe is copied to a temporary file first. All is kept that tars have: owners, times to the nanosecond, hard links, holes, devices, extended attributes, access control lists. A leading / and what goes up by .. is taken off names. What cannot be stored, such as an encrypted member of a zip, is named and makes the exit status 1; a file that is broken or ends early makes it 3, and what came before that is imported.

With --exact the file itself is kept as well, beside the tree and not in it: export --exact gives it back byte for byte. It shares its content with the files of the tree, so that what it adds are headers and padding, some 50 bytes for each entry; of gzip and zip how they were packed, where that can be found out, and otherwise what is packed. Of a tar that zstd, bzip2 or xz pack it is the tar. Standard input is copied to a temporary file first.

A data file of the old vt has no root: the text file (.vt) beside it names one, and without --root there must be just one directory to which no other refers. Owner, permissions and time of that directory itself are in the text file alone, so that without it the content id may be another. A store of several data files is imported from one, in which they are put behind one another.

Every block is checked against its hash. What is damaged or missing is named with its path, and left out, and makes the exit status 3: a file never comes with other content than it had. What of owners, permissions and attributes cannot be kept makes the exit status 1. Earlier states in the text file, and earlier versions of entries, are not imported.

The tree is first unpacked to a temporary directory, below $TMPDIR, which must have room for it; from there the archive takes it, with what that file system can keep. Owners are those of this system with the same names; only root can keep others than the user who imports. Where the store says nothing, permissions are 0700 and 0600 and times 1970-01-01.

Examples:

    vt ar import linux.vtd linux-6.1.tar.xz
    ssh host tar c /srv | vt ar import srv.vtd -
    vt ar import site.vtd site.zip
    vt ar import --exact release.vtd release.tar.gz
    vt ar import new.vtd data/5cda72b0.vtd --root trove.vt
    cat trove/data/*.vtd > all.vtd; vt ar import new.vtd all.vtd --root trove.vt
    vt ar import new.vtd old.vtd --root sha1:9896f4e025d6c7309daab6907c5bd537ac944353`
}

func (c *importCommand) Run(e *Env) error {
	o, err := c.options(e)
	if err != nil {
		return err
	}
	o.Threads = int(c.Threads)
	if c.Archive == "-" && isTerminal(e.stdout) {
		return usagef("an archive is not written to a terminal; give a file name, or redirect")
	}
	in, err := c.openFile(e)
	if err != nil {
		return err
	}
	defer in.Close()
	if kind, head, err := c.kind(in); err != nil {
		return err
	} else if kind != fromLegacy {
		return c.ingest(e, o, in, head)
	}
	store, err := c.store(e, in)
	if c.From == "auto" && errors.Is(err, legacy.ErrNotLegacy) && endsAsZip(in) {
		c.From = "zip" // behind a program that unpacks it
		return c.ingest(e, o, in, nil)
	}
	if c.From == "auto" && errors.Is(err, legacy.ErrNotLegacy) {
		return fmt.Errorf("%s: neither tar, zip nor a data file of the old vt; --from says what it is%w", human.Quote(c.File), hidden{format.ErrNotArchive})
	}
	if err != nil {
		return legacyError(c.File, err)
	}
	if c.Exact {
		return usagef("--exact is about tar and zip")
	}
	top, meta, err := c.top(e, store, &o)
	if err != nil {
		return err
	}
	if c.Archive != "-" {
		if err := sameFile(c.Archive, in); err != nil {
			return err
		}
	}

	// The directory itself stays closed to others whatever the permissions
	// within.
	temp, err := os.MkdirTemp("", "vt-import-")
	if err != nil {
		return err
	}
	defer removeTree(temp)
	tree := filepath.Join(temp, "tree")
	create := createCommand{Archive: c.Archive, Verbose: c.Verbose, Quiet: c.Quiet, JSON: c.JSON}
	out, err := create.open(e)
	if err != nil {
		return err
	}
	defer out.Discard()
	done := create.watch(e, &o)
	defer done()
	e.bar.Phase("unpacking", 0, 0)
	u := unpacking{ctx: e.ctx, store: store, progress: e.bar.Add}
	u.issue = func(i writer.Issue) {
		if i.Path == "" {
			e.message("%v", i.Err)
			return
		}
		e.message("%s: %v", human.Quote(i.Path), i.Err)
	}
	err = u.unpack(tree, top, meta)
	for _, bad := range store.Bad() {
		u.fail("", fmt.Errorf("%s: %w", human.Quote(c.File), bad), false)
	}
	if err != nil {
		return legacyError(c.File, err)
	}
	if u.earlier > 0 && !c.Quiet {
		e.message("not imported: earlier versions, which the store names for %s", plural(uint64(u.earlier), "name"))
	}
	o.Inputs = []writer.Input{{Dir: tree, Path: "."}}
	return u.write(e, &create, o, out)
}

// write makes the archive of what was unpacked.
func (u *unpacking) write(e *Env, create *createCommand, o writer.Options, out archiveOutput) error {
	defer boundHeap(300 << 20)()
	rep, err := writer.Create(e.ctx, out, o)
	if err == nil {
		err = out.Commit()
	}
	if err != nil {
		return err
	}
	rep.Issues = append(u.issues, rep.Issues...)
	if err := create.summary(e, rep, 0); err != nil {
		return err
	}
	switch {
	case u.damaged:
		return reported(format.ErrDamaged)
	case len(rep.Issues) > 0:
		return reported(errPartial)
	}
	return nil
}

// store opens what is imported.
func (c *importCommand) store(e *Env, in *os.File) (*legacy.Store, error) {
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	var magic [len(format.MagicHeader)]byte
	if n, _ := in.ReadAt(magic[:], 0); string(magic[:n]) == format.MagicHeader {
		return nil, errors.New("is an archive of this program already")
	}
	return legacy.Open(e.ctx, in, info.Size())
}

// legacyError puts an error about what is imported into the class that decides
// the exit status.
func legacyError(name string, err error) error {
	if errors.Is(err, legacy.ErrNotLegacy) {
		return fmt.Errorf("%s: not a data file of the old vt: %w%w", human.Quote(name), err, hidden{format.ErrNotArchive})
	}
	err = fmt.Errorf("%s: %w", human.Quote(name), err)
	if errors.Is(err, legacy.ErrDamaged) {
		return fmt.Errorf("%w%w", err, hidden{format.ErrDamaged})
	}
	return err
}

// top finds the directory at which to begin. The time of a state becomes that
// of the snapshot.
func (c *importCommand) top(e *Env, s *legacy.Store, o *writer.Options) (legacy.Dirent, legacy.Meta, error) {
	switch {
	case c.Root == "":
		return c.onlyRoot(e, s)
	case hasHashName(c.Root):
		h, err := legacy.ParseHash(c.Root)
		if err != nil {
			return legacy.Dirent{}, legacy.Meta{}, usagef("--root: %w", err)
		}
		b, err := s.Get(e.ctx, h)
		if err != nil {
			return legacy.Dirent{}, legacy.Meta{}, legacyError(c.File, err)
		}
		return legacy.Dirent{Kind: legacy.Dir, Content: &legacy.Ref{Span: uint64(len(b)), Hash: h}}, legacy.Meta{}, nil
	}
	b, err := readText(c.Root)
	if err != nil {
		return legacy.Dirent{}, legacy.Meta{}, err
	}
	st, err := legacy.LastState(b)
	if err != nil {
		return legacy.Dirent{}, legacy.Meta{}, legacyError(c.Root, err)
	}
	if st.Root.Kind != legacy.Dir || st.Root.Content == nil {
		return legacy.Dirent{}, legacy.Meta{}, fmt.Errorf("%s: its last line names no directory", human.Quote(c.Root))
	}
	if !c.Quiet && st.Number > 1 {
		e.message("%s has %d states; the last is imported", human.Quote(c.Root), st.Number)
	}
	if st.Incomplete {
		e.message("%s ends in a line without an end; the one before is imported", human.Quote(c.Root))
	}
	if o.Time == nil {
		o.Time = &format.Time{Sec: st.Sec, Nsec: st.Nsec}
	}
	return st.Root, st.Meta, nil
}

// onlyRoot is the default of --root.
func (c *importCommand) onlyRoot(e *Env, s *legacy.Store) (legacy.Dirent, legacy.Meta, error) {
	roots, err := s.Roots(e.ctx)
	switch {
	case err != nil:
		return legacy.Dirent{}, legacy.Meta{}, legacyError(c.File, err)
	case len(s.Bad()) > 0:
		// What refers to a directory may be what is lost.
		for _, bad := range s.Bad() {
			e.message("%s: %v", human.Quote(c.File), bad)
		}
		return legacy.Dirent{}, legacy.Meta{}, fmt.Errorf("%s: damaged; give --root, since none can be found for sure%w", human.Quote(c.File), hidden{format.ErrDamaged})
	case len(roots) == 1:
		if !c.Quiet {
			e.message("beginning at %v, the only directory to which no other refers", roots[0].Content.Hash)
			e.message("its own owner, permissions and time are in the text file (.vt) alone: with that as --root they are kept, and the content id may be another")
		}
		return legacy.Dirent{Kind: legacy.Dir, Content: &roots[0].Content}, legacy.Meta{}, nil
	case len(roots) == 0:
		return legacy.Dirent{}, legacy.Meta{}, fmt.Errorf("%s: no directory is in it; give --root the text file (.vt) that belongs to it", human.Quote(c.File))
	}
	const most = 20
	for _, r := range roots[max(0, len(roots)-most):] {
		b, err := s.Bytes(e.ctx, r.Content)
		if err != nil {
			return legacy.Dirent{}, legacy.Meta{}, legacyError(c.File, err)
		}
		var names []string
		total := uint64(0)
		for d := range legacy.Dirents(b) {
			if total++; total <= 5 {
				names = append(names, d.Name)
			}
		}
		e.message("%v at offset %d: %s: %s", r.Content.Hash, r.Offset, plural(total, "name"), human.Quote(strings.Join(names, " ")))
	}
	return legacy.Dirent{}, legacy.Meta{}, fmt.Errorf("%s: %d directories could be the root; give --root one of these, or the text file (.vt) that names it", human.Quote(c.File), len(roots))
}

func hasHashName(s string) bool {
	for _, k := range []legacy.HashKind{legacy.SHA1, legacy.SHA256, legacy.BLAKE3} {
		if strings.HasPrefix(s, k.String()+":") {
			return true
		}
	}
	return false
}

// maxTextFile bounds the text file that is read, all of it: a line has some 200
// octets.
const maxTextFile = 256 << 20

func readText(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxTextFile+1))
	if err == nil && len(b) > maxTextFile {
		err = fmt.Errorf("%s: more than %d bytes are no text file of the old vt", human.Quote(name), maxTextFile)
	}
	return b, err
}

// sameFile refuses to replace what is imported.
func sameFile(archive string, in *os.File) error {
	old, err := os.Stat(archive)
	if err != nil {
		return nil // CreateFile says what there is to say
	}
	info, err := in.Stat()
	if err == nil && os.SameFile(old, info) {
		err = fmt.Errorf("%s is what is imported; give the archive another name", human.Quote(archive))
	}
	return err
}
