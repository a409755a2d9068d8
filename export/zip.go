package export

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"math"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"github.com/vtdarchive/vtd/format"
)

const defaultLevel = 6

type zipWriter struct {
	x      *exporter
	w      *zip.Writer
	method uint16
}

func newZipWriter(x *exporter, w io.Writer) (*zipWriter, error) {
	z := &zipWriter{x: x, w: zip.NewWriter(w), method: zip.Deflate}
	level := x.o.Level
	switch {
	case level < 0:
		z.method = zip.Store
	case level == 0:
		level = defaultLevel
	case level > 9:
		return nil, fmt.Errorf("export: there is no level %d", level)
	}
	z.w.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, level) })
	return z, nil
}

func (z *zipWriter) close() error { return z.w.Close() }

func (z *zipWriter) entry(path string, e *format.Entry, c *content) error {
	h := &zip.FileHeader{Name: z.x.name(path), Modified: time.Unix(e.Mtime.Sec, 0).UTC()}
	if e.Mtime.Sec < 0 || e.Mtime.Sec > math.MaxInt32 {
		z.x.issue(path, fmt.Errorf("the year %d %w", h.Modified.Year(), ErrLacking))
		h.Modified = time.Unix(min(max(e.Mtime.Sec, 0), math.MaxInt32), 0).UTC()
	}
	h.NonUTF8 = !utf8.ValidString(h.Name)
	mode := fs.FileMode(e.Perm & 0o777)
	for bit, m := range map[uint16]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if e.Perm&bit != 0 {
			mode |= m
		}
	}
	switch e.Kind {
	case format.KindFile:
		h.Method = z.method
	case format.KindDir:
		if path == "" && z.x.o.Prefix == "" {
			return nil // a zip has no name for it
		}
		h.Name += "/"
		mode |= fs.ModeDir
	case format.KindSymlink:
		mode |= fs.ModeSymlink
	default:
		return fmt.Errorf("a %v %w", e.Kind, ErrLacking)
	}
	if len(h.Name) > 1<<16-1 {
		return fmt.Errorf("a name of %d bytes %w", len(h.Name), ErrLacking)
	}
	h.SetMode(mode)
	for _, a := range e.Xattrs {
		z.x.issue(path, fmt.Errorf("extended attribute %q %w", a.Name, ErrLacking))
	}
	w, err := z.w.CreateHeader(h)
	if err != nil {
		return err
	}
	switch e.Kind {
	case format.KindSymlink:
		_, err = io.WriteString(w, e.Target)
	case format.KindFile:
		var n int64
		var failed error
		n, failed, err = c.writeTo(w, 0, c.f.Size())
		z.x.rep.Bytes += uint64(n)
		if failed != nil {
			err = z.x.fill(path, w, failed, n, c.f.Size()-n)
		}
	}
	return err
}
