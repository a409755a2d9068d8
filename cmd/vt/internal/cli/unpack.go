package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/legacy"
	"github.com/vtdarchive/vtd/writer"
)

const (
	// maxUnpacked bounds the entries of a tree, in which the same few
	// directories may lie again and again, and maxPaths the octets of their
	// paths, of which many are kept.
	maxUnpacked = 1 << 24
	maxPaths    = 1 << 30
	// maxIssues bounds what is reported of one store, and maxIssuePaths the
	// octets of the paths in it.
	maxIssues     = 10_000
	maxIssuePaths = 16 << 20
	// maxUnpackedDepth bounds how deep directories lie in each other, as did
	// Python, and maxUnpackedDirs their octets, which are in memory until all
	// below is made.
	maxUnpackedDepth = 1000
	maxUnpackedDirs  = 2 * legacy.MaxData
)

// unpacking puts a tree of the old vt into a directory, for import.
type unpacking struct {
	ctx      context.Context
	store    *legacy.Store
	progress func(bytes, files int64)
	issue    func(writer.Issue)

	issues  []writer.Issue
	failed  int  // issues; above maxIssues when no more are noted
	told    int  // octets of their paths
	damaged bool // some issues are about the store
	earlier int  // entries that have earlier versions

	root    *os.Root
	buffer  *bufio.Writer // of the file at hand
	entries int
	paths   int // octets of their paths
	held    int // octets of directories of which entries are still to be made
	owners  fsmeta.Owners
	denied  map[string]bool        // owners that could not be given, as shown
	named   map[legacy.UUID]string // paths of what may have several names
	inodes  map[legacy.UUID]legacy.Dirent
	links   []link
	dirs    []unpackedDir // to get their metadata when all is in them
}

type link struct {
	path string
	uuid legacy.UUID
}

type unpackedDir struct {
	path string
	meta legacy.Meta
}

// fail notes an issue.
func (u *unpacking) fail(path string, err error, stored bool) {
	if errors.Is(err, legacy.ErrDamaged) {
		u.damaged = true
	}
	if u.failed > maxIssues {
		return
	}
	u.told += len(path)
	if u.failed++; u.failed == maxIssues || u.told > maxIssuePaths {
		u.failed = maxIssues + 1
		err = fmt.Errorf("%w; further problems are not reported", err)
	}
	i := writer.Issue{Path: path, Err: err, Stored: stored}
	u.issues = append(u.issues, i)
	u.issue(i)
}

// unpack makes the directory dir of the tree below top. Errors are those for
// which nothing of it can be had.
func (u *unpacking) unpack(dir string, top legacy.Dirent, meta legacy.Meta) error {
	u.buffer = bufio.NewWriterSize(nil, 128<<10)
	u.named = make(map[legacy.UUID]string)
	u.inodes = make(map[legacy.UUID]legacy.Dirent)
	u.denied = make(map[string]bool)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	var err error
	if u.root, err = os.OpenRoot(dir); err != nil {
		return err
	}
	defer u.root.Close()
	b, err := u.store.Bytes(u.ctx, *top.Content)
	if err != nil {
		return fmt.Errorf("the root: %w", err)
	}
	for _, err := range legacy.Dirents(b) {
		if err != nil {
			return fmt.Errorf("the root: %w", err)
		}
		break
	}
	if err := u.readInodes(meta); err != nil {
		return err
	}
	if err := u.fill("", b, 0); err != nil {
		return err
	}
	if err := u.linkAll(); err != nil {
		return err
	}
	u.dirs = append(u.dirs, unpackedDir{"", meta})
	return u.finishDirs()
}

// readInodes reads the table of entries with several names that a root may
// have.
func (u *unpacking) readInodes(meta legacy.Meta) error {
	if meta.Inodes == "" {
		return nil
	}
	table, _, err := legacy.ParseDirent(meta.Inodes)
	if err == nil && table.Content == nil {
		err = errors.New("it has no content")
	}
	if err == nil {
		err = u.addInodes(*table.Content)
	}
	if err := u.fatal(err); err != nil {
		return err
	}
	if err != nil {
		u.fail("", fmt.Errorf("the table of hard links: %w%w", err, hidden{legacy.ErrDamaged}), true)
	}
	return nil
}

func (u *unpacking) addInodes(table legacy.Ref) error {
	b, err := u.store.Bytes(u.ctx, table)
	if err != nil {
		return err
	}
	for d, err := range legacy.Dirents(b) {
		if err != nil {
			return err
		}
		if d.HasUUID {
			u.inodes[d.UUID] = d
		}
	}
	return nil
}

