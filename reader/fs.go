package reader

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/vtdarchive/vtd/format"
)

// maxLinks is how many symbolic links a path may lead through, as on Linux.
const maxLinks = 40

var (
	// ErrEscapes: a symbolic link, or a path through one, leads out of the tree.
	ErrEscapes = errors.New("path leads out of the archive")
	// ErrLinkLoop: a path leads through more than 40 symbolic links.
	ErrLinkLoop = errors.New("too many levels of symbolic links")
)

// FS gives a tree as a file system.
//
// Open, Stat, ReadDir and ReadFile follow symbolic links inside the tree;
// those that lead out of it, absolute ones among them, are errors. ReadLink and
// Lstat do not follow the last name of a path. Names that are not valid UTF-8,
// which io/fs cannot express, are left out: reach them by Lookup and Walk.
// FileInfo.Sys is the *format.Entry. Open files are
// io.ReaderAt, io.Seeker and io.WriterTo as well. Errors are *fs.PathError.
type FS struct {
	tree func() (*Tree, error)
}

var (
	_ fs.ReadDirFS  = FS{}
	_ fs.StatFS     = FS{}
	_ fs.ReadFileFS = FS{}
	_ fs.ReadLinkFS = FS{}
)

// FS gives the newest tree as a file system. When its snapshot cannot be read,
// every method of the file system says so.
func (a *Archive) FS() FS { return FS{a.Tree} }

// FS gives the tree as a file system.
func (t *Tree) FS() FS { return FS{func() (*Tree, error) { return t, nil }} }

// found is what a path leads to.
type found struct {
	a    *Archive
	e    *format.Entry
	path string // with links resolved
}

// find finds what a path leads to. follow is for the last name.
func (f FS) find(op, name string, follow bool) (found, error) {
	if !fs.ValidPath(name) {
		return found{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	t, err := f.tree()
	var at found
	if err == nil {
		at, err = t.resolve(name, follow)
	}
	if err != nil {
		return found{}, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return at, nil
}

// resolve walks a path as a kernel does: names from left to right, a link
// replaced by its target where it stands.
func (t *Tree) resolve(name string, follow bool) (found, error) {
	type step struct {
		e    *format.Entry
		path string
	}
	at := []step{{t.Root(), ""}} // the directories above, for ".."
	links := 0
	todo := strings.Split(name, "/")
	for len(todo) > 0 {
		part := todo[0]
		todo = todo[1:]
		here := at[len(at)-1]
		if !here.e.Kind.IsDir() {
			return found{}, fs.ErrNotExist
		}
		switch part {
		case "", ".":
			continue
		case "..":
			if len(at) == 1 {
				return found{}, ErrEscapes
			}
			at = at[:len(at)-1]
			continue
		}
		e, err := t.a.child(here.e, part)
		if err != nil && err != fs.ErrNotExist {
			err = t.a.named(err)
		}
		if err != nil {
			return found{}, err
		}
		if e.Kind == format.KindSymlink && (follow || len(todo) > 0) {
			if links++; links > maxLinks {
				return found{}, ErrLinkLoop
			}
			if strings.HasPrefix(e.Target, "/") {
				return found{}, ErrEscapes
			}
			todo = append(strings.Split(e.Target, "/"), todo...)
			continue
		}
		at = append(at, step{e, strings.TrimPrefix(here.path+"/"+part, "/")})
	}
	last := at[len(at)-1]
	return found{t.a, last.e, last.path}, nil
}

// Open opens a file or a directory. Other kinds open, too, and have no
// content.
func (f FS) Open(name string) (fs.File, error) {
	at, err := f.find("open", name, true)
	if err != nil {
		return nil, err
	}
	info := fileInfo{at.e, base(name)}
	switch {
	case at.e.Kind.IsDir():
		return &openDir{info: info, name: name, it: at.a.dirIter(at.e)}, nil
	case at.e.Kind == format.KindFile:
		content, err := at.a.ContentOf(at.e, at.path)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
		return &openFile{content: content, info: info, name: name}, nil
	}
	return &openOther{info: info, name: name}, nil
}

// Stat describes what a path leads to.
func (f FS) Stat(name string) (fs.FileInfo, error) { return f.stat("stat", name, true) }

// Lstat describes an entry, a symbolic link itself.
func (f FS) Lstat(name string) (fs.FileInfo, error) { return f.stat("lstat", name, false) }

func (f FS) stat(op, name string, follow bool) (fs.FileInfo, error) {
	at, err := f.find(op, name, follow)
	if err != nil {
		return nil, err
	}
	return fileInfo{at.e, base(name)}, nil
}

// ReadLink gives the target of a symbolic link.
func (f FS) ReadLink(name string) (string, error) {
	at, err := f.find("readlink", name, false)
	if err == nil && at.e.Kind != format.KindSymlink {
		err = &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return "", err
	}
	return at.e.Target, nil
}

// ReadDir lists a directory, sorted by name.
func (f FS) ReadDir(name string) ([]fs.DirEntry, error) {
	at, err := f.find("readdir", name, true)
	if err != nil {
		return nil, err
	}
	if !at.e.Kind.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotDir}
	}
	return (&openDir{name: name, it: at.a.dirIter(at.e)}).ReadDir(-1)
}

// ReadFile reads a whole file.
func (f FS) ReadFile(name string) ([]byte, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	r, ok := file.(*openFile)
	if !ok {
		return io.ReadAll(file)
	}
	// A few bytes of metadata can name a huge size: memory comes as bytes do.
	var b []byte
	for p, err := range r.content.Pieces(0) {
		if err == nil {
			b, err = r.content.appendPiece(b, &p)
		}
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: name, Err: err}
		}
	}
	if b == nil {
		b = []byte{}
	}
	return b, nil
}

