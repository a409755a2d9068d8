package extract

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/reader"
)

// wreck is a file that the archive does not give whole. With Options.Damaged,
// what there is of it is restored at the end, under another name.
type wreck struct {
	name  string
	dir   int32
	ref   format.Ref
	mtime fsmeta.Time
	attrs *attrs
	err   error

	leader *linkFile // it has hard links
}

// PartialError is the issue about a file of which a part was restored.
type PartialError struct {
	As      string     // its name
	Size    int64      // of the whole file
	Missing [][2]int64 // zeros in place of what was there: first byte, and the one behind
	Err     error      // why
}

// maxShown bounds the ranges in the text of an error.
const maxShown = 8

func (e *PartialError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "only a part of it was restored, as %s, of %d bytes without", e.As, e.Size)
	for i, m := range e.Missing {
		if i == maxShown {
			fmt.Fprintf(&b, ", and %d ranges more", len(e.Missing)-maxShown)
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %d to %d", m[0], m[1])
	}
	return b.String() + ": " + e.Err.Error()
}

// Unwrap gives the reason.
func (e *PartialError) Unwrap() error { return e.Err }

// wrecked puts a file off until the end, if that is asked for.
func (e *engine) wrecked(x wreck) bool {
	if !e.opts.Damaged {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wrecks = append(e.wrecks, x)
	return true
}

// saveWrecks restores what there is of damaged files.
func (e *engine) saveWrecks(a *reader.Archive) {
	for i := range e.wrecks {
		if e.ctx.Err() != nil {
			return
		}
		x := &e.wrecks[i]
		missing, err := e.saveWreck(a, x)
		switch {
		case e.ctx.Err() != nil:
		case err != nil:
			e.problem(x.dir, x.name, "", errors.Join(err, x.err))
		case missing != nil && len(missing.Missing) == 0:
		case missing == nil:
			e.issue(Issue{e.dirs.path(x.dir, x.name), "", x.err})
		default:
			e.res.Partial++
			e.issue(Issue{e.dirs.path(x.dir, x.name), "", missing})
		}
	}
	e.wrecks = nil
}

// saveWreck restores one; nil if nothing of it is there.
func (e *engine) saveWreck(a *reader.Archive, x *wreck) (*PartialError, error) {
	f, err := a.ContentOf(&format.Entry{Kind: format.KindFile, Size: x.ref.Span, Ref: x.ref}, e.dirs.path(x.dir, x.name))
	if err != nil {
		return nil, err
	}
	h, err := e.cache.Get(int(x.dir))
	if err != nil {
		return nil, err
	}
	defer h.Release()
	temp := fsmeta.TempName(x.name)
	fd, err := fsmeta.CreateFile(h.FD(), temp, x.attrs.perm|0o200)
	if err != nil {
		return nil, underName(err, temp, x.name)
	}
	p, err := e.fillWreck(fd, f, x)
	if p == nil || err != nil {
		return nil, errors.Join(err, unix.Close(fd), fsmeta.Remove(h.FD(), temp))
	}
	m := x.attrs.meta
	m.Mtime = x.mtime
	if len(p.Missing) > 0 {
		m.Xattrs = append(m.Xattrs[:len(m.Xattrs):len(m.Xattrs)], fsmeta.Xattr{Name: format.MissingXattr, Value: []byte(format.MissingValue(p.Missing))})
	}
	e.attrIssues(x.dir, x.name, fsmeta.FApply(fd, &m, e.what(e.dirs.at(x.dir).inherits)))
	err = unix.Close(fd)
	var failed error
	if len(p.Missing) == 0 {
		return e.wholeWreck(h.FD(), temp, x, p, err)
	}
	p.As = format.DamagedName(x.name, maxName, func(as string) bool {
		failed = fsmeta.RenameNew(h.FD(), temp, h.FD(), as)
		return errors.Is(failed, fs.ErrExist)
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, errors.Join(err, fsmeta.Remove(h.FD(), temp))
	}
	return p, nil
}

// wholeWreck gives a file its name that has turned out to be whole: reading it
// once more went well.
func (e *engine) wholeWreck(dirfd int, temp string, x *wreck, p *PartialError, err error) (*PartialError, error) {
	if err == nil {
		err = clearWay(dirfd, x.name)
	}
	switch {
	case err != nil:
	case e.opts.Existing == Replace:
		err = fsmeta.Rename(dirfd, temp, dirfd, x.name)
	default:
		err = fsmeta.RenameNew(dirfd, temp, dirfd, x.name)
	}
	if errors.Is(err, fs.ErrExist) && e.opts.Existing != Replace {
		e.kept(x.dir, x.name)
		return p, fsmeta.Remove(dirfd, temp)
	}
	if err != nil {
		return nil, errors.Join(err, fsmeta.Remove(dirfd, temp))
	}
	if x.leader != nil {
		x.leader.made = true
	}
	e.restored(x.dir, x.name, format.KindFile, uint64(p.Size))
	return p, nil
}

// maxName is what Linux allows.
const maxName = 255

// fillWreck writes what there is of a file.
func (e *engine) fillWreck(fd int, f *reader.File, x *wreck) (*PartialError, error) {
	p := &PartialError{Size: f.Size(), Err: x.err}
	good := int64(0)
	for s := range f.Remains() {
		if e.ctx.Err() != nil {
			return nil, e.ctx.Err()
		}
		switch {
		case s.Err != nil && !errors.Is(s.Err, format.ErrDamaged) && !errors.Is(s.Err, format.ErrUnsupported):
			return nil, s.Err
		case s.Err != nil:
			if k := len(p.Missing) - 1; k >= 0 && p.Missing[k][1] == s.Offset {
				p.Missing[k][1] += s.Length
			} else {
				p.Missing = append(p.Missing, [2]int64{s.Offset, s.Offset + s.Length})
			}
		case s.Bytes != nil:
			good += s.Length
			if err := writeAt(fd, s.Bytes, uint64(s.Offset)); err != nil {
				return nil, err
			}
		case s.Octet != 0:
			run := file{fd: fd, rare: &rareFile{extras: []extra{{off: uint64(s.Offset), span: uint64(s.Length), octet: s.Octet}}}}
			w := worker{engine: e}
			if err := w.extras(&run, 0); err != nil {
				return nil, err
			}
		}
	}
	if good == 0 {
		return nil, nil
	}
	return p, truncate(fd, uint64(f.Size()))
}