// fatal gives those errors that are not about an entry.
func (u *unpacking) fatal(err error) error {
	switch {
	case u.ctx.Err() != nil:
		return u.ctx.Err()
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EIO):
		return err
	}
	return nil
}

// fill makes the entries of a directory.
func (u *unpacking) fill(dir string, b []byte, depth int) error {
	u.held += len(b)
	defer func() { u.held -= len(b) }()
	for d, err := range legacy.Dirents(b) {
		if err != nil {
			u.fail(dir, fmt.Errorf("entries are lost: %w", err), true)
			return nil
		}
		if u.entries++; u.entries > maxUnpacked {
			return fmt.Errorf("more than %d entries", maxUnpacked)
		}
		if err := legacy.CheckName(d.Name); err != nil {
			u.fail(dir, err, true)
			continue
		}
		if d.Prev != nil {
			u.earlier++
		}
		p := path.Join(dir, d.Name)
		if u.paths += len(p); u.paths > maxPaths {
			return fmt.Errorf("paths of more than %d octets", maxPaths)
		}
		if err := u.made(p, u.entry(p, d, depth)); err != nil {
			return err
		}
	}
	return nil
}

// made notes why an entry could not be made, and gives errors that are not
// about it.
func (u *unpacking) made(p string, err error) error {
	var le *os.LinkError
	switch {
	case err == nil:
		return nil
	case u.fatal(err) != nil:
		return u.fatal(err)
	case errors.Is(err, fs.ErrExist):
		err = fmt.Errorf("its directory has this name twice, and the first is kept%w", hidden{legacy.ErrDamaged})
	case errors.As(err, &le):
		err = le.Err
	}
	u.fail(p, cause(err), false)
	return nil
}

// entry makes one entry. An error means that it is not there.
func (u *unpacking) entry(p string, d legacy.Dirent, depth int) error {
	if err := u.ctx.Err(); err != nil {
		return err
	}
	m := legacy.ParseMeta(d.Meta)
	for _, odd := range m.Odd {
		u.fail(p, errors.New("not understood and not kept: "+odd), true)
	}
	var err error
	switch d.Kind {
	case legacy.Dir:
		return u.dir(p, d, m, depth)
	case legacy.File:
		err = u.file(p, d, m)
	case legacy.Symlink:
		if m.Target == "" {
			return fmt.Errorf("a symbolic link without a target%w", hidden{legacy.ErrDamaged})
		}
		if err = u.root.Symlink(m.Target, p); err == nil {
			err = u.inParent(p, func(fd int, name string) {
				u.attributes(p, fsmeta.Apply(fd, name, u.meta(m, unix.S_IFLNK, p), u.what(m)), m)
			})
		}
	case legacy.HardLink:
		u.links = append(u.links, link{p, d.UUID})
		return nil
	}
	if err == nil && d.HasUUID {
		u.named[d.UUID] = p
	}
	u.progress(0, 1)
	return err
}

func (u *unpacking) dir(p string, d legacy.Dirent, m legacy.Meta, depth int) error {
	if depth == maxUnpackedDepth {
		return fmt.Errorf("more than %d directories in each other%w", maxUnpackedDepth, hidden{legacy.ErrDamaged})
	}
	var b []byte
	if d.Content != nil {
		var err error
		if b, err = u.store.Bytes(u.ctx, *d.Content); err != nil {
			return fmt.Errorf("the directory and all below it are lost: %w", err)
		}
	}
	if u.held+len(b) > maxUnpackedDirs {
		return fmt.Errorf("the directory and all below it are lost: directories in each other have more than %d octets%w", maxUnpackedDirs, hidden{legacy.ErrDamaged})
	}
	if err := u.root.Mkdir(p, 0o700); err != nil {
		return err
	}
	if err := u.fill(p, b, depth+1); err != nil {
		return err
	}
	u.dirs = append(u.dirs, unpackedDir{p, m})
	return nil
}

func (u *unpacking) file(p string, d legacy.Dirent, m legacy.Meta) (err error) {
	f, err := u.root.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, u.root.Remove(p))
		}
	}()
	if d.Content != nil {
		u.buffer.Reset(f)
		w := sparse{f: f, w: u.buffer, progress: u.progress}
		if err := u.store.Content(u.ctx, *d.Content, &w); err != nil {
			return err
		}
		if err := w.end(); err != nil {
			return err
		}
	}
	u.attributes(p, fsmeta.FApply(int(f.Fd()), u.meta(m, unix.S_IFREG, p), u.what(m)), m)
	return nil
}

// sparse is a file that is written with holes.
type sparse struct {
	f        *os.File
	w        *bufio.Writer
	size     int64
	progress func(bytes, files int64)
}