// maxReadFile bounds what ReadFile makes of runs, which cost the archive
// nothing.
const maxReadFile = 1 << 32

func (f *File) appendPiece(b []byte, p *Piece) ([]byte, error) {
	if uint64(len(b))+p.Ref.Span > maxReadFile {
		return b, f.wrap(errors.New("too large to read at once"))
	}
	if p.Ref.Kind == format.RefRun {
		n := len(b)
		b = append(b, make([]byte, p.Ref.Span)...)
		fill(b[n:], p.Ref.Octet)
		return b, nil
	}
	h := hold{a: f.a}
	defer h.release()
	for skip := uint64(0); skip < p.Ref.Span; {
		more, err := f.bytes(&h, p, skip)
		if err != nil {
			return b, err
		}
		b = append(b, more...)
		skip += uint64(len(more))
	}
	if p.Ref.Kind == format.RefBlock {
		h.readThrough(p.Ref.Num)
	}
	return b, nil
}

func base(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// openDir is an open directory.
type openDir struct {
	info   fileInfo
	name   string
	it     *dirIter
	closed bool
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }

func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: errors.New("is a directory")}
}

func (d *openDir) Close() error { return closeOnce(&d.closed, d.name) }

func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	out := []fs.DirEntry{}
	if d.closed {
		return out, &fs.PathError{Op: "readdir", Path: d.name, Err: fs.ErrClosed}
	}
	for n <= 0 || len(out) < n {
		e, err := d.it.next()
		if err != nil {
			return out, &fs.PathError{Op: "readdir", Path: d.name, Err: d.it.a.named(err)}
		}
		if e == nil {
			break
		}
		if utf8.ValidString(e.Name) {
			out = append(out, dirEntry{fileInfo{e, e.Name}})
		}
	}
	if n > 0 && len(out) == 0 {
		return out, io.EOF
	}
	return out, nil
}

// openFile is an open file.
type openFile struct {
	content *File
	info    fileInfo
	name    string
	closed  bool
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *openFile) Close() error { return closeOnce(&f.closed, f.name) }

func (f *openFile) Read(p []byte) (int, error) {
	if f.closed {
		return 0, f.fail("read", fs.ErrClosed)
	}
	n, err := f.content.Read(p)
	return n, f.fail("read", err)
}

func (f *openFile) ReadAt(p []byte, off int64) (int, error) {
	if f.closed {
		return 0, f.fail("read", fs.ErrClosed)
	}
	n, err := f.content.ReadAt(p, off)
	return n, f.fail("read", err)
}

func (f *openFile) Seek(offset int64, whence int) (int64, error) {
	if f.closed {
		return 0, f.fail("seek", fs.ErrClosed)
	}
	n, err := f.content.Seek(offset, whence)
	return n, f.fail("seek", err)
}

func (f *openFile) WriteTo(w io.Writer) (int64, error) {
	if f.closed {
		return 0, f.fail("read", fs.ErrClosed)
	}
	return f.content.WriteTo(w) // an error may be the writer's
}

func (f *openFile) fail(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

// openOther is an open fifo, socket, device or whiteout: it has a description
// and no content.
type openOther struct {
	info   fileInfo
	name   string
	closed bool
}

func (o *openOther) Stat() (fs.FileInfo, error) { return o.info, nil }
func (o *openOther) Close() error               { return closeOnce(&o.closed, o.name) }

func (o *openOther) Read([]byte) (int, error) {
	if o.closed {
		return 0, &fs.PathError{Op: "read", Path: o.name, Err: fs.ErrClosed}
	}
	return 0, io.EOF
}

func closeOnce(closed *bool, name string) error {
	if *closed {
		return &fs.PathError{Op: "close", Path: name, Err: fs.ErrClosed}
	}
	*closed = true
	return nil
}
