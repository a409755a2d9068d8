package ingest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/writer"
)

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// EndsAsZip says whether a file that does not begin as a zip file is one: such
// begin with a program that unpacks them, and Options.Zip has them read.
func EndsAsZip(in io.ReaderAt, size int64) bool {
	z, err := zip.NewReader(in, size)
	return (err == nil || errors.Is(err, zip.ErrInsecurePath)) && len(z.File) > 0
}

const encrypted = 1 // in the flags of a member

// zip adds the members of a zip file.
func (x *reading) zip(in io.ReaderAt, size int64) error {
	z, err := zip.NewReader(in, size)
	switch {
	case errors.Is(err, zip.ErrInsecurePath): // of which names take care
	case err != nil && x.o.Zip:
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	case err != nil:
		return broken(err)
	}
	for _, f := range z.File {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		if err := x.zipMember(f); err != nil {
			return err
		}
	}
	return nil
}

func (x *reading) zipMember(f *zip.File) error {
	name := zipName(f)
	if !strings.Contains(name, "/") {
		name = strings.ReplaceAll(name, `\`, `/`) // as some programs write them
	}
	m := &writer.Member{
		Path: x.name(name), Perm: uint16(f.Mode().Perm()), Size: int64(f.UncompressedSize64),
		Mtime: format.Time{Sec: f.Modified.Unix(), Nsec: uint32(f.Modified.Nanosecond())},
	}
	for mode, bit := range map[fs.FileMode]uint16{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if f.Mode()&mode != 0 {
			m.Perm |= bit
		}
	}
	if !hasMode(f) {
		m.Perm &^= 0o022 // everybody may write, says package zip
	}
	lacking := func(what string, args ...any) error {
		x.issue(m.Path, fmt.Errorf("%w: "+what, append([]any{ErrLacking}, args...)...), false)
		return nil
	}
	switch {
	case f.Flags&encrypted != 0:
		return lacking("it is encrypted")
	case unpackers[f.Method] == nil:
		return lacking("it is packed by method %d", f.Method)
	}
	switch f.Mode().Type() {
	case 0:
		m.Kind = format.KindFile
	case fs.ModeDir:
		m.Kind = format.KindDir
		return x.member(m)
	case fs.ModeSymlink:
		m.Kind = format.KindSymlink
	case fs.ModeNamedPipe:
		m.Kind = format.KindFifo
		return x.member(m)
	case fs.ModeSocket:
		m.Kind = format.KindSocket
		return x.member(m)
	default:
		return lacking("its mode is %v", f.Mode())
	}
	r, done, err := unpack(f)
	if err != nil {
		return lacking("%w", err)
	}
	defer done()
	content := &marked{r: r}
	if m.Kind == format.KindFile {
		m.Content = content
	} else {
		b, err := io.ReadAll(io.LimitReader(content, format.MaxTarget+1))
		if err != nil {
			return lacking("%w", err)
		}
		m.Target = string(b)
	}
	err = x.member(m)
	if content.err != nil { // its sum is wrong, or it cannot be inflated
		x.issue(m.Path, broken(content.err), false)
		return nil
	}
	return err
}

// marked tells errors of what is read from those of what takes it, and what was
// read last.
type marked struct {
	r    io.Reader
	err  error
	n    int64
	last [2 * HeadSize]byte
}

// zeros says whether the last block that was read is one of zeros.
func (m *marked) zeros() bool { return [HeadSize]byte(m.last[HeadSize:]) == [HeadSize]byte{} }

// lone says whether the last block is none of zeros, and follows one.
func (m *marked) lone() bool {
	return !m.zeros() && [HeadSize]byte(m.last[:HeadSize]) == [HeadSize]byte{}
}

func (m *marked) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	if n >= len(m.last) {
		copy(m.last[:], p[n-len(m.last):n])
	} else {
		copy(m.last[:], m.last[n:])
		copy(m.last[len(m.last)-n:], p[:n])
	}
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}