func (s *sparse) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	s.progress(int64(len(p)), 0)
	return s.w.Write(p)
}

func (s *sparse) Hole(n uint64) error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	s.size += int64(n)
	_, err := s.f.Seek(s.size, io.SeekStart)
	return err
}

func (s *sparse) end() error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	return s.f.Truncate(s.size)
}

// linkAll makes the further names of files. The first name of an entry that is
// in the table only becomes a file.
func (u *unpacking) linkAll() error {
	for _, l := range u.links {
		var err error
		if to, ok := u.named[l.uuid]; ok {
			err = u.root.Link(to, l.path)
		} else if d, ok := u.inodes[l.uuid]; ok && d.Kind != legacy.HardLink && d.Kind != legacy.Dir {
			err = u.entry(l.path, d, 0)
		} else {
			err = fmt.Errorf("the file %v, of which it is a name, is not in the tree%w", l.uuid, hidden{legacy.ErrDamaged})
		}
		if err := u.made(l.path, err); err != nil {
			return err
		}
	}
	return nil
}

// finishDirs gives directories their metadata, those within others first.
func (u *unpacking) finishDirs() error {
	for _, d := range u.dirs {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		at := d.path
		if at == "" {
			at = "."
		}
		f, err := u.root.Open(at)
		if err != nil {
			return err
		}
		u.attributes(d.path, fsmeta.FApply(int(f.Fd()), u.meta(d.meta, unix.S_IFDIR, d.path), u.what(d.meta)), d.meta)
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// inParent calls with the directory of a path open.
func (u *unpacking) inParent(p string, do func(fd int, name string)) error {
	f, err := u.root.Open(path.Dir(p))
	if err != nil {
		return err
	}
	defer f.Close()
	do(int(f.Fd()), path.Base(p))
	return nil
}

// what is which metadata is applied: not owners that nothing is known of.
func (u *unpacking) what(m legacy.Meta) fsmeta.What {
	what := fsmeta.SetXattrs | fsmeta.SetMode | fsmeta.SetTime
	if m.Owner != "" || m.Group != "" {
		what |= fsmeta.SetOwner
	}
	return what
}

// meta turns what the store says into what a file system keeps.
func (u *unpacking) meta(m legacy.Meta, kind uint32, p string) *fsmeta.Meta {
	out := fsmeta.Meta{Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid()), Mtime: fsmeta.Time{Sec: m.Sec, Nsec: int32(m.Nsec)}}
	needed := uint32(0o400) // for the archive to be made of it
	perm := uint32(0o600)
	if kind == unix.S_IFDIR {
		needed, perm = 0o500, 0o700
	}
	if m.HasPerm {
		perm = m.Perm
	} else {
		perm |= m.Perm
	}
	if kind != unix.S_IFLNK && os.Geteuid() != 0 && perm&needed != needed {
		u.fail(p, fmt.Errorf("permissions are stored as %04o, not %04o: only root could read it", perm|needed, perm), true)
		perm |= needed
	}
	out.Mode = kind | perm
	out.Uid = u.id(m.Owner, "user", out.Uid, u.owners.UserID)
	out.Gid = u.id(m.Group, "group", out.Gid, u.owners.GroupID)
	for _, x := range m.Xattrs {
		out.Xattrs = append(out.Xattrs, fsmeta.Xattr{Name: x.Name, Value: x.Value})
	}
	return &out
}

// id finds an owner by name or number; one that is not known here is named
// once.
func (u *unpacking) id(name, what string, own uint32, ask func(string) (uint32, bool)) uint32 {
	if name == "" {
		return own
	}
	if id, ok := ask(name); ok {
		return id
	}
	if id, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(id)
	}
	u.deny(what+" "+human.Quote(name), "is not known here")
	return own
}

func (u *unpacking) deny(who, why string) {
	if !u.denied[who] {
		u.denied[who] = true
		u.fail("", fmt.Errorf("%s %s: what belongs to it is stored as of the user who imports", who, why), true)
	}
}

// attributes notes what could not be set; owners once for each.
func (u *unpacking) attributes(p string, failed []*fsmeta.AttrError, m legacy.Meta) {
	for _, a := range failed {
		switch a.Attr {
		case fsmeta.AttrUser:
			u.deny("user "+human.Quote(m.Owner), "cannot be given files")
		case fsmeta.AttrGroup:
			u.deny("group "+human.Quote(m.Group), "cannot be given files")
		default:
			u.fail(p, a, true)
		}
	}
}

// removeTree removes a directory, whatever the permissions of those within.
func removeTree(dir string) {
	if os.RemoveAll(dir) == nil {
		return
	}
	_ = fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path.Join(dir, p), 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}
